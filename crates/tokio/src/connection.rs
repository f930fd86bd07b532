//! An open connection: bytes between the transport and the client.
use crate::{
    shared::{Shared, Woken, begin_turn},
    stream::MAX_READ,
    timer::Timer,
};
use motemq_client::{PayloadBuf, Transport};
use motemq_hosted::{Buffers, Pipe, Trace};
use std::{
    future::Future,
    io::{self, ErrorKind, IoSlice},
    pin::{Pin, pin},
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    task::yield_now,
    time::timeout,
};

/// The number of turns before other tasks have theirs.
const TURNS: usize = 32;
/// The number of bytes that are read before other tasks have their turn. So the messages in them are
/// processed while they are in the processor's cache, and their memory is used again.
const AT_ONCE: usize = 64 << 10;
/// The longest time that the broker may take to close its side.
const FAREWELL: Duration = Duration::from_secs(1);

/// A connection.
pub(crate) struct Connection<S> {
    stream: S,
    buffers: Buffers,
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

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    pub fn new(stream: S, trace: Option<Trace>, now: Duration) -> Self {
        let buffers = Buffers::new(trace, now);
        Connection { stream, buffers }
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
            let read = match self.buffers.read(&mut pipe(&mut self.stream, cx), now) {
                Ok(read) => read,
                Err(error) => return Poll::Ready(Over::Lost(error)),
            };
            is_again |= read.bytes > 0 || self.buffers.has_written();
            count += read.bytes;
            if !is_again {
                let idle = self.buffers.idle(shared, woken, now);
                let until = until.into_iter().chain(idle).min();
                if timer.poll(until, shared, cx).is_pending() {
                    return Poll::Pending;
                }
            }
            let turn = shared.drive(woken, |inner| {
                begin_turn(inner, cx.waker());
                self.buffers.turn(&mut inner.client, read, now)
            });
            match turn.transport {
                Transport::Keep => {}
                Transport::Close => return Poll::Ready(Over::Close),
                _ => return Poll::Ready(Over::Dropped),
            }
            (is_again, until) = (turn.is_again, turn.until);
            if let Err(error) = self.buffers.write(&mut pipe(&mut self.stream, cx), now) {
                return Poll::Ready(Over::Lost(error));
            }
            if count >= AT_ONCE {
                break;
            }
        }
        let _ = pin!(yield_now()).poll(cx);
        Poll::Pending
    }

    /// Returns whether the broker has accepted the connection, and no bytes have moved for a while.
    pub fn is_idle(&self) -> bool {
        self.buffers.is_idle()
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

/// A stream of tokio, for the task of `cx`, as one that never waits.
struct Polled<'s, 'c, S> {
    stream: &'s mut S,
    cx: &'s mut Context<'c>,
}

fn pipe<'s, 'c, S>(stream: &'s mut S, cx: &'s mut Context<'c>) -> Polled<'s, 'c, S> {
    Polled { stream, cx }
}

impl<S: AsyncRead + Unpin> io::Read for Polled<'_, '_, S> {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        let mut buffer = ReadBuf::new(space);
        without_waiting(Pin::new(&mut *self.stream).poll_read(self.cx, &mut buffer))?;
        Ok(buffer.filled().len())
    }
}

impl<S: AsyncWrite + Unpin> io::Write for Polled<'_, '_, S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        without_waiting(Pin::new(&mut *self.stream).poll_write(self.cx, bytes))
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        without_waiting(Pin::new(&mut *self.stream).poll_write_vectored(self.cx, slices))
    }

    fn flush(&mut self) -> io::Result<()> {
        without_waiting(Pin::new(&mut *self.stream).poll_flush(self.cx))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Pipe for Polled<'_, '_, S> {
    fn read_payload(&mut self, payload: &mut PayloadBuf) -> io::Result<usize> {
        payload.fill_with(|space| without_waiting(pin!(self.stream.read_buf(space)).poll(self.cx)))
    }

    fn has_more(&self, n: usize, space: usize) -> bool {
        // Layers return no more at once.
        n >= space.min(MAX_READ)
    }
}

/// Returns the error `WouldBlock` instead of waiting.
pub(crate) fn without_waiting<T>(done: Poll<io::Result<T>>) -> io::Result<T> {
    match done {
        Poll::Ready(done) => done,
        Poll::Pending => Err(ErrorKind::WouldBlock.into()),
    }
}
