//! The buffers of an open connection, between its transport and the client.
use crate::{Face, Shared, Trace, Woken, received::Received, slices::slices};
use motemq_client::{Client, Direction, PayloadBuf, State, Transport, WriteBuf};
use motemq_net::PartialRead;
use std::{
    io::{self, ErrorKind},
    mem,
    time::Duration,
};

/// The time without a byte after which memory is given back.
const IDLE: Duration = Duration::from_secs(1);

/// A transport that never waits. Reading and writing fail with `WouldBlock` if they would have to
/// wait. Writing accepts as many bytes as the transport has room for, and flushing writes the bytes
/// that the transport has held back.
pub trait Pipe: io::Read + io::Write {
    /// Reads the available bytes of the rest of a long payload into its memory. Returns their
    /// number.
    ///
    /// # Errors
    /// The same as those of `read`.
    fn read_payload(&mut self, payload: &mut PayloadBuf) -> io::Result<usize>;

    /// Returns whether more bytes may be available after a read of `n` bytes into a space of
    /// `space` bytes.
    fn has_more(&self, n: usize, space: usize) -> bool;

    /// Returns whether the driver has to read before it writes more. The default is `false`.
    fn reads_first(&mut self) -> bool {
        false
    }
}

/// The buffers of a connection. The driver reads into them and writes from them without the lock of
/// the client, so that no system call is made under the lock.
#[derive(Debug)]
pub struct Buffers {
    rx: Received,
    /// The memory of a long message, of which the rest is read next.
    payload: PayloadBuf,
    tx: WriteBuf,
    trace: Option<Box<Trace>>,
    /// The size of the read buffer while something is to be read, else 0.
    read_limit: usize,
    /// All that has arrived was given to the client, as far as it is complete.
    is_rx_read: bool,
    /// A part of something that can be read only when it is complete has arrived.
    has_partial_read: bool,
    /// The number of bytes that the transport has taken, and of which the client does not know.
    written: usize,
    /// Bytes were written that the transport may hold back.
    is_unflushed: bool,
    moved_at: Duration,
    /// There is memory that could be given back.
    is_shrinkable: bool,
    is_idle: bool,
}

/// The result of a read. The default is that nothing was read.
#[derive(Clone, Copy, Default, Debug)]
pub struct Read {
    /// The number of bytes that were read; or 1 after a [`PartialRead`], such as a part of a TLS
    /// record, and after an interrupted read.
    pub bytes: usize,
    /// True if more bytes may be available.
    pub has_more: bool,
}

/// The result of a [turn](Buffers::turn).
#[derive(Debug)]
pub struct Turn {
    /// The next action for the connection: the client keeps or closes it, for example.
    pub transport: Transport,
    /// True if another turn has to follow at once.
    pub is_again: bool,
    /// True if replies are held back until more is read, so that they are written together.
    pub is_gathering: bool,
    /// True if an answer of the broker seems to be late, so that the driver has to read once more
    /// before it waits.
    pub is_late: bool,
    /// The time of the next turn if nothing happens before, or `None` if no time limit runs.
    pub until: Option<Duration>,
}

impl Buffers {
    /// Makes the buffers of a new connection, which begins at the time `now`.
    pub fn new(trace: Option<Trace>, now: Duration) -> Self {
        Buffers {
            rx: Received::default(),
            payload: PayloadBuf::new(),
            tx: WriteBuf::new(),
            trace: trace.map(Box::new),
            read_limit: 0,
            is_rx_read: true,
            has_partial_read: false,
            written: 0,
            is_unflushed: false,
            moved_at: now,
            is_shrinkable: true,
            is_idle: false,
        }
    }

    /// Passes received bytes and the current time to the client, and takes the bytes to be written
    /// from it. It is called under the lock of the client. `read` is the result of the last
    /// [`read`](Self::read).
    #[inline]
    pub fn turn(&mut self, client: &mut Client, read: Read, now: Duration) -> Turn {
        self.report_written(client, now);
        if mem::take(&mut self.has_partial_read) {
            client.on_read_progress();
        }
        // Even if nothing has arrived, acknowledgements may have become due.
        let mut input = self.rx.bytes();
        let mut is_again = client.on_read(&mut input, now);
        let left = input.len();
        self.rx.keep(left);
        self.is_rx_read = !is_again;
        if left == 0 {
            client.poll_payload(&mut self.payload, now);
        }
        let is_late = client.on_timeout(now, || 0);
        // What is there already is read before replies leave, so that they leave together.
        let is_gathering = read.has_more && client.may_gather(read.bytes);
        is_again |= is_late;
        is_again |= is_gathering || self.poll_output(client);
        let transport = loop {
            match client.poll_transport(now, fastrand::u64(..)) {
                // The others were dropped when this one was opened.
                Transport::Cancel { .. } => {}
                transport => break transport,
            }
        };
        self.read_limit = client.read_limit();
        Turn {
            transport,
            is_again,
            is_gathering,
            is_late,
            until: client.poll_timeout(),
        }
    }

