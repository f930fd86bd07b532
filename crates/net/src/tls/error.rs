//! Errors of TLS.
use super::TlsErrorKind;
use std::{error::Error, io};

/// The reason why TLS cannot be used, or why its handshake failed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A certificate, a key or another setting cannot be used, for the reason in this text.
    #[error("{0}")]
    Setting(String),
    /// A file of certificates or keys, or a directory of them, cannot be read. The text contains
    /// its path and the reason.
    #[error("cannot read {0}")]
    Unreadable(String),
    /// The handshake failed; or, with TLS 1.3, the broker rejected the client after it.
    #[error("{kind} ({details})")]
    Handshake {
        /// The reason, and what to do about it.
        kind: TlsErrorKind,
        /// The message of the TLS library.
        details: String,
    },
}

impl TlsError {
    pub(super) fn new(kind: TlsErrorKind, details: impl Into<String>) -> Self {
        TlsError::Handshake {
            kind,
            details: details.into(),
        }
    }

    /// The peer did not answer in time.
    pub(crate) fn timed_out() -> Self {
        Self::new(TlsErrorKind::TimedOut, "timed out")
    }

    /// Returns the reason why the handshake failed, or `None` for the other errors.
    pub fn kind(&self) -> Option<TlsErrorKind> {
        match self {
            TlsError::Setting(_) | TlsError::Unreadable(_) => None,
            TlsError::Handshake { kind, .. } => Some(*kind),
        }
    }

    /// Returns what a failed read or write means: with TLS 1.3 the broker rejects a client
    /// certificate, or its absence (no `has_identity`), behind the handshake.
    pub(super) fn of_io(error: &io::Error, has_identity: bool) -> Option<Self> {
        let source = error.get_ref()?;
        let (kind, details) = (kind_of(source), details_of(source));
        match kind {
            TlsErrorKind::Other => None,
            // Behind the handshake a cipher and all else was agreed upon.
            kind if !has_identity => Some(Self::new(kind.without_identity(true), details)),
            kind => Some(Self::new(kind, details)),
        }
    }

    /// Returns the same error with [what it means](Self::of_io).
    pub(super) fn explained(error: io::Error, has_identity: bool) -> io::Error {
        match Self::of_io(&error, has_identity) {
            Some(said) => io::Error::new(error.kind(), said),
            None => error,
        }
    }

    /// Returns whether a read ended because the other side closed the socket without an alert of
    /// TLS. Brokers that stop do so, and some that hang up; MQTT knows where its packets end.
    pub(super) fn is_bare_end(error: &io::Error) -> bool {
        let was_closed = || {
            Self::of_io(error, true)
                .is_some_and(|said| said.kind() == Some(TlsErrorKind::ConnectionClosed))
        };
        error.kind() == io::ErrorKind::UnexpectedEof || was_closed()
    }
}

/// Returns the reason in an error of either library.
pub(super) fn kind_of(error: &(dyn Error + 'static)) -> TlsErrorKind {
    #[cfg(feature = "rustls")]
    if let Some(error) = error.downcast_ref() {
        return super::rustls::kind_of(error);
    }
    TlsErrorKind::of_words(&details_of(error))
}

/// Returns the words of an error, and of those that caused it.
pub(super) fn details_of(error: &(dyn Error + 'static)) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let more = error.to_string();
        if !words.contains(&more) {
            words = format!("{words}: {more}");
        }
        source = error.source();
    }
    words
}

/// Returns the reason if time ran out below TLS, or the connection ended.
pub(super) fn kind_of_transport(error: &(dyn Error + 'static)) -> Option<TlsErrorKind> {
    use io::ErrorKind::{
        BrokenPipe, ConnectionAborted, ConnectionReset, TimedOut, UnexpectedEof, WouldBlock,
    };
    let mut source = Some(error);
    while let Some(error) = source {
        match error.downcast_ref::<io::Error>().map(io::Error::kind) {
            Some(TimedOut | WouldBlock) => return Some(TlsErrorKind::TimedOut),
            Some(ConnectionReset | ConnectionAborted | BrokenPipe | UnexpectedEof) => {
                return Some(TlsErrorKind::ConnectionClosed);
            }
            _ => source = error.source(),
        }
    }
    // On Windows the error of the transport is there as text only.
    let words = error.to_string();
    if words.contains("(os error 10060)") {
        return Some(TlsErrorKind::TimedOut);
    }
    ["(os error 10053)", "(os error 10054)"]
        .iter()
        .any(|code| words.contains(code))
        .then_some(TlsErrorKind::ConnectionClosed)
}
