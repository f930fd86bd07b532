//! TCP below TLS: what comes while hands are shaken is noted, and whether a record is incomplete.
use motemq_net::{Heard, Records};
use std::{
    io, mem,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

pub struct Noted {
    inner: TcpStream,
    /// Who listens to the handshake.
    pub heard: Option<Heard>,
    records: Records,
    /// Whether anything has come since it was asked last.
    has_read: bool,
}

impl Noted {
    pub fn new(inner: TcpStream, heard: Heard) -> Self {
        Noted {
            inner,
            heard: Some(heard),
            records: Records::default(),
            has_read: false,
        }
    }

    /// Returns whether anything has come since the last call that ends in the middle of a record.
    pub fn take_underway(&mut self) -> bool {
        mem::take(&mut self.has_read) && self.records.is_incomplete()
    }
}

impl AsyncRead for Noted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.inner).poll_read(cx, buffer);
        let bytes = &buffer.filled()[before..];
        if !bytes.is_empty() {
            self.has_read = true;
            self.records.pass(bytes);
            if let Some(heard) = &self.heard {
                heard.note(bytes);
            }
        }
        read
    }
}

impl AsyncWrite for Noted {
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
