//! The future that drives a client: it opens connections, moves their bytes, and waits between
//! them.
#[cfg(feature = "store")]
use crate::store::Writer;
use crate::{
    Ended, Options,
    attempts::Attempts,
    connection::{Connection, Over},
    dial::{BoxFuture, Open},
    shared::{Shared, Woken, begin_turn},
    timer::Timer,
};
use motemq_hosted::{Hook, Trace, carry_out, completed, on_closed, poll_tasks, report};
use std::{
    fmt,
    future::Future,
    io, mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};
use tracing::Span;

/// The future that drives a [`Client`](crate::Client). The client does nothing unless the driver is
/// polled, for example by `tokio::spawn(driver)`.
///
/// The driver returns when the client has ended: the application has
/// [disconnected](crate::Client::disconnect) it, or has dropped all its handles. In the second case,
/// the client first completes the messages in flight, for up to ten seconds. The result is an error
/// with the reason, unless the client has disconnected and completed everything.
///
/// If the driver is dropped, the connection is closed without DISCONNECT, so that the broker
/// publishes the will, and everything that waits for the client ends with
/// [`DriverStopped`](Ended::DriverStopped).
pub struct Driver {
    span: Span,
    drive: BoxFuture<Result<(), Ended>>,
}

impl Driver {
    pub(crate) fn new(
        shared: &Arc<Shared>,
        options: Options,
        open: impl Open,
        #[cfg(feature = "store")] writer: Writer,
    ) -> Self {
        let client_id = options.client.get_client_id();
        let span = tracing::info_span!("mqtt", client_id);
        let drive = Drive {
            shared: shared.clone(),
            hook: options.hook.clone(),
            attempts: Attempts::new(options, open),
            connection: None,
            farewell: None,
            is_leaving: false,
            timer: Timer::default(),
            woken: Woken::default(),
            #[cfg(feature = "store")]
            writer,
        };
        let drive = Box::pin(drive);
        Driver { span, drive }
    }
}

impl Future for Driver {
    type Output = Result<(), Ended>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Driver { span, drive } = &mut *self;
        span.in_scope(|| drive.as_mut().poll(cx))
    }
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Driver")
    }
}

struct Drive<O: Open> {
    shared: Arc<Shared>,
    hook: Option<Hook>,
    attempts: Attempts<O>,
    connection: Option<Connection<O::Stream>>,
    /// The end of the last connection.
    farewell: Option<BoxFuture<()>>,
    /// The client leaves, and `on_closed` follows when the last connection has ended.
    is_leaving: bool,
    timer: Timer,
    woken: Woken,
    #[cfg(feature = "store")]
    writer: Writer,
}

// No field is pinned.
impl<O: Open> Unpin for Drive<O> {}

impl<O: Open> Future for Drive<O> {
    type Output = Result<(), Ended>;

    #[cfg(not(feature = "store"))]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.drive(cx)
    }

    #[cfg(feature = "store")]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            let driven = self.drive(cx);
            let this = &mut *self;
            if !this.writer.poll(&this.shared, &mut this.woken, cx) {
                // What is stored last is the end of it.
                return if this.writer.is_idle() {
                    driven
                } else {
                    Poll::Pending
                };
            }
        }
    }
}

impl<O: Open> Drive<O> {
    /// Does everything but storing.
    fn drive(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Ended>> {
        let this = self;
        loop {
            if let Some(farewell) = &mut this.farewell
                && farewell.as_mut().poll(cx).is_ready()
            {
                this.farewell = None;
                if mem::take(&mut this.is_leaving) {
                    this.on_closed(None);
                }
            }
            if this.is_leaving {
                return Poll::Pending;
            }
            let Some(connection) = &mut this.connection else {
                match ready!(this.poll_attempts(cx)) {
                    None => continue,
                    Some(_) if this.farewell.is_some() => return Poll::Pending,
                    Some(ended) => return Poll::Ready(completed(ended)),
                }
            };
            match connection.poll(&this.shared, &mut this.timer, &mut this.woken, cx) {
                Poll::Ready(over) => this.on_over(over),
                Poll::Pending => {
                    if connection.is_idle() {
                        this.attempts.shrink();
                    }
                    return Poll::Pending;
                }
            }
        }
    }

    /// Makes attempts until one of them is a connection, which returns `None`, or the client has
    /// ended.
    fn poll_attempts(&mut self, cx: &mut Context<'_>) -> Poll<Option<Ended>> {
        loop {
            // Results come first, so that the reason is known before the time is up.
            let done = self.attempts.poll(cx);
            let is_done = done.is_some();
            let now = self.shared.now();
            let mut stream = None;
            let (tasks, until) = self.shared.drive(&mut self.woken, |inner| {
                begin_turn(inner, cx.waker());
                if let Some((attempt, done)) = done {
                    stream = report(&mut inner.client, attempt, done, now);
                }
                let tasks = poll_tasks(&mut inner.client, &mut inner.watch, now);
                (tasks, inner.client.poll_timeout())
            });
            if let Some(stream) = stream
                && tasks.is_open
            {
                let trace = self.hook.clone().map(Trace::new);
                self.connection = Some(Connection::new(stream, trace, now));
                return Poll::Ready(None);
            }
            if let Some(ended) = tasks.ended {
                return Poll::Ready(Some(ended));
            }
            let is_again = is_done || !tasks.tasks.is_empty();
            carry_out(tasks.tasks, &mut self.attempts, &self.shared);
            if !is_again {
                ready!(self.timer.poll(until, &self.shared, cx));
            }
        }
    }

    /// The connection is over.
    fn on_over(&mut self, over: Over) {
        let Some(connection) = self.connection.take() else {
            return;
        };
        match over {
            Over::Close => {
                self.farewell = Some(Box::pin(connection.finish()));
                self.is_leaving = self.shared.with(|inner| inner.is_leaving);
                if !self.is_leaving {
                    self.on_closed(None);
                }
            }
            Over::Lost(error) => self.on_closed(Some(error)),
            Over::Dropped => {}
        }
    }

    /// Tells the client that the connection is closed, and what the transport says of it.
    fn on_closed(&mut self, lost: Option<Option<io::Error>>) {
        let now = self.shared.now();
        let target = self.attempts.target();
        self.shared.drive(&mut self.woken, |inner| {
            on_closed(&mut inner.client, target, lost, now);
        });
    }
}

impl<O: Open> Drop for Drive<O> {
    fn drop(&mut self) {
        self.shared.drive(&mut self.woken, |inner| {
            inner.client.end(Ended::DriverStopped);
        });
    }
}
