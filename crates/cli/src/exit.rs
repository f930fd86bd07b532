//! Exit codes, and the errors that lead to them.
use motemq_net::{ProxyError, WebSocketError};
#[cfg(feature = "_tls")]
use motemq_net::{TlsError, TlsErrorKind};
use motemq_std::{
    DisconnectReason, Ended, Error, PublishError, ReasonCode, RequestError, ReturnCode,
    SubscribeError, TransportError, TransportErrorKind, UploadError,
};
use std::{
    error::Error as _,
    fmt,
    io::{self, ErrorKind},
    process::ExitCode,
};

/// The exit codes, all of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Exit {
    /// Everything that was asked for is done.
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
            "refused by the broker: the connection, a message, or all subscriptions",
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

/// The reason of a bad end: a code for scripts, and words for people.
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

impl Failure {
    /// Returns that stdout takes nothing more.
    pub fn of_stdout(error: &io::Error) -> Self {
        Failure::new(Exit::Files, format_args!("cannot write to stdout: {error}"))
    }

    /// Returns why a client has ended.
    pub fn of_end(ended: &Ended) -> Self {
        match ended {
            Ended::GaveUp(reason) => Self::of_reason(reason),
            Ended::Closed => Failure::new(Exit::Interrupted, ended),
            Ended::Unfinished => Failure::new(Exit::NotAcknowledged, ended),
            Ended::Store(_) => Failure::new(Exit::Files, ended),
            _ => Failure::new(Exit::ConnectionLost, ended),
        }
    }

    fn of_reason(reason: &DisconnectReason) -> Self {
        let exit = match reason {
            DisconnectReason::Refused(
                ReturnCode::BAD_USER_NAME_OR_PASSWORD | ReturnCode::NOT_AUTHORIZED,
            ) => Exit::NotAuthorised,
            DisconnectReason::Refused(_) => Exit::Refused,
            DisconnectReason::Authentication(_) => Exit::NotAuthorised,
            DisconnectReason::RefusedWith(reason) => match reason.code() {
                ReasonCode::BAD_USER_NAME_OR_PASSWORD
                | ReasonCode::NOT_AUTHORIZED
                | ReasonCode::BANNED
                | ReasonCode::BAD_AUTHENTICATION_METHOD => Exit::NotAuthorised,
                _ => Exit::Refused,
            },
            DisconnectReason::ConnectTimeout(_) => Exit::CannotConnect,
            DisconnectReason::ConnackTimeout(_) => Exit::TimeOut,
            DisconnectReason::Transport(error) if has_timed_out(error) => Exit::TimeOut,
            DisconnectReason::Transport(error) => match error.kind() {
                TransportErrorKind::Tls => Exit::Tls,
                TransportErrorKind::WebSocket => Exit::WebSocket,
                TransportErrorKind::Io | TransportErrorKind::NotMqtt => Exit::ConnectionLost,
                _ => Exit::CannotConnect,
            },
            _ => Exit::ConnectionLost,
        };
        match exit {
            Exit::ConnectionLost => Failure::new(exit, format_args!("connection lost: {reason}")),
            exit => Failure::new(exit, reason),
        }
    }

    /// Returns why a message was not published.
    pub fn of_publish(error: &PublishError) -> Self {
        match error {
            PublishError::Ended(ended) => Self::of_end(ended),
            error => Failure::new(Exit::Usage, error),
        }
    }

    /// Returns why a request was not acknowledged.
    pub fn of_request(error: &RequestError) -> Self {
        match error {
            RequestError::Ended(ended) | RequestError::OutcomeUnknownAtEnd(ended) => {
                Self::of_end(ended)
            }
            RequestError::Refused { .. }
            | RequestError::UnsubscribeRefused { .. }
            | RequestError::MessageRefused(_)
            | RequestError::Rejected(_)
            | RequestError::OverLimit(_) => Failure::new(Exit::Refused, error),
            RequestError::OutcomeUnknown => Failure::new(
                Exit::NotAcknowledged,
                "the broker lost the session before it acknowledged: it may have arrived or not",
            ),
            RequestError::UploadLost => Failure::new(Exit::ConnectionLost, error),
            error => Failure::new(Exit::NotAcknowledged, error),
        }
    }

    /// Returns why a subscription, or the end of one, failed.
    pub fn of_subscribe(error: &SubscribeError) -> Self {
        match error {
            SubscribeError::Ended(ended) => Self::of_end(ended),
            // A broker that does not answer SUBSCRIBE.
            SubscribeError::Failed(error @ RequestError::NotAnswered(_)) => {
                Failure::new(Exit::TimeOut, error)
            }
            SubscribeError::Failed(error) => Self::of_request(error),
            error => Failure::new(Exit::Usage, error),
        }
    }

    /// Returns why a message with the payload of a file was not published.
    pub fn of_upload(error: &UploadError) -> Self {
        match error {
            UploadError::Publish(error) => Self::of_publish(error),
            UploadError::Source(error) => Failure::new(
                Exit::Files,
                format_args!("cannot read what is to be published to its end: {error}"),
            ),
            error => Failure::new(Exit::ConnectionLost, error),
        }
    }
}

/// Returns whether a layer got no answer.
fn has_timed_out(error: &TransportError) -> bool {
    let Some(source) = error.source() else {
        return false;
    };
    #[cfg(feature = "_tls")]
    if let Some(error) = source.downcast_ref::<TlsError>() {
        return error.kind() == Some(TlsErrorKind::TimedOut);
    }
    match (source.downcast_ref(), source.downcast_ref()) {
        (Some(WebSocketError::Io(error)), _) => error.kind() == ErrorKind::TimedOut,
        (_, Some(error)) => matches!(error, ProxyError::TimedOut),
        _ => false,
    }
}

impl From<Error> for Failure {
    /// Returns why there is no client at all.
    fn from(error: Error) -> Self {
        let exit = match &error {
            Error::System(_) => Exit::Files,
            _ => Exit::Usage,
        };
        Failure::new(exit, error)
    }
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
