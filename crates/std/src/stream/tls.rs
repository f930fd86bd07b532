//! TLS over a socket.
use super::Layer;
use crate::{Error, socket::Socket};
use motemq_net::{Overheard, Route, TlsError, native_tls::TlsStream};
use std::io::{self, ErrorKind, Read, Write};

pub struct Stream {
    inner: TlsStream<Overheard<Socket>>,
    has_identity: bool,
    /// So many bytes were encrypted and could not be written. They are to be given again, and no
    /// more: SChannel would count those as written, too.
    again: Option<usize>,
}

/// A record of TLS holds no more.
const RECORD: usize = 16 << 10;

pub fn open(route: &Route, socket: Socket) -> Result<Stream, Error> {
    let inner = route
        .tls
        .connect(&route.host, socket)
        .map_err(|source| Error::Tls {
            address: route.place(),
            source,
        })?;
    Ok(Stream {
        inner,
        has_identity: route.tls.has_identity(),
        again: None,
    })
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.inner.read(buffer) {
            Err(error) if TlsError::is_bare_end(&error) => Ok(0),
            read => read.map_err(|error| TlsError::explained(error, self.has_identity)),
        }
    }
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
                    && let Some(said) = TlsError::of_io(&reason, self.has_identity)
                {
                    return Err(io::Error::new(error.kind(), said));
                }
            }
            _ => {}
        }
        Err(TlsError::explained(error, self.has_identity))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl Layer for Stream {
    fn socket(&mut self) -> &mut Socket {
        self.inner.get_mut().get_mut()
    }

    fn take_underway(&mut self) -> bool {
        self.inner.get_mut().take_underway()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.inner.shutdown()?;
        self.socket().finish()
    }
}
