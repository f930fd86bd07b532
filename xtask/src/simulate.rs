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

/// Worlds after which it is told how far it is.
const PART: u64 = 1000;

/// Runs the worlds and tells what happened in them. A run of many worlds tells how far it is, so
/// that it can be taken up there.
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
    let end = first.saturating_add(seeds);
    let mut report = Report::default();
    for seed in (first..end).step_by(PART as usize) {
        let next = end.min(seed.saturating_add(PART));
        report += simulation::run(seed..next, each).map_err(|Failure { seed, what }| {
            format!(
                "{what}\nseed {seed} fails; see it again with `cargo xtask simulate --first {seed} \
                 --seeds 1 --messages {each}`"
            )
        })?;
        if next < end {
            let (rest, messages) = (end - next, (end - next) * u64::from(each));
            println!(
                "{} messages in worlds {first} to {}: clean; the rest is `cargo xtask simulate \
                 --first {next} --seeds {rest} --messages {messages}`",
                report.published,
                next - 1
            );
        }
    }
    println!("{report}; {:.0} s", begun.elapsed().as_secs_f64());
    Ok(report)
}
