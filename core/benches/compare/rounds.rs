//! Rounds that alternate between ours and the peer's, so that a machine's moods strike both.

use std::sync::Barrier;

use tokensmith::{Clock, SystemClock};

/// Many and short, so that one in which the machine did something else is an outlier.
const ROUNDS: usize = 41;

/// Runs both by turns and prints a row: the least time of each, and the median of the ratios of
/// rounds that stood next to each other. `ours` and `peers` do `count` operations each, and are
/// given the number of their thread.
pub(super) fn row(
    what: &str,
    threads: usize,
    count: u32,
    ours: impl Fn(usize) + Sync,
    peers: impl Fn(usize) + Sync,
) {
    let (mut all_ours, mut all_peers, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let ours = nanos(threads, &ours) / f64::from(count);
        let peers = nanos(threads, &peers) / f64::from(count);
        if round == 0 {
            continue; // Warms the caches.
        }
        all_ours.push(ours);
        all_peers.push(peers);
        ratios.push(peers / ours);
    }
    let [ours_least, ours, _] = quartiles(all_ours);
    let [peers_least, peers, _] = quartiles(all_peers);
    let [low, ratio, high] = quartiles(ratios);
    println!(
        "| {what} | {threads} | {ours_least:.0} / {ours:.0} | {peers_least:.0} / {peers:.0} \
         | {ratio:.1} ({low:.1} to {high:.1}) |"
    );
}

/// The lower quartile, the median and the upper quartile.
fn quartiles(mut figures: Vec<f64>) -> [f64; 3] {
    figures.sort_by(f64::total_cmp);
    [1, 2, 3].map(|quarter| figures[figures.len() * quarter / 4])
}

fn nanos(threads: usize, work: &(impl Fn(usize) + Sync)) -> f64 {
    let clock = SystemClock::new();
    if threads == 1 {
        let start = clock.tick();
        work(0);
        return clock.tick().since(start).as_secs_f64() * 1e9;
    }
    let barrier = Barrier::new(threads);
    let spans: Vec<f64> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|thread| {
                let (barrier, clock) = (&barrier, &clock);
                scope.spawn(move || {
                    barrier.wait();
                    let start = clock.tick();
                    work(thread);
                    clock.tick().since(start).as_secs_f64() * 1e9
                })
            })
            .collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    spans.iter().sum::<f64>() / threads as f64
}
