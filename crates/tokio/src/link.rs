//! One connection: bytes between the transport and the session.
use crate::{
    Options,
    shared::Shared,
    turn::{BUFFER, Hands, News, earlier},
};
use bytes::{BufMut, BytesMut};
use motemq_net::{Cause, Direction, PartialRead, Tracer};
use std::{
    future::{Future, poll_fn},
    io,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::{Instant, Sleep, sleep_until, timeout},
};

/// Turns before others get theirs.
const TURNS: usize = 32;
/// Bytes read at a time while little comes.
const LITTLE: usize = 4 << 10;
/// After so long without a byte memory is given back.
const IDLE: Duration = Duration::from_secs(1);
/// How long the broker may take to close its side after DISCONNECT.
const FAREWELL: Duration = Duration::from_secs(1);

pub(crate) struct Link<S> {
    stream: S,
    hands: Hands,
    tracer: Option<Box<Tracer>>,
    /// What the session's time is counted from.
    begun: Instant,
    timer: Option<Pin<Box<Sleep>>>,
    /// Bytes were written that may be held back by the transport.
    unflushed: bool,
    /// Since when the other side takes no bytes.
    stalled_at: Option<Instant>,
    moved_at: Instant,
    read: u64,
    written: u64,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Link<S> {
    pub fn new(stream: S, options: &Options) -> Self {
        let now = Instant::now();
        Link {
            stream,
            hands: Hands::default(),
            tracer: options.hook.clone().map(|hook| Box::new(Tracer::new(hook))),
            begun: now,
            timer: None,
            unflushed: false,
            stalled_at: None,
            moved_at: now,
            read: 0,
            written: 0,
        }
    }

    /// Drives the connection until it is closed in good order.
    pub async fn run(&mut self, shared: &Arc<Shared>) -> Result<(), Cause> {
        let ended = poll_fn(|cx| self.poll(shared, cx)).await;
        self.count(shared);
        ended?;
        // To close at once might destroy what the other side has not read yet. However this ends,
        // it has ended. It is not kept while the connection lives.
        let _ = Box::pin(timeout(FAREWELL, self.finish())).await;
        Ok(())
    }

    fn poll(&mut self, shared: &Arc<Shared>, cx: &mut Context<'_>) -> Poll<Result<(), Cause>> {
        for _ in 0..TURNS {
            let now = Instant::now();
            let mut news = Vec::new();
            let turn = shared.with(|core| {
                core.turn(
                    shared,
                    &mut self.hands,
                    self.begun,
                    now,
                    cx.waker(),
                    &mut news,
                )
            });
            news.into_iter().for_each(News::tell);
            let turn = turn?;
            let blocked = !self.hands.tx.is_empty();
            self.write(cx, now)?;
            if !self.hands.tx.is_empty() {
                if let Some(patience) = shared.options.ack_timeout {
                    let end = *self.stalled_at.get_or_insert(now) + patience;
                    if now >= end {
                        return Poll::Ready(Err(Cause::Stalled(patience)));
                    }
                }
            } else if turn.closed {
                return Poll::Ready(Ok(()));
            }
            let read = turn.reading && !turn.closed && self.read(shared, cx, now)?;
            // What was written has made room for what found none.
            if turn.more || read || (blocked && self.hands.tx.is_empty()) {
                continue;
            }
            let mut until = turn.until;
            if let Some((at, patience)) = self.stalled_at.zip(shared.options.ack_timeout) {
                until = earlier(until, Some(at + patience));
            }
            if self.hands.tx.is_large() || self.hands.rx.capacity() > 0 {
                if now >= self.moved_at + IDLE
                    && self.hands.rx.is_empty()
                    && self.hands.tx.is_empty()
                {
                    self.hands.rx = BytesMut::new();
                    self.hands.tx.shrink();
                    shared.with(|core| core.shrink());
                } else {
                    until = earlier(until, Some((self.moved_at + IDLE).max(now + IDLE / 2)));
                }
            }
            if self.sleep(until, cx).is_pending() {
                self.count(shared);
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Writes as much as the other side takes.
    fn write(&mut self, cx: &mut Context<'_>, now: Instant) -> Result<(), Cause> {
        while !self.hands.tx.is_empty() {
            match Pin::new(&mut self.stream).poll_write(cx, self.hands.tx.bytes()) {
                Poll::Ready(Ok(0)) => return Err(Cause::Closed),
                Poll::Ready(Ok(n)) => {
                    if let Some(tracer) = &mut self.tracer {
                        tracer.pass(Direction::Out, &self.hands.tx.bytes()[..n]);
                    }
                    self.hands.tx.consume(n);
                    self.written += n as u64;
                    self.unflushed = true;
                    self.stalled_at = None;
                    self.moved_at = now;
                }
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Poll::Ready(Err(error)) => return Err(error.into()),
                Poll::Pending => break,
            }
        }
        if self.unflushed
            && let Poll::Ready(flushed) = Pin::new(&mut self.stream).poll_flush(cx)
        {
            flushed?;
            self.unflushed = false;
        }
        Ok(())
    }

    /// Reads what is there; tells whether something was.
    fn read(&mut self, shared: &Shared, cx: &mut Context<'_>, now: Instant) -> Result<bool, Cause> {
        let rx = &mut self.hands.rx;
        let before = rx.len();
        let spare = rx.capacity() - before;
        if spare < LITTLE / 2 {
            // Twice as much each time it did not do.
            rx.reserve(LITTLE.max(rx.capacity()).min(BUFFER));
        }
        // Never into no space, and never more than the session was told.
        let mut space = rx.limit(BUFFER - before);
        let read = pin!(self.stream.read_buf(&mut space)).poll(cx);
        match read {
            Poll::Ready(Ok(0)) => Err(Cause::Closed),
            Poll::Ready(Ok(n)) => {
                let rx = &mut self.hands.rx;
                if let Some(tracer) = &mut self.tracer {
                    tracer.pass(Direction::In, &rx[before..]);
                }
                if n == rx.capacity() - before && rx.capacity() < BUFFER {
                    rx.reserve(rx.capacity());
                }
                self.read += n as u64;
                self.moved_at = now;
                Ok(true)
            }
            Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {
                if PartialRead::is(&error) {
                    shared.with(|core| core.hears());
                }
                Ok(true)
            }
            Poll::Ready(Err(error)) => Err(error.into()),
            Poll::Pending => Ok(false),
        }
    }

    /// Ready if it is time already. A timer set for earlier is left: who wakes early looks again.
    fn sleep(&mut self, until: Option<Instant>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(until) = until else {
            return Poll::Pending;
        };
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(sleep_until(until)));
        if timer.is_elapsed() || timer.deadline() > until {
            timer.as_mut().reset(until);
        }
        timer.as_mut().poll(cx)
    }

    fn count(&mut self, shared: &Shared) {
        if self.read + self.written > 0 {
            let (read, written) = (
                std::mem::take(&mut self.read),
                std::mem::take(&mut self.written),
            );
            shared.with(|core| {
                core.bytes_in += read;
                core.bytes_out += written;
            });
        }
    }

    async fn finish(&mut self) -> io::Result<()> {
        self.stream.shutdown().await?;
        let mut rest = [0; 256];
        while self.stream.read(&mut rest).await? > 0 {}
        Ok(())
    }
}
