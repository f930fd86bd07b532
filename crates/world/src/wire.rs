//! One transport connection, as the broker and the network see it.
use super::Trace;
use motemq_testing::{
    broker::{Broker, Connection},
    link::{End, Link},
};
use std::io::{ErrorKind, Read, Write};

/// The broker's side of a connection.
pub struct Wire {
    /// Names it.
    pub connection: Connection,
    far: End,
    /// Both sides of it.
    pub link: Link,
    /// Bytes for the link, of which it has taken so many.
    outgoing: Vec<u8>,
    taken: usize,
    /// The broker does not look at it before this step.
    pub asleep: u64,
}

impl Wire {
    /// A connection that begins.
    pub fn new(connection: Connection, far: End, link: Link) -> Self {
        Wire {
            connection,
            far,
            link,
            outgoing: Vec::new(),
            taken: 0,
            asleep: 0,
        }
    }

    /// The broker's side; `false`: it is over.
    pub fn serve(&mut self, broker: &mut Broker, now: u64, trace: &mut Trace) -> bool {
        let mut buffer = [0; 2048];
        loop {
            match self.far.read(&mut buffer) {
                Ok(0) => return false,
                Ok(n) => {
                    let bytes = buffer.get(..n).unwrap_or_default();
                    trace.add(|| {
                        format!(
                            "connection {} to the broker {bytes:02x?}",
                            self.connection.0
                        )
                    });
                    broker.received(now, self.connection, bytes);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => return false,
            }
        }
        loop {
            if self.taken == self.outgoing.len() {
                (self.outgoing, self.taken) = (broker.take(self.connection), 0);
            }
            let outgoing = &self.outgoing[self.taken..];
            if outgoing.is_empty() {
                return !broker.is_closed(self.connection);
            }
            match self.far.write(outgoing) {
                Ok(n) => {
                    let connection = self.connection.0;
                    trace.add(|| {
                        format!(
                            "connection {connection} to the client {:02x?}",
                            &outgoing[..n]
                        )
                    });
                    self.taken += n;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return true,
                // What has come is still to be read.
                Err(_) => return !broker.is_closed(self.connection),
            }
        }
    }
}
