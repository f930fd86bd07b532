//! A reader and a writer.
use super::{Outlet, Turn, fill, pause, taken, wait};
use crate::Error;
use embedded_io_async::{Read, Write};
use motemq::{Buffer, Protocol, Session, Slot};

/// The two halves of an open transport: one to read from, one to write to.
#[derive(Debug)]
pub struct Halves<R, W> {
    reader: R,
    writer: Outlet<W>,
}

impl<R: Read, W: Write<Error = R::Error>> Halves<R, W> {
    /// Over a transport that is open: it is time for [`connect`](Session::connect).
    pub const fn new(reader: R, writer: W) -> Self {
        Halves {
            reader,
            writer: Outlet::new(writer),
        }
    }

    /// The halves again, to be closed.
    pub fn into_inner(self) -> (R, W) {
        (self.reader, self.writer.inner)
    }

    /// Tells the session the time, then waits until bytes have moved, either way, or the session
    /// wants to be told the time again.
    ///
    /// `sleep` waits for the number of milliseconds that it is given. To be called when
    /// [`next_event`](Session::next_event) says `None`, or when `tx` has no room for an answer.
    /// The future may be dropped at any time, to give a command, for one: see [`aio`](super).
    ///
    /// When the session [is closed](Session::is_closed), after [`disconnect`](Session::disconnect) or a fault
    /// for example, it writes what is left in `tx`, and ends with [`Error::Closed`]: close the
    /// transport then. It gives up when the transport has taken nothing for a second.
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
        sleep: impl AsyncFnOnce(u32),
    ) -> Result<(), Error<R::Error>> {
        let turn = Turn::begin(session, rx, tx, &mut self.writer, now_ms)?;
        let space = if turn.leaving { &mut [] } else { rx.space() };
        let read = fill(&mut self.reader, space);
        let (read, pushed) = if turn.late {
            (wait::within(read, pause(sleep, turn.nap)).await, None)
        } else {
            wait::any(read, self.writer.push(tx.bytes()), pause(sleep, turn.nap)).await
        };
        turn.end(session, rx, read, taken(pushed, tx))
    }
}
