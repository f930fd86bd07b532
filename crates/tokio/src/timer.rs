//! The driver's timer.
use crate::shared::Shared;
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::{Sleep, sleep_until};

/// A timer that is set anew only if it would be late. If it is early, the driver looks again.
#[derive(Debug, Default)]
pub(crate) struct Timer(Option<Pin<Box<Sleep>>>);

impl Timer {
    /// Is ready at `until`, or earlier.
    pub fn poll(
        &mut self,
        until: Option<Duration>,
        shared: &Shared,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        let Some(until) = until.and_then(|until| shared.face.checked_instant(until)) else {
            return Poll::Pending;
        };
        let timer = self.0.get_or_insert_with(|| Box::pin(sleep_until(until)));
        if timer.is_elapsed() || timer.deadline() > until {
            timer.as_mut().reset(until);
        }
        timer.as_mut().poll(cx)
    }
}
