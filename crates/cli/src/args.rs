//! The command line.
//!
//! The options are structures that clap's derive reads. The forms of the command line share them,
//! and change a few through clap's builder: that keeps the definition of an option, its help and the
//! field that it fills in one place, while completions and man pages can be made of the same
//! definition. The first word chooses the form, so that only the options of one form are built: a
//! command that publishes one message lives for a few milliseconds. The options that such a command
//! mostly has are read without clap.
#[cfg(feature = "bench")]
mod bench;
mod brief;
mod connection;
#[cfg(test)]
mod coverage;
mod defaults;
mod grammar;
mod help;
mod message;
mod printing;
mod protocol;
mod recording;
mod request;
mod source;
mod subscription;
#[cfg(test)]
mod tests;
mod values;
#[cfg(feature = "watch")]
mod watch;

use crate::{exit::Failure, notice};
#[cfg(feature = "bench")]
pub use bench::BenchLine;
use clap::{
    Command, FromArgMatches,
    error::{ContextKind, ContextValue, ErrorKind},
};
use clap_complete::Shell;
pub use connection::{BrokerArgs, ConnectionArgs};
pub use defaults::Surroundings;
pub use grammar::tree;
use grammar::{AboutArgs, CompletionsLine, FlagLine, ManualLine, PublishLine, SubscribeLine};
pub use grammar::{CommonArgs, DoctorLine, Grammar, ReportArgs};
pub use help::{Section, sections};
pub use message::MessageArgs;
pub use printing::PrintArgs;
pub use protocol::{FilterArgs, PacketKind, Protocol, ProtocolArgs, SessionExpiry, Value};
pub use recording::{RecordLine, ReplayLine};
pub use request::RequestLine;
pub use source::SourceArgs;
use std::{ffi::OsString, io, mem, process};
pub use subscription::SubscriptionArgs;
#[cfg(feature = "watch")]
pub use watch::WatchLine;

/// A command line that was read.
#[derive(Debug)]
pub enum Line {
    Command(Box<CommandLine>),
    Request(Box<RequestLine>),
    Doctor(Box<DoctorLine>),
    Record(Box<RecordLine>),
    Replay(Box<ReplayLine>),
    #[cfg(feature = "watch")]
    Watch(Box<WatchLine>),
    #[cfg(feature = "bench")]
    Bench(Box<BenchLine>),
    Completions(Shell),
    /// The page about this verb, or about the whole command.
    Manual(Option<String>),
}

impl Line {
    /// Returns whether notices are not wanted.
    pub fn is_quiet(&self) -> bool {
        match self {
            Line::Command(line) => line.common.report.quiet,
            Line::Request(line) => line.common.report.quiet,
            Line::Record(line) => line.report.quiet,
            Line::Replay(line) => line.report.quiet,
            #[cfg(feature = "bench")]
            Line::Bench(line) => line.quiet,
            _ => false,
        }
    }

    /// Returns what is said of the broker, where there is one.
    pub fn broker(&self) -> Option<&BrokerArgs> {
        Some(match self {
            Line::Command(line) => &line.broker,
            Line::Request(line) => &line.broker,
            Line::Doctor(line) => &line.broker,
            Line::Record(line) => &line.broker,
            Line::Replay(line) => &line.broker,
            #[cfg(feature = "watch")]
            Line::Watch(line) => &line.broker,
            #[cfg(feature = "bench")]
            Line::Bench(line) => &line.broker,
            Line::Completions(_) | Line::Manual(_) => return None,
        })
    }
}

/// Publishing or subscribing, in either form.
#[derive(Debug)]
pub struct CommandLine {
    pub verb: Verb,
    pub common: CommonArgs,
    pub broker: BrokerArgs,
}

/// The task of a command line.
#[derive(Debug)]
pub enum Verb {
    Publish {
        message: Box<MessageArgs>,
        /// A text is sent every second if nothing else is said, as `--pub` does.
        repeats_text: bool,
    },
    Subscribe(Box<SubscriptionArgs>),
}

