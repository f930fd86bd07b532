//! The message that is being received.
use crate::{
    PacketId, Protocol,
    profile::{skips, streams_in, subscribes},
    wire,
};

/// How much of a PUBLISH is still to come, and what becomes of it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[repr(C)]
pub(crate) struct Incoming {
    /// Bytes of the payload that are still to come.
    remaining: u32,
    /// Before them, bytes of a topic too long for `rx` and of the identifier behind it.
    topic_remaining: u32,
    /// Its packet identifier, or what has been read of it; 0 with QoS 0. Before CONNACK, the
    /// fingerprint of the client identifier, or 0 for a clean session.
    id: u16,
    /// Its first byte.
    first_byte: u8,
    /// It is not delivered.
    discard: bool,
}

impl Incoming {
    pub const fn new() -> Self {
        Incoming {
            remaining: 0,
            topic_remaining: 0,
            id: 0,
            first_byte: 0,
            discard: false,
        }
    }

    /// Nothing of a message is outstanding.
    #[inline(always)]
    pub fn is_idle(&self) -> bool {
        self.remaining == 0 && self.topic_remaining == 0
    }

    #[inline(always)]
    pub fn is_in_payload<P: Protocol>(&self) -> bool {
        streams_in::<P>() && self.remaining != 0 && !(skips::<P>() && self.topic_remaining != 0)
    }

    #[inline(always)]
    pub fn is_in_topic<P: Protocol>(&self) -> bool {
        skips::<P>() && self.topic_remaining != 0
    }

    #[inline(always)]
    pub fn id(&self) -> u16 {
        self.id
    }

    #[inline(always)]
    pub fn remaining(&self) -> u32 {
        self.remaining
    }

    #[inline(always)]
    pub fn first_byte(&self) -> u8 {
        self.first_byte
    }

    #[inline(always)]
    pub fn is_discarded(&self) -> bool {
        self.discard
    }

    /// CONNECT was sent, with a client identifier of this fingerprint; 0: a clean session.
    #[inline(always)]
    pub fn await_connack(&mut self, client_hash: u16) {
        self.id = client_hash;
    }

    /// The fingerprint of the client identifier in CONNECT; 0: a clean session.
    #[inline(always)]
    pub fn connecting_client_hash(&self) -> u16 {
        self.id
    }

    /// The connection is gone, and with it the rest of the message.
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

    /// An acknowledgement is due for this identifier.
    #[inline(always)]
    pub fn set_id(&mut self, id: PacketId) {
        self.id = id.get();
    }

    /// A message begins whose topic is too long for `rx`: `header` bytes of topic and identifier
    /// are to be skipped before the payload.
    #[inline(always)]
    pub fn begin_topic(&mut self, first_byte: u8, header: usize, payload: usize) {
        self.first_byte = first_byte;
        self.topic_remaining = header as u32;
        self.remaining = payload as u32;
    }

    /// Skips one byte of a topic too long for `rx`. Of the last two, which are the identifier with
    /// QoS 1 and 2, something is kept. Returns the identifier if this was the last byte.
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

    /// The payload of a message begins.
    #[inline(always)]
    pub fn begin_payload<P: Protocol>(&mut self, id: u16, payload: u32, discard: bool) {
        self.id = id;
        self.discard = discard;
        self.remaining = payload;
        if skips::<P>() {
            self.topic_remaining = 0;
        }
    }

    /// A message was received whole.
    #[cfg(feature = "fast")]
    #[inline(always)]
    pub fn set_whole(&mut self, first_byte: u8, id: u16) {
        self.first_byte = first_byte;
        self.id = id;
        self.discard = false;
    }

    #[inline(always)]
    pub fn set_first_byte(&mut self, first_byte: u8) {
        self.first_byte = first_byte;
    }

    /// The identifier of the message is that of one which PUBREL has not released yet.
    #[inline(always)]
    pub fn mark_repeated(&mut self) {
        self.first_byte |= wire::REPEATED;
    }

    /// Takes as much of the payload as is there off `input`.
    #[inline(always)]
    pub fn take_payload<'i, P: Protocol>(&mut self, input: &mut &'i [u8]) -> &'i [u8] {
        // Where topics are skipped, too, the reader is so large that a call is smaller.
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

    /// What is still to come of the message is not delivered.
    #[inline(always)]
    pub fn discard_rest(&mut self) {
        self.discard = true;
    }
}
