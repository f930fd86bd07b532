//! How it ended.
use motemq_std::{Cause, Error, ErrorKind};
use std::{fmt, process::ExitCode};

/// The exit codes, all of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Exit {
    /// What was asked for has been done.
    Done = 0,
    /// Input or output failed.
    Files = 1,
    /// The command line cannot be carried out; the parser of the command line uses the same number.
    Usage = 2,
    /// No connection to the broker's host and port.
    CannotConnect = 3,
    /// The broker said no, other than for who we are.
    Refused = 4,
    /// The broker said no because of who we are.
    NotAuthorised = 5,
    /// `-W` is over, or the broker does not answer CONNECT or SUBSCRIBE.
    TimeOut = 6,
    /// There was a connection.
    ConnectionLost = 7,
    /// The broker did not acknowledge a message.
    NotAcknowledged = 8,
    /// We or the broker did not like what the other showed, or there is no TLS at all.
    Tls = 9,
    /// There is a connection, and no WebSocket in it.
    WebSocket = 10,
    /// `doctor`: the name of the host leads nowhere.
    NoName = 11,
    /// Ctrl-C before what was asked for has been done; what shells call the end by SIGINT.
    Interrupted = 130,
}

impl Exit {
    const ALL: [(Exit, &'static str); 13] = [
        (
            Exit::Done,
            "done; also after Ctrl-C where nothing else ends the program",
        ),
        (Exit::Files, "a file, stdin or stdout failed"),
        (Exit::Usage, "wrong usage"),
        (Exit::CannotConnect, "cannot connect to the broker"),
        (
            Exit::Refused,
            "refused by the broker: the connection, or all subscriptions",
        ),
        (
            Exit::NotAuthorised,
            "not authorised: user name or password is wrong, or may not connect",
        ),
        (
            Exit::TimeOut,
            "time-out: -W is over, or the broker does not answer",
        ),
        (Exit::ConnectionLost, "connection lost"),
        (
            Exit::NotAcknowledged,
            "a message with QoS 1 or 2 was not acknowledged",
        ),
        (
            Exit::Tls,
            "no TLS: a certificate is missing or was not accepted, or nobody speaks TLS there",
        ),
        (
            Exit::WebSocket,
            "no WebSocket: what answers there does not speak it, or not on this path, or not for MQTT",
        ),
        (
            Exit::NoName,
            "doctor: the host name has no address; elsewhere that is 3",
        ),
        (
            Exit::Interrupted,
            "interrupted by Ctrl-C before all was done",
        ),
    ];

    /// The exit codes as `--help` shows them.
    pub fn table() -> String {
        let lines: Vec<_> = Self::ALL
            .iter()
            .map(|(exit, meaning)| format!("  {:>3}  {meaning}", *exit as u8))
            .collect();
        lines.join("\n")
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// Why it ended otherwise than well: a code for scripts, and words for people.
#[derive(PartialEq, Eq, Debug)]
pub struct Failure {
    pub exit: Exit,
    pub words: String,
}

impl Failure {
    pub fn new(exit: Exit, words: impl fmt::Display) -> Self {
        Failure {
            exit,
            words: words.to_string(),
        }
    }
}

impl From<ctrlc::Error> for Failure {
    fn from(error: ctrlc::Error) -> Self {
        Failure::new(
            Exit::Files,
            format_args!("cannot watch for Ctrl-C: {error}"),
        )
    }
}

impl From<Error> for Failure {
    /// What the client says is meant for programmers in parts; those are said otherwise here.
    fn from(error: Error) -> Self {
        let exit = match error.kind() {
            ErrorKind::CannotConnect => Exit::CannotConnect,
            #[cfg(feature = "_tls")]
            ErrorKind::Tls => Exit::Tls,
            ErrorKind::WebSocket => Exit::WebSocket,
            ErrorKind::Refused | ErrorKind::SubscriptionLost => Exit::Refused,
            ErrorKind::NotAuthorized => Exit::NotAuthorised,
            ErrorKind::TimedOut => Exit::TimeOut,
            ErrorKind::NotAcknowledged => Exit::NotAcknowledged,
            ErrorKind::Invalid => Exit::Usage,
            ErrorKind::Io => Exit::Files,
            ErrorKind::Stopped => Exit::Interrupted,
            _ => Exit::ConnectionLost,
        };
        match error {
            Error::ConnectionLost(cause) => Failure::new(exit, lost(&cause)),
            Error::NoAnswer { limit } => Failure::new(
                exit,
                format_args!(
                    "connected, but no answer to CONNECT within {limit:?}: check that a broker listens on this port, and whether it wants TLS \
                     or a WebSocket"
                ),
            ),
            Error::OutcomeUnknown => Failure::new(
                exit,
                "the broker lost the session before it acknowledged: it may have arrived or not",
            ),
            Error::Source(error) => Failure::new(
                exit,
                format_args!("cannot read what is to be published to its end: {error}"),
            ),
            error => Failure::new(exit, error),
        }
    }
}

fn lost(cause: &Cause) -> String {
    format!("connection lost: {cause}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_each_code_once() {
        let mut codes: Vec<_> = Exit::ALL.iter().map(|(exit, _)| *exit as u8).collect();
        let listed = codes.len();
        codes.dedup();
        assert_eq!(codes.len(), listed);
        assert!(codes.is_sorted());
        assert_eq!(Exit::table().lines().count(), listed);
    }
}
