//! A reader and a writer.
use super::{Outlet, Turn, fill, pause, taken, wait};
use crate::Error;
use embedded_io_async::{Read, Write};
use motemq::{Buffer, Protocol, Session, Slot};

/// The two halves of an open transport, one for reading and one for writing. The
/// [module's documentation](super) has an example.
#[derive(Debug)]
pub struct Halves<R, W> {
    reader: R,
    writer: Outlet<W>,
}

impl<R: Read, W: Write<Error = R::Error>> Halves<R, W> {
    /// Makes a link over an open transport. Next, call [`connect`](Session::connect) of the
    /// session.
    pub const fn new(reader: R, writer: W) -> Self {
        Halves {
            reader,
            writer: Outlet::new(writer),
        }
    }

    /// Returns the reader and the writer, so that they can be closed.
    pub fn into_inner(self) -> (R, W) {
        (self.reader, self.writer.inner)
    }

    /// Passes the time to the session, then waits until bytes have moved in either direction, or
    /// the session needs the time again.
    ///
    /// `now_ms` is the time in milliseconds, as for [`Session::tick`]. `sleep` waits for the number
    /// of milliseconds of its argument. Call this method when [`next_event`](Session::next_event)
    /// returns `None`, or when `tx` has no room for an answer. The future can be dropped at any
    /// time, for example to send a command: see [`aio`](super).
    ///
    /// When the session [is closed](Session::is_closed), for example after
    /// [`disconnect`](Session::disconnect) or a fault, this method writes the bytes that are left
    /// in `tx`, and returns [`Error::Closed`]. Then close the transport. It gives up if the
    /// transport accepts no bytes for a second.
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
