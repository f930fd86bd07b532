//! A TCP connection of an `embedded-nal` stack.
use crate::{Error, FAREWELL};
use core::{fmt, net::SocketAddr};
use embedded_nal::{TcpClientStack, TcpError, TcpErrorKind, nb};
use motemq::{Buffer, Protocol, Session, Slot};

/// At most one TCP connection of a stack, and whether it is open yet.
///
/// The stack is lent to each call, so it may serve other sockets in between. A socket can be given
/// back to a stack by [`close`](Self::close) only: whoever drops an open link keeps the stack's
/// socket.
pub struct Link<S: TcpClientStack> {
    socket: Option<S::TcpSocket>,
    open: bool,
    /// The time since which the session is closed and the stack takes none of its last bytes.
    stuck_since: Option<u32>,
}

impl<S: TcpClientStack> Link<S> {
    /// Without a connection.
    pub const fn new() -> Self {
        Link {
            socket: None,
            open: false,
            stuck_since: None,
        }
    }

    /// There is a connection: [`open`](Self::open) has succeeded, and nothing has ended it.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Opens the connection, then [`connect`](Session::connect) begins MQTT's. Does nothing if it
    /// is open.
    ///
    /// # Errors
    /// `WouldBlock`: it is being opened; call again. Nothing bounds this: whoever has waited long
    /// enough calls [`close`](Self::close). Any other error has closed the socket; the next
    /// call begins anew.
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

    /// Closes the connection, however far it is. Bytes that the stack has taken are still sent if
    /// the stack's `close` does so.
    ///
    /// # Errors
    /// The error of the stack. The link has no connection all the same.
    pub fn close(&mut self, stack: &mut S) -> Result<(), S::Error> {
        self.open = false;
        self.stuck_since = None;
        self.socket
            .take()
            .map_or(Ok(()), |socket| stack.close(socket))
    }

    /// Tells the session the time and moves bytes both ways, as many as can be moved at once. Never
    /// waits.
    ///
    /// Returns how many milliseconds the caller may sleep: `Some(0)` if bytes have moved, since
    /// there may be events now and room for commands; `None` if nothing is due. A stack cannot
    /// say when bytes will have come, so sleep until its interrupt or for as long as an
    /// answer may be late. To be called when [`next_event`](Session::next_event) says `None`, or
    /// when `tx` has no room for an answer.
    ///
    /// When the session [is closed](Session::is_closed), after [`disconnect`](Session::disconnect) or a fault
    /// for example, it writes what is left in `tx`, closes the connection and ends with
    /// [`Error::Closed`]. It gives up when the stack has taken nothing for a second.
    ///
    /// # Errors
    /// See [`Error`]: the socket was closed, the session is [lost](Session::on_connection_lost). What came before
    /// the end was told before.
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
