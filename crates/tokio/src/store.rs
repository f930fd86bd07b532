//! The file in which a client stores what outlives the process. It is written by a thread for
//! blocking work.
use crate::{
    Ended,
    shared::{Shared, Woken},
};
use motemq_hosted::store::{failed, write, write_anew};
use motemq_net::store::{Store, StoreError};
use std::{
    future::Future,
    path::PathBuf,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::task::{JoinError, JoinHandle, spawn_blocking};

/// The present work of the store.
enum Work {
    Nothing(Store),
    /// It writes changes.
    Write(JoinHandle<(Store, Result<u64, StoreError>)>),
    /// It writes the whole state, since writing changes has failed.
    WriteAnew(JoinHandle<Result<(Store, u64), StoreError>>, PathBuf),
}

/// Writes what the client wants stored, one transaction at a time.
pub(crate) struct Writer(Option<Work>);

impl Writer {
    pub fn new(store: Option<Store>) -> Self {
        Writer(store.map(Work::Nothing))
    }

    /// Returns whether nothing is being written.
    pub fn is_idle(&self) -> bool {
        matches!(self.0, None | Some(Work::Nothing(_)))
    }

    /// Goes on writing. Returns whether anything was completed, so that the driver has to look
    /// again.
    pub fn poll(&mut self, shared: &Shared, woken: &mut Woken, cx: &mut Context<'_>) -> bool {
        let mut has_completed = false;
        while let Some(work) = self.0.take() {
            self.0 = match work {
                Work::Nothing(store) => {
                    let Some(changes) = woken.changes.take() else {
                        self.0 = Some(Work::Nothing(store));
                        break;
                    };
                    Some(Work::Write(spawn_blocking(move || {
                        let written = write(&store, &changes);
                        (store, written)
                    })))
                }
                Work::Write(mut job) => match Pin::new(&mut job).poll(cx) {
                    Poll::Pending => {
                        self.0 = Some(Work::Write(job));
                        break;
                    }
                    Poll::Ready(Ok((store, Ok(version)))) => {
                        has_completed = true;
                        shared.on_persisted(woken, version);
                        Some(Work::Nothing(store))
                    }
                    Poll::Ready(Ok((store, Err(error)))) => {
                        tracing::warn!(%error, "the store failed, and is opened again");
                        let state = shared.with(|inner| inner.client.full_image());
                        let path = store.path().to_owned();
                        let job = spawn_blocking(move || write_anew(store, &state));
                        Some(Work::WriteAnew(job, path))
                    }
                    // The runtime shuts down.
                    Poll::Ready(Err(error)) => {
                        has_completed = true;
                        end(shared, woken, stopped(&error));
                        None
                    }
                },
                Work::WriteAnew(mut job, path) => match Pin::new(&mut job).poll(cx) {
                    Poll::Pending => {
                        self.0 = Some(Work::WriteAnew(job, path));
                        break;
                    }
                    Poll::Ready(Ok(Ok((store, version)))) => {
                        has_completed = true;
                        shared.on_persisted(woken, version);
                        Some(Work::Nothing(store))
                    }
                    Poll::Ready(Ok(Err(error))) => {
                        has_completed = true;
                        end(shared, woken, failed(&path, &*error));
                        None
                    }
                    Poll::Ready(Err(error)) => {
                        has_completed = true;
                        end(shared, woken, stopped(&error));
                        None
                    }
                },
            };
        }
        if self.0.is_none() {
            woken.changes = None;
        }
        has_completed
    }
}

/// Nothing is stored any more.
fn end(shared: &Shared, woken: &mut Woken, ended: Ended) {
    shared.drive(woken, |inner| inner.client.end(ended));
}

fn stopped(error: &JoinError) -> Ended {
    Ended::Store(format!("its thread was stopped: {error}").into())
}
