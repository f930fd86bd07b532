//! Messages that came, and the rest of those too large for memory.
use crate::{inbox::Hold, shared::Shared};
use bytes::{Buf, Bytes, BytesMut};
use motemq::QoS;
use std::{
    fmt, io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};
use tokio::io::{AsyncRead, ReadBuf};

/// A message that came. Cloning it copies no bytes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Message {
    /// Where it was published.
    pub topic: Arc<str>,
    /// What it says, copied once from the receive buffer; only the beginning if it is
    /// [larger](Self::is_whole) than [`Options::max_message`](crate::Options::max_message).
    pub payload: Bytes,
    /// Length of the whole payload in bytes.
    pub len: u64,
    /// The QoS with which it was delivered.
    pub qos: QoS,
    /// The broker had stored it before this subscription was made [MQTT-3.3.1-8].
    pub retain: bool,
    /// The broker may have sent it before. With QoS 1 it may have been delivered then, with QoS 2
    /// it was not.
    pub dup: bool,
    pub(crate) rest: Option<Rest>,
}

impl Message {
    /// All of the payload is in [`payload`](Self::payload).
    pub fn is_whole(&self) -> bool {
        self.rest.is_none()
    }

    /// Reads the whole payload, of any size, while it comes.
    ///
    /// Nothing else is received meanwhile. A message that was not whole is acknowledged when it is
    /// read to its end, or when its last reader and clone is dropped, which drops the rest. If
    /// the connection is lost before its end, reading fails with `ConnectionReset`; with QoS
    /// 1 and 2 the message comes again then.
    pub fn into_reader(self) -> PayloadReader {
        PayloadReader {
            begun: self.payload,
            rest: self.rest,
        }
    }

    pub(crate) fn weight(&self) -> usize {
        self.topic.len() + self.payload.len()
    }
}

/// A payload as it comes: see [`Message::into_reader`].
#[derive(Debug)]
pub struct PayloadReader {
    begun: Bytes,
    rest: Option<Rest>,
}

impl AsyncRead for PayloadReader {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.begun.is_empty() {
            let n = this.begun.len().min(buf.remaining());
            buf.put_slice(&this.begun.split_to(n));
            return Poll::Ready(Ok(()));
        }
        match &this.rest {
            Some(rest) => rest.poll_read(cx, buf),
            None => Poll::Ready(Ok(())),
        }
    }
}

/// What is still to come of a payload, for all clones of its message.
#[derive(Clone)]
pub(crate) struct Rest(Arc<Ends>);

/// Dropped with the last of them.
struct Ends {
    pipe: Arc<Pipe>,
    shared: Arc<Shared>,
}

/// Bytes between the driver and a reader.
#[derive(Debug, Default)]
pub(crate) struct Pipe(Mutex<Flow>);

#[derive(Debug, Default)]
struct Flow {
    bytes: BytesMut,
    waker: Option<Waker>,
    end: End,
    /// Nobody reads.
    unread: bool,
    /// To be told when the last byte was read.
    hold: Option<Hold>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum End {
    #[default]
    Open,
    Whole,
    Broken,
}

/// Bytes in a pipe at which reading stops.
const CHUNK: usize = 64 << 10;

impl Pipe {
    fn lock(&self) -> MutexGuard<'_, Flow> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn is_full(&self) -> bool {
        let flow = self.lock();
        !flow.unread && flow.bytes.len() >= CHUNK
    }

    /// Returns who waits for them.
    pub fn give(&self, data: &[u8]) -> Option<Waker> {
        let mut flow = self.lock();
        if !flow.unread {
            flow.bytes.extend_from_slice(data);
        }
        flow.waker.take()
    }

    /// That was all. Gives the hold back if nobody reads.
    pub fn finish(&self, hold: Option<Hold>) -> (Option<Waker>, Option<Hold>) {
        let mut flow = self.lock();
        flow.end = End::Whole;
        if flow.unread {
            return (None, hold);
        }
        flow.hold = hold;
        (flow.waker.take(), None)
    }

    pub fn break_off(&self) -> Option<Waker> {
        let mut flow = self.lock();
        flow.end = End::Broken;
        flow.waker.take()
    }
}

impl Rest {
    pub fn new(pipe: Arc<Pipe>, shared: Arc<Shared>) -> Self {
        Rest(Arc::new(Ends { pipe, shared }))
    }

    fn poll_read(&self, cx: &Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut flow = self.0.pipe.lock();
        if !flow.bytes.is_empty() {
            let was_full = flow.bytes.len() >= CHUNK;
            let n = flow.bytes.len().min(buf.remaining());
            buf.put_slice(&flow.bytes[..n]);
            flow.bytes.advance(n);
            let more = was_full && flow.bytes.len() < CHUNK;
            drop(flow);
            if more {
                self.0.shared.with(|state| state.nudge());
            }
            return Poll::Ready(Ok(()));
        }
        match flow.end {
            End::Open => {
                flow.waker = Some(cx.waker().clone());
                Poll::Pending
            }
            End::Whole => {
                let hold = flow.hold.take();
                drop(flow);
                self.0.shared.had(hold);
                Poll::Ready(Ok(()))
            }
            End::Broken => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
        }
    }
}

impl Drop for Ends {
    fn drop(&mut self) {
        let mut flow = self.pipe.lock();
        flow.unread = true;
        flow.bytes = BytesMut::new();
        let hold = flow.hold.take();
        drop(flow);
        self.shared.had(hold);
        self.shared.with(|state| state.nudge());
    }
}

impl fmt::Debug for Rest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rest")
    }
}
