//! Why connections end, and what to say about it.
use motemq::{Fault, ReturnCode, SendError};
use std::{io, sync::Arc, time::Duration};

/// Why a connection ended.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Cause {
    /// By the broker, without a word: another client with the same client identifier, an offence
    /// against its rules, or its end.
    #[error(
        "the broker closed the connection; another client with the same client identifier does this, too"
    )]
    Closed,
    /// By the transport.
    #[error("{0}")]
    Io(Arc<io::Error>),
    /// By the protocol: see [`Fault`].
    #[error("{0}")]
    Fault(Fault),
    /// Nothing could be written for this long.
    #[error("the broker took no bytes for {0:?}")]
    Stalled(Duration),
    /// By us, because something that was not acknowledged or not complete stood in the way.
    #[error("we hung up")]
    HungUp,
}

#[cfg(feature = "_tls")]
impl Cause {
    /// Returns what ended the connection before the broker had accepted it, if the reason is TLS.
    pub fn tls_error(&self, route: &crate::Route) -> Option<crate::TlsError> {
        match self {
            Cause::Closed => route.tls_error(None),
            Cause::Io(error) => route.tls_error(Some(error)),
            _ => None,
        }
    }
}

impl From<io::Error> for Cause {
    fn from(error: io::Error) -> Self {
        Cause::Io(Arc::new(error))
    }
}

impl From<Fault> for Cause {
    fn from(fault: Fault) -> Self {
        Cause::Fault(fault)
    }
}

/// The broker said no because of the login.
pub fn is_about_login(code: ReturnCode) -> bool {
    matches!(
        code,
        ReturnCode::BAD_USER_NAME_OR_PASSWORD | ReturnCode::NOT_AUTHORIZED
    )
}

/// What to do about a refusal.
pub fn advice(code: ReturnCode) -> &'static str {
    match code {
        ReturnCode::UNACCEPTABLE_PROTOCOL_VERSION => "use a broker that does",
        ReturnCode::IDENTIFIER_REJECTED => "use another one, of 1 to 23 letters and digits",
        ReturnCode::SERVER_UNAVAILABLE => "try again later",
        code if is_about_login(code) => {
            "check user name, password and the broker's rules for this client"
        }
        _ => "look into the broker's log",
    }
}

/// The session does not take what it was given, and never will.
pub fn unsendable(error: SendError) -> String {
    let advice = if error == SendError::TooLong {
        ": send it in parts"
    } else {
        ""
    };
    format!("it cannot be sent: {error}{advice}")
}

/// CONNECT cannot be written into a buffer of so many bytes.
pub fn unconnectable(error: SendError, buffer: usize) -> String {
    match error {
        SendError::TooLong => format!("client identifier, will and login together are longer than {buffer} bytes: shorten them"),
        _ => {
            "client identifier, will topic or user name: use valid text, no wildcards in the will's topic, and a client identifier if the \
              session is to be kept"
                .into()
        }
    }
}
