//! TLS over TCP.
use super::{Layer, noted::Noted};
use motemq_net::{Heard, Route, TlsError};
use std::{
    io::{self, ErrorKind},
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_native_tls::{TlsConnector, TlsStream};

pub struct Secured {
    inner: TlsStream<Noted>,
    has_identity: bool,
    /// So many bytes were encrypted and could not be written. They are to be given again, and no
    /// more: SChannel would count those as written, too.
    again: Option<usize>,
}

/// A record of TLS holds no more.
const RECORD: usize = 16 << 10;

pub async fn open(route: &Route, stream: TcpStream) -> Result<Secured, TlsError> {
    let connector = TlsConnector::from(route.tls.connector()?);
    let heard = Heard::default();
    let stream = Noted::new(stream, heard.clone());
    let connected = connector.connect(route.tls.name(&route.host), stream).await;
    let mut inner = connected.map_err(|error| route.tls.failed(&error, &heard))?;
    inner.get_mut().get_mut().get_mut().heard = None;
    Ok(Secured {
        inner,
        has_identity: route.tls.has_identity(),
        again: None,
    })
}

impl Layer for Secured {
    fn take_underway(&mut self) -> bool {
        self.inner.get_mut().get_mut().get_mut().take_underway()
    }
}

impl AsyncRead for Secured {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match ready!(Pin::new(&mut self.inner).poll_read(cx, buffer)) {
            Err(error) if TlsError::is_bare_end(&error) => Poll::Ready(Ok(())),
            read => {
                Poll::Ready(read.map_err(|error| TlsError::explained(error, self.has_identity)))
            }
        }
    }
}

impl AsyncWrite for Secured {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let n = self.again.take().unwrap_or(RECORD).min(bytes.len());
        let Poll::Ready(written) = Pin::new(&mut self.inner).poll_write(cx, &bytes[..n]) else {
            self.again = Some(n);
            return Poll::Pending;
        };
        Poll::Ready(written.map_err(|error| {
            // Whoever hung up may have said why before.
            let hung_up = matches!(
                error.kind(),
                ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe
            );
            let mut rest = [0];
            if hung_up
                && let Poll::Ready(Err(reason)) =
                    Pin::new(&mut self.inner).poll_read(cx, &mut ReadBuf::new(&mut rest))
                && let Some(said) = TlsError::of_io(&reason, self.has_identity)
            {
                return io::Error::new(error.kind(), said);
            }
            TlsError::explained(error, self.has_identity)
        }))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
