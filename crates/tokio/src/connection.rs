//! An open connection: bytes between the transport and the client.
use crate::{
    shared::{Inner, Shared},
    stream::MAX_READ,
    timer::Timer,
    woken::Woken,
};
use bytes::{Buf, BufMut, BytesMut};
use motemq_client::{Direction, PayloadBuf, State, Transport, WriteBuf};
use motemq_hosted::{Trace, slices};
use motemq_net::PartialRead;
use std::{
    future::Future,
    io::{self, ErrorKind},
    mem,
    pin::{Pin, pin},
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    task::yield_now,
    time::timeout,
};

/// The number of turns before other tasks have theirs.
const TURNS: usize = 32;
/// The number of bytes that are read before other tasks have their turn. So the messages in them are
/// processed while they are in the processor's cache, and their memory is used again.
const AT_ONCE: usize = 64 << 10;
/// The number of bytes that are read at once while little arrives.
const LITTLE: usize = 4 << 10;
/// The time without a byte after which memory is given back.
const IDLE: Duration = Duration::from_secs(1);
/// The longest time that the broker may take to close its side.
const FAREWELL: Duration = Duration::from_secs(1);

/// A connection. Its buffers are touched by the driver only, so that no system call is made while
/// the client is locked.
pub(crate) struct Connection<S> {
    stream: S,
    rx: BytesMut,
    /// The number of bytes that are read into `rx` at once.
    at_once: usize,
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

/// The end of a connection.
pub(crate) enum Over {
    /// The client has nothing more to say.
    Close,
    /// The client does not want it any more.
    Dropped,
    /// The broker closed it, or the transport failed.
    Lost(Option<io::Error>),
}

/// The result of a read.
#[derive(Default)]
struct Read {
    /// The number of bytes, or 1 for a part of something that can be read only when it is complete.
    bytes: usize,
    /// There was no space for more, or layers returned as much as they do at once.
    has_filled: bool,
}

/// The next action, which is taken outside of the lock.
struct Turn {
    transport: Transport,
    is_again: bool,
    until: Option<Duration>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    pub fn new(stream: S, trace: Option<Trace>, now: Duration) -> Self {
        Connection {
            stream,
            rx: BytesMut::new(),
            at_once: LITTLE,
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

    /// Moves bytes until there is nothing to do, or the connection is over.
    pub fn poll(
        &mut self,
        shared: &Shared,
        timer: &mut Timer,
        woken: &mut Woken,
        cx: &mut Context<'_>,
    ) -> Poll<Over> {
        let mut is_again = true;
        let mut until = None;
        let mut count = 0;
        for _ in 0..TURNS {
            let now = shared.now();
            let read = match self.read(cx, now) {
                Ok(read) => read,
                Err(error) => return Poll::Ready(Over::Lost(error)),
            };
            is_again |= read.bytes > 0 || self.written > 0;
            count += read.bytes;
            if !is_again {
                let idle = self.idle(shared, woken, now);
                if timer.poll(earlier(until, idle), shared, cx).is_pending() {
                    return Poll::Pending;
                }
            }
            let turn = shared.drive(woken, |inner| self.turn(inner, &read, now, cx));
            match turn.transport {
                Transport::Keep => {}
                Transport::Close => return Poll::Ready(Over::Close),
                _ => return Poll::Ready(Over::Dropped),
            }
            (is_again, until) = (turn.is_again, turn.until);
            if let Err(error) = self.write(cx, now) {
                return Poll::Ready(Over::Lost(error));
            }
            if count >= AT_ONCE {
                break;
            }
        }
        let _ = pin!(yield_now()).poll(cx);
        Poll::Pending
    }

    /// The one hold of the lock in a turn.
    #[inline]
    fn turn(&mut self, inner: &mut Inner, read: &Read, now: Duration, cx: &Context<'_>) -> Turn {
        inner.set_driver(cx.waker());
        let client = &mut inner.client;
        if self.written > 0 {
            client.on_written(mem::take(&mut self.written), now);
        }
        if mem::take(&mut self.has_partial_read) {
            client.on_read_progress();
        }
        // Even if nothing has arrived, acknowledgements may have become due.
        let mut input = &self.rx[..];
        let mut is_again = client.on_read(&mut input, now);
        let taken = self.rx.len() - input.len();
        self.rx.advance(taken);
        self.is_rx_read = !is_again;
        if self.rx.is_empty() {
            client.poll_payload(&mut self.payload, now);
        }
        is_again |= client.on_timeout(now, || 0);
        // What is there already is read before replies leave, so that they leave together.
        let is_gathering = read.has_filled && client.may_gather(read.bytes);
        is_again |= is_gathering || client.poll_output(&mut self.tx);
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
            until: client.poll_timeout(),
        }
    }

    /// Writes as much as the transport takes.
    fn write(&mut self, cx: &mut Context<'_>, now: Duration) -> Result<(), Option<io::Error>> {
        while !self.tx.is_empty() {
            let stream = Pin::new(&mut self.stream);
            let written = if self.tx.is_contiguous() {
                stream.poll_write(cx, self.tx.bytes())
            } else {
                let (slices, count) = slices(&self.tx);
                stream.poll_write_vectored(cx, &slices[..count])
            };
            match written {
                Poll::Ready(Ok(0)) => return Err(None),
                Poll::Ready(Ok(n)) => {
                    if let Some(trace) = &mut self.trace {
                        trace.pass_chunks(Direction::Out, self.tx.chunks(), n);
                    }
                    self.tx.consume(n);
                    self.written += n;
                    self.is_unflushed = true;
                    self.has_moved(now);
                }
                Poll::Ready(Err(error)) if error.kind() == ErrorKind::Interrupted => {}
                Poll::Ready(Err(error)) => return Err(Some(error)),
                Poll::Pending => break,
            }
        }
        if self.is_unflushed
            && let Poll::Ready(flushed) = Pin::new(&mut self.stream).poll_flush(cx)
        {
            flushed.map_err(Some)?;
            self.is_unflushed = false;
        }
        Ok(())
    }

    /// Reads what is there.
    fn read(&mut self, cx: &mut Context<'_>, now: Duration) -> Result<Read, Option<io::Error>> {
        let before = self.rx.len();
        if before >= self.read_limit || !self.is_rx_read || self.payload.has_unread() {
            return Ok(Read::default());
        }
        let stream = &mut self.stream;
        let wanted = self.payload.wanted();
        let is_direct = wanted > 0;
        let (read, space) = if is_direct {
            // What is behind the payload is read a little at a time, in case it is long, too.
            self.at_once = LITTLE;
            let payload = &mut self.payload;
            let read = payload.fill_with(|space| pin!(stream.read_buf(space)).poll(cx));
            (read, wanted)
        } else {
            // Never into no space, and never more than the client was told.
            let space = self.at_once.min(self.read_limit - before);
            self.rx.reserve(space);
            let rx = &mut (&mut self.rx).limit(space);
            (pin!(stream.read_buf(rx)).poll(cx), space)
        };
        match read {
            Poll::Ready(Ok(0)) => Err(None),
            Poll::Ready(Ok(n)) => {
                if let Some(trace) = &mut self.trace {
                    let bytes = if is_direct {
                        self.payload.unread()
                    } else {
                        &self.rx[before..]
                    };
                    trace.pass(Direction::In, bytes);
                }
                if !is_direct && n >= self.at_once {
                    // More was there: twice as much the next time.
                    self.at_once = n * 2;
                }
                self.has_moved(now);
                Ok(Read {
                    bytes: n,
                    has_filled: n >= space.min(MAX_READ),
                })
            }
            Poll::Ready(Err(error)) if error.kind() == ErrorKind::Interrupted => {
                self.has_partial_read |= PartialRead::is(&error);
                Ok(Read {
                    bytes: 1,
                    has_filled: false,
                })
            }
            Poll::Ready(Err(error)) => Err(Some(error)),
            Poll::Pending => Ok(Read::default()),
        }
    }

    fn has_moved(&mut self, now: Duration) {
        self.moved_at = now;
        (self.is_shrinkable, self.is_idle) = (true, false);
    }

    /// Gives memory back if no bytes have moved for a while. Returns when that will be.
    fn idle(&mut self, shared: &Shared, woken: &mut Woken, now: Duration) -> Option<Duration> {
        if !self.is_shrinkable {
            return None;
        }
        let is_idle = now >= self.moved_at + IDLE && self.rx.is_empty() && self.tx.is_empty();
        if !is_idle {
            return Some((self.moved_at + IDLE).max(now + IDLE / 2));
        }
        self.is_shrinkable = false;
        (self.rx, self.at_once) = (BytesMut::new(), LITTLE);
        self.tx.shrink();
        woken.shrink();
        self.is_idle = shared.with(|inner| {
            inner.shrink();
            matches!(inner.client.state(), State::Connected { .. })
        });
        None
    }

    /// Returns whether the broker has accepted the connection, and no bytes have moved for a while.
    pub fn is_idle(&self) -> bool {
        self.is_idle
    }

    /// Closes the connection in good order. To close it at once might destroy what the broker has
    /// not read yet. However this ends, it has ended.
    pub async fn finish(mut self) {
        let finish = async {
            self.stream.shutdown().await?;
            let mut rest = [0; 256];
            while self.stream.read(&mut rest).await? > 0 {}
            io::Result::Ok(())
        };
        let _ = timeout(FAREWELL, finish).await;
    }
}

/// Returns the earlier of two times.
fn earlier(one: Option<Duration>, other: Option<Duration>) -> Option<Duration> {
    one.into_iter().chain(other).min()
}
