//! The reasons for the end of a connection.
use core::fmt;
use motemq::Fault;

/// The reason why a connection has ended. Open another one, then call
/// [`connect`](motemq::Session::connect). The session keeps its state of the messages in flight.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Error<E> {
    /// The connection was closed: by the broker, or by this side after DISCONNECT or a fault.
    Closed,
    /// The broker did not answer in time or violated the protocol.
    Fault(Fault),
    /// The network stack or the transport returned this error.
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
