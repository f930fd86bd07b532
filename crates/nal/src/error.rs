//! The reasons for the end of a connection.
use core::fmt;
use motemq::Fault;

/// The reason why the connection is over: open another, then
/// [`connect`](motemq::Session::connect). The session keeps what it remembers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Error<E> {
    /// It was closed: by the broker, or by us when DISCONNECT was written.
    Closed,
    /// The session found that the broker is silent or does not keep to the protocol.
    Fault(Fault),
    /// An error of the network.
    Transport(E),
}

impl<E> From<Fault> for Error<E> {
    fn from(fault: Fault) -> Self {
        Error::Fault(fault)
    }
}

impl<E: fmt::Debug> fmt::Display for Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Closed => f.write_str("the connection was closed: connect again"),
            Error::Fault(fault) => fault.fmt(f),
            Error::Transport(error) => {
                write!(f, "the connection is broken, connect again: {error:?}")
            }
        }
    }
}

impl<E: fmt::Debug> core::error::Error for Error<E> {}
