//! What reading a request and writing a response take.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on has nothing to measure")]

#[path = "sides/codec.rs"]
mod sides;

use divan::{Bencher, black_box};

fn main() {
    divan::main();
}

#[divan::bench]
fn parse() {
    drop(black_box(sides::parse(black_box(sides::BODY))));
}

#[divan::bench]
fn parse_by_serde_json() {
    drop(black_box(sides::plain_parse(black_box(sides::BODY))));
}

#[divan::bench]
fn answer(bencher: Bencher<'_, '_>) {
    let service = sides::service();
    bencher.bench(|| sides::answer(&service, black_box(sides::BODY)));
}

#[divan::bench]
fn answer_by_serde_json() -> Vec<u8> {
    sides::plain_answer(black_box(sides::BODY))
}
