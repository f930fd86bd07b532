//! The forms of the command line: `pub`, `sub`, `doctor`, and the flags `--pub` and `--sub`.
#[cfg(feature = "bench")]
use super::BenchLine;
#[cfg(feature = "watch")]
use super::WatchLine;
use super::{
    BrokerArgs, MessageArgs, RecordLine, ReplayLine, RequestLine, SubscriptionArgs, help,
    values::{qos, some_seconds},
};
use clap::{
    Arg, ArgAction, ArgGroup, Args, Command, CommandFactory, Id, Parser,
    builder::PossibleValuesParser,
};
use clap_complete::Shell;
use motemq::QoS;
use std::time::Duration;

/// The options that publishing and subscribing have in common.
#[derive(Args, Debug, Default)]
pub struct CommonArgs {
    /// Topic to publish to, or filter to subscribe to (+ any one level, # the rest), as often as
    /// wished
    #[arg(
        short = 't',
        long = "topic",
        value_name = "TOPIC",
        allow_hyphen_values = true
    )]
    pub topics: Vec<String>,

    /// QoS: 0 at most once, 1 at least once, 2 exactly once [default: 0]
    #[arg(short, long, value_name = "0|1|2", default_value = "0", hide_default_value = true, value_parser = qos)]
    pub qos: QoS,

    /// Give up after this time: exit code 6, or 8 if a message was sent and not acknowledged
    #[arg(short = 'W', long = "timeout", value_name = "SECONDS", value_parser = some_seconds)]
    pub give_up: Option<Duration>,

    #[command(flatten)]
    pub report: ReportArgs,

    /// Read the options in $XDG_CONFIG_HOME/mosquitto_pub or mosquitto_sub, too
    #[arg(long)]
    pub mosquitto_config: bool,

    #[command(flatten)]
    about: AboutArgs,
}

/// The options that say what stands on stderr.
#[derive(Args, Debug, Default)]
pub struct ReportArgs {
    /// Print the packets that come and go to stderr
    #[arg(short, long)]
    pub debug: bool,

    /// Say nothing on stderr but what is wrong with the command line
    #[arg(long, conflicts_with = "debug")]
    pub quiet: bool,
}

#[derive(Args, Debug, Default)]
pub struct AboutArgs {
    /// Print this help
    #[arg(short = '?', long, action = ArgAction::HelpShort)]
    help: Option<bool>,

    /// Print the version of this program
    #[arg(long, action = ArgAction::Version)]
    version: Option<bool>,
}

/// Publishes messages to an MQTT broker, or subscribes to topics and prints the messages that
/// arrive.
#[derive(Parser, Debug)]
#[command(name = "motemq", version, override_usage = help::USAGE, disable_help_flag = true, disable_version_flag = true)]
#[command(group = ArgGroup::new("verb").required(true).args(["publish", "subscribe"]))]
pub struct FlagLine {
    /// Publish. As `motemq pub`, but for -m, which sends every second, and -d
    #[arg(long = "pub")]
    pub publish: bool,

    /// Subscribe. As `motemq sub`, but for -d
    #[arg(long = "sub")]
    pub subscribe: bool,

    #[command(flatten)]
    pub common: CommonArgs,

    #[command(flatten)]
    pub message: MessageArgs,

    #[command(flatten)]
    pub subscription: SubscriptionArgs,

    #[command(flatten)]
    pub broker: BrokerArgs,
}

/// Publishes messages to an MQTT broker (3.1.1 or 5). As with mosquitto_pub, -m publishes once and
/// -d shows packets; with `motemq --pub`, -m publishes every second and -d says how often.
#[derive(Parser, Debug)]
#[command(name = "motemq pub", bin_name = "motemq pub", version, override_usage = help::PUBLISH_USAGE, disable_help_flag = true, disable_version_flag = true)]
pub struct PublishLine {
    #[command(flatten)]
    pub common: CommonArgs,

    #[command(flatten)]
    pub message: MessageArgs,

    #[command(flatten)]
    pub broker: BrokerArgs,
}

/// Subscribes to topics at an MQTT broker (3.1.1 or 5), and prints the messages that arrive. As
/// with mosquitto_sub, -d shows packets; `motemq --sub` has --debug only.
#[derive(Parser, Debug)]
#[command(name = "motemq sub", bin_name = "motemq sub", version, override_usage = help::SUBSCRIBE_USAGE, disable_help_flag = true, disable_version_flag = true)]
pub struct SubscribeLine {
    #[command(flatten)]
    pub common: CommonArgs,

    #[command(flatten)]
    pub subscription: SubscriptionArgs,

    #[command(flatten)]
    pub broker: BrokerArgs,
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
pub struct DoctorLine {
    /// Topic of the message that goes there and back (motemq/doctor/ and random letters if not
    /// given)
    #[arg(
        short = 't',
        long = "topic",
        value_name = "TOPIC",
        allow_hyphen_values = true
    )]
    pub topics: Vec<String>,

    /// QoS of the message that goes there and back [default: 1]
    #[arg(short, long, value_name = "0|1|2", default_value = "1", hide_default_value = true, value_parser = qos)]
    pub qos: QoS,

    /// Give up after this time: exit code 6
    #[arg(short = 'W', long = "timeout", value_name = "SECONDS", value_parser = some_seconds)]
    pub give_up: Option<Duration>,

    #[command(flatten)]
    about: AboutArgs,

    #[command(flatten)]
    pub broker: BrokerArgs,
}

