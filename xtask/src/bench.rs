//! `cargo xtask bench`: how fast the core is, beside others and beside what cannot be passed.
mod aims;
mod callgrind;
pub mod codec;
mod command;
mod criterion;
mod e2e;
pub mod instructions;
mod report;
mod rows5;

use crate::programs::{program, read};
use clap::{Args, Subcommand};

/// What `cargo xtask bench` takes.
#[derive(Args)]
pub struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Times reading and writing packets, by Motemq, seven other crates and the limits; minutes, and
    /// minutes to build it first.
    Codec(codec::Options),
    /// Measures the processor time of whole clients, Motemq's and others; half an hour, and
    /// minutes to build them first.
    E2e(e2e::Options),
    /// Measures what the command takes of the processor, beside mosquitto_pub and mosquitto_sub; a
    /// minute. Needs them, mosquitto and bash.
    Command(command::Options),
    /// Counts the instructions of Motemq's codec and session, and compares with those of before.
    /// Needs valgrind.
    Instructions(instructions::Options),
}

/// Measures.
///
/// # Errors
/// What cannot be built or run; what has become slower.
pub fn run(options: &Options) -> Result<(), String> {
    match &options.what {
        What::Codec(options) => codec::run(options),
        What::E2e(options) => e2e::run(options),
        What::Command(options) => command::run(options),
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
    figures
        .iter()
        .find(|figure| figure.work == work && figure.who == who)
        .map(|figure| figure.value)
}

/// The median of each figure over the rounds in which it was taken.
fn medians(rounds: &[Vec<Figure>]) -> Vec<Figure> {
    let mut taken: Vec<&Figure> = Vec::new();
    for figure in rounds.iter().flatten() {
        if !taken
            .iter()
            .any(|other| other.work == figure.work && other.who == figure.who)
        {
            taken.push(figure);
        }
    }
    taken
        .into_iter()
        .map(|Figure { work, who, .. }| {
            let mut values: Vec<f64> = rounds
                .iter()
                .filter_map(|round| find(round, work, who))
                .collect();
            values.sort_by(f64::total_cmp);
            Figure {
                work: work.clone(),
                who: who.clone(),
                value: values[values.len() / 2],
            }
        })
        .collect()
}

/// Compiler and processor.
fn machine() -> String {
    let rustc = read(program("rustc", ["--version"])).unwrap_or_default();
    let rustc = rustc
        .split_whitespace()
        .take(2)
        .collect::<Vec<_>>()
        .join(" ");
    let cpus = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu = cpus
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(':'))
        .map_or("", |(_, name)| name.trim());
    format!("Compiled by {rustc}; {cpu}.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slow_round_does_not_matter() {
        let round = |value| {
            vec![Figure {
                work: "w".into(),
                who: "a".into(),
                value,
            }]
        };
        assert_eq!(medians(&[round(2.0), round(9.0), round(1.0)]), round(2.0));
        assert_eq!(medians(&[Vec::new(), round(9.0)]), round(9.0));
    }
}
