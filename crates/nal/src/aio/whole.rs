//! One object that reads and writes.
use super::{Outlet, Turn, fill, pause, taken, wait};
use crate::Error;
use core::{future::Future, net::SocketAddr};
use embedded_io_async::{Read, Write};
use embedded_nal_async::TcpConnect;
use motemq::{Buffer, Fault, Protocol, Session, Slot};

/// The time to wait for one direction while the other has something to do, in milliseconds.
const GLANCE: u32 = 10;

/// An open transport that is one object for reading and writing. [`turn`](Self::turn) cannot wait
/// for both directions at the same time: while there are bytes to be written and the peer accepts
/// none, it tries both directions in turn, for 10 ms each.
#[derive(Debug)]
pub struct Whole<T> {
    transport: Outlet<T>,
}

impl<T: Read + Write> Whole<T> {
    /// Makes a link over an open transport. Next, call [`connect`](Session::connect) of the
    /// session.
    pub const fn new(transport: T) -> Self {
        Whole {
            transport: Outlet::new(transport),
        }
    }

    /// Returns the transport, so that it can be closed.
    pub fn into_inner(self) -> T {
        self.transport.inner
    }

    /// Passes the time to the session, then waits until bytes have moved in either direction, or
    /// the session needs the time again. It works as [`Halves::turn`](super::Halves::turn), but can
    /// call `sleep` twice.
    ///
    /// # Errors
    /// An [`Error`] if the connection has ended. The session then [has no
    /// connection](Session::on_connection_lost), and has returned all events before.
    pub async fn turn<P: Protocol>(
        &mut self,
        session: &mut Session<[Slot], P>,
        rx: &mut Buffer,
        tx: &mut Buffer,
        now_ms: u32,
        mut sleep: impl AsyncFnMut(u32),
    ) -> Result<(), Error<T::Error>> {
        let turn = Turn::begin(session, rx, tx, &mut self.transport, now_ms)?;
        let idle = turn.late || (tx.is_empty() && !self.transport.unflushed);
        let limit = match turn.nap {
            nap if idle || turn.leaving => nap,
            nap => Some(nap.map_or(GLANCE, |nap| nap.min(GLANCE))),
        };
        let pushed = if idle {
            None
        } else {
            wait::within(self.transport.push(tx.bytes()), pause(&mut sleep, limit)).await
        };
        let pushed = taken(pushed, tx);
        let read = if turn.leaving {
            None
        } else {
            let read = fill(&mut self.transport.inner, rx.space());
            if pushed.is_some() {
                wait::now(read).await
            } else {
                wait::within(read, pause(sleep, limit)).await
            }
        };
        turn.end(session, rx, read, pushed)
    }
}

impl<T> Whole<T> {
    /// Opens a TCP connection of a stack that implements [`embedded_nal_async::TcpConnect`], unless
    /// the future `limit` completes first.
    ///
    /// # Errors
    /// [`Error::Transport`] with the error of the stack, or [`Error::Fault`] with
    /// [`Fault::Timeout`].
    pub async fn open<'s, S: TcpConnect<Connection<'s> = T>>(
        stack: &'s S,
        remote: SocketAddr,
        limit: impl Future<Output = ()>,
    ) -> Result<Self, Error<S::Error>>
    where
        T: Read<Error = S::Error> + Write<Error = S::Error>,
    {
        match wait::within(stack.connect(remote), limit).await {
            Some(Ok(transport)) => Ok(Whole::new(transport)),
            Some(Err(error)) => Err(Error::Transport(error)),
            None => Err(Error::Fault(Fault::Timeout)),
        }
    }
}
