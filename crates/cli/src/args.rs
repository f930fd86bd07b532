//! The command line: its options and their help.
use crate::{exit::Exit, transport::TransportArgs};
use clap::{ArgAction, ArgGroup, Args, CommandFactory, FromArgMatches, Parser, error::ErrorKind};
use motemq::QoS;
use motemq_net::Proxy;
use motemq_std::profile::{self, Profile};
use std::{ffi::OsString, path::PathBuf, time::Duration};

/// Publishes messages to an MQTT 3.1.1 broker, or subscribes to topics and prints the messages that
/// arrive.
#[derive(Parser, Debug)]
#[command(name = "motemq", version, override_usage = USAGE, disable_help_flag = true, disable_version_flag = true)]
#[command(group = ArgGroup::new("verb").required(true).args(["publish", "subscribe"]))]
pub struct CommandLine {
    /// Publish
    #[arg(long = "pub")]
    pub publish: bool,

    /// Subscribe
    #[arg(long = "sub")]
    pub subscribe: bool,

    /// Topic to publish to; with --sub a filter (+ any one level, # the rest), as often as wished
    #[arg(short = 't', long = "topic", value_name = "TOPIC")]
    pub topics: Vec<String>,

    /// QoS: 0 at most once, 1 at least once, 2 exactly once
    #[arg(short, long, value_name = "0|1|2", default_value = "0", hide_default_value = true, value_parser = qos)]
    pub qos: QoS,

    /// Give up after so long: exit code 6, or 8 if an acknowledgement is missing
    #[arg(short = 'W', value_name = "SECONDS", value_parser = some_seconds)]
    pub give_up: Option<Duration>,

    /// Print the packets that come and go to stderr
    #[arg(long)]
    pub debug: bool,

    /// Print this help
    #[arg(long, action = ArgAction::HelpShort)]
    help: Option<bool>,

    /// Print the version of this program
    #[arg(long, action = ArgAction::Version)]
    version: Option<bool>,

    #[command(flatten)]
    pub message: MessageArgs,

    #[command(flatten)]
    pub subscription: SubscriptionArgs,

    #[command(flatten)]
    pub connection: ConnectionArgs,

    #[command(flatten)]
    pub transport: TransportArgs,
}

const USAGE: &str = "motemq --pub [-h HOST] -t TOPIC {-m TEXT | -n | -f FILE | -s | -l} [OPTIONS]
       motemq --sub [-h HOST] -t FILTER [-t FILTER]... [OPTIONS]
       motemq doctor [-h HOST] [OPTIONS]";

const EXAMPLES: &str = "\
Examples:
  Publish every second, or every 5 seconds, until Ctrl-C:
    motemq --pub -h broker.example -t SEGGER/Demo -m \"Hello World\"
    motemq --pub -h broker.example -t SEGGER/Demo -m \"Hello World\" -d 5
  Publish once, retained, and be sure that it arrived:
    motemq --pub -t lamp/state -m on -r -q 1 --repeat 1
  Publish a file; what another program says, line by line:
    motemq --pub -t firmware/image -f image.bin -q 2
    vmstat -n 5 | motemq --pub -t host/vmstat -l
  Print what arrives, with topics; as JSON:
    motemq --sub -h broker.example -t 'SEGGER/#' -v
    motemq --sub -L mqtt://me:secret@broker.example:1883/SEGGER/Demo --json
  Wait at most 10 seconds for one message and keep its bytes in a file:
    motemq --sub -t firmware/image -C 1 -N -W 10 > image.bin
  Over TLS, with a client certificate; over a WebSocket:
    motemq --pub -h HOST -p 8883 -t SEGGER/Demo -m \"Hello\" --tls --cert cert.der --key private.der -d 5
    motemq --sub -L wss://broker.example/mqtt --cafile ca.pem -t 'SEGGER/#'
  Find out why there is no connection:
    motemq doctor -L mqtts://me:secret@broker.example --cafile ca.pem
  Make a session that collects messages from now on; fetch them later:
    motemq --sub -i logger -c -q 1 -t 'plant/#' -E
    motemq --sub -i logger -c -q 1 -t 'plant/#' -v";

