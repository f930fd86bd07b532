//! Waiting for one of several futures.
use core::{
    future::{Future, poll_fn},
    pin::pin,
    task::{Context, Poll},
};

/// Looks at both, and at the time limit, until one has ended; what has ended at the same moment is
/// told, too.
pub async fn any<A, B>(
    a: impl Future<Output = A>,
    b: impl Future<Output = B>,
    limit: impl Future<Output = ()>,
) -> (Option<A>, Option<B>) {
    let (mut a, mut b, mut limit) = (pin!(a), pin!(b), pin!(limit));
    poll_fn(|cx: &mut Context<'_>| {
        let ended = (ready(a.as_mut().poll(cx)), ready(b.as_mut().poll(cx)));
        if matches!(ended, (None, None)) && limit.as_mut().poll(cx).is_pending() {
            Poll::Pending
        } else {
            Poll::Ready(ended)
        }
    })
    .await
}

/// Returns the output of a future if it ends in time.
pub async fn within<T>(
    future: impl Future<Output = T>,
    limit: impl Future<Output = ()>,
) -> Option<T> {
    any(future, core::future::pending::<()>(), limit).await.0
}

/// Returns the output of a future that is ready.
pub async fn now<T>(future: impl Future<Output = T>) -> Option<T> {
    within(future, core::future::ready(())).await
}

fn ready<T>(poll: Poll<T>) -> Option<T> {
    match poll {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}
