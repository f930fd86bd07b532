//! The options of recording and replaying.
use super::{
    AboutArgs, BrokerArgs, ReportArgs, help,
    values::{bytes, qos, some_seconds, speed},
};
use crate::replay::Speed;
use clap::{Parser, value_parser};
use motemq::QoS;
use std::{path::PathBuf, time::Duration};

/// Records the messages that arrive in a file, a JSON object on each line. A file that is there is
/// continued.
#[derive(Parser, Debug)]
#[command(name = "motemq record", bin_name = "motemq record", version, override_usage = help::RECORD_USAGE, disable_help_flag = true, disable_version_flag = true)]
pub struct RecordLine {
    /// The file; - is stdout
    #[arg(value_name = "FILE", required_unless_present = "raw")]
    pub file: Option<PathBuf>,

    /// Filter to subscribe to (+ any one level, # the rest), as often as wished
    #[arg(
        short = 't',
        long = "topic",
        value_name = "FILTER",
        allow_hyphen_values = true
    )]
    pub topics: Vec<String>,

    /// The highest QoS with which messages are received, and recorded [default: 2]
    #[arg(short, long, value_name = "0|1|2", default_value = "2", hide_default_value = true, value_parser = qos)]
    pub qos: QoS,

    /// End after N messages
    #[arg(short = 'C', long, value_name = "N", value_parser = value_parser!(u64).range(1..))]
    pub count: Option<u64>,

    /// End after this time: exit code 6
    #[arg(short = 'W', long = "timeout", value_name = "SECONDS", value_parser = some_seconds)]
    pub give_up: Option<Duration>,

    /// Compress the file with gzip
    #[arg(short = 'z', long, requires = "file")]
    pub gzip: bool,

    /// Begin another file before one has more than BYTES (also as 10k, 10M, 1G); files are numbered
    #[arg(long, value_name = "BYTES", value_parser = bytes, requires = "file")]
    pub rotate_size: Option<u64>,

    /// Begin another file every SECONDS; files are numbered
    #[arg(long, value_name = "SECONDS", value_parser = some_seconds, requires = "file")]
    pub rotate_time: Option<Duration>,

    /// Keep the newest N of the numbered files, and delete those before
    #[arg(long, value_name = "N", value_parser = value_parser!(u64).range(1..))]
    pub keep: Option<u64>,

    /// Keep the bytes of the connection in RAW, with times and directions. They hold user name and
    /// password
    #[arg(long, value_name = "RAW")]
    pub raw: Option<PathBuf>,

    #[command(flatten)]
    pub report: ReportArgs,

    #[command(flatten)]
    about: AboutArgs,

    #[command(flatten)]
    pub broker: BrokerArgs,
}

/// Publishes the messages of a recording, in their order and at their pace.
#[derive(Parser, Debug)]
#[command(name = "motemq replay", bin_name = "motemq replay", version, override_usage = help::REPLAY_USAGE, disable_help_flag = true, disable_version_flag = true)]
pub struct ReplayLine {
    /// The files, in their order; - is stdin
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,

    /// Replay at a multiple of the recorded pace, 0.0001 to 1000000, or at max: without pauses
    #[arg(long, value_name = "TIMES|max", default_value = "1", value_parser = speed)]
    pub speed: Speed,

    /// Make pauses no longer than SECONDS, after --speed
    #[arg(long, value_name = "SECONDS", value_parser = some_seconds)]
    pub max_pause: Option<Duration>,

    /// Remove LEVELS from the beginning of the topics that begin with them
    #[arg(long, value_name = "LEVELS", allow_hyphen_values = true)]
    pub strip: Option<String>,

    /// Put LEVELS before each topic, after --strip
    #[arg(long, value_name = "LEVELS", allow_hyphen_values = true)]
    pub prefix: Option<String>,

    /// Publish with this QoS, not the recorded one
    #[arg(short, long, value_name = "0|1|2", value_parser = qos)]
    pub qos: Option<QoS>,

    /// Publish the recording N times
    #[arg(long, value_name = "N", value_parser = value_parser!(u64).range(1..))]
    pub repeat: Option<u64>,

    /// Publish the recording again and again, until Ctrl-C
    #[arg(long = "loop", conflicts_with = "repeat")]
    pub again: bool,

    /// Give up after this time: exit code 6, or 8 if a message was sent and not acknowledged
    #[arg(short = 'W', long = "timeout", value_name = "SECONDS", value_parser = some_seconds)]
    pub give_up: Option<Duration>,

    #[command(flatten)]
    pub report: ReportArgs,

    #[command(flatten)]
    about: AboutArgs,

    #[command(flatten)]
    pub broker: BrokerArgs,
}
