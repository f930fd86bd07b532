//! One object that reads and writes.
use super::{Outlet, Turn, fill, pause, taken, wait};
use crate::Error;
use core::{future::Future, net::SocketAddr};
use embedded_io_async::{Read, Write};
use embedded_nal_async::TcpConnect;
use motemq::{Buffer, Fault, Protocol, Session, Slot};

/// The time to wait for one direction while the other has something to do, in milliseconds.
const GLANCE: u32 = 10;

/// An open transport that is one object. It cannot be waited for in both directions at once: while
/// bytes have to be written and the other side takes none, both directions are tried by turns, for
/// 10 ms each.
#[derive(Debug)]
pub struct Whole<T> {
    transport: Outlet<T>,
}

impl<T: Read + Write> Whole<T> {
    /// Over a transport that is open: it is time for [`connect`](Session::connect).
    pub const fn new(transport: T) -> Self {
        Whole {
            transport: Outlet::new(transport),
        }
    }

    /// The transport again, to be closed.
    pub fn into_inner(self) -> T {
        self.transport.inner
    }

    /// As [`Halves::turn`](super::Halves::turn); calls `sleep` up to twice.
    ///
    /// # Errors
    /// See [`Error`]: the session is [lost](Session::on_connection_lost). What came before the end was told
    /// before.
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
    /// Opens a connection of a stack that implements `embedded-nal-async`, unless `limit` ends
    /// first.
    ///
    /// # Errors
    /// The error of the stack, or [`Fault::Timeout`].
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