/// Prints completions of motemq's options for a shell.
#[derive(Parser, Debug)]
#[command(
    name = "motemq completions",
    bin_name = "motemq completions",
    version,
    disable_help_flag = true,
    disable_version_flag = true
)]
pub struct CompletionsLine {
    /// The shell that is to complete
    #[arg(value_name = "SHELL", value_enum)]
    pub shell: Shell,

    #[command(flatten)]
    about: AboutArgs,
}

/// Prints a manual page, for `man`.
#[derive(Parser, Debug)]
#[command(
    name = "motemq man",
    bin_name = "motemq man",
    version,
    disable_help_flag = true,
    disable_version_flag = true
)]
pub struct ManualLine {
    /// The command that the page is about (motemq itself if not given)
    #[arg(value_name = "COMMAND", value_parser = PossibleValuesParser::new(Grammar::documented()))]
    pub verb: Option<String>,

    #[command(flatten)]
    about: AboutArgs,
}

/// A form of the command line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Grammar {
    Flags,
    Publish,
    Subscribe,
    Request,
    #[cfg(feature = "watch")]
    Watch,
    Record,
    Replay,
    #[cfg(feature = "bench")]
    Bench,
    Doctor,
    Completions,
    Manual,
}

impl Grammar {
    /// All forms that a word begins.
    pub const NAMED: &[(&'static str, Grammar)] = &[
        ("pub", Grammar::Publish),
        ("sub", Grammar::Subscribe),
        ("rr", Grammar::Request),
        #[cfg(feature = "watch")]
        ("watch", Grammar::Watch),
        ("record", Grammar::Record),
        ("replay", Grammar::Replay),
        #[cfg(feature = "bench")]
        ("bench", Grammar::Bench),
        ("doctor", Grammar::Doctor),
        ("completions", Grammar::Completions),
        ("man", Grammar::Manual),
    ];

    /// Returns the forms that have a manual page of their own.
    fn documented() -> Vec<&'static str> {
        let names = Self::NAMED.iter().map(|(name, _)| *name);
        names
            .filter(|name| !["completions", "man"].contains(name))
            .collect()
    }

    /// Returns the form that this word begins, if it is the name of one.
    pub fn named(word: &str) -> Option<Self> {
        let mut named = Self::NAMED.iter();
        named
            .find(|(name, _)| *name == word)
            .map(|(_, grammar)| *grammar)
    }

    /// Returns the options of this form.
    pub fn command(self) -> Command {
        let command = match self {
            Grammar::Flags => flags(),
            Grammar::Publish => PublishLine::command(),
            Grammar::Subscribe => SubscribeLine::command(),
            Grammar::Request => request(),
            #[cfg(feature = "watch")]
            Grammar::Watch => WatchLine::command(),
            Grammar::Record => RecordLine::command(),
            Grammar::Replay => ReplayLine::command(),
            #[cfg(feature = "bench")]
            Grammar::Bench => BenchLine::command(),
            Grammar::Doctor => DoctorLine::command(),
            Grammar::Completions => CompletionsLine::command(),
            Grammar::Manual => ManualLine::command(),
        };
        // The last counts of an option that is given several times, as with mosquitto's tools: scripts
        // add options to those that they have. Options that take several values keep all.
        command.args_override_self(true)
    }
}

/// Returns the options of `rr`, which has one topic.
fn request() -> Command {
    let topic = |option: Arg| option.help("Topic of the request");
    RequestLine::command().mut_arg("topics", topic)
}

/// Returns the options behind `--pub` and `--sub`: each of the options of the other one is refused.
fn flags() -> Command {
    let mut command = FlagLine::command();
    for (other, ids) in [
        ("subscribe", ids::<MessageArgs>()),
        ("publish", ids::<SubscriptionArgs>()),
    ] {
        for id in ids {
            command = command.mut_arg(id, |option| option.conflicts_with(other));
        }
    }
    // Here -d is the delay.
    command
        .mut_arg("debug", |debug| debug.short(None))
        .mut_arg("delay", |delay| delay.short('d'))
        .mut_arg("text", |text| {
            text.help(
                "This text, every second until Ctrl-C; -d and --repeat say otherwise. `motemq pub -m` sends it once",
            )
        })
}

fn ids<A: Args>() -> Vec<Id> {
    A::augment_args(Command::new(""))
        .get_arguments()
        .map(|argument| argument.get_id().clone())
        .collect()
}

/// Returns a command with the names of all the others, which knows what a misspelt one might have
/// been.
pub fn names() -> Command {
    Command::new("motemq")
        .override_usage(help::USAGE)
        .subcommand_required(true)
        .subcommands(Grammar::NAMED.iter().map(|(name, _)| Command::new(*name)))
}

/// Returns the whole command line as one command, for what is generated from it; `shape`: gives
/// each form of the command line its shape there.
pub fn tree(shape: impl Fn(&'static str, Command) -> Command) -> Command {
    let forms = Grammar::NAMED
        .iter()
        .map(|(name, grammar)| shape(name, grammar.command()));
    let documented = Grammar::NAMED.iter().map(|(name, _)| Command::new(*name));
    let help = Command::new("help").about("Prints the help on a command");
    shape("motemq", Grammar::Flags.command())
        .subcommands(forms)
        .subcommand(help.subcommands(documented))
        .disable_help_subcommand(true)
}
