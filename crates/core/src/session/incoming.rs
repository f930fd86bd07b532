//! The message that is being received.
use crate::{
    PacketId, Protocol,
    profile::{drops_reasons, skips, streams_in, subscribes},
    wire,
};

/// The state of a PUBLISH that is being received, or of a packet whose properties are dropped.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[repr(C)]
pub(crate) struct Incoming {
    /// The number of bytes of the payload, or of the properties that are dropped, that are still to
    /// come.
    remaining: u32,
    /// The number of bytes before the payload that are still to come, if the topic is too long for
    /// `rx`: those of the topic and of the identifier behind it. If `discard` is true, the number of
    /// the reason codes that come behind the properties of a SUBACK or UNSUBACK of MQTT 5.
    topic_remaining: u32,
    /// The packet identifier, or the part of it that has been read; 1 with QoS 0. Before CONNACK,
    /// the fingerprint of the client identifier, or 0 for a clean session.
    id: u16,
    /// The first byte of the packet.
    first_byte: u8,
    /// True if the rest of the message is not delivered, and behind the beginning of every other
    /// packet of MQTT 5.
    discard: bool,
}

impl Incoming {
    /// Returns the state in which no message is being received.
    pub const fn new() -> Self {
        Incoming {
            remaining: 0,
            topic_remaining: 0,
            id: 0,
            first_byte: 0,
            discard: false,
        }
    }

    /// Returns whether no message is being received.
    #[inline(always)]
    pub fn is_idle(&self) -> bool {
        self.remaining == 0 && self.topic_remaining == 0
    }

    /// Returns the number of bytes that are still to come.
    pub fn length(&self) -> usize {
        (self.topic_remaining as usize).wrapping_add(self.remaining as usize)
    }

    /// Returns whether the next bytes belong to a payload, or to properties that are dropped.
    #[inline(always)]
    pub fn is_in_payload<P: Protocol>(&self) -> bool {
        streams_in::<P>()
            && self.remaining != 0
            && (!skips::<P>()
                || self.topic_remaining == 0
                || (drops_reasons::<P>() && self.discard))
    }

    /// Returns the number of the reason codes that are read next, behind properties that were
    /// dropped, or 0 if the next packet is read from its beginning.
    #[cfg_attr(not(feature = "fast"), inline(never))]
    pub fn codes<P: Protocol>(&self) -> usize {
        if drops_reasons::<P>() && self.discard {
            self.topic_remaining as usize
        } else {
            0
        }
    }

    /// Returns whether the next bytes belong to a topic too long for `rx`, or to the identifier
    /// behind it.
    #[inline(always)]
    pub fn is_in_topic<P: Protocol>(&self) -> bool {
        skips::<P>() && self.topic_remaining != 0
    }

    /// Returns the packet identifier of the message, or the one for which an acknowledgement is
    /// due.
    #[inline(always)]
    pub fn id(&self) -> u16 {
        self.id
    }

    /// Returns the number of bytes of the payload that are still to come.
    #[inline(always)]
    pub fn remaining(&self) -> u32 {
        self.remaining
    }

    /// Returns the first byte of the packet.
    #[inline(always)]
    pub fn first_byte(&self) -> u8 {
        self.first_byte
    }

    /// Returns whether the rest of the message is not delivered.
    #[inline(always)]
    pub fn is_discarded(&self) -> bool {
        self.discard
    }

    /// Keeps the fingerprint of the client identifier in CONNECT until CONNACK, or 0 for a clean
    /// session.
    #[inline(always)]
    pub fn await_connack(&mut self, client_hash: u16) {
        self.id = client_hash;
    }

    /// Returns the fingerprint that [`await_connack`](Self::await_connack) kept.
    #[inline(always)]
    pub fn connecting_client_hash(&self) -> u16 {
        self.id
    }

    /// Drops the rest of the message, which is lost with the connection.
    #[inline(always)]
    pub fn abort<P: Protocol>(&mut self) {
        if subscribes::<P>() {
            self.discard = false;
            self.remaining = 0;
        }
        if skips::<P>() {
            self.topic_remaining = 0;
        }
    }

    /// Sets the identifier for which an acknowledgement is due.
    #[inline(always)]
    pub fn set_id(&mut self, id: PacketId) {
        self.id = id.get();
    }

