//! A WebSocket over a stream that may block or not: bytes in binary frames, cut anywhere.
use super::{WebSocketError, decoder::FrameDecoder, response_head::ResponseHead};
use crate::{Progress, Route, is_pause};
use std::io::{self, ErrorKind, Read, Write};
use tungstenite::{
    ClientHandshake, Error, HandshakeError, Message, WebSocket, client::client_with_config,
    handshake::MidHandshake, http::Request, protocol::WebSocketConfig,
};

/// Reads without a byte of payload before others get their turn: a peer that sends control frames
/// without an end does not keep a call from its time limit.
const MAX_READS: usize = 32;
/// Length of the longest payload of a frame that is sent. Servers limit it, many to 65,536 bytes
/// (Netty: ActiveMQ Artemis, Moquette), and close the connection when a frame is longer. A packet
/// may be cut across frames [MQTT-6.0.0-2].
const MAX_FRAME: usize = 16 << 10;
/// Number of bytes that are put into frames before the frames are written.
const MAX_WRITE: usize = 64 << 10;

/// A request for a WebSocket whose answer is not complete.
pub enum Handshake<S: Read + Write> {
    New(Box<Request<()>>, S),
    Waiting(Box<MidHandshake<ClientHandshake<Upgraded<S>>>>),
}

/// A WebSocket.
///
/// When a write fails with `WouldBlock` or `TimedOut` its bytes are framed, and a part of them is
/// perhaps on its way: the next write has to begin with the same bytes.
pub struct Framed<S> {
    /// Writes frames. It has read the handshake, and reads nothing more.
    inner: WebSocket<Upgraded<S>>,
    decoder: FrameDecoder,
    /// A pong was framed that is perhaps not written yet.
    has_pong: bool,
    /// Number of bytes that are framed and not all written. They are given again.
    unwritten: Option<usize>,
}

/// A stream that gives the library the head of the server's answer and nothing behind it.
pub struct Upgraded<S> {
    inner: S,
    head: ResponseHead,
}

impl<S: Read + Write> Handshake<S> {
    /// Prepares the request over this stream.
    ///
    /// # Errors
    /// [`Setting`](WebSocketError::Setting).
    pub fn new(route: &Route, stream: S) -> Result<Self, WebSocketError> {
        let request = route.websocket.request(&route.url())?;
        Ok(Handshake::New(Box::new(request), stream))
    }

    /// Goes on as far as the stream lets it.
    ///
    /// # Errors
    /// See [`WebSocketError`].
    pub fn advance(self) -> Result<Progress<Framed<S>, Self>, WebSocketError> {
        let advanced = match self {
            Handshake::New(request, inner) => {
                let stream = Upgraded {
                    inner,
                    head: ResponseHead::default(),
                };
                // Frames that wait to be written: those of one write, and as much again of pongs to
                // a server that does not read them.
                let config = WebSocketConfig::default()
                    .read_buffer_size(0)
                    .write_buffer_size(MAX_WRITE)
                    .max_write_buffer_size(2 * MAX_WRITE);
                client_with_config(*request, stream, Some(config))
            }
            Handshake::Waiting(handshake) => handshake.handshake(),
        };
        match advanced {
            Ok((inner, _)) => Ok(Progress::Done(Framed {
                inner,
                decoder: FrameDecoder::default(),
                has_pong: false,
                unwritten: None,
            })),
            Err(HandshakeError::Interrupted(handshake)) => {
                Ok(Progress::Waiting(Handshake::Waiting(Box::new(handshake))))
            }
            Err(HandshakeError::Failure(error)) => Err(WebSocketError::of(error)),
        }
    }

    pub fn get_mut(&mut self) -> &mut S {
        match self {
            Handshake::New(_, stream) => stream,
            Handshake::Waiting(handshake) => &mut handshake.get_mut().get_mut().inner,
        }
    }
}

impl<S: Read + Write> Framed<S> {
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner.get_mut().inner
    }

    /// Answers a ping as far as it can be written now; the library holds the rest.
    fn answer_ping(&mut self) -> io::Result<()> {
        if let Some(ping) = self.decoder.take_ping() {
            self.has_pong = true;
            unless_paused(self.inner.write(Message::Pong(ping)).map_err(io_error))?;
        }
        unless_paused(self.flush_pong())
    }

    fn flush_pong(&mut self) -> io::Result<()> {
        if self.has_pong {
            self.flush()?;
            self.has_pong = false;
        }
        Ok(())
    }
}

fn io_error(error: Error) -> io::Error {
    match error {
        Error::Io(error) => error,
        error => io::Error::new(ErrorKind::InvalidData, error),
    }
}

fn unless_paused(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if is_pause(error.kind()) => Ok(()),
        done => done,
    }
}

impl<S: Read + Write> Read for Framed<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        for _ in 0..MAX_READS {
            self.answer_ping()?;
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

impl<S: Read + Write> Write for Framed<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.is_empty() {
            return Ok(0);
        }
        let n = match self.unwritten {
            Some(n) => n,
            None => {
                self.flush_pong()?;
                let n = bytes.len().min(MAX_WRITE);
                for payload in bytes[..n].chunks(MAX_FRAME) {
                    // The library holds what it could not write, and writes it when it is flushed.
                    let framed = self.inner.write(Message::binary(payload.to_vec()));
                    unless_paused(framed.map_err(io_error))?;
                }
                self.unwritten = Some(n);
                n
            }
        };
        self.flush()?;
        self.unwritten = None;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
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
