//! A WebSocket over another stream: bytes in binary frames, cut anywhere.
use super::Layer;
use futures_sink::Sink;
use motemq_net::{
    FrameDecoder, ResponseHead, Route, WebSocket, WebSocketError,
    tungstenite::{Error, Message},
};
use std::{
    io::{self, ErrorKind},
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

pub struct Framed<S> {
    /// Writes frames. It has read the handshake, and reads nothing more.
    inner: WebSocketStream<Upgraded<S>>,
    decoder: FrameDecoder,
    /// A pong was framed that is perhaps not written yet.
    owes_pong: bool,
}

/// A stream that gives the library the head of the server's answer and nothing behind it.
pub struct Upgraded<S> {
    inner: S,
    head: ResponseHead,
}

/// Asks for a WebSocket over a stream.
pub async fn open<S: Layer>(route: &Route, stream: S) -> io::Result<Framed<S>> {
    let request = route
        .websocket
        .request(&route.url())
        .map_err(io::Error::other)?;
    let stream = Upgraded {
        inner: stream,
        head: ResponseHead::default(),
    };
    match client_async_with_config(request, stream, Some(WebSocket::config())).await {
        Ok((inner, _)) => Ok(Framed {
            inner,
            decoder: FrameDecoder::default(),
            owes_pong: false,
        }),
        Err(error) => Err(io::Error::other(WebSocketError::of(error))),
    }
}

fn io_error(error: Error) -> io::Error {
    match error {
        Error::Io(error) => error,
        error => io::Error::new(ErrorKind::InvalidData, error),
    }
}

impl<S: Layer> Framed<S> {
    /// Answers a ping as far as it can be written now. What cannot wakes the task later.
    fn pong(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if self.decoder.has_ping()
            && let Poll::Ready(ready) = Pin::new(&mut self.inner).poll_ready(cx)
            && let Some(ping) = self.decoder.take_ping()
        {
            ready.map_err(io_error)?;
            Pin::new(&mut self.inner)
                .start_send(Message::Pong(ping))
                .map_err(io_error)?;
            self.owes_pong = true;
        }
        if self.owes_pong
            && let Poll::Ready(flushed) = Pin::new(&mut self.inner).poll_flush(cx)
        {
            flushed.map_err(io_error)?;
            self.owes_pong = false;
        }
        Ok(())
    }
}

impl<S: Layer> Layer for Framed<S> {
    fn take_underway(&mut self) -> bool {
        self.inner.get_mut().inner.take_underway()
    }
}

impl<S: Layer> AsyncRead for Framed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        loop {
            self.pong(cx)?;
            if self.decoder.is_closed()? {
                return Poll::Ready(Ok(()));
            }
            ready!(Pin::new(self.inner.get_mut()).poll_read(cx, buffer))?;
            if buffer.filled().len() == before {
                return Poll::Ready(Ok(()));
            }
            let payload = self.decoder.decode(&mut buffer.filled_mut()[before..]);
            buffer.set_filled(before + payload);
            if payload > 0 {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl<S: Layer> AsyncWrite for Framed<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(Pin::new(&mut self.inner).poll_ready(cx)).map_err(io_error)?;
        let n = bytes.len().min(WebSocket::MAX_FRAME);
        Pin::new(&mut self.inner)
            .start_send(Message::binary(bytes[..n].to_vec()))
            .map_err(io_error)?;
        Poll::Ready(Ok(n))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx).map_err(io_error)
    }

    /// Says nothing: the broker closes behind DISCONNECT, and RabbitMQ was seen to publish the will
    /// where a closing frame came at once.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Upgraded<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        if !self.head.is_complete() {
            ready!(Pin::new(&mut self.inner).poll_read(cx, buffer))?;
            let n = self.head.take(&buffer.filled()[before..]);
            buffer.set_filled(before + n);
            return Poll::Ready(Ok(()));
        }
        let rest = self.head.take_rest(buffer.remaining());
        if rest.is_empty() {
            return Pin::new(&mut self.inner).poll_read(cx, buffer);
        }
        buffer.put_slice(&rest);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Upgraded<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
