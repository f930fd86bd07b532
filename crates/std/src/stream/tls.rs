//! TLS over a socket.
use super::Layer;
use crate::{Error, socket::Socket};
use motemq_net::{Route, TlsError, native_tls::TlsStream};
use std::io::{self, ErrorKind, Read, Write};

pub struct Stream {
    inner: TlsStream<Socket>,
    /// So many bytes were encrypted and could not be written. They are to be given again, and no more: SChannel would count those as written,
    /// too.
    again: Option<usize>,
}

/// A record of TLS holds no more.
const RECORD: usize = 16 << 10;

pub fn open(route: &Route, socket: Socket) -> Result<Stream, Error> {
    let inner = route.tls.connect(&route.host, socket).map_err(|source| Error::Tls { address: route.place(), source })?;
    Ok(Stream { inner, again: None })
}

/// With TLS 1.3 the broker's objections come behind the handshake.
fn explained(error: io::Error) -> io::Error {
    match TlsError::of_io(&error) {
        Some(said) => io::Error::new(error.kind(), said),
        None => error,
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.inner.read(buffer) {
            // Brokers that end, and some that hang up, close the socket without a word of TLS. MQTT knows where its packets end.
            Err(error) if matches!(error.kind(), ErrorKind::UnexpectedEof) || is_bare_end(&error) => Ok(0),
            read => read.map_err(explained),
        }
    }
}

fn is_bare_end(error: &io::Error) -> bool {
    matches!(TlsError::of_io(error), Some(TlsError::Objection { objection: motemq_net::Objection::HungUp, .. }))
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.again.take().unwrap_or(RECORD).min(bytes.len());
        let error = match self.inner.write(&bytes[..n]) {
            Ok(n) => return Ok(n),
            Err(error) => error,
        };
        match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => self.again = Some(n),
            // Whoever hung up may have said why before.
            ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => {
                if let Err(reason) = self.inner.read(&mut [0])
                    && let Some(said) = TlsError::of_io(&reason)
                {
                    return Err(io::Error::new(error.kind(), said));
                }
            }
            _ => {}
        }
        Err(explained(error))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl Layer for Stream {
    fn socket(&mut self) -> &mut Socket {
        self.inner.get_mut()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.inner.shutdown()?;
        self.socket().finish()
    }
}
