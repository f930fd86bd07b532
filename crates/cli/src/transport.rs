//! What carries the bytes. Plain TCP so far; the options of TLS have their place here.
use clap::Args;
use motemq_std::Error;
use std::{
    io,
    net::{TcpStream, ToSocketAddrs},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

/// An attempt to connect, and again the wait for the broker's answer, may take so long.
pub const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Args, Debug)]
pub struct TransportArgs {
    #[arg(long, hide = true)]
    tls: bool,
    #[arg(long, hide = true, value_name = "FILE")]
    cafile: Option<PathBuf>,
    #[arg(long, hide = true, value_name = "FILE")]
    cert: Option<PathBuf>,
    #[arg(long, hide = true, value_name = "FILE")]
    key: Option<PathBuf>,
}

impl TransportArgs {
    /// Whether it can be had; else what to do.
    pub fn check(&self) -> Result<(), &'static str> {
        if self.tls || self.cafile.is_some() || self.cert.is_some() || self.key.is_some() {
            return Err("TLS comes with a later version: use a plain port, or a tunnel (stunnel, ssh -L) that ends in one");
        }
        Ok(())
    }
}

/// Opens a transport to the broker.
pub fn dial(host: &str, port: u16) -> Result<TcpStream, Error> {
    let addresses = (host, port).to_socket_addrs().map_err(|source| Error::Resolve { host: host.into(), source: Arc::new(source) })?;
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses {
        match TcpStream::connect_timeout(&address, PATIENCE).and_then(|stream| stream.set_nodelay(true).map(|()| stream)) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(Error::Connect { address: format!("{host}:{port}"), source: Arc::new(last) })
}