#[derive(Args, Debug)]
#[command(next_help_heading = "Publishing: what is sent, how often")]
pub struct MessageArgs {
    /// This text, every second until Ctrl-C; -d and --repeat say otherwise
    #[arg(
        short = 'm',
        long = "message",
        value_name = "TEXT",
        group = "source",
        allow_hyphen_values = true,
        conflicts_with = "subscribe"
    )]
    pub text: Option<OsString>,

    /// An empty message, once; with -r it deletes the retained message
    #[arg(
        short = 'n',
        long = "null-message",
        group = "source",
        conflicts_with = "subscribe"
    )]
    pub empty: bool,

    /// The content of FILE as one message, once
    #[arg(
        short,
        long,
        value_name = "FILE",
        group = "source",
        conflicts_with = "subscribe"
    )]
    pub file: Option<PathBuf>,

    /// All of stdin as one message, once
    #[arg(
        short = 's',
        long = "stdin-file",
        group = "source",
        conflicts_with = "subscribe"
    )]
    pub stdin: bool,

    /// Each line of stdin as a message, until end of input
    #[arg(short = 'l', long = "stdin-line", group = "source", conflicts_with_all = ["subscribe", "delay", "repeat"])]
    pub lines: bool,

    /// Send the message again and again, every SECONDS
    #[arg(short, long, value_name = "SECONDS", value_parser = seconds, conflicts_with = "subscribe")]
    pub delay: Option<Duration>,

    /// Send the message N times, then end
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), conflicts_with = "subscribe")]
    pub repeat: Option<u64>,

    /// With --repeat: wait SECONDS between messages (none if not given)
    #[arg(long, value_name = "SECONDS", value_parser = seconds, requires = "repeat", conflicts_with_all = ["subscribe", "delay"])]
    pub repeat_delay: Option<Duration>,

    /// The broker keeps the message for later subscribers
    #[arg(short, long, conflicts_with = "subscribe")]
    pub retain: bool,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Subscribing: what is printed, when it ends")]
pub struct SubscriptionArgs {
    /// End after N messages
    #[arg(short = 'C', value_name = "N", value_parser = clap::value_parser!(u64).range(1..), conflicts_with = "publish")]
    pub count: Option<u64>,

    /// End as soon as the broker has acknowledged the subscriptions
    #[arg(short = 'E', conflicts_with = "publish")]
    pub end_when_subscribed: bool,

    /// Do not print messages whose topic matches FILTER; as often as wished
    #[arg(
        short = 'T',
        long = "filter-out",
        value_name = "FILTER",
        conflicts_with = "publish"
    )]
    pub filter_out: Vec<String>,

    /// Unsubscribe from FILTER, after all -t; for sessions kept with -c
    #[arg(
        short = 'U',
        long = "unsubscribe",
        value_name = "FILTER",
        conflicts_with = "publish"
    )]
    pub unsubscribe: Vec<String>,

    /// Do not print retained messages
    #[arg(short = 'R', conflicts_with_all = ["publish", "retained_only"])]
    pub no_retained: bool,

    /// Print retained messages only, and end at the first other
    #[arg(long, conflicts_with = "publish")]
    pub retained_only: bool,

    /// Print the topic before each message
    #[arg(short, long, conflicts_with_all = ["publish", "json"])]
    pub verbose: bool,

    /// Print no line end after each message
    #[arg(short = 'N', conflicts_with_all = ["publish", "json"])]
    pub no_line_end: bool,

    /// Print a JSON object for each message, on a line of its own
    #[arg(long, conflicts_with = "publish")]
    pub json: bool,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Connection")]
pub struct ConnectionArgs {
    /// Name or address of the broker
    #[arg(short, long, value_name = "HOST", default_value = "localhost")]
    pub host: String,

