//! The other end of the client's socket: passes bytes between it and a real one.
use smoltcp::socket::tcp::{Socket, State};
use std::{
    io::{ErrorKind, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
};

pub const PORT: u16 = 1883;

pub struct Gateway {
    to: SocketAddr,
    stream: Option<TcpStream>,
}

impl Gateway {
    pub fn new(to: SocketAddr) -> Self {
        Gateway { to, stream: None }
    }

    /// Passes on what there is, and how each side ends; tells whether there was anything.
    pub fn pass(&mut self, socket: &mut Socket<'_>) -> bool {
        if !socket.is_open() {
            self.stream = None;
            socket.listen(PORT).unwrap();
        }
        match socket.state() {
            State::Listen | State::SynReceived => return false,
            State::Established if self.stream.is_none() => {
                let stream = TcpStream::connect(self.to).inspect(|stream| {
                    stream.set_nonblocking(true).unwrap();
                    stream.set_nodelay(true).unwrap();
                });
                self.stream = stream.ok();
            }
            _ => {}
        }
        let Some(stream) = &mut self.stream else {
            socket.abort();
            return true;
        };
        let (mut moved, mut broken) = (false, false);
        let _ = socket.recv(|bytes| match stream.write(bytes) {
            Ok(n) => {
                moved |= n > 0;
                (n, ())
            }
            Err(error) => {
                broken |= error.kind() != ErrorKind::WouldBlock;
                (0, ())
            }
        });
        let mut over = false;
        if socket.can_send() {
            let _ = socket.send(|space| match stream.read(space) {
                Ok(n) => {
                    over = n == 0;
                    moved |= n > 0;
                    (n, ())
                }
                Err(error) => {
                    broken |= error.kind() != ErrorKind::WouldBlock;
                    (0, ())
                }
            });
        }
        if broken {
            socket.abort();
        } else if over {
            socket.close();
        } else if !socket.may_recv() {
            // It may be closed already.
            let _ = stream.shutdown(Shutdown::Write);
        }
        moved
    }
}
