//! What a token takes, from body to body.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on has nothing to measure")]
#![expect(clippy::arithmetic_side_effects, reason = "its numbers are its own")]
#![expect(clippy::disallowed_methods, reason = "the peer reads the system's clock itself")]

#[path = "sides/path.rs"]
mod sides;

use aws_lc_rs::signature::Ed25519KeyPair;
use divan::{Bencher, black_box};
use sides::{Composition, Ours};
use tokensmith_issuer::Algorithm;

fn main() {
    divan::main();
}

const ALGORITHMS: [Algorithm; 3] = [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256];

#[divan::bench(threads = [1, 2], args = ALGORITHMS)]
fn token(bencher: Bencher<'_, '_>, algorithm: Algorithm) {
    let ours = Ours::new(algorithm);
    bencher.bench(|| ours.answer(black_box(&ours.body)));
}

#[divan::bench(threads = [1, 2], args = ALGORITHMS)]
fn token_by_a_composition(bencher: Bencher<'_, '_>, algorithm: Algorithm) {
    let body = Ours::new(algorithm).body;
    let composition = Composition::new(&body, algorithm);
    bencher.bench(|| composition.answer(black_box(&body)));
}

/// What no token by EdDSA takes less than.
#[divan::bench]
fn eddsa_signature_alone(bencher: Bencher<'_, '_>) {
    let pair = Ed25519KeyPair::generate().unwrap();
    // As long as what is signed of a token.
    bencher.bench(|| pair.sign(black_box(&[7; 430])));
}

#[divan::bench]
fn eddsa_key_read(bencher: Bencher<'_, '_>) {
    let document = Ed25519KeyPair::generate().unwrap().to_pkcs8v1().unwrap();
    bencher.bench(|| Ed25519KeyPair::from_pkcs8(black_box(document.as_ref())).unwrap());
}

#[divan::bench(threads = [1, 2])]
fn refusal(bencher: Bencher<'_, '_>) {
    let ours = Ours::refusing();
    bencher.bench(|| ours.answer(black_box(&ours.body)));
}
