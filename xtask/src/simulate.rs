//! `cargo xtask simulate`: worlds by chance.
use clap::Args;
use motemq_world::simulation::{self, Failure, MOST, Report};
use std::{ops::Range, time::Instant};

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
    let end = first.saturating_add(seeds);
    let begun = Instant::now();
    let report = run_from(first..end, each, Report::default(), |report, next| {
        if next < end {
            let (rest, messages) = (end - next, (end - next) * each);
            println!(
                "{} messages in worlds {first} to {}: clean; the rest is `cargo xtask simulate \
                 --first {next} --seeds {rest} --messages {messages}`",
                report.published,
                next - 1
            );
        }
        Ok(())
    })?;
    println!("{report}; {:.0} s", begun.elapsed().as_secs_f64());
    Ok(report)
}

/// Runs the worlds of these seeds with so many messages each, and adds what happened in them to a
/// report. After each part of them, the report and the next seed are given to `after_part`.
///
/// # Errors
/// As [`run`], and those of `after_part`.
pub fn run_from(
    seeds: Range<u64>,
    each: u64,
    mut report: Report,
    mut after_part: impl FnMut(&Report, u64) -> Result<(), String>,
) -> Result<Report, String> {
    let each = u32::try_from(each)
        .ok()
        .filter(|&each| each <= MOST)
        .ok_or(format!(
            "more than {MOST} messages for each seed: ask for more seeds"
        ))?;
    for seed in seeds.clone().step_by(PART as usize) {
        let next = seeds.end.min(seed.saturating_add(PART));
        report += simulation::run(seed..next, each).map_err(|Failure { seed, what }| {
            format!(
                "{what}\nseed {seed} fails; see it again with `cargo xtask simulate --first {seed} \
                 --seeds 1 --messages {each}`"
            )
        })?;
        after_part(&report, next)?;
    }
    Ok(report)
}
