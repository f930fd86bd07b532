//! The carrier of a connection's bytes, and the readiness that the system has reported.
use crate::{Transport, stream::Stream};
use mio::{Events, Poll, Registry, Token, Waker};
use motemq_client::PayloadBuf;
use motemq_hosted::Pipe;
use std::{
    fmt,
    io::{self, ErrorKind, IoSlice, Read, Write},
    time::{Duration, Instant},
};

/// The longest time for which a transport for which the system cannot wait is read at once, or
/// written before it is read again.
pub(crate) const PAUSE: Duration = Duration::from_millis(10);
/// The longest time that the broker may take to close its side.
const FAREWELL: Duration = Duration::from_secs(1);
const WAKER: Token = Token(0);

/// A stream of this crate, or one of the application's.
pub(crate) enum Carrier {
    Stream(Box<Stream>),
    Custom(Box<dyn Transport>),
}

/// The carrier of the bytes.
pub(crate) struct Link {
    carrier: Carrier,
    token: Token,
    is_polled: bool,
    /// There may be something to read.
    is_readable: bool,
    /// It may take something.
    is_writable: bool,
    /// The broker has closed its side.
    is_closed: bool,
    /// The longest time that the next read may wait, if the system cannot.
    wait: Duration,
    /// The time-out of reads, as it was set last.
    read_limit: Option<Duration>,
    /// Since when bytes are written, if the system cannot wait, and nothing was read.
    written_since: Option<Instant>,
}

impl Link {
    pub fn is_polled(&self) -> bool {
        self.is_polled
    }

    pub fn is_readable(&self) -> bool {
        self.is_readable
    }

    /// Something seems to be late: look whether it has come, whatever the system has reported.
    pub fn look_again(&mut self) {
        self.is_readable = true;
    }

    /// Returns whether the driver is to look at what has come before another thread writes more,
    /// since writing takes long and the system cannot wait for both.
    pub fn is_to_be_read(&self) -> bool {
        self.is_readable && !self.is_polled
    }

    /// Lets the next read wait for no longer than `limit`, if the system cannot.
    pub fn set_wait(&mut self, limit: Duration) {
        self.wait = limit;
    }

    pub fn is_writable(&self) -> bool {
        self.is_writable
    }

    /// The system has reported something.
    pub fn on_ready(&mut self, ready: Ready) {
        // Layers may have to read before they can write, and the other way round.
        let has_layers = matches!(&self.carrier, Carrier::Stream(stream) if stream.has_layers());
        let any = has_layers && (ready.is_readable || ready.is_writable);
        self.is_closed |= ready.is_closed;
        self.is_readable |= ready.is_readable || any;
        self.is_writable |= ready.is_writable || any;
    }

    /// Writes by `write`, or these bytes to a transport of the application.
    fn write_with(
        &mut self,
        write: impl FnOnce(&mut Stream) -> io::Result<usize>,
        bytes: &[u8],
    ) -> io::Result<usize> {
        let written = match &mut self.carrier {
            Carrier::Stream(stream) => {
                let written = write(stream);
                let would_block =
                    matches!(&written, Err(error) if error.kind() == ErrorKind::WouldBlock);
                self.is_writable = !would_block || !stream.is_pending();
                return written;
            }
            Carrier::Custom(transport) => {
                if !self.is_polled {
                    self.written_since.get_or_insert_with(Instant::now);
                }
                transport.write_some(bytes)
            }
        };
        let written = written.map_err(without_time_out);
        self.is_writable = !matches!(&written, Err(error) if error.kind() == ErrorKind::WouldBlock);
        written
    }

    /// Tells the broker that nothing follows, and waits until it has closed its side, for a second
    /// at most: to close at once might destroy what the broker has not read yet. However this ends,
    /// it has ended.
    pub fn finish(mut self, poller: &mut Poller) {
        let until = Instant::now() + FAREWELL;
        self.wait = PAUSE;
        let mut is_finished = false;
        let mut rest = [0; 1024];
        loop {
            let done = if is_finished {
                self.read(&mut rest).map(|n| n == 0)
            } else {
                let finished = match &mut self.carrier {
                    Carrier::Stream(stream) => stream.finish(),
                    Carrier::Custom(transport) => transport.finish(),
                };
                finished.map(|()| {
                    is_finished = true;
                    false
                })
            };
            let left = until.saturating_duration_since(Instant::now());
            match done {
                Ok(true) => break,
                _ if left.is_zero() => break,
                Ok(false) => {}
                Err(error) if motemq_net::PartialRead::is(&error) => {}
                Err(error) if is_pause(&error) => {
                    let wait = if self.is_polled { left } else { Duration::ZERO };
                    poller.wait(self.token, Some(wait));
                }
                Err(_) => break,
            }
        }
        poller.remove(self);
    }
}

impl Read for Link {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        self.written_since = None;
        let read = match &mut self.carrier {
            Carrier::Stream(stream) => {
                let read = stream.read(space);
                self.is_readable = match &read {
                    Err(error) if error.kind() == ErrorKind::WouldBlock => !stream.is_pending(),
                    // What comes later is told anew, but by some systems only after a read that
                    // would block.
                    Ok(n) if cfg!(unix) && !stream.has_layers() => {
                        *n == space.len() || self.is_closed
                    }
                    _ => true,
                };
                return read;
            }
            Carrier::Custom(transport) => {
                // Rounded down to a power of two, so that it need not be set for each read.
                let ms = 1 << self.wait.as_millis().max(1).ilog2();
                let limit = if self.is_polled {
                    Duration::ZERO
                } else {
                    Duration::from_millis(ms)
                };
                if self.read_limit != Some(limit) {
                    transport.set_read_timeout(limit)?;
                    self.read_limit = Some(limit);
                }
                transport.read(space)
            }
        };
        self.is_readable = self.is_polled && !matches!(&read, Err(error) if is_pause(error));
        // It may have made room for what is written.
        self.is_writable |= !self.is_polled;
        read.map_err(without_time_out)
    }
}

