//! TCP that notes whether anything has come, and what while hands are shaken.
#[cfg(feature = "tls")]
use motemq_net::Heard;
use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// Below layers that give only what is whole.
pub struct Noted {
    inner: TcpStream,
    stirs: Stirs,
    /// Who listens to the handshake.
    #[cfg(feature = "tls")]
    pub heard: Option<Heard>,
}

/// Whether anything has come since it was asked last.
#[derive(Clone, Default)]
pub struct Stirs(Arc<AtomicBool>);

impl Stirs {
    pub fn take(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }

    pub fn over(&self, stream: TcpStream) -> Noted {
        Noted {
            inner: stream,
            stirs: self.clone(),
            #[cfg(feature = "tls")]
            heard: None,
        }
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
        if buffer.filled().len() > before {
            self.stirs.0.store(true, Ordering::Relaxed);
            #[cfg(feature = "tls")]
            if let Some(heard) = &self.heard {
                heard.note(&buffer.filled()[before..]);
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
