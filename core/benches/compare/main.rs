//! Ours against the peers, alternating in one process, as a Markdown table of ratios:
//! `cargo bench -p tokensmith --bench compare -- [limiter] [memory] [codec] [path]`.
#![expect(clippy::print_stdout, reason = "the table is what it is for")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on has nothing to measure")]
#![expect(clippy::indexing_slicing, reason = "what is out of bounds here should end it")]
#![expect(clippy::arithmetic_side_effects, reason = "its numbers are its own")]
#![expect(clippy::disallowed_methods, reason = "the peer reads the system's clock itself")]

mod limiter;
mod rounds;
#[path = "../sides/mod.rs"]
mod sides;

use std::hint::black_box;

use rounds::row;
use sides::{codec, path};
use tokensmith_issuer::Algorithm;

fn main() {
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let asked = |part: &str| wanted.is_empty() || wanted.iter().any(|name| name == part);
    println!("| what | threads | ours, ns | peer, ns | peer / ours |");
    println!("|---|---:|---:|---:|---:|");
    if asked("memory") {
        limiter::memory();
    }
    if asked("limiter") {
        limiter::compare();
    }
    if asked("codec") {
        compare_codec();
    }
    if asked("path") {
        compare_path();
    }
}

fn compare_codec() {
    const COUNT: u32 = 20_000;
    let repeat = |work: &dyn Fn()| (0..COUNT).for_each(|_| work());
    let body = || black_box(codec::BODY);
    row(
        "parse a body",
        1,
        COUNT,
        |_| repeat(&|| drop(black_box(codec::parse(body())))),
        |_| repeat(&|| drop(black_box(codec::plain_parse(body())))),
    );
    let service = codec::service();
    row(
        "parse, decide and render, without limits and signature",
        1,
        COUNT,
        |_| repeat(&|| drop(black_box(codec::answer(&service, body())))),
        |_| repeat(&|| drop(black_box(codec::plain_answer(body())))),
    );
}

fn compare_path() {
    for (algorithm, count) in
        [(Algorithm::Es256, 500), (Algorithm::EdDsa, 500), (Algorithm::Rs256, 50)]
    {
        compare_path_by(algorithm, count);
    }
    const COUNT: u32 = 500;
    let (ours, refusing) = (path::Ours::new(Algorithm::Es256), path::Ours::refusing());
    row(
        "a 429 against a 200 of ours",
        1,
        COUNT,
        |_| (0..COUNT).for_each(|_| drop(black_box(refusing.answer(black_box(&refusing.body))))),
        |_| (0..COUNT).for_each(|_| drop(black_box(ours.answer(black_box(&ours.body))))),
    );
}

fn compare_path_by(algorithm: Algorithm, count: u32) {
    let ours = path::Ours::new(algorithm);
    let composition = path::Composition::new(&ours.body, algorithm);
    let theirs = composition.answer(&ours.body).unwrap();
    let mine = ours.answer(&ours.body).into_body();
    assert!(theirs.len().abs_diff(mine.len()) < 40, "{} {}", mine.len(), theirs.len());
    for threads in [1, 2] {
        row(
            &format!("the whole path, {}", algorithm.as_str()),
            threads,
            count,
            |_| (0..count).for_each(|_| drop(black_box(ours.answer(black_box(&ours.body))))),
            |_| (0..count).for_each(|_| drop(black_box(composition.answer(black_box(&ours.body))))),
        );
    }
}