impl Write for Link {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_with(|stream| stream.write(bytes), bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let first = slices.first().map_or(&[][..], |first| first);
        self.write_with(|stream| stream.write_vectored(slices), first)
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.carrier {
            Carrier::Stream(stream) => stream.flush(),
            // It writes at once what it takes.
            Carrier::Custom(_) => Ok(()),
        }
    }
}

impl Pipe for Link {
    fn read_payload(&mut self, payload: &mut PayloadBuf) -> io::Result<usize> {
        payload.read_with(|space| self.read(space))
    }

    fn has_more(&self, _: usize, _: usize) -> bool {
        self.is_readable
    }

    fn reads_first(&mut self) -> bool {
        let is_long = |since: Instant| since.elapsed() >= PAUSE;
        let reads_first = self.written_since.is_some_and(is_long);
        self.is_readable |= reads_first;
        reads_first
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Link")
    }
}

/// Returns whether a stream can go on later after this error.
fn is_pause(error: &io::Error) -> bool {
    use ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), WouldBlock | TimedOut | Interrupted)
}

/// Returns the error of a transport of the application, which may have waited instead.
fn without_time_out(error: io::Error) -> io::Error {
    if error.kind() == ErrorKind::TimedOut {
        return ErrorKind::WouldBlock.into();
    }
    error
}

/// The readiness that the system has reported.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ready {
    is_readable: bool,
    is_writable: bool,
    is_closed: bool,
}

/// Waits for the connection, for commands and for time.
#[derive(Debug)]
pub(crate) struct Poller {
    poll: Poll,
    events: Events,
    /// The last connection. Each has another token, so that a report of one is not taken for
    /// the next.
    last: Token,
}

impl Poller {
    pub fn new() -> io::Result<(Self, Waker)> {
        let poll = Poll::new()?;
        let waker = Waker::new(poll.registry(), WAKER)?;
        let poller = Poller {
            poll,
            events: Events::with_capacity(8),
            last: WAKER,
        };
        Ok((poller, waker))
    }

    /// Lets the system watch what carries the bytes.
    pub fn add(&mut self, mut carrier: Carrier) -> io::Result<Link> {
        self.last = Token(self.last.0 + 1);
        let is_polled = match &mut carrier {
            Carrier::Stream(stream) => {
                stream.register(self.poll.registry(), self.last)?;
                true
            }
            Carrier::Custom(transport) => register(&**transport, self.poll.registry(), self.last)?,
        };
        Ok(Link {
            carrier,
            token: self.last,
            is_polled,
            is_readable: is_polled,
            is_writable: true,
            is_closed: false,
            wait: Duration::ZERO,
            read_limit: None,
            written_since: None,
        })
    }

    /// Closes a connection.
    pub fn remove(&self, mut link: Link) {
        match &mut link.carrier {
            Carrier::Stream(stream) => stream.deregister(self.poll.registry()),
            Carrier::Custom(transport) => deregister(&**transport, self.poll.registry()),
        }
    }

    /// Waits until something is reported of the last connection, which is returned, or the driver
    /// is woken, or the time is up.
    pub fn wait_for_last(&mut self, limit: Option<Duration>) -> Ready {
        self.wait(self.last, limit)
    }

    fn wait(&mut self, token: Token, limit: Option<Duration>) -> Ready {
        let mut ready = Ready::default();
        // It fails when a signal arrives, and nothing was told then.
        if self.poll.poll(&mut self.events, limit).is_ok() {
            for event in self.events.iter().filter(|event| event.token() == token) {
                ready.is_readable |=
                    event.is_readable() || event.is_read_closed() || event.is_error();
                ready.is_closed |= event.is_read_closed() || event.is_error();
                ready.is_writable |=
                    event.is_writable() || event.is_write_closed() || event.is_error();
            }
        }
        ready
    }
}

#[cfg(unix)]
fn register(transport: &dyn Transport, registry: &Registry, token: Token) -> io::Result<bool> {
    use mio::{Interest, unix::SourceFd};
    use std::os::fd::AsRawFd;
    let Some(source) = transport.source() else {
        return Ok(false);
    };
    let both = Interest::READABLE | Interest::WRITABLE;
    registry.register(&mut SourceFd(&source.as_raw_fd()), token, both)?;
    Ok(true)
}

#[cfg(unix)]
fn deregister(transport: &dyn Transport, registry: &Registry) {
    use std::os::fd::AsRawFd;
    if let Some(source) = transport.source() {
        // It fails only if the transport has closed it.
        let _ = registry.deregister(&mut mio::unix::SourceFd(&source.as_raw_fd()));
    }
}

#[cfg(not(unix))]
fn register(_: &dyn Transport, _: &Registry, _: Token) -> io::Result<bool> {
    Ok(false)
}

#[cfg(not(unix))]
fn deregister(_: &dyn Transport, _: &Registry) {}
