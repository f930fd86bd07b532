//! A TCP connection of an `embedded-nal` stack.
use crate::{Error, FAREWELL};
use core::{fmt, net::SocketAddr};
use embedded_nal::{TcpClientStack, TcpError, TcpErrorKind, nb};
use motemq::{Buffer, Protocol, Session, Slot};

/// Moves bytes between a session and a TCP connection of a stack that implements
/// [`TcpClientStack`]. It has at most one connection at a time, and never blocks.
///
/// Each call borrows the stack, so other sockets can use it in between. Only [`close`](Self::close)
/// returns a socket to the stack: if a link with a socket is dropped, the socket stays in use. The
/// [crate's documentation](crate) has an example.
pub struct Link<S: TcpClientStack> {
    socket: Option<S::TcpSocket>,
    open: bool,
    /// The time since which the session is closed and the stack takes none of its last bytes.
    stuck_since: Option<u32>,
}

impl<S: TcpClientStack> Link<S> {
    /// Makes a link without a connection.
    pub const fn new() -> Self {
        Link {
            socket: None,
            open: false,
            stuck_since: None,
        }
    }

    /// Returns whether there is a connection: [`open`](Self::open) has succeeded, and the
    /// connection has not ended since.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Opens a TCP connection to this address. When it is open, call [`connect`](Session::connect)
    /// of the session. It has no effect if a connection is open.
    ///
    /// # Errors
    /// `WouldBlock` while the connection is being opened: call this method again. There is no time
    /// limit; call [`close`](Self::close) to give up. With any other error the socket is closed,
    /// and the next call begins again.
    pub fn open(&mut self, stack: &mut S, remote: SocketAddr) -> nb::Result<(), S::Error> {
        if self.open {
            return Ok(());
        }
        let socket = match &mut self.socket {
            Some(socket) => socket,
            none => none.insert(stack.socket()?),
        };
        let outcome = stack.connect(socket, remote);
        match &outcome {
            Ok(()) => self.open = true,
            Err(nb::Error::WouldBlock) => {}
            // How it was is told; that it could not be closed either helps nobody.
            Err(nb::Error::Other(_)) => drop(self.close(stack)),
        }
        outcome
    }

    /// Closes the connection, also one that is still being opened. Bytes that the stack has
    /// accepted are still sent if the stack's `close` does so.
    ///
    /// # Errors
    /// The error of the stack. The link has no connection in this case, either.
    pub fn close(&mut self, stack: &mut S) -> Result<(), S::Error> {
        self.open = false;
        self.stuck_since = None;
        self.socket
            .take()
            .map_or(Ok(()), |socket| stack.close(socket))
    }

    /// Passes the time to the session, and moves the bytes that can be moved at once in both
    /// directions. It never waits. `now_ms` is the time in milliseconds, as for [`Session::tick`].
    ///
    /// Returns the number of milliseconds for which the caller can sleep: `Some(0)` if bytes have
    /// moved, since there may be events or room for commands now; `None` if there is no limit. A
    /// stack does not report when bytes arrive, so sleep until its interrupt, or for as long as an
    /// answer may be delayed. Call this method when [`next_event`](Session::next_event) returns
    /// `None`, or when `tx` has no room for an answer.
    ///
    /// When the session [is closed](Session::is_closed), for example after
    /// [`disconnect`](Session::disconnect) or a fault, this method writes the bytes that are left
    /// in `tx`, closes the connection, and returns [`Error::Closed`]. It gives up if the stack
    /// accepts no bytes for a second.
    ///
    /// # Errors
    /// An [`Error`] if the connection has ended. The socket is closed then, the session [has no
    /// connection](Session::on_connection_lost), and it has returned all events before.
    pub fn turn<P: Protocol>(
        &mut self,
        stack: &mut S,
        session: &mut Session<[Slot], P>,
        rx: &mut Buffer,
        tx: &mut Buffer,
        now_ms: u32,
    ) -> Result<Option<u32>, Error<S::Error>> {
        let moved = self.step(stack, session, rx, tx, now_ms);
        if moved.is_err() {
            session.on_connection_lost();
            // The reason is told; that it could not be closed either helps nobody.
            let _ = self.close(stack);
        }
        moved
    }

    fn step<P: Protocol>(
        &mut self,
        stack: &mut S,
        session: &mut Session<[Slot], P>,
        rx: &mut Buffer,
        tx: &mut Buffer,
        now_ms: u32,
    ) -> Result<Option<u32>, Error<S::Error>> {
        let mut nap = session.tick(now_ms, tx)?;
        let leaving = session.is_closed();
        let Some(socket) = self
            .socket
            .as_mut()
            .filter(|_| self.open && !(leaving && tx.is_empty()))
        else {
            return Err(Error::Closed);
        };
        let mut read = 0;
        if !leaving && !rx.space().is_empty() {
            read = moved(stack.receive(socket, rx.space()))?.unwrap_or(0);
            rx.commit(read);
        }
        let mut written = 0;
        if !tx.is_empty() {
            match moved(stack.send(socket, tx.bytes())) {
                Ok(sent) => written = sent.unwrap_or(0),
                // What has come is told first; the end will still be there.
                Err(_) if read != 0 => {}
                Err(error) => return Err(error),
            }
            tx.consume(written);
        }
        if leaving && written == 0 {
            let since = *self.stuck_since.get_or_insert(now_ms);
            let rest = FAREWELL.saturating_sub(now_ms.wrapping_sub(since));
            if rest == 0 {
                return Err(Error::Closed);
            }
            nap = Some(rest);
        } else {
            self.stuck_since = None;
        }
        Ok(if read != 0 || written != 0 {
            Some(0)
        } else {
            nap
        })
    }
}

/// Returns the number of bytes, or `None` if the stack would block.
fn moved<E: TcpError>(outcome: nb::Result<usize, E>) -> Result<Option<usize>, Error<E>> {
    match outcome {
        // Asked for some, moved none: some stacks say so that the other side has closed.
        Ok(0) => Err(Error::Closed),
        Ok(n) => Ok(Some(n)),
        Err(nb::Error::WouldBlock) => Ok(None),
        Err(nb::Error::Other(error)) if error.kind() == TcpErrorKind::PipeClosed => {
            Err(Error::Closed)
        }
        Err(nb::Error::Other(error)) => Err(Error::Transport(error)),
    }
}

impl<S: TcpClientStack> Default for Link<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: TcpClientStack> fmt::Debug for Link<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("open", &self.open)
            .finish_non_exhaustive()
    }
}