/// Reads the command line of this process; ends it if help is wanted, or something is wrong.
pub fn read() -> (Grammar, Line) {
    let words = std::env::args_os().collect();
    let mut parser = None;
    let read = parse_by(&mut parser, words, &Surroundings::of_process());
    // To give back what it consists of takes its time, and the process will not need it.
    mem::forget(parser);
    read.unwrap_or_else(|error| end(&error))
}

/// Prints the help that is wanted, or what is wrong, and ends the process.
fn end(error: &clap::Error) -> ! {
    match error.print() {
        Err(unprinted) if !error.use_stderr() && unprinted.kind() != io::ErrorKind::BrokenPipe => {
            let Failure { exit, words } = Failure::of_stdout(&unprinted);
            notice::say(words);
            process::exit(exit as i32)
        }
        _ => process::exit(error.exit_code()),
    }
}

/// Reads a command line, the program's name first, and the options in its surroundings.
pub fn parse(
    words: Vec<OsString>,
    surroundings: &Surroundings,
) -> Result<(Grammar, Line), clap::Error> {
    parse_by(&mut None, words, surroundings)
}

/// Does the same, and leaves the parser that was made for it.
fn parse_by(
    parser: &mut Option<Command>,
    mut words: Vec<OsString>,
    surroundings: &Surroundings,
) -> Result<(Grammar, Line), clap::Error> {
    let first = words.get(1).and_then(|word| word.to_str());
    let grammar = match first {
        Some("help") => return Err(help_on(&words)),
        Some(word) => match Grammar::named(word) {
            Some(grammar) => {
                words.remove(0);
                grammar
            }
            None if word.starts_with('-') => Grammar::Flags,
            None => return Err(unknown(word)),
        },
        None => Grammar::Flags,
    };
    if grammar == Grammar::Publish
        && let Some(line) = brief::read(&words[1..])
        && surroundings.say_nothing_of("pub")
    {
        return Ok((grammar, line.into()));
    }
    parse_all(parser, grammar, words, surroundings).map(|line| (grammar, line))
}

/// Reads a command line by the parser of all options.
// Its frame takes several pages of memory, which it needs only here.
#[inline(never)]
fn parse_all(
    parser: &mut Option<Command>,
    grammar: Grammar,
    mut words: Vec<OsString>,
    surroundings: &Surroundings,
) -> Result<Line, clap::Error> {
    let command = parser.insert(grammar.command());
    words = protocol::joined(command, words);
    let added = defaults::of(grammar, &words, surroundings)
        .map_err(|what| grammar.command().error(ErrorKind::ValueValidation, what))?;
    let is_complete = added.is_empty();
    words.splice(1..1, added);
    let read = command.try_get_matches_from_mut(&words);
    let mut matches = read.map_err(|mut error| {
        if error.kind() == ErrorKind::DisplayHelp {
            return help_of(grammar);
        }
        if !is_complete && error.use_stderr() {
            let hint = ContextValue::StyledStrs(vec![
                "some options are from the environment (MOTEMQ_...) or a file".into(),
            ]);
            error.insert(ContextKind::Suggested, hint);
        }
        error
    })?;
    let matches = &mut matches;
    let line = match grammar {
        Grammar::Flags => FlagLine::from_arg_matches_mut(matches)?.into(),
        Grammar::Publish => PublishLine::from_arg_matches_mut(matches)?.into(),
        Grammar::Subscribe => SubscribeLine::from_arg_matches_mut(matches)?.into(),
        Grammar::Request => {
            let line = RequestLine::from_arg_matches_mut(matches)?;
            Line::Request(Box::new(line.with_version()))
        }
        Grammar::Doctor => Line::Doctor(Box::new(DoctorLine::from_arg_matches_mut(matches)?)),
        Grammar::Record => Line::Record(Box::new(RecordLine::from_arg_matches_mut(matches)?)),
        Grammar::Replay => Line::Replay(Box::new(ReplayLine::from_arg_matches_mut(matches)?)),
        #[cfg(feature = "bench")]
        Grammar::Bench => Line::Bench(Box::new(BenchLine::from_arg_matches_mut(matches)?)),
        #[cfg(feature = "watch")]
        Grammar::Watch => Line::Watch(Box::new(WatchLine::from_arg_matches_mut(matches)?)),
        Grammar::Completions => {
            Line::Completions(CompletionsLine::from_arg_matches_mut(matches)?.shell)
        }
        Grammar::Manual => Line::Manual(ManualLine::from_arg_matches_mut(matches)?.verb),
    };
    Ok(line)
}

