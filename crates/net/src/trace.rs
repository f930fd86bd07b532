//! A look at the packets that pass.
use motemq::packet::{Packet, decode};
use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

/// Which way a packet goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// From the broker.
    In,
    /// To the broker.
    Out,
}

/// What is called with every packet. It may be shared by several connections.
#[derive(Clone)]
pub struct Hook(Arc<Mutex<Look>>);

type Look = dyn FnMut(Direction, &Packet<'_>) + Send;

impl Hook {
    /// Calls `look` with every packet.
    pub fn new(look: impl FnMut(Direction, &Packet<'_>) + Send + 'static) -> Self {
        Hook(Arc::new(Mutex::new(look)))
    }
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hook")
    }
}

/// Cuts the bytes of one connection into packets and shows them to a [`Hook`].
///
/// Holds each packet until it is complete: who traces a connection that carries large messages
/// needs memory for the largest. Bytes that are no packet end the trace of their direction.
///
/// ```
/// use motemq_net::{Direction, Hook, Tracer};
/// let mut tracer = Tracer::new(Hook::new(|direction, packet| println!("{direction:?} {packet:?}")));
/// tracer.pass(Direction::Out, b"\xc0");
/// tracer.pass(Direction::Out, b"\x00"); // prints: Out PingReq
/// ```
#[derive(Debug)]
pub struct Tracer {
    hook: Hook,
    held: [Option<Vec<u8>>; 2],
}

impl Tracer {
    /// For a connection that begins.
    pub fn new(hook: Hook) -> Self {
        Tracer {
            hook,
            held: [Some(Vec::new()), Some(Vec::new())],
        }
    }

    /// A new connection begins.
    pub fn restart(&mut self) {
        self.held = [Some(Vec::new()), Some(Vec::new())];
    }

    /// These bytes pass.
    pub fn pass(&mut self, direction: Direction, bytes: &[u8]) {
        let place = &mut self.held[direction as usize];
        let Some(held) = place else { return };
        held.extend_from_slice(bytes);
        let mut start = 0;
        loop {
            match decode(&held[start..]) {
                Ok(Some((packet, length))) => {
                    let mut look = self.hook.0.lock().unwrap_or_else(PoisonError::into_inner);
                    look(direction, &packet);
                    start += length;
                }
                Ok(None) => break,
                Err(_) => {
                    *place = None;
                    return;
                }
            }
        }
        held.drain(..start);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_shown_wherever_they_were_cut() {
        let bytes = b"\x30\x05\0\x01tab\xd0\0\x40\x02\0\x07";
        for cut in 0..=bytes.len() {
            let seen = Arc::new(Mutex::new(Vec::new()));
            let list = seen.clone();
            let mut tracer = Tracer::new(Hook::new(move |direction, packet| {
                list.lock()
                    .unwrap()
                    .push(format!("{direction:?} {packet:?}"))
            }));
            tracer.pass(Direction::In, &bytes[..cut]);
            tracer.pass(Direction::In, &bytes[cut..]);
            let seen = seen.lock().unwrap();
            assert_eq!(seen.len(), 3, "{seen:?}");
            assert_eq!(seen[1..], ["In PingResp", "In PubAck(7)"]);
        }
    }

    #[test]
    fn what_is_no_packet_ends_the_trace_of_its_direction() {
        let seen = Arc::new(Mutex::new(0));
        let count = seen.clone();
        let mut tracer = Tracer::new(Hook::new(move |_, _| *count.lock().unwrap() += 1));
        tracer.pass(Direction::In, b"\0\0");
        tracer.pass(Direction::In, b"\xd0\0");
        tracer.pass(Direction::Out, b"\xc0\0");
        assert_eq!(*seen.lock().unwrap(), 1);
        tracer.restart();
        tracer.pass(Direction::In, b"\xd0\0");
        assert_eq!(*seen.lock().unwrap(), 2);
    }
}
