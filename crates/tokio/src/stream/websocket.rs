//! A WebSocket over another stream: bytes in binary frames, cut anywhere.
use super::Layer;
use bytes::{Buf, Bytes};
use futures_core::Stream as _;
use futures_sink::Sink;
use motemq_net::{
    Route, WebSocket, WebSocketError,
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
    inner: WebSocketStream<S>,
    /// What has come and was not read yet.
    rest: Bytes,
}

/// Asks for a WebSocket over a stream.
pub async fn open<S: Layer>(route: &Route, stream: S) -> io::Result<Framed<S>> {
    let request = route
        .websocket
        .request(&route.url())
        .map_err(io::Error::other)?;
    match client_async_with_config(request, stream, Some(WebSocket::config())).await {
        Ok((inner, _)) => Ok(Framed {
            inner,
            rest: Bytes::new(),
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

impl<S: Layer> AsyncRead for Framed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.rest.is_empty() {
            match ready!(Pin::new(&mut self.inner).poll_next(cx)) {
                Some(Ok(Message::Binary(bytes))) => self.rest = bytes,
                Some(Ok(Message::Text(_))) => {
                    return Poll::Ready(Err(io::Error::new(
                        ErrorKind::InvalidData,
                        "the broker sends text, not MQTT",
                    )));
                }
                // Answered by the library.
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(
                    Ok(Message::Close(_)) | Err(Error::ConnectionClosed | Error::AlreadyClosed),
                )
                | None => return Poll::Ready(Ok(())),
                Some(Err(error)) => return Poll::Ready(Err(io_error(error))),
            }
        }
        let n = self.rest.len().min(buffer.remaining());
        buffer.put_slice(&self.rest[..n]);
        self.rest.advance(n);
        Poll::Ready(Ok(()))
    }
}

impl<S: Layer> AsyncWrite for Framed<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(Pin::new(&mut self.inner).poll_ready(cx)).map_err(io_error)?;
        Pin::new(&mut self.inner)
            .start_send(Message::binary(bytes.to_vec()))
            .map_err(io_error)?;
        Poll::Ready(Ok(bytes.len()))
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
