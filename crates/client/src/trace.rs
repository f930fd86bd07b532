//! The packets that pass, for people who look for a fault.
use alloc::vec::Vec;
use motemq::packet::{Packet, decode};

/// The direction in which a packet passes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Direction {
    /// From the broker.
    In,
    /// To the broker.
    Out,
}

/// Cuts the bytes of one connection into packets.
///
/// The driver passes it the bytes that it reads and writes. It holds each packet until it is
/// complete, so a connection that carries large messages needs memory for the largest. Bytes that
/// are no packet end the trace of their direction.
///
/// ```
/// use motemq_client::{Direction, Tracer};
/// let mut tracer = Tracer::new();
/// let mut shown = Vec::new();
/// for bytes in [b"\xc0", b"\x00"] {
///     tracer.pass(Direction::Out, bytes, |packet| shown.push(format!("{packet:?}")));
/// }
/// assert_eq!(shown, ["PingReq"]);
/// ```
#[derive(Clone, Hash, Debug, Default)]
pub struct Tracer {
    incoming: Half,
    outgoing: Half,
}

/// One direction.
#[derive(Clone, Hash, Debug, Default)]
struct Half {
    held: Vec<u8>,
    has_ended: bool,
}

impl Tracer {
    /// Makes a tracer for a connection that begins.
    pub const fn new() -> Self {
        const HALF: Half = Half {
            held: Vec::new(),
            has_ended: false,
        };
        Tracer {
            incoming: HALF,
            outgoing: HALF,
        }
    }

    /// Calls `show` with each packet that these bytes complete. It shows payloads and passwords,
    /// too.
    pub fn pass(&mut self, direction: Direction, bytes: &[u8], show: impl FnMut(&Packet<'_>)) {
        match direction {
            Direction::In => self.incoming.pass(bytes, show),
            Direction::Out => self.outgoing.pass(bytes, show),
        }
    }
}

impl Half {
    fn pass(&mut self, bytes: &[u8], mut show: impl FnMut(&Packet<'_>)) {
        if self.has_ended {
            return;
        }
        self.held.extend_from_slice(bytes);
        let mut rest = &self.held[..];
        loop {
            match decode(rest) {
                Ok(Some((packet, length))) => {
                    show(&packet);
                    rest = rest.get(length..).unwrap_or_default();
                }
                Ok(None) => break,
                Err(_) => {
                    self.has_ended = true;
                    self.held = Vec::new();
                    return;
                }
            }
        }
        let passed = self.held.len() - rest.len();
        self.held.drain(..passed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn packets_are_shown_wherever_they_were_cut() {
        let bytes = b"\x30\x05\0\x01tab\xd0\0\x40\x02\0\x07";
        for cut in 0..=bytes.len() {
            let mut shown = Vec::new();
            let mut tracer = Tracer::new();
            for piece in [&bytes[..cut], &bytes[cut..]] {
                tracer.pass(Direction::In, piece, |packet| {
                    shown.push(format!("{packet:?}"));
                });
            }
            assert_eq!(shown.len(), 3, "{shown:?}");
            assert_eq!(shown[1..], ["PingResp", "PubAck(7)"]);
        }
    }

    #[test]
    fn bytes_that_are_no_packet_end_the_trace_of_their_direction() {
        let mut tracer = Tracer::new();
        let mut count = 0;
        tracer.pass(Direction::In, b"\0\0", |_| count += 1);
        tracer.pass(Direction::In, b"\xd0\0", |_| count += 1);
        tracer.pass(Direction::Out, b"\xc0\0", |_| count += 1);
        assert_eq!(count, 1);
    }
}
