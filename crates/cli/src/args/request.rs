//! The options of `rr`.
use super::{BrokerArgs, CommonArgs, PrintArgs, Protocol, SourceArgs, help};
use clap::Parser;

/// Publishes a request, waits for the response, and prints it. It speaks MQTT 5 unless -V says
/// otherwise.
#[derive(Parser, Debug)]
#[command(name = "motemq rr", bin_name = "motemq rr", version, override_usage = help::REQUEST_USAGE, disable_help_flag = true, disable_version_flag = true)]
pub struct RequestLine {
    #[command(flatten)]
    pub common: CommonArgs,

    /// Topic of the response [default: responses/ and the client identifier]. With MQTT 3.1.1 it
    /// has to be given, and what responds has to know it
    #[arg(short = 'e', long, value_name = "TOPIC", allow_hyphen_values = true)]
    pub response_topic: Option<String>,

    #[command(
        flatten,
        next_help_heading = "The request, and how the response is printed"
    )]
    pub source: SourceArgs,

    #[command(flatten)]
    pub print: PrintArgs,

    #[command(flatten)]
    pub broker: BrokerArgs,
}

impl RequestLine {
    /// Returns the same line with MQTT 5 if it names no version.
    pub fn with_version(mut self) -> Self {
        let protocol = &mut self.broker.connection.protocol;
        protocol.protocol_version.get_or_insert(Protocol::Mqtt5);
        self
    }
}
