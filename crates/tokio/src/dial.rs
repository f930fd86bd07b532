//! How connections are opened: the one place where another transport comes in.
use crate::Address;
use motemq_net::addresses_to_try;
use std::{future::Future, io};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, lookup_host},
};

/// Opens a stream to a broker, once for each connection. Functions `Fn(Address) -> impl
/// Future<Output = io::Result<Stream>>` are such.
///
/// It may take [`Options::connect_timeout`](crate::Options::connect_timeout), then its future is
/// dropped.
///
/// ```
/// use motemq_tokio::{Address, Client, Options};
/// // What carries the bytes is anything that tokio can read and write.
/// let dial = |address: Address| async move { tokio::net::TcpStream::connect((address.host, address.port)).await };
/// let (client, driver) = Client::dialing(Options::new("node-7"), dial);
/// ```
pub trait Dial: Send + 'static {
    /// What carries the bytes.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send;

    /// Opens one.
    fn dial(&mut self, address: Address) -> impl Future<Output = io::Result<Self::Stream>> + Send;
}

impl<F, C, S> Dial for F
where
    F: FnMut(Address) -> C + Send + 'static,
    C: Future<Output = io::Result<S>> + Send,
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    type Stream = S;

    fn dial(&mut self, address: Address) -> impl Future<Output = io::Result<S>> + Send {
        self(address)
    }
}

/// Plain TCP.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tcp;

impl Dial for Tcp {
    type Stream = TcpStream;

    async fn dial(&mut self, address: Address) -> io::Result<TcpStream> {
        let found = lookup_host((address.host, address.port)).await?;
        let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for address in addresses_to_try(found) {
            match TcpStream::connect(address).await {
                Ok(stream) => {
                    // Packets are small and go out whole: waiting for more to send would only make
                    // them late.
                    stream.set_nodelay(true)?;
                    return Ok(stream);
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}
