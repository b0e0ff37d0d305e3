//! What a token takes, from body to body.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on has nothing to measure")]
#![expect(clippy::arithmetic_side_effects, reason = "its numbers are its own")]
#![expect(clippy::disallowed_methods, reason = "the peer reads the system's clock itself")]

#[path = "sides/path.rs"]
mod sides;

use divan::{Bencher, black_box};
use sides::{Composition, Ours};

fn main() {
    divan::main();
}

#[divan::bench(threads = [1, 2])]
fn token(bencher: Bencher<'_, '_>) {
    let ours = Ours::new();
    bencher.bench(|| ours.answer(black_box(&ours.body)));
}

#[divan::bench(threads = [1, 2])]
fn token_by_a_composition(bencher: Bencher<'_, '_>) {
    let body = Ours::new().body;
    let composition = Composition::new(&body);
    bencher.bench(|| composition.answer(black_box(&body)));
}

#[divan::bench(threads = [1, 2])]
fn refusal(bencher: Bencher<'_, '_>) {
    let ours = Ours::refusing();
    bencher.bench(|| ours.answer(black_box(&ours.body)));
}
