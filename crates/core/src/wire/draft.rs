//! Packets that are being written.
use super::{RESERVED, SUBSCRIBE};
use crate::{
    Mqtt311, Properties, Protocol, SendError,
    buffer::{Out, Writer},
    command::{Connect, Filter, FilterOptions},
    property::{Place, PropertySource},
    topic::{self, Kind},
};
use core::marker::PhantomData;

/// The number of bytes reserved for the fixed header while the remaining length is not known.
pub(crate) const HEADER: usize = 5;

/// A packet that is being written into the free memory of `tx`.
///
/// The body is written first. [`finish`](Self::finish) then writes the fixed header and moves the
/// body next to it, so the length of the body need not be known in advance. An error is kept, and
/// [`finish`](Self::finish) returns it. `tx` is not changed then.
#[repr(C)]
pub(crate) struct Draft<'o, P = Mqtt311> {
    writer: Writer<'o>,
    end: &'o mut usize,
    /// The state of the packet that its slot takes over when it is sent.
    pub ticket: Ticket,
    /// The first byte of the packet.
    pub first_byte: u8,
    error: Option<SendError>,
    profile: PhantomData<P>,
}

/// The state that the [`Slot`](crate::Slot) of a sent packet keeps.
#[derive(Default)]
#[repr(C)]
pub(crate) struct Ticket {
    /// The packet identifier.
    pub id: u16,
    /// The type of the packet that the broker answers with, or 0 if it does not answer.
    pub awaits: u8,
    /// The number of filters of a SUBSCRIBE or UNSUBSCRIBE, else 0.
    pub count: u8,
}

impl<'o, P: Protocol> Draft<'o, P> {
    #[cfg_attr(not(feature = "fast"), inline(never))]
    pub fn new(out: &'o mut Out<'_>, first_byte: u8) -> Self {
        Self::over(out, first_byte)
    }

    /// Makes the same where it is called.
    #[inline(always)]
    pub fn over(out: &'o mut Out<'_>, first_byte: u8) -> Self {
        let at = out.end.wrapping_add(HEADER);
        Draft {
            writer: Writer { mem: out.mem, at },
            end: out.end,
            ticket: Ticket::default(),
            first_byte,
            error: None,
            profile: PhantomData,
        }
    }

    /// Makes [`finish`](Self::finish) fail. The last error replaces those before it.
    pub fn refuse(&mut self, error: SendError) {
        self.error = Some(error);
    }

    /// Makes [`finish`](Self::finish) fail with `Unsupported`, unless it fails with `Invalid`: a
    /// fault of the program counts before a limit of the server.
    #[cfg_attr(not(feature = "fast"), inline(never))]
    pub fn refuse_unsupported(&mut self) {
        if self.error != Some(SendError::Invalid) {
            self.refuse(SendError::Unsupported);
        }
    }

    pub fn byte(&mut self, byte: u8) {
        self.writer.byte(byte);
    }

    pub fn u16(&mut self, value: u16) {
        self.writer.u16(value);
    }

    pub fn bytes(&mut self, bytes: &[u8]) {
        self.writer.bytes(bytes);
    }

    /// Goes back to a position. Returns the number of bytes that were written from there on.
    pub fn go_back(&mut self, position: usize) -> usize {
        core::mem::replace(&mut self.writer.at, position).wrapping_sub(position)
    }

    /// Returns the position of the next byte.
    pub fn position(&self) -> usize {
        self.writer.at
    }