    /// TCP port of the broker [default: 1883, with TLS 8883]
    #[arg(short, long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub port: Option<u16>,

    #[arg(short = 'L', long, help = URL, value_name = "URL", conflicts_with_all = ["host", "port", "unix"])]
    pub url: Option<String>,

    /// Unix socket of the broker
    #[arg(long, value_name = "PATH", conflicts_with_all = ["host", "port"])]
    pub unix: Option<String>,

    /// Go through this proxy: socks5://[user[:password]@]host[:port], or http:// alike
    #[arg(long, value_name = "URL", value_parser = Proxy::from_url, conflicts_with = "unix")]
    pub proxy: Option<Proxy>,

    /// User name
    #[arg(short = 'u', long = "username", value_name = "NAME")]
    pub user: Option<String>,

    /// Password; other users of this machine may see it in the list of processes
    #[arg(
        short = 'P',
        long = "pw",
        value_name = "PASSWORD",
        allow_hyphen_values = true
    )]
    pub password: Option<OsString>,

    /// Client identifier (motemq and random letters if not given)
    #[arg(short, long, value_name = "ID")]
    pub id: Option<String>,

    /// Keep the session (subscriptions, messages missed) at the broker, or continue it; what an
    /// earlier run had not finished sending is not sent again
    #[arg(short = 'c', long = "disable-clean-session", requires = "id")]
    pub keep_session: bool,

    /// The broker hears from us at least every SECONDS; 0: it need not
    #[arg(
        short = 'k',
        long = "keepalive",
        value_name = "SECONDS",
        default_value = "60"
    )]
    pub keep_alive: u16,

    /// Refuse what this broker would not take, and say why; use its port, and TLS if it wants
    /// that, where nothing else is said: aws-iot, azure-iot-hub, hivemq-cloud, mosquitto
    #[arg(long, value_name = "BROKER", value_parser = profile)]
    pub profile: Option<&'static Profile>,

    /// Topic of the will, which the broker publishes if the connection breaks
    #[arg(long, value_name = "TOPIC")]
    pub will_topic: Option<String>,

    /// Payload of the will [default: empty]
    #[arg(
        long,
        value_name = "TEXT",
        requires = "will_topic",
        allow_hyphen_values = true
    )]
    pub will_payload: Option<OsString>,

    /// QoS of the will
    #[arg(long, value_name = "0|1|2", default_value = "0", hide_default_value = true, value_parser = qos, requires = "will_topic")]
    pub will_qos: QoS,

    /// The broker keeps the will for later subscribers
    #[arg(long, requires = "will_topic")]
    pub will_retain: bool,

    /// Version of MQTT: mqttv311, the only one
    #[arg(short = 'V', long, value_name = "VERSION", value_parser = protocol)]
    pub protocol_version: Option<()>,
}

/// Tries each layer between here and a broker, and says which works and what to change where one
/// does not.
#[derive(Parser, Debug)]
#[command(
    name = "motemq doctor",
    bin_name = "motemq doctor",
    version,
    disable_help_flag = true,
    disable_version_flag = true
)]
#[command(
    after_help = "It tries, one after the other: the name, TCP, TLS, WebSocket, CONNECT, a subscription, a message there and back."
)]
pub struct DoctorLine {
    /// Topic of the message that goes there and back (motemq/doctor/ and random letters if not
    /// given)
    #[arg(short = 't', long = "topic", value_name = "TOPIC")]
    pub topics: Vec<String>,

    /// QoS of the message that goes there and back
    #[arg(short, long, value_name = "0|1|2", default_value = "1", hide_default_value = true, value_parser = qos)]
    pub qos: QoS,

    /// Print this help
    #[arg(long, action = ArgAction::HelpShort)]
    help: Option<bool>,

    #[command(flatten)]
    pub connection: ConnectionArgs,

    #[command(flatten)]
    pub transport: TransportArgs,
}

