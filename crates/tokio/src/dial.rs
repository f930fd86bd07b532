//! Opening connections: the one place where another transport comes in.
use crate::Address;
use motemq_hosted::Target;
use std::{
    future::Future,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::io::{AsyncRead, AsyncWrite};

/// A future of which the driver holds some.
pub(crate) type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Opens the streams of a client, one for each connection. Closures that take an [`Address`] and
/// return a future of an `io::Result` of a stream implement this trait.
///
/// The future can take up to [`Options::connect_timeout`](crate::Options::connect_timeout). If it is
/// not done by then, it is dropped, and the attempt has failed.
///
/// # Examples
/// ```
/// use motemq_tokio::{Address, Client, Options};
/// use tokio::net::TcpStream;
/// // Anything that tokio can read and write carries the bytes.
/// let dial = |broker: Address| async move { TcpStream::connect((broker.host, broker.port)).await };
/// let (client, driver) = Client::dialing(Options::new("node-7"), dial)?;
/// # Ok::<(), motemq_tokio::OptionsError>(())
/// ```
pub trait Dial: Send + 'static {
    /// The stream that carries the bytes.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// Opens a stream to this broker.
    ///
    /// # Errors
    /// The reason why the stream cannot be opened. The [state](crate::State) contains it.
    fn dial(
        &mut self,
        broker: Address,
    ) -> impl Future<Output = io::Result<Self::Stream>> + Send + 'static;
}

impl<F, C, S> Dial for F
where
    F: FnMut(Address) -> C + Send + 'static,
    C: Future<Output = io::Result<S>> + Send + 'static,
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = S;

    fn dial(&mut self, broker: Address) -> impl Future<Output = io::Result<S>> + Send + 'static {
        self(broker)
    }
}

/// Opens connections to a target, several at a time if it has several addresses.
pub(crate) trait Open: Send + 'static {
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;
    /// True if the addresses of a host are found out before, and tried one beside the other.
    const RESOLVES: bool;

    fn open(
        &mut self,
        target: &Target,
        address: Option<SocketAddr>,
        answer: Answer,
    ) -> BoxFuture<io::Result<Self::Stream>>;
}

/// A flag for the first answer to an attempt.
#[derive(Clone, Default)]
pub(crate) struct Answer(Arc<AtomicBool>);

impl Answer {
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub fn take(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }
}

/// Opens connections as the application does.
pub(crate) struct Custom<D>(pub D);

impl<D: Dial> Open for Custom<D> {
    type Stream = D::Stream;
    const RESOLVES: bool = false;

    fn open(
        &mut self,
        target: &Target,
        _: Option<SocketAddr>,
        _: Answer,
    ) -> BoxFuture<io::Result<D::Stream>> {
        Box::pin(self.0.dial(target.broker.clone()))
    }
}
