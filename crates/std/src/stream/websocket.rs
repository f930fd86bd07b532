//! A WebSocket over another stream: bytes in binary frames, cut anywhere.
use super::{Layer, Stream};
use crate::{Error, engine::is_pause, socket::Socket};
use motemq_net::{
    FrameDecoder, ResponseHead, Route, WebSocket, WebSocketError,
    tungstenite::{self, HandshakeError, Message, client::client_with_config},
};
use std::{
    io::{self, ErrorKind, Read, Write},
    sync::Arc,
};

/// Reads without a byte of payload before others get their turn: whoever sends control frames
/// without an end does not keep a call from its time limit.
const READS: usize = 32;

struct Framed<S> {
    /// Writes frames. It has read the handshake, and reads nothing more.
    inner: tungstenite::WebSocket<Upgraded<S>>,
    decoder: FrameDecoder,
    /// A pong was framed that is perhaps not written yet.
    owes_pong: bool,
    /// So many bytes were framed, and are not all written. They are to be given again.
    again: Option<usize>,
}

/// A stream that gives the library the head of the server's answer and nothing behind it.
struct Upgraded<S> {
    inner: S,
    head: ResponseHead,
}

/// Asks for a WebSocket over a stream.
pub fn open<S: Layer + 'static>(route: &Route, stream: S) -> Result<Stream, Error> {
    let failed = |source: WebSocketError| {
        #[cfg(feature = "tls")]
        if let Some(said) = source.tls() {
            return Error::Tls {
                address: route.place(),
                source: said.clone(),
            };
        }
        Error::WebSocket {
            address: route.place(),
            source: Arc::new(source),
        }
    };
    let request = route.websocket.request(&route.url()).map_err(failed)?;
    let stream = Upgraded {
        inner: stream,
        head: ResponseHead::default(),
    };
    match client_with_config(request, stream, Some(WebSocket::config())) {
        Ok((inner, _)) => Ok(Stream::new(Framed {
            inner,
            decoder: FrameDecoder::default(),
            owes_pong: false,
            again: None,
        })),
        Err(HandshakeError::Failure(error)) => Err(failed(WebSocketError::of(error))),
        Err(HandshakeError::Interrupted(_)) => {
            Err(failed(WebSocketError::Io(ErrorKind::TimedOut.into())))
        }
    }
}

fn io_error(error: tungstenite::Error) -> io::Error {
    match error {
        tungstenite::Error::Io(error) => error,
        error => io::Error::new(ErrorKind::InvalidData, error),
    }
}

impl<S: Layer> Framed<S> {
    /// Answers a ping as far as it can be written now; the library holds the rest.
    fn pong(&mut self) -> io::Result<()> {
        if let Some(ping) = self.decoder.take_ping() {
            self.owes_pong = true;
            match self.inner.write(Message::Pong(ping)) {
                Err(tungstenite::Error::Io(error)) if is_pause(error.kind()) => {}
                framed => framed.map_err(io_error)?,
            }
        }
        match self.flush_pong() {
            Err(error) if is_pause(error.kind()) => Ok(()),
            flushed => flushed,
        }
    }

    fn flush_pong(&mut self) -> io::Result<()> {
        if self.owes_pong {
            self.inner.flush().map_err(io_error)?;
            self.owes_pong = false;
        }
        Ok(())
    }
}

impl<S: Layer> Read for Framed<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        for _ in 0..READS {
            self.pong()?;
            if self.decoder.is_closed()? {
                return Ok(0);
            }
            let n = self.inner.get_mut().read(buffer)?;
            if n == 0 {
                return Ok(0);
            }
            let payload = self.decoder.decode(&mut buffer[..n]);
            if payload > 0 {
                return Ok(payload);
            }
        }
        Err(ErrorKind::WouldBlock.into())
    }
}

impl<S: Layer> Write for Framed<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.is_empty() {
            return Ok(0);
        }
        let n = match self.again {
            Some(n) => n,
            None => {
                self.flush_pong()?;
                let n = bytes.len().min(WebSocket::MAX_WRITE);
                for payload in bytes[..n].chunks(WebSocket::MAX_FRAME) {
                    // What it could not write it holds, and writes when it is flushed.
                    match self.inner.write(Message::binary(payload.to_vec())) {
                        Err(tungstenite::Error::Io(error)) if is_pause(error.kind()) => {}
                        framed => framed.map_err(io_error)?,
                    }
                }
                self.again = Some(n);
                n
            }
        };
        self.inner.flush().map_err(io_error)?;
        self.again = None;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush().map_err(io_error)
    }
}

impl<S: Layer> Layer for Framed<S> {
    fn socket(&mut self) -> &mut Socket {
        self.inner.get_mut().inner.socket()
    }

    fn take_underway(&mut self) -> bool {
        self.inner.get_mut().inner.take_underway()
    }

    /// Says nothing: the broker closes behind DISCONNECT, and RabbitMQ was seen to publish the will
    /// where a closing frame came at once.
    fn finish(&mut self) -> io::Result<()> {
        self.inner.flush().map_err(io_error)
    }
}

impl<S: Read> Read for Upgraded<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.head.is_complete() {
            let n = self.inner.read(buffer)?;
            return Ok(self.head.take(&buffer[..n]));
        }
        let rest = self.head.take_rest(buffer.len());
        if rest.is_empty() {
            return self.inner.read(buffer);
        }
        buffer[..rest.len()].copy_from_slice(&rest);
        Ok(rest.len())
    }
}

impl<S: Write> Write for Upgraded<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