/// A command line that was read.
pub enum Line {
    Command(Box<CommandLine>),
    Doctor(Box<DoctorLine>),
}

/// Reads the command line of this process; ends it if help is wanted, or something is wrong.
pub fn read() -> Line {
    let words: Vec<_> = std::env::args_os().collect();
    if words.get(1).is_some_and(|word| word == "doctor") {
        return Line::Doctor(Box::new(DoctorLine::parse_from(words.into_iter().skip(1))));
    }
    Line::Command(Box::new(
        CommandLine::parse_from(words).unwrap_or_else(|error| error.exit()),
    ))
}

impl CommandLine {
    pub fn parse_from(
        words: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    ) -> Result<Self, clap::Error> {
        Self::from_arg_matches(&command().try_get_matches_from(words)?)
    }
}

const URL: &str = "All in one: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC], ws[s]://[USER[:PASSWORD]@]HOST[:PORT][/PATH], \
                   unix://[USER[:PASSWORD]@]/PATH; special characters as %XX";

const RECONNECTION: &str = "\
When the connection is lost:
  A subscriber, and a publisher that goes on until Ctrl-C, say so and connect again and again.
  Other publishers end at once, and so does everything that cannot connect at the beginning.";

fn command() -> clap::Command {
    let after = format!(
        "{EXAMPLES}\n\n{RECONNECTION}\n\nExit codes:\n{}",
        Exit::table()
    );
    CommandLine::command().after_help(after)
}

/// Something that the parser cannot know is wrong with the command line. Ends the process.
pub fn wrong(what: impl std::fmt::Display) -> ! {
    command().error(ErrorKind::ValueValidation, what).exit()
}

fn qos(text: &str) -> Result<QoS, &'static str> {
    match text {
        "0" => Ok(QoS::AtMostOnce),
        "1" => Ok(QoS::AtLeastOnce),
        "2" => Ok(QoS::ExactlyOnce),
        _ => Err("QoS is 0, 1 or 2"),
    }
}

fn protocol(text: &str) -> Result<(), &'static str> {
    match text {
        "mqttv311" | "311" => Ok(()),
        _ => Err("this program speaks MQTT 3.1.1 only: say -V mqttv311 or leave it out"),
    }
}

fn profile(text: &str) -> Result<&'static Profile, String> {
    Profile::named(text).ok_or_else(|| {
        format!(
            "known are {}",
            profile::ALL.map(|profile| profile.name).join(", ")
        )
    })
}

fn seconds(text: &str) -> Result<Duration, &'static str> {
    let number: f64 = text.parse().map_err(|_| "not a number of seconds")?;
    // Clocks of some systems end not long after.
    let longest = Duration::from_secs(100 * 365 * 24 * 60 * 60);
    Duration::try_from_secs_f64(number)
        .ok()
        .filter(|&time| time <= longest)
        .ok_or("not a number of seconds that can be waited")
}

