//! Builders for packets, so that a dialogue reads like the standard:
//! `publish("t").qos1(2).dup().payload(b"hi")`. The bytes are put together by hand, independently
//! of the encoder under test.

/// A packet of either direction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Packet {
    first_byte: u8,
    /// The part of the variable header before the packet identifier: the topic name of PUBLISH.
    topic: Vec<u8>,
    id: Option<u16>,
    /// Everything behind the packet identifier.
    rest: Vec<u8>,
    /// The number of bytes that the remaining length counts and that are not part of the packet.
    remaining: usize,
}

impl Packet {
    fn new(first_byte: u8, id: Option<u16>, rest: &[u8]) -> Self {
        Packet {
            first_byte,
            topic: Vec::new(),
            id,
            rest: rest.to_vec(),
            remaining: 0,
        }
    }

    #[track_caller]
    fn has_type(&self, packet_type: u8) {
        assert_eq!(
            self.first_byte >> 4,
            packet_type,
            "not for this type of packet: {self:?}"
        );
    }

    /// Sets QoS 1 and the packet identifier of a PUBLISH.
    #[track_caller]
    pub fn qos1(self, id: u16) -> Self {
        self.qos(1, id)
    }

    /// Sets QoS 2 and the packet identifier of a PUBLISH.
    #[track_caller]
    pub fn qos2(self, id: u16) -> Self {
        self.qos(2, id)
    }

    #[track_caller]
    fn qos(mut self, qos: u8, id: u16) -> Self {
        self.has_type(3);
        self.first_byte = self.first_byte & !0b0110 | qos << 1;
        self.id = Some(id);
        self
    }

    /// Sets the DUP flag of a PUBLISH.
    #[track_caller]
    pub fn dup(mut self) -> Self {
        self.has_type(3);
        self.first_byte |= 0b1000;
        self
    }

    /// Sets the RETAIN flag of a PUBLISH.
    #[track_caller]
    pub fn retain(mut self) -> Self {
        self.has_type(3);
        self.first_byte |= 0b0001;
        self
    }

    /// Sets the payload of a PUBLISH, or the part of it that is sent with the header.
    #[track_caller]
    pub fn payload(mut self, payload: &[u8]) -> Self {
        self.has_type(3);
        self.rest = payload.to_vec();
        self
    }

    /// Announces this many bytes of payload that follow in pieces.
    #[track_caller]
    pub fn remaining(mut self, remaining: usize) -> Self {
        self.has_type(3);
        self.remaining = remaining;
        self
    }

    /// Clears the Clean Session flag of a CONNECT.
    #[track_caller]
    pub fn keep_session(mut self) -> Self {
        self.has_type(1);
        self.rest[7] &= !2;
        self
    }

    /// Sets the Keep Alive of a CONNECT in seconds.
    #[track_caller]
    pub fn keep_alive(mut self, seconds: u16) -> Self {
        self.has_type(1);
        self.rest[8..10].copy_from_slice(&seconds.to_be_bytes());
        self
    }

    /// Sets the Session Present flag of a CONNACK.
    #[track_caller]
    pub fn session_present(mut self) -> Self {
        self.has_type(2);
        self.rest[0] = 1;
        self
    }

    /// Sets the return code of a CONNACK.
    #[track_caller]
    pub fn code(mut self, code: u8) -> Self {
        self.has_type(2);
        self.rest[1] = code;
        self
    }
}

/// CONNECT of a clean session with a client identifier, without keep alive, will and login.
pub fn connect(client_id: &str) -> Packet {
    let rest = [b"\0\x04MQTT\x04\x02\0\0", &field(client_id)[..]].concat();
    Packet::new(0x10, None, &rest)
}

/// CONNACK that accepts the connection, without a session.
pub fn connack() -> Packet {
    Packet::new(0x20, None, &[0, 0])
}

/// PUBLISH with QoS 0 and without a payload.
pub fn publish(topic: &str) -> Packet {
    Packet {
        topic: field(topic),
        ..Packet::new(0x30, None, b"")
    }
}

