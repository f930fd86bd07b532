//! Calls of the application's functions with the packets and bytes that are sent and received.
use motemq_client::{Direction, TracedPacket, Tracer};
use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

type LookAtPacket = dyn FnMut(Direction, &TracedPacket<'_>) + Send;
type LookAtBytes = dyn FnMut(u64, Direction, &[u8]) + Send;

/// The functions of `Options::trace` and `Options::trace_bytes`. Clients that are made from clones
/// of the same options share them.
#[derive(Clone, Default)]
pub struct Hook {
    packets: Option<Arc<Mutex<LookAtPacket>>>,
    bytes: Option<Arc<Mutex<Bytes>>>,
}

struct Bytes {
    look: Box<LookAtBytes>,
    /// The number of connections that have begun.
    connections: u64,
}

impl Hook {
    /// Sets the function that is called with each packet.
    pub fn on_packets(&mut self, look: impl FnMut(Direction, &TracedPacket<'_>) + Send + 'static) {
        self.packets = Some(Arc::new(Mutex::new(look)));
    }

    /// Sets the function that is called with the number of the connection, counted from 1, and the
    /// bytes that are sent or received.
    pub fn on_bytes(&mut self, look: impl FnMut(u64, Direction, &[u8]) + Send + 'static) {
        let look = Box::new(look);
        let connections = 0;
        self.bytes = Some(Arc::new(Mutex::new(Bytes { look, connections })));
    }
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hook")
    }
}

/// Calls the functions of a [`Hook`] with the packets and bytes of one connection.
#[derive(Debug)]
pub struct Trace {
    tracer: Tracer,
    hook: Hook,
    connection: u64,
}

impl Trace {
    /// Begins a new connection, and increases the number of connections.
    pub fn new(hook: Hook) -> Self {
        let mut connection = 0;
        if let Some(bytes) = &hook.bytes {
            let mut bytes = bytes.lock().unwrap_or_else(PoisonError::into_inner);
            bytes.connections += 1;
            connection = bytes.connections;
        }
        let tracer = Tracer::new();
        Trace {
            tracer,
            hook,
            connection,
        }
    }

    /// Passes the first `n` bytes of these chunks to the functions, as [`pass`](Self::pass) does.
    pub fn pass_chunks<'c>(
        &mut self,
        direction: Direction,
        chunks: impl Iterator<Item = &'c [u8]>,
        mut n: usize,
    ) {
        for chunk in chunks {
            let passed = chunk.get(..n).unwrap_or(chunk);
            n -= passed.len();
            self.pass(direction, passed);
        }
    }

    /// Passes these bytes to the function for bytes, and each packet that they complete to the
    /// function for packets.
    pub fn pass(&mut self, direction: Direction, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        if let Some(hook) = &self.hook.bytes {
            let mut hook = hook.lock().unwrap_or_else(PoisonError::into_inner);
            (hook.look)(self.connection, direction, bytes);
        }
        if let Some(hook) = &self.hook.packets {
            self.tracer.pass(direction, bytes, |packet| {
                let mut look = hook.lock().unwrap_or_else(PoisonError::into_inner);
                look(direction, packet);
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_shown_as_they_are_and_connections_are_counted() {
        let shown = Arc::new(Mutex::new(Vec::new()));
        let mut hook = Hook::default();
        let own = shown.clone();
        hook.on_bytes(move |connection, direction, bytes| {
            let line = format!("{connection} {direction:?} {bytes:?}");
            own.lock().unwrap().push(line);
        });
        let own = shown.clone();
        hook.on_packets(move |direction, packet| {
            own.lock()
                .unwrap()
                .push(format!("{direction:?} {packet:?}"));
        });
        let mut first = Trace::new(hook.clone());
        first.pass(Direction::Out, b"\xc0");
        first.pass_chunks(Direction::Out, [&b"\0\xc0"[..], b"\0"].into_iter(), 1);
        Trace::new(hook).pass(Direction::In, b"\xff");
        let wanted = [
            "1 Out [192]",
            "1 Out [0]",
            "Out Mqtt311(PingReq)",
            "2 In [255]",
        ];
        // A chunk of which nothing was written is not shown.
        assert_eq!(*shown.lock().unwrap(), wanted);
    }
}