fn some_seconds(text: &str) -> Result<Duration, &'static str> {
    seconds(text).and_then(|time| {
        if time.is_zero() {
            Err("0 seconds leave no time for anything")
        } else {
            Ok(time)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<CommandLine, String> {
        CommandLine::parse_from(std::iter::once("motemq").chain(line.split_whitespace()))
            .map_err(|error| error.to_string())
    }

    fn says(line: &str, words: &str) {
        let error = parse(line).expect_err(line);
        assert!(error.contains(words), "{line}: {error}");
    }

    #[test]
    fn the_definition_holds_together() {
        command().debug_assert();
    }

    #[test]
    fn h_is_the_host() {
        let line = parse("--pub -h broker -p 1884 -t SEGGER/Demo -m Hello -d 5").unwrap();
        assert_eq!(
            (line.connection.host.as_str(), line.connection.port),
            ("broker", Some(1884))
        );
        assert_eq!(line.message.delay, Some(Duration::from_secs(5)));
        assert_eq!(parse("--sub -t a").unwrap().connection.host, "localhost");
    }

    #[test]
    fn one_verb() {
        says("-t a -m b", "--pub|--sub");
        says("--pub --sub -t a -m b", "cannot be used with");
    }

    #[test]
    fn options_of_the_other_verb_are_refused() {
        for option in ["-m x", "-n", "-f x", "-s", "-l", "-d 1", "--repeat 1", "-r"] {
            says(&format!("--sub -t a {option}"), "cannot be used with");
        }
        for option in [
            "-C 1",
            "-E",
            "-T x",
            "-U x",
            "-R",
            "--retained-only",
            "-v",
            "-N",
            "--json",
        ] {
            says(&format!("--pub -t a -m b {option}"), "cannot be used with");
        }
    }

    #[test]
    fn one_source_of_messages() {
        says("--pub -t a -m b -n", "cannot be used with");
        says("--pub -t a -s -l", "cannot be used with");
        says("--pub -t a -l --repeat 2", "cannot be used with");
        says("--pub -t a -l -d 2", "cannot be used with");
    }

    #[test]
    fn what_begins_with_a_hyphen_can_be_said() {
        assert_eq!(
            parse("--pub -t a -m -5").unwrap().message.text.unwrap(),
            "-5"
        );
        assert_eq!(
            parse("--pub -t a -m x -u u -P -secret")
                .unwrap()
                .connection
                .password
                .unwrap(),
            "-secret"
        );
    }

    #[test]
    fn numbers_are_checked() {
        says("--sub -t a -q 3", "QoS is 0, 1 or 2");
        says("--sub -t a -W 0", "no time");
        says("--sub -t a -W -1", "-1");
        says("--sub -t a -W nan", "seconds");
        for endless in ["-d", "--repeat 2 -d", "--repeat 2 --repeat-delay", "-W"] {
            for number in ["1e19", "1e40", "inf"] {
                says(
                    &format!("--pub -t a -m x {endless} {number}"),
                    "that can be waited",
                );
            }
            parse(&format!("--pub -t a -m x {endless} 3e9")).unwrap();
        }
        says("--sub -t a -C 0", "0 is not in 1..");
        says("--sub -t a -p 70000", "70000");
        says("--sub -t a -k 70000", "70000");
        assert_eq!(
            parse("--sub -t a -W 0.25").unwrap().give_up,
            Some(Duration::from_millis(250))
        );
    }

    #[test]
    fn other_versions_are_refused() {
        parse("--sub -t a -V mqttv311").unwrap();
        says("--sub -t a -V mqttv5", "3.1.1 only");
        says("--sub -t a -V mqttv31", "3.1.1 only");
    }

    #[test]
    fn profiles_have_names() {
        let profile = parse("--sub -t a --profile aws-iot")
            .unwrap()
            .connection
            .profile;
        assert_eq!(profile, Some(&profile::AWS_IOT));
        says(
            "--sub -t a --profile aws",
            "known are aws-iot, azure-iot-hub, hivemq-cloud, mosquitto",
        );
        let help = parse("--help").unwrap_err();
        assert!(
            profile::ALL
                .iter()
                .all(|profile| help.contains(profile.name)),
            "{help}"
        );
    }

    #[test]
    fn what_goes_together() {
        says("--sub -t a -c", "--id");
        says("--sub -t a --will-payload x", "--will-topic");
        says("--sub -t a --will-retain", "--will-topic");
        says("--pub -t a -m x --repeat-delay 1", "--repeat");
        says("--sub -L mqtt://h/t -h other", "cannot be used with");
    }

    #[test]
    fn help_has_examples_and_exit_codes() {
        let help = parse("--help").unwrap_err();
        for words in [
            "motemq --pub",
            "Examples:",
            "Exit codes:",
            "every second until Ctrl-C",
            "-h, --host",
        ] {
            assert!(help.contains(words), "{words} is not in\n{help}");
        }
    }
}