    /// Reports to the client how many bytes were written.
    #[inline]
    pub fn report_written(&mut self, client: &mut Client, now: Duration) {
        if self.written > 0 {
            client.on_written(mem::take(&mut self.written), now);
        }
    }

    /// Takes the bytes to be written from the client. Returns the result of
    /// [`Client::poll_output`].
    #[inline]
    pub fn poll_output(&mut self, client: &mut Client) -> bool {
        client.poll_output(&mut self.tx)
    }

    /// Returns whether bytes were written that were not yet [reported](Self::report_written) to the
    /// client.
    #[inline]
    pub fn has_written(&self) -> bool {
        self.written > 0
    }

    /// Returns whether there are bytes to be written.
    #[inline]
    pub fn has_output(&self) -> bool {
        !self.tx.is_empty()
    }

    /// Returns whether the client accepts more bytes.
    #[inline]
    pub fn may_read(&self) -> bool {
        self.rx.bytes().len() < self.read_limit && self.is_rx_read && !self.payload.has_unread()
    }

    /// Reads the available bytes, if the client [accepts](Self::may_read) more.
    ///
    /// # Errors
    /// The error of the transport, or `None` if the broker has closed the connection.
    #[inline]
    pub fn read(&mut self, pipe: &mut impl Pipe, now: Duration) -> Result<Read, Option<io::Error>> {
        if !self.may_read() {
            return Ok(Read::default());
        }
        let wanted = self.payload.wanted();
        let is_direct = wanted > 0;
        let (read, space) = if is_direct {
            // What is behind the payload is read a little at a time, in case it is long, too.
            self.rx.read_little();
            (pipe.read_payload(&mut self.payload), wanted)
        } else {
            // Never into no space, and never more than the client was told.
            let space = self.rx.space(self.read_limit);
            let len = space.len();
            (pipe.read(space), len)
        };
        match read {
            Ok(0) => Err(None),
            Ok(n) => {
                if !is_direct {
                    self.rx.commit(n);
                }
                if let Some(trace) = &mut self.trace {
                    let bytes = if is_direct {
                        self.payload.unread()
                    } else {
                        self.rx.last(n)
                    };
                    trace.pass(Direction::In, bytes);
                }
                self.has_moved(now);
                let has_more = pipe.has_more(n, space);
                Ok(Read { bytes: n, has_more })
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(Read::default()),
            Err(error) if error.kind() == ErrorKind::Interrupted => {
                self.has_partial_read |= PartialRead::is(&error);
                let (bytes, has_more) = (1, false);
                Ok(Read { bytes, has_more })
            }
            Err(error) => Err(Some(error)),
        }
    }

    /// Writes as many bytes as the transport accepts now.
    ///
    /// # Errors
    /// The error of the transport, or `None` if the connection is closed.
    #[inline]
    pub fn write(&mut self, pipe: &mut impl Pipe, now: Duration) -> Result<(), Option<io::Error>> {
        while !self.tx.is_empty() {
            let written = if self.tx.is_contiguous() {
                pipe.write(self.tx.bytes())
            } else {
                let (slices, count) = slices(&self.tx);
                pipe.write_vectored(&slices[..count])
            };
            match written {
                Ok(0) => return Err(None),
                Ok(n) => {
                    if let Some(trace) = &mut self.trace {
                        trace.pass_chunks(Direction::Out, self.tx.chunks(), n);
                    }
                    self.tx.consume(n);
                    self.written += n;
                    self.is_unflushed = true;
                    self.has_moved(now);
                    if pipe.reads_first() {
                        break;
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(Some(error)),
            }
        }
        if self.is_unflushed {
            use ErrorKind::{Interrupted, WouldBlock};
            match pipe.flush() {
                Err(error) if matches!(error.kind(), WouldBlock | Interrupted) => return Ok(()),
                flushed => flushed.map_err(Some)?,
            }
            self.is_unflushed = false;
        }
        Ok(())
    }

    #[inline]
    fn has_moved(&mut self, now: Duration) {
        self.moved_at = now;
        (self.is_shrinkable, self.is_idle) = (true, false);
    }

    /// Frees unused memory if no bytes were read or written for one second. Otherwise returns the
    /// time of the next call; `None` means that there is nothing to free.
    pub fn idle<F: Face>(
        &mut self,
        shared: &Shared<F>,
        woken: &mut Woken<F::Waiter>,
        now: Duration,
    ) -> Option<Duration> {
        if !self.is_shrinkable {
            return None;
        }
        let is_idle =
            now >= self.moved_at + IDLE && self.rx.bytes().is_empty() && self.tx.is_empty();
        if !is_idle {
            return Some((self.moved_at + IDLE).max(now + IDLE / 2));
        }
        self.is_shrinkable = false;
        self.rx = Received::default();
        self.tx.shrink();
        woken.shrink();
        self.is_idle = shared.with(|inner| {
            inner.shrink();
            matches!(inner.client.state(), State::Connected { .. })
        });
        None
    }

    /// Returns whether the broker has accepted the connection, and [`idle`](Self::idle) has freed
    /// the memory since the last byte.
    #[inline]
    pub fn is_idle(&self) -> bool {
        self.is_idle
    }
}
