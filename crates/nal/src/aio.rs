//! A session over anything that implements the traits of `embedded-io-async`, such as sockets of
//! embassy-net, a UART, or TLS.
//!
//! [`Halves`] is for transports that split into a reader and a writer. It waits for both directions at
//! the same time, so prefer it where possible. [`Whole`] is for one object that reads and writes.
//!
//! # Dropping futures
//! A future of `turn` can be dropped at any time, by `select` or a time limit. Nothing is lost or done
//! twice, and the next `turn` continues. The transport has to be *cancel-safe* for that, since `turn`
//! drops reads, writes and flushes that are pending. The sockets of embassy-net are cancel-safe.
//! embedded-tls is not, nor is a UART whose DMA uses the caller's memory. Run such a transport in a
//! task of its own, and connect it to `Halves` by a pipe for each direction, as
//! [Porting](https://github.com/motemq/motemq/blob/main/docs/porting.md#transports-whose-futures-must-not-be-dropped)
//! shows.
//!
//! # Examples
//! ```
//! use embedded_io_adapters::tokio_1::FromTokio;
//! use motemq::{Buffer, Connect, Event, Publish, QoS, Session, Slot};
//! use motemq_nal::{Error, aio::Halves};
//! use std::time::{Duration, Instant};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! # let broker = motemq_testing::server::Server::start(Default::default())?;
//! # let address = broker.addr();
//! let (reader, writer) = tokio::net::TcpStream::connect(address).await?.into_split(); // embassy-net: socket.split()
//! let mut link = Halves::new(FromTokio::new(reader), FromTokio::new(writer));
//! let sleep = async |ms: u32| tokio::time::sleep(Duration::from_millis(ms.into())).await; // embassy: Timer::after_millis
//! let started = Instant::now();
//!
//! let mut session = Session::<[Slot; 8]>::new();
//! let mut rx = Buffer::<[u8; 256]>::new();
//! let mut tx = Buffer::<[u8; 256]>::new();
//! session.connect(&Connect::new("node-7"), &mut rx, &mut tx)?;
//! let ended = loop {
//!     while tx.room() >= 64 {
//!         let Some(event) = session.next_event(&mut rx, &mut tx)? else { break };
//!         match event {
//!             Event::Connected { .. } => {
//!                 session.publish(&Publish::to("a").payload(b"hello").qos(QoS::AtLeastOnce), &mut tx)?;
//!             }
//!             Event::Acked { .. } => session.disconnect(&mut tx)?,
//!             _ => {}
//!         }
//!     }
//!     let now = started.elapsed().as_millis() as u32;
//!     if let Err(error) = link.turn(&mut session, &mut rx, &mut tx, now, sleep).await {
//!         break error;
//!     }
//! };
//! assert!(matches!(ended, Error::Closed)); // after our own DISCONNECT
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
mod halves;
mod wait;
mod whole;

pub use halves::Halves;
pub use whole::Whole;

use crate::{Error, FAREWELL};
use embedded_io_async::{Read, Write};
use motemq::{Buffer, Protocol, Session, Slot};

/// The state at the beginning of a turn.
struct Turn {
    /// For how long it may wait; `None`: for ever.
    nap: Option<u32>,
    /// The session has said DISCONNECT: what is left is written, and nothing read.
    leaving: bool,
    /// A time limit is over unless bytes say otherwise: nothing is written before the executor had
    /// time to bring them.
    late: bool,
}

impl Turn {
    fn begin<E, W, P: Protocol>(
        session: &mut Session<[Slot], P>,
        rx: &mut Buffer,
        tx: &mut Buffer,
        outlet: &mut Outlet<W>,
        now_ms: u32,
    ) -> Result<Self, Error<E>> {
        let nap = session.tick(now_ms, tx)?;
        if !session.is_closed() {
            outlet.stuck_since = None;
            return Ok(Turn {
                nap: nap.map(|ms| ms.max(1)),
                leaving: false,
                late: nap == Some(0) && !rx.space().is_empty(),
            });
        }
        if tx.is_empty() && !outlet.unflushed {
            return Err(Error::Closed);
        }
        // Turns that were dropped count, too.
        let since = *outlet.stuck_since.get_or_insert(now_ms);
        Ok(Turn {
            nap: Some(FAREWELL.saturating_sub(now_ms.wrapping_sub(since))),
            leaving: true,
            late: false,
        })
    }

    /// Takes what was read, or tells why it is over. Nothing may be waited for between the read and
    /// this.
    fn end<E, P: Protocol>(
        &self,
        session: &mut Session<[Slot], P>,
        rx: &mut Buffer,
        read: Option<Result<usize, E>>,
        pushed: Option<Result<(), Error<E>>>,
    ) -> Result<(), Error<E>> {
        let outcome = match (read, pushed) {
            (Some(Ok(0)), _) => Err(Error::Closed),
            // What has come is told before anything else; the end will still be there.
            (Some(Ok(n)), _) => {
                rx.commit(n);
                Ok(())
            }
            (Some(Err(error)), _) => Err(Error::Transport(error)),
            (None, Some(pushed)) => pushed,
            (None, None) if self.leaving => Err(Error::Closed),
            (None, None) => Ok(()),
        };
        if outcome.is_err() {
            session.on_connection_lost();
        }
        outcome
    }
}

/// The writer, and whether it holds bytes that were not flushed: TLS, for one, keeps them until it
/// is flushed.
#[derive(Debug)]
struct Outlet<W> {
    inner: W,
    unflushed: bool,
    /// The time since which the session is closed and the transport takes none of its last bytes.
    stuck_since: Option<u32>,
}

impl<W: Write> Outlet<W> {
    const fn new(inner: W) -> Self {
        Outlet {
            inner,
            unflushed: false,
            stuck_since: None,
        }
    }

    /// Writes some of `bytes` and tells how many; without any, flushes if need be. Ends only when
    /// something was done.
    async fn push(&mut self, bytes: &[u8]) -> Result<usize, Error<W::Error>> {
        if !bytes.is_empty() {
            let written = self.inner.write(bytes).await.map_err(Error::Transport)?;
            self.unflushed = true;
            self.stuck_since = None;
            return if written == 0 {
                Err(Error::Closed)
            } else {
                Ok(written)
            };
        }
        if !self.unflushed {
            core::future::pending().await
        }
        self.inner.flush().await.map_err(Error::Transport)?;
        self.unflushed = false;
        Ok(0)
    }
}

/// Takes what was written off the buffer. Nothing may be waited for between the two.
fn taken<E>(pushed: Option<Result<usize, E>>, tx: &mut Buffer) -> Option<Result<(), E>> {
    pushed.map(|outcome| outcome.map(|written| tx.consume(written)))
}

/// Reads into `space`; for ever if there is none.
async fn fill<R: Read>(reader: &mut R, space: &mut [u8]) -> Result<usize, R::Error> {
    if space.is_empty() {
        core::future::pending().await
    } else {
        reader.read(space).await
    }
}

/// Ends after this number of milliseconds; never if there is none.
async fn pause(sleep: impl AsyncFnOnce(u32), nap: Option<u32>) {
    match nap {
        Some(ms) => sleep(ms).await,
        None => core::future::pending().await,
    }
}
