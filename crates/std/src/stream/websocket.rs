//! A WebSocket over another stream: bytes in binary frames, cut anywhere.
use super::{Layer, Stream};
use crate::{Error, engine::is_pause, socket::Socket};
use motemq_net::{
    Route, WebSocket, WebSocketError,
    tungstenite::{self, Bytes, HandshakeError, Message, client::client_with_config},
};
use std::{
    io::{self, ErrorKind, Read, Write},
    sync::Arc,
};

struct Framed<S> {
    inner: tungstenite::WebSocket<S>,
    /// What has come and was not read yet.
    rest: Bytes,
    /// So many bytes were framed, and are not all written. They are to be given again.
    again: Option<usize>,
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
    match client_with_config(request, stream, Some(WebSocket::config())) {
        Ok((inner, _)) => Ok(Stream(Box::new(Framed {
            inner,
            rest: Bytes::new(),
            again: None,
        }))),
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

impl<S: Layer> Read for Framed<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.rest.is_empty() {
            match self.inner.read() {
                Ok(Message::Binary(bytes)) => self.rest = bytes,
                Ok(Message::Text(_)) => {
                    return Err(io::Error::new(
                        ErrorKind::InvalidData,
                        "the broker sends text, not MQTT",
                    ));
                }
                Ok(Message::Close(_)) => return Ok(0),
                // Answered by the library, with the next read.
                Ok(_) => {}
                Err(tungstenite::Error::ConnectionClosed | tungstenite::Error::AlreadyClosed) => {
                    return Ok(0);
                }
                Err(error) => return Err(io_error(error)),
            }
        }
        let n = self.rest.len().min(buffer.len());
        buffer[..n].copy_from_slice(&self.rest.split_to(n));
        Ok(n)
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
                let framed = self.inner.write(Message::binary(bytes.to_vec()));
                // What it could not write it holds, and writes when it is flushed.
                match framed {
                    Err(tungstenite::Error::Io(error)) if is_pause(error.kind()) => {}
                    framed => framed.map_err(io_error)?,
                }
                self.again = Some(bytes.len());
                bytes.len()
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
        self.inner.get_mut().socket()
    }

    /// Says nothing: the broker closes behind DISCONNECT, and RabbitMQ was seen to publish the will
    /// where a closing frame came at once.
    fn finish(&mut self) -> io::Result<()> {
        self.inner.flush().map_err(io_error)
    }
}
