//! The options of `bench`.
use super::{
    AboutArgs, BrokerArgs, help,
    values::{payload_size, qos, rate, some_seconds},
};
use crate::bench::{Rate, Scenario};
use clap::{Parser, value_parser};
use motemq::QoS;
use std::{path::PathBuf, time::Duration};

/// Loads a broker of your own, and measures what it takes: throughput, loss, latency, and how long
/// connections take.
#[derive(Parser, Debug)]
#[command(name = "motemq bench", bin_name = "motemq bench", version, override_usage = help::BENCH_USAGE, disable_help_flag = true, disable_version_flag = true)]
pub struct BenchLine {
    /// The way of messages; see below
    #[arg(
        short,
        long,
        value_name = "SCENARIO",
        value_enum,
        default_value = "pairs"
    )]
    pub scenario: Scenario,

    /// The number of publishers
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..=100_000))]
    pub publishers: Option<u32>,

    /// The number of subscribers
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..=100_000))]
    pub subscribers: Option<u32>,

    /// The number of connections that carry no messages, in the scenarios connect and storm
    /// [default: 1000]
    #[arg(short = 'n', long, value_name = "N", value_parser = value_parser!(u32).range(1..=100_000))]
    pub connections: Option<u32>,

    /// Messages a second that all publishers send together, or max for as many as the broker takes
    #[arg(short, long, value_name = "RATE|max", default_value = "1000", value_parser = rate)]
    pub rate: Rate,

    /// Length of each payload, 24 at least
    #[arg(long, value_name = "BYTES", default_value = "64", value_parser = payload_size)]
    pub size: usize,

    /// QoS of messages and subscriptions [default: 0]
    #[arg(short, long, value_name = "0|1|2", default_value = "0", hide_default_value = true, value_parser = qos)]
    pub qos: QoS,

    /// Send messages, or hold connections, for this time
    #[arg(short, long, value_name = "SECONDS", default_value = "10", value_parser = some_seconds)]
    pub duration: Duration,

    /// Send N messages in all, if that is sooner
    #[arg(short = 'C', long, value_name = "N", value_parser = value_parser!(u64).range(1..))]
    pub count: Option<u64>,

    /// Spread the beginnings of the connections over SECONDS [default: 4000 a second]
    #[arg(long, value_name = "SECONDS", value_parser = some_seconds)]
    pub ramp_up: Option<Duration>,

    /// Levels before the topics [default: motemq/bench/ and random letters]
    #[arg(long, value_name = "LEVELS", allow_hyphen_values = true)]
    pub prefix: Option<String>,

    /// Print the summary as a JSON object
    #[arg(long)]
    pub json: bool,

    /// Draw throughput and latency in FILE, as SVG
    #[arg(long, value_name = "FILE")]
    pub plot: Option<PathBuf>,

    /// Load a broker on another machine without a question
    #[arg(long)]
    pub yes: bool,

    /// Say nothing on stderr but what is wrong with the command line
    #[arg(long)]
    pub quiet: bool,

    #[command(flatten)]
    about: AboutArgs,

    #[command(flatten)]
    pub broker: BrokerArgs,
}