/// Returns the help on the form of the command line that `help` names.
fn help_on(words: &[OsString]) -> clap::Error {
    let grammar = match words.get(2).and_then(|word| word.to_str()) {
        None => Grammar::Flags,
        Some(word) => match Grammar::named(word) {
            Some(grammar) => grammar,
            None => return unknown(word),
        },
    };
    help_of(grammar)
}

/// Returns the help on a form of the command line.
fn help_of(grammar: Grammar) -> clap::Error {
    grammar
        .command()
        .after_help(help::after(grammar))
        .try_get_matches_from(["motemq", "--help"])
        .expect_err("help ends the reading")
}

/// Returns that there is no such command, and which one may be meant.
fn unknown(word: &str) -> clap::Error {
    let refused = grammar::names().try_get_matches_from(["motemq", word]);
    match refused {
        Err(error) => error,
        Ok(_) => grammar::names().error(ErrorKind::InvalidSubcommand, word),
    }
}

/// Something that the parser cannot know is wrong with the command line. Ends the process.
pub fn wrong(grammar: Grammar, what: impl std::fmt::Display) -> ! {
    grammar
        .command()
        .error(ErrorKind::ValueValidation, what)
        .exit()
}

impl From<FlagLine> for Line {
    fn from(line: FlagLine) -> Self {
        let verb = if line.publish {
            Verb::Publish {
                message: Box::new(line.message),
                repeats_text: true,
            }
        } else {
            Verb::Subscribe(Box::new(line.subscription))
        };
        Line::Command(Box::new(CommandLine {
            verb,
            common: line.common,
            broker: line.broker,
        }))
    }
}

impl From<PublishLine> for Line {
    fn from(line: PublishLine) -> Self {
        Line::Command(Box::new(CommandLine {
            verb: Verb::Publish {
                message: Box::new(line.message),
                repeats_text: false,
            },
            common: line.common,
            broker: line.broker,
        }))
    }
}

impl From<SubscribeLine> for Line {
    fn from(line: SubscribeLine) -> Self {
        Line::Command(Box::new(CommandLine {
            verb: Verb::Subscribe(Box::new(line.subscription)),
            common: line.common,
            broker: line.broker,
        }))
    }
}

#[cfg(test)]
impl CommandLine {
    /// Reads a command line that publishes or subscribes.
    pub fn of(line: &str) -> Result<Self, String> {
        let words = std::iter::once("motemq").chain(line.split_whitespace());
        let nowhere = Surroundings::with_variables(&[]);
        match parse(words.map(Into::into).collect(), &nowhere) {
            Ok((_, Line::Command(line))) => Ok(*line),
            Ok((_, other)) => Err(format!("{other:?}")),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Returns the options of publishing.
    pub fn message(&self) -> &MessageArgs {
        match &self.verb {
            Verb::Publish { message, .. } => message,
            Verb::Subscribe(_) => panic!("it subscribes"),
        }
    }

    /// Returns the options of subscribing.
    pub fn subscription(&self) -> &SubscriptionArgs {
        match &self.verb {
            Verb::Subscribe(subscription) => subscription,
            Verb::Publish { .. } => panic!("it publishes"),
        }
    }
}