/// PUBACK.
pub fn puback(id: u16) -> Packet {
    Packet::new(0x40, Some(id), b"")
}

/// PUBREC.
pub fn pubrec(id: u16) -> Packet {
    Packet::new(0x50, Some(id), b"")
}

/// PUBREL.
pub fn pubrel(id: u16) -> Packet {
    Packet::new(0x62, Some(id), b"")
}

/// PUBCOMP.
pub fn pubcomp(id: u16) -> Packet {
    Packet::new(0x70, Some(id), b"")
}

/// SUBSCRIBE with topic filters and their maximum QoS.
pub fn subscribe(id: u16, filters: &[(&str, u8)]) -> Packet {
    let rest: Vec<u8> = filters
        .iter()
        .flat_map(|&(filter, qos)| [field(filter), vec![qos]].concat())
        .collect();
    Packet::new(0x82, Some(id), &rest)
}

/// SUBACK with a return code for each topic filter.
pub fn suback(id: u16, codes: &[u8]) -> Packet {
    Packet::new(0x90, Some(id), codes)
}

/// UNSUBSCRIBE with topic filters.
pub fn unsubscribe(id: u16, filters: &[&str]) -> Packet {
    let rest: Vec<u8> = filters.iter().flat_map(|filter| field(filter)).collect();
    Packet::new(0xa2, Some(id), &rest)
}

/// UNSUBACK.
pub fn unsuback(id: u16) -> Packet {
    Packet::new(0xb0, Some(id), b"")
}

/// PINGREQ.
pub fn pingreq() -> Packet {
    Packet::new(0xc0, None, b"")
}

/// PINGRESP.
pub fn pingresp() -> Packet {
    Packet::new(0xd0, None, b"")
}

/// DISCONNECT.
pub fn disconnect() -> Packet {
    Packet::new(0xe0, None, b"")
}

/// A string or binary field with two bytes of length.
fn field(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).expect("a field has up to 65,535 bytes");
    [&length.to_be_bytes(), text.as_bytes()].concat()
}

/// Whatever can stand for bytes of the connection: bytes as they are, a packet, several packets,
/// and one after the other.
pub trait ToBytes {
    /// Returns the bytes.
    fn to_bytes(&self) -> Vec<u8>;
}

impl ToBytes for Packet {
    fn to_bytes(&self) -> Vec<u8> {
        let id = self.id.map(u16::to_be_bytes);
        let id = id.as_ref().map_or(&[][..], |id| id);
        let body = [&self.topic, id, &self.rest].concat();
        let mut bytes = vec![self.first_byte];
        put_length(&mut bytes, body.len() + self.remaining);
        bytes.extend(body);
        bytes
    }
}

/// Appends a remaining length (section 2.2.3).
pub fn put_length(bytes: &mut Vec<u8>, mut length: usize) {
    while length > 127 {
        bytes.push(length as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
}

impl ToBytes for [u8] {
    fn to_bytes(&self) -> Vec<u8> {
        self.to_vec()
    }
}

impl<const N: usize> ToBytes for [u8; N] {
    fn to_bytes(&self) -> Vec<u8> {
        self.to_vec()
    }
}

impl ToBytes for Vec<u8> {
    fn to_bytes(&self) -> Vec<u8> {
        self.clone()
    }
}

impl ToBytes for [Packet] {
    fn to_bytes(&self) -> Vec<u8> {
        self.iter().flat_map(Packet::to_bytes).collect()
    }
}

impl<const N: usize> ToBytes for [Packet; N] {
    fn to_bytes(&self) -> Vec<u8> {
        self[..].to_bytes()
    }
}

impl ToBytes for Vec<Packet> {
    fn to_bytes(&self) -> Vec<u8> {
        self[..].to_bytes()
    }
}

impl<A: ToBytes, B: ToBytes> ToBytes for (A, B) {
    fn to_bytes(&self) -> Vec<u8> {
        [self.0.to_bytes(), self.1.to_bytes()].concat()
    }
}

impl<T: ToBytes + ?Sized> ToBytes for &T {
    fn to_bytes(&self) -> Vec<u8> {
        (**self).to_bytes()
    }
}
