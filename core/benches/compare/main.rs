//! Ours against the peers, alternating in one process, as a Markdown table of ratios.
//!
//! ```sh
//! cargo bench -p tokensmith --bench compare [limiter]
//! ```
#![expect(clippy::print_stdout, reason = "the table is what it is for")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on has nothing to measure")]
#![expect(clippy::indexing_slicing, reason = "what is out of bounds here should end it")]
#![expect(clippy::arithmetic_side_effects, reason = "its numbers are its own")]

mod limiter;
mod rounds;

fn main() {
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let asked = |part: &str| wanted.is_empty() || wanted.iter().any(|name| name == part);
    println!("| what | threads | ours ns | peer ns | peer / ours, median (least, most) |");
    println!("|---|---:|---:|---:|---:|");
    if asked("limiter") {
        limiter::compare();
    }
}
