//! The packets that pass, for people who look for a fault.
use alloc::vec::Vec;
use core::fmt;
use motemq::{
    Version,
    packet::{self, v5},
};

/// The direction of a packet.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Direction {
    /// From the broker to the client.
    In,
    /// From the client to the broker.
    Out,
}

/// A packet that is traced, of MQTT 3.1.1 or of MQTT 5.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TracedPacket<'a> {
    /// A packet of MQTT 3.1.1.
    Mqtt311(packet::Packet<'a>),
    /// A packet of MQTT 5.
    Mqtt5(v5::Packet<'a>),
}

impl fmt::Display for TracedPacket<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TracedPacket::Mqtt311(packet) => packet.fmt(f),
            TracedPacket::Mqtt5(packet) => packet.fmt(f),
        }
    }
}

/// More memory than this is given back when the packet that needed it is complete.
const LITTLE: usize = 64 << 10;

/// Splits the bytes of one connection into packets, for logs.
///
/// The driver passes it the bytes that it reads and writes. A tracer keeps the bytes of a packet
/// until it is complete, so it needs memory for the largest packet. It takes the version of MQTT
/// from CONNECT, with which the connection begins. Bytes that are not a packet end the trace of
/// their direction.
///
/// # Examples
/// ```
/// use motemq_client::{Direction, Tracer};
/// let mut tracer = Tracer::new();
/// let mut shown = Vec::new();
/// for bytes in [b"\xc0", b"\x00"] {
///     tracer.pass(Direction::Out, bytes, |packet| shown.push(format!("{packet:?}")));
/// }
/// assert_eq!(shown, ["Mqtt311(PingReq)"]);
/// ```
#[derive(Clone, Hash, Debug, Default)]
pub struct Tracer {
    incoming: Half,
    outgoing: Half,
    /// `None` before CONNECT.
    version: Option<Version>,
}

/// One direction.
#[derive(Clone, Hash, Debug, Default)]
struct Half {
    held: Vec<u8>,
    has_ended: bool,
}

impl Tracer {
    /// Makes a tracer for a new connection.
    pub const fn new() -> Self {
        const HALF: Half = Half {
            held: Vec::new(),
            has_ended: false,
        };
        Tracer {
            incoming: HALF,
            outgoing: HALF,
            version: None,
        }
    }

    /// Calls `show` with each packet that these bytes complete. The packets contain payloads and
    /// passwords.
    pub fn pass(
        &mut self,
        direction: Direction,
        bytes: &[u8],
        show: impl FnMut(&TracedPacket<'_>),
    ) {
        match direction {
            Direction::In => self.incoming.pass(bytes, &mut self.version, show),
            Direction::Out => self.outgoing.pass(bytes, &mut self.version, show),
        }
    }
}

impl Half {
    fn pass(
        &mut self,
        bytes: &[u8],
        version: &mut Option<Version>,
        mut show: impl FnMut(&TracedPacket<'_>),
    ) {
        if self.has_ended {
            return;
        }
        self.held.extend_from_slice(bytes);
        let mut rest = &self.held[..];
        loop {
            match decode(version, rest) {
                Ok(Some((packet, length))) => {
                    show(&packet);
                    rest = rest.get(length..).unwrap_or_default();
                }
                Ok(None) => break,
                Err(NoPacket) => {
                    self.has_ended = true;
                    self.held = Vec::new();
                    return;
                }
            }
        }
        let passed = self.held.len() - rest.len();
        self.held.drain(..passed);
        if self.held.is_empty() && self.held.capacity() > LITTLE {
            self.held = Vec::new();
        }
    }
}

struct NoPacket;

type Decoded<'a> = Result<Option<(TracedPacket<'a>, usize)>, NoPacket>;

/// Decodes a packet. The first one decides the version: no version reads the CONNECT of the other.
fn decode<'a>(version: &mut Option<Version>, bytes: &'a [u8]) -> Decoded<'a> {
    let decoded = match version {
        Some(Version::Mqtt5) => decode_5(bytes),
        Some(_) => decode_311(bytes),
        None => decode_311(bytes).or_else(|NoPacket| decode_5(bytes)),
    };
    if let Ok(Some((packet, _))) = &decoded {
        *version = Some(match packet {
            TracedPacket::Mqtt311(_) => Version::Mqtt311,
            TracedPacket::Mqtt5(_) => Version::Mqtt5,
        });
    }
    decoded
}

fn decode_311(bytes: &[u8]) -> Decoded<'_> {
    let decoded = packet::decode(bytes).map_err(|_| NoPacket)?;
    Ok(decoded.map(|(packet, length)| (TracedPacket::Mqtt311(packet), length)))
}

fn decode_5(bytes: &[u8]) -> Decoded<'_> {
    let decoded = v5::decode(bytes).map_err(|_| NoPacket)?;
    Ok(decoded.map(|(packet, length)| (TracedPacket::Mqtt5(packet), length)))
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
            assert_eq!(shown[1..], ["Mqtt311(PingResp)", "Mqtt311(PubAck(7))"]);
        }
    }

    #[test]
    fn connect_decides_the_version() {
        let connect = b"\x10\x0e\0\x04MQTT\x05\x02\0\x3c\0\0\x01a";
        for cut in 0..=connect.len() {
            let mut shown = Vec::new();
            let mut tracer = Tracer::new();
            let mut pass = |direction, bytes: &[u8]| {
                tracer.pass(direction, bytes, |packet| shown.push(format!("{packet}")));
            };
            pass(Direction::Out, &connect[..cut]);
            pass(Direction::Out, &connect[cut..]);
            pass(Direction::In, b"\x20\x06\0\0\x03\x21\0\x14");
            pass(Direction::In, b"\x40\x04\0\x07\x10\0");
            pass(Direction::Out, b"\xe0\x02\x04\0");
            let begins: Vec<_> = shown
                .iter()
                .map(|line| line.split([' ', ',', ':']).next())
                .collect();
            assert_eq!(
                begins,
                ["CONNECT", "CONNACK", "PUBACK", "DISCONNECT"].map(Some)
            );
        }
    }

    #[test]
    fn memory_of_a_long_packet_is_given_back() {
        let mut half = Half::default();
        let payload = [b'x'; 100_000 - 3];
        let publish = [&b"\x30\xa0\x8d\x06\0\x01t"[..], &payload].concat();
        let (first, last) = publish.split_at(90_000);
        let mut count = 0;
        half.pass(first, &mut Some(Version::Mqtt311), |_| count += 1);
        assert_eq!((count, half.held.len()), (0, 90_000));
        half.pass(last, &mut Some(Version::Mqtt311), |_| count += 1);
        assert_eq!((count, half.held.capacity()), (1, 0));
    }

    #[test]
    fn memory_of_a_shorter_packet_is_kept() {
        let mut half = Half::default();
        let publish = [&b"\x30\xfc\xff\x03\0\x01t"[..], &[b'x'; LITTLE - 7]].concat();
        let mut count = 0;
        half.pass(&publish, &mut Some(Version::Mqtt311), |_| count += 1);
        assert_eq!((count, half.held.capacity()), (1, LITTLE));
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
