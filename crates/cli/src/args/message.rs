//! The options of publishing.
use super::values::seconds;
use clap::{Args, value_parser};
use std::{ffi::OsString, path::PathBuf, time::Duration};

#[derive(Args, Debug)]
#[command(next_help_heading = "Publishing: what is sent, how often")]
pub struct MessageArgs {
    /// This text, once
    #[arg(
        short = 'm',
        long = "message",
        value_name = "TEXT",
        group = "source",
        allow_hyphen_values = true
    )]
    pub text: Option<OsString>,

    /// An empty message, once; with -r it deletes the retained message
    #[arg(short = 'n', long = "null-message", group = "source")]
    pub empty: bool,

    /// The content of FILE as one message, once
    #[arg(short, long, value_name = "FILE", group = "source")]
    pub file: Option<PathBuf>,

    /// All of stdin as one message, once
    #[arg(short = 's', long = "stdin-file", group = "source")]
    pub stdin: bool,

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
