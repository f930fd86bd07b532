//! The options of `watch`.
use super::{AboutArgs, BrokerArgs, help, values::qos};
use clap::Parser;
use motemq::QoS;

/// Shows the topics of a broker as a tree, with rates, counts and the last payload of each.
#[derive(Parser, Debug)]
#[command(name = "motemq watch", bin_name = "motemq watch", version, override_usage = help::WATCH_USAGE, disable_help_flag = true, disable_version_flag = true)]
pub struct WatchLine {
    /// Filter to subscribe to (+ any one level, # the rest), as often as wished [default: #]
    #[arg(
        short = 't',
        long = "topic",
        value_name = "FILTER",
        allow_hyphen_values = true
    )]
    pub topics: Vec<String>,

    /// The highest QoS with which messages are received [default: 0]
    #[arg(short, long, value_name = "0|1|2", default_value = "0", hide_default_value = true, value_parser = qos)]
    pub qos: QoS,

    #[command(flatten)]
    about: AboutArgs,

    #[command(flatten)]
    pub broker: BrokerArgs,
}