    /// Returns the properties that were written from this position on, or none if they do not fit.
    #[cfg_attr(not(feature = "fast"), inline(never))]
    pub fn properties_since(&self, position: usize) -> Properties<'_> {
        self.written_since(position)
    }

    /// Returns what [`properties_since`](Self::properties_since) returns.
    #[inline(always)]
    pub fn written_since(&self, position: usize) -> Properties<'_> {
        let written = self.writer.mem.get(position..self.writer.at);
        Properties(written.unwrap_or_default())
    }

    /// Returns the number that the first property with this identifier has, among those that were
    /// written from this position on, or another one if there is none.
    #[inline(always)]
    pub fn number_or(&self, position: usize, id: u8, other: u32) -> u32 {
        self.properties_since(position).number_or(id, other)
    }

    /// Makes [`finish`](Self::finish) fail if the packet, with `remaining` bytes that follow later,
    /// is longer than the server accepts.
    pub fn limit(&mut self, longest: u32, remaining: u32) {
        let from = self.end.wrapping_add(HEADER);
        let length = (self.writer.at.wrapping_sub(from) as u32).saturating_add(remaining);
        // The fixed header takes 2 bytes, and one more for each further 7 bits of the length.
        let mut header = 2u32;
        let mut rest = length >> 7;
        while rest != 0 {
            rest >>= 7;
            header = header.wrapping_add(1);
        }
        if length.saturating_add(header) > longest {
            self.refuse_unsupported();
        }
    }

    /// Writes the topic of a PUBLISH. It can be empty if a topic alias may stand for it.
    #[cfg_attr(feature = "fast", inline(always))]
    pub fn topic(&mut self, topic: &str, may_be_alias: bool) {
        let kind = if may_be_alias && topic.is_empty() {
            Kind::Text
        } else {
            Kind::Name
        };
        self.field(topic.as_bytes(), kind);
    }

    /// Writes the length of `bytes` and then the bytes, and checks that they are of that kind.
    #[cfg_attr(feature = "fast", inline(always))]
    pub fn field(&mut self, bytes: &[u8], kind: Kind) {
        if bytes.len() > 0xffff {
            self.refuse(SendError::TooLong);
        } else if kind != Kind::Data && !topic::is_valid::<P>(bytes, kind) {
            self.refuse(SendError::Invalid);
        }
        self.u16(bytes.len() as u16);
        self.bytes(bytes);
    }

    /// Completes the packet, whose remaining length includes `remaining` bytes that follow later,
    /// and appends it to `tx`.
    ///
    /// # Errors
    /// The error that was kept, `TooLong` or `Full`. `tx` is not changed then.
    #[cfg_attr(feature = "fast", inline(always))]
    pub fn finish(&mut self, remaining: u32) -> Result<(), SendError> {
        let start = *self.end;
        let from = start.wrapping_add(HEADER);
        let to = self.writer.at;
        let mut length = (to.wrapping_sub(from) as u32).saturating_add(remaining);
        if let Some(error) = self.error {
            return Err(error);
        }
        let fits = to <= self.writer.mem.len();
        if length >> 28 != 0 || (start == 0 && !fits) {
            return Err(SendError::TooLong);
        }
        if !fits {
            return Err(SendError::Full);
        }
        self.writer.at = start;
        self.writer.byte(self.first_byte);
        // Where `byte` is inlined, a copy of it for the last byte is faster; where not, larger.
        while cfg!(feature = "fast") && length > 0x7f {
            self.writer.byte(length as u8 | 0x80);
            length >>= 7;
        }
        loop {
            let more = if length > 0x7f { 0x80 } else { 0 };
            self.writer.byte(length as u8 | more);
            length >>= 7;
            if length == 0 {
                break;
            }
        }
        self.writer.shift(from, to);
        *self.end = self.writer.at;
        Ok(())
    }

    /// Writes the body of a CONNECT of MQTT 3.1.1.
    #[inline(always)]
    pub fn connect<'c, T: PropertySource<'c>>(&mut self, c: &Connect<'c, T>) {
        self.connect_of(c, false, |_| {});
    }

    /// Writes the body of a CONNECT of MQTT 5, whose properties `properties` writes.
    #[inline(always)]
    pub fn connect_5<'c, T: PropertySource<'c>>(
        &mut self,
        c: &Connect<'c, T>,
        properties: impl FnOnce(&mut Self),
    ) {
        self.connect_of(c, true, properties);
    }

    #[inline(always)]
    fn connect_of<'c, T: PropertySource<'c>>(
        &mut self,
        c: &Connect<'c, T>,
        is_5: bool,
        properties: impl FnOnce(&mut Self),
    ) {
        if !c.clean && c.client_id.is_empty() && !is_5 {
            self.refuse(SendError::Invalid);
        }
        // The name and level of the protocol, and a placeholder for the flags.
        self.bytes(if is_5 {
            b"\0\x04MQTT\x05\0"
        } else {
            b"\0\x04MQTT\x04\0"
        });
        let at = self.writer.at.wrapping_sub(1);
        let mut flags = (c.clean as u8) << 1;
        self.u16(c.keep_alive);
        properties(self);
        self.field(c.client_id.as_bytes(), Kind::Text);
        if let Some(will) = &c.will {
            flags |= 0x04 | (will.qos as u8) << 3 | (will.retain as u8) << 5;
            if is_5 {
                self.properties(will.properties, Place::WILL);
            }
            self.field(will.topic.as_bytes(), Kind::Name);
            self.field(will.payload, Kind::Data);
            if will.remaining != 0 {
                self.refuse(SendError::Invalid);
            }
        }
        if let Some(user) = c.user {
            flags |= 0x80;
            self.field(user.as_bytes(), Kind::Text);
        }
        if let Some(password) = c.password {
            // [MQTT-3.1.2-22] of MQTT 3.1.1
            if c.user.is_none() && !is_5 {
                self.refuse(SendError::Invalid);
            }
            flags |= 0x40;
            self.field(password, Kind::Data);
        }
        if let Some(to) = self.writer.mem.get_mut(at) {
            *to = flags;
        }
    }

    /// Writes the body of a SUBSCRIBE or UNSUBSCRIBE.
    #[inline(always)]
    pub fn filters<'f, O: FilterOptions>(
        &mut self,
        id: u16,
        filters: impl Iterator<Item = Filter<'f, O>>,
    ) {
        self.u16(id);
        self.filters_of(filters);
    }

    /// Writes the filters of a SUBSCRIBE or UNSUBSCRIBE.
    #[inline(always)]
    pub fn filters_of<'f, O: FilterOptions>(
        &mut self,
        filters: impl Iterator<Item = Filter<'f, O>>,
    ) {
        for filter in filters {
            self.filter(filter.filter, || filter.qos as u8 | filter.options.bits());
        }
    }

    /// Writes a filter of a SUBSCRIBE with its options, or of an UNSUBSCRIBE, which has none.
    #[inline(always)]
    pub fn filter(&mut self, filter: &str, options: impl FnOnce() -> u8) {
        self.field(filter.as_bytes(), Kind::Filter);
        if self.first_byte == SUBSCRIBE << 4 | RESERVED {
            self.byte(options());
        }
    }
}
