//! `cargo xtask bench`: how fast the core is, beside others and beside what cannot be passed.
mod callgrind;
mod codec;
mod criterion;
pub mod instructions;
mod report;

use clap::{Args, Subcommand};

/// What `cargo xtask bench` takes.
#[derive(Args)]
pub struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Times reading and writing packets, by Motemq, five other crates and two limits; minutes, and minutes to build it first.
    Codec(codec::Options),
    /// Counts the instructions of Motemq's codec and session, and compares with those of before. Needs valgrind.
    Instructions(instructions::Options),
}

/// Measures.
///
/// # Errors
/// What cannot be built or run; what has become slower.
pub fn run(options: &Options) -> Result<(), String> {
    match &options.what {
        What::Codec(options) => codec::run(options),
        What::Instructions(options) => instructions::run(options),
    }
}

/// A figure: what is done, who does it, and what it takes, per packet.
#[derive(Clone, PartialEq, Debug)]
pub struct Figure {
    work: String,
    who: String,
    value: f64,
}

/// The figure of somebody for some work.
fn find(figures: &[Figure], work: &str, who: &str) -> Option<f64> {
    figures.iter().find(|figure| figure.work == work && figure.who == who).map(|figure| figure.value)
}
