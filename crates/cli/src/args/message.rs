//! The options of publishing.
use super::{SourceArgs, values::seconds};
use clap::{Args, value_parser};
use std::time::Duration;

#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Publishing: what is sent, how often")]
pub struct MessageArgs {
    #[command(flatten)]
    pub source: SourceArgs,

    /// Each line of stdin as a message, until end of input
    #[arg(short = 'l', long = "stdin-line", group = "source", conflicts_with_all = ["delay", "repeat"])]
    pub lines: bool,

    /// With -l: each line begins with its topic, and a space ends it, as `motemq sub -v` prints it
    #[arg(long, conflicts_with = "topics")]
    pub topic_per_line: bool,

    /// Send the message again and again, every SECONDS
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub delay: Option<Duration>,

    /// Send the message N times, then end
    #[arg(long, value_name = "N", value_parser = value_parser!(u64).range(1..))]
    pub repeat: Option<u64>,

    /// With --repeat: wait SECONDS between messages (none if not given)
    #[arg(long, value_name = "SECONDS", value_parser = seconds, requires = "repeat", conflicts_with = "delay")]
    pub repeat_delay: Option<Duration>,

    /// The broker keeps the message for later subscribers
    #[arg(short, long)]
    pub retain: bool,
}
