//! The options of subscribing.
use super::{PrintArgs, protocol::FilterArgs, values::percent};
use clap::{Args, value_parser};

#[derive(Args, Debug)]
#[command(next_help_heading = "Subscribing: what is printed, when it ends")]
pub struct SubscriptionArgs {
    /// End after N messages
    #[arg(short = 'C', long, value_name = "N", value_parser = value_parser!(u64).range(1..))]
    pub count: Option<u64>,

    /// End as soon as the broker has acknowledged the subscriptions
    #[arg(short = 'E', long)]
    pub end_when_subscribed: bool,

    /// Do not print messages whose topic matches FILTER; as often as wished
    #[arg(
        short = 'T',
        long = "filter-out",
        value_name = "FILTER",
        allow_hyphen_values = true
    )]
    pub filter_out: Vec<String>,

    /// Unsubscribe from FILTER, after all -t; for sessions kept with -c
    #[arg(
        short = 'U',
        long = "unsubscribe",
        value_name = "FILTER",
        allow_hyphen_values = true
    )]
    pub unsubscribe: Vec<String>,

    /// Do not print retained messages
    #[arg(short = 'R', long, conflicts_with = "retained_only")]
    pub no_retained: bool,

    /// Print retained messages only, and end at the first other
    #[arg(long)]
    pub retained_only: bool,

    /// Delete the retained messages that arrive at the broker; those that -T leaves out stay
    #[arg(long)]
    pub remove_retained: bool,

    /// Print this percentage of the messages, chosen at random
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub random_filter: Option<f64>,

    #[command(flatten)]
    pub filter: FilterArgs,

    #[command(flatten)]
    pub print: PrintArgs,
}
