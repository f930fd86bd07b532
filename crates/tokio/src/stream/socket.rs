//! A socket of tokio as the layers know sockets: one that says "would block".
use crate::connection::without_waiting;
use std::{
    io::{self, Read, Write},
    pin::Pin,
    task::{Context, Poll, Waker},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// A TCP socket that says "would block", and wakes the task that it was [prepared](Self::prepare)
/// for when it no longer would.
pub struct Socket {
    inner: TcpStream,
    waker: Waker,
    /// The last call would block.
    is_pending: bool,
}

impl Socket {
    pub fn new(inner: TcpStream) -> Self {
        Socket {
            inner,
            waker: Waker::noop().clone(),
            is_pending: false,
        }
    }

    /// From now on it works for the task of `cx`.
    pub fn prepare(&mut self, cx: &Context<'_>) {
        // Does nothing for the same task, as is the rule.
        self.waker.clone_from(cx.waker());
        self.is_pending = false;
    }

    /// Returns whether the last call would block: then the task will be woken.
    pub fn is_pending(&self) -> bool {
        self.is_pending
    }

    /// Tells the peer that nothing follows.
    pub fn shut_down(&mut self) -> io::Result<()> {
        self.with(|socket, cx| socket.poll_shutdown(cx))
    }

    fn with<T>(
        &mut self,
        call: impl FnOnce(Pin<&mut TcpStream>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> io::Result<T> {
        let mut cx = Context::from_waker(&self.waker);
        let done = call(Pin::new(&mut self.inner), &mut cx);
        self.is_pending = done.is_pending();
        without_waiting(done)
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut buffer = ReadBuf::new(buffer);
        self.with(|socket, cx| socket.poll_read(cx, &mut buffer))?;
        Ok(buffer.filled().len())
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.with(|socket, cx| socket.poll_write(cx, bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.with(|socket, cx| socket.poll_flush(cx))
    }
}
