//! The packets that pass, shown to the application.
use motemq::packet::Packet;
use motemq_client::{Direction, Tracer};
use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

type Look = dyn FnMut(Direction, &Packet<'_>) + Send;

/// A function that is called with every packet of one or more clients.
#[derive(Clone)]
pub struct Hook(Arc<Mutex<Look>>);

impl Hook {
    /// Calls this function.
    pub fn new(look: impl FnMut(Direction, &Packet<'_>) + Send + 'static) -> Self {
        Hook(Arc::new(Mutex::new(look)))
    }
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hook")
    }
}

/// Shows the packets of one connection.
#[derive(Debug)]
pub struct Trace {
    tracer: Tracer,
    hook: Hook,
}

impl Trace {
    /// Shows packets to this hook.
    pub fn new(hook: Hook) -> Self {
        let tracer = Tracer::new();
        Trace { tracer, hook }
    }

    /// Shows the packets that are complete with the first `n` bytes of these pieces.
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

    /// Shows the packets that are complete with these bytes.
    pub fn pass(&mut self, direction: Direction, bytes: &[u8]) {
        self.tracer.pass(direction, bytes, |packet| {
            let mut look = self.hook.0.lock().unwrap_or_else(PoisonError::into_inner);
            look(direction, packet);
        });
    }
}