    /// Begins a message whose topic is too long for `rx`: `header` bytes of topic and identifier
    /// are skipped before the payload.
    #[inline(always)]
    pub fn begin_topic<P: Protocol>(&mut self, first_byte: u8, header: usize, payload: usize) {
        if drops_reasons::<P>() {
            self.discard = false;
        }
        self.first_byte = first_byte;
        self.topic_remaining = header as u32;
        self.remaining = payload as u32;
    }

    /// Skips one byte of a topic too long for `rx` or of the identifier behind it, and keeps the
    /// last two bytes. After the last byte it returns the identifier, or 1 with QoS 0, which has
    /// none.
    #[inline(always)]
    pub fn skip_topic_byte(&mut self, byte: u8) -> Option<u16> {
        let last_two = self.id << 8 | u16::from(byte);
        if self.topic_remaining == 1 {
            return Some(if self.first_byte & wire::QOS != 0 {
                last_two
            } else {
                1
            });
        }
        self.topic_remaining = self.topic_remaining.wrapping_sub(1);
        self.id = last_two;
        None
    }

    /// Ends a packet of MQTT 5 other than PUBLISH. Its last properties, of which `missing` bytes do
    /// not fit into `rx`, are dropped as if they were the payload of a message with QoS 0 that is not
    /// delivered.
    #[inline(always)]
    pub fn end_packet<P: Protocol>(&mut self, missing: usize) {
        if streams_in::<P>() {
            self.first_byte = 0;
            self.drop_properties::<P>(missing);
        }
    }

    /// Begins to drop `length` bytes of properties.
    #[inline(always)]
    fn drop_properties<P: Protocol>(&mut self, length: usize) {
        self.discard = true;
        self.remaining = length as u32;
        if drops_reasons::<P>() {
            self.topic_remaining = 0;
        }
    }

    /// Drops the properties of a SUBACK or UNSUBACK in the same way, `codes` reason codes before its
    /// end.
    #[inline(always)]
    pub fn begin_codes<P: Protocol>(&mut self, id: u16, properties: usize, codes: usize) {
        self.id = id;
        self.drop_properties::<P>(properties);
        self.topic_remaining = codes as u32;
    }

    /// Begins the payload of a message.
    #[inline(always)]
    pub fn begin_payload<P: Protocol>(&mut self, id: u16, payload: u32, discard: bool) {
        self.id = id;
        self.discard = discard;
        self.remaining = payload;
        if skips::<P>() {
            self.topic_remaining = 0;
        }
    }

    /// Notes a message that was received whole.
    #[cfg(feature = "fast")]
    #[inline(always)]
    pub fn set_whole(&mut self, first_byte: u8, id: u16) {
        self.first_byte = first_byte;
        self.id = id;
        self.discard = false;
    }

    /// Sets the first byte of the packet that is being read.
    #[inline(always)]
    pub fn set_first_byte(&mut self, first_byte: u8) {
        self.first_byte = first_byte;
    }

    /// Marks the message: its identifier is that of a message that PUBREL has not released yet.
    #[inline(always)]
    pub fn mark_repeated(&mut self) {
        self.first_byte |= wire::REPEATED;
    }

    /// Takes the next piece of the payload, as much of it as is there, off `input`.
    #[inline(always)]
    pub fn take_payload<'i, P: Protocol>(&mut self, input: &mut &'i [u8]) -> &'i [u8] {
        // The reader of a profile that skips topics is so large that a call is smaller.
        if skips::<P>() {
            self.take_payload_by_call(input)
        } else {
            self.take_payload_inline(input)
        }
    }

    #[cfg_attr(not(feature = "fast"), inline(never))]
    fn take_payload_by_call<'i>(&mut self, input: &mut &'i [u8]) -> &'i [u8] {
        self.take_payload_inline(input)
    }

    #[inline(always)]
    fn take_payload_inline<'i>(&mut self, input: &mut &'i [u8]) -> &'i [u8] {
        // Not `split_at`, which can panic, and does not always fold.
        let payload = input.get(..self.remaining as usize).unwrap_or(input);
        *input = input.get(payload.len()..).unwrap_or_default();
        self.remaining = self.remaining.wrapping_sub(payload.len() as u32);
        payload
    }

    /// Stops delivering the message: the rest of it is discarded.
    #[inline(always)]
    pub fn discard_rest(&mut self) {
        self.discard = true;
    }
}
