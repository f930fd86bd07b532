//! The future that makes everything happen: it opens connections, drives them, and waits between
//! them.
use crate::{
    Dial, Error, State, attempts::Attempts, link::Link, shared::Shared, turn::BUFFER, tx::LIMIT,
};
use motemq_net::unconnectable;
use std::{
    fmt,
    future::{Future, poll_fn},
    io,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::{Instant, sleep_until, timeout};
use tracing::Span;

/// Drives a client; nothing happens unless it is polled: `tokio::spawn(driver)`.
///
/// It ends when the client has [disconnected](crate::Client::disconnect), when all its handles are
/// gone (what is under way is waited for first), or with the error for which there will be no other
/// connection. To drop it hangs up without a word.
pub struct Driver {
    span: Span,
    work: Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>,
}

impl Driver {
    pub(crate) fn new(shared: Arc<Shared>, dial: impl Dial) -> Self {
        let span = tracing::info_span!("mqtt", client_id = shared.options.identity.client_id);
        let guard = Guard(shared);
        let work = async move {
            let ended = run(&guard.0, dial).await;
            #[cfg(feature = "store")]
            let ended = guard.0.with(|core| core.save()).and(ended);
            guard.0.close(ended.as_ref().err().cloned());
            ended
        };
        Driver {
            span,
            work: Box::pin(work),
        }
    }
}

impl Future for Driver {
    type Output = Result<(), Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Driver { span, work } = &mut *self;
        span.in_scope(|| work.as_mut().poll(cx))
    }
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Driver")
    }
}

/// Whoever waits is told when the driver is dropped.
struct Guard(Arc<Shared>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.close(None);
    }
}

async fn run(shared: &Arc<Shared>, mut dial: impl Dial) -> Result<(), Error> {
    #[cfg(feature = "store")]
    shared.open_store()?;
    let mut attempts = Attempts::new(&shared.options);
    // What is awaited besides a connection has memory of its own, which is not kept while a
    // connection is idle.
    loop {
        shared.enter(State::Connecting);
        let dialed = {
            let address = attempts.address();
            tracing::debug!(%address, "connecting");
            Box::pin(or_leave(
                shared,
                timeout(shared.options.identity.timeout, dial.dial(address)),
            ))
        };
        let Some(dialed) = dialed.await else {
            return left(shared);
        };
        let pause = {
            let error = match dialed.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
                Ok(stream) => {
                    begin(shared)?;
                    let mut link = Link::new(stream, &shared.options);
                    let Err(cause) = link.run(shared).await else {
                        return left(shared);
                    };
                    let accepted = shared.with(|core| {
                        let at = core.connected_at;
                        core.lost(cause.clone());
                        at
                    });
                    attempts.ended(cause, accepted)?
                }
                Err(error) => attempts.failed(error),
            };
            Box::pin(pause(shared, attempts.wait(&error), error))
        };
        if !pause.await? {
            return left(shared);
        }
    }
}

/// Waits for the next attempt, if there is to be one; tells whether there is still anything to do
/// then.
async fn pause(shared: &Shared, wait: Option<Duration>, error: Error) -> Result<bool, Error> {
    tracing::warn!(%error, "no connection");
    if shared.with(|core| {
        core.leave_until
            .is_some_and(|until| !core.work.has_messages() || Instant::now() >= until)
    }) {
        return Ok(false);
    }
    let Some(wait) = wait else { return Err(error) };
    shared.enter(State::Waiting { error, wait });
    Ok(or_leave(shared, sleep_until(Instant::now() + wait))
        .await
        .is_some())
}

/// Writes CONNECT.
fn begin(shared: &Shared) -> Result<(), Error> {
    shared.with(|core| {
        let identity = &shared.options.identity;
        shared.options.rules().check_connect(&identity.connect())?;
        core.tx.clear();
        core.tx.has_room(identity.weight().min(LIMIT));
        let begun = core
            .session
            .connect_slices(&identity.connect(), BUFFER, &mut core.tx.out());
        begun.map_err(|error| Error::Invalid(unconnectable(error, LIMIT)))
    })
}

/// The client has left; whether all came to its end before.
fn left(shared: &Shared) -> Result<(), Error> {
    let unfinished = shared.with(|core| core.work.has_messages());
    if unfinished {
        Err(Error::OutcomeUnknown)
    } else {
        Ok(())
    }
}

/// Goes on with `work` unless it is time to leave.
async fn or_leave<F: Future>(shared: &Shared, work: F) -> Option<F::Output> {
    let mut work = pin!(work);
    let mut timer = None;
    poll_fn(|cx| {
        if let Poll::Ready(done) = work.as_mut().poll(cx) {
            return Poll::Ready(Some(done));
        }
        #[cfg(feature = "store")]
        if let Err(error) = shared.with(|core| core.save()) {
            // It is tried again before anything leaves.
            tracing::error!(%error, "messages are not written down");
        }
        let leave = shared.with(|core| {
            core.driver = Some(cx.waker().clone());
            core.leave_until
                .map(|until| (until, core.work.has_messages()))
        });
        let Some((until, waiting)) = leave else {
            return Poll::Pending;
        };
        let timer = timer.get_or_insert_with(|| Box::pin(sleep_until(until)));
        if !waiting || timer.as_mut().poll(cx).is_ready() {
            Poll::Ready(None)
        } else {
            Poll::Pending
        }
    })
    .await
}
