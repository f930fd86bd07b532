//! `cargo xtask simulate`: worlds by chance.
use clap::Args;
use motemq_world::simulation::{self, Failure, MOST, Report};
use std::time::Instant;

/// What `cargo xtask simulate` takes.
#[derive(Args)]
pub struct Options {
    /// How many worlds.
    #[arg(long, default_value_t = 1000)]
    pub seeds: u64,
    /// How many messages are published in all of them together.
    #[arg(long, default_value_t = 1_000_000)]
    pub messages: u64,
    /// The seed of the first world.
    #[arg(long, default_value_t = 0)]
    pub first: u64,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            seeds: 1000,
            messages: 1_000_000,
            first: 0,
        }
    }
}

/// Runs the worlds and tells what happened in them.
///
/// # Errors
/// A promise was broken: what happened last in that world, and how to see it again.
pub fn run(options: &Options) -> Result<Report, String> {
    let Options {
        seeds,
        messages,
        first,
    } = *options;
    let each = messages.div_ceil(seeds.max(1));
    let each = u32::try_from(each)
        .ok()
        .filter(|&each| each <= MOST)
        .ok_or(format!(
            "more than {MOST} messages for each seed: ask for more seeds"
        ))?;
    let begun = Instant::now();
    let report = simulation::run(first..first.saturating_add(seeds), each).map_err(|Failure { seed, what }| {
        format!("{what}\nseed {seed} fails; see it again with `cargo xtask simulate --first {seed} --seeds 1 --messages {each}`")
    })?;
    println!("{report}; {:.0} s", begun.elapsed().as_secs_f64());
    Ok(report)
}
