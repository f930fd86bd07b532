//! The properties of MQTT 5: the type of each value, and the packets in which it can stand (table
//! 2-4 of the standard).
use crate::wire;

/// The value is one byte. With one exception it is a boolean. The types of numbers are their
/// lengths.
pub(super) const BYTE: u32 = 1;
/// The value is a number of two bytes.
pub(super) const TWO: u32 = 2;
/// The value is a variable byte integer.
pub(super) const VARIABLE: u32 = 3;
/// The value is a number of four bytes.
pub(super) const FOUR: u32 = 4;
/// The value is text.
pub(super) const TEXT: u32 = 5;
/// The value is any bytes.
pub(super) const DATA: u32 = 6;
/// The value is two texts: a name and a value.
pub(super) const PAIR: u32 = 7;
/// The position of the type in an entry.
const FORM_SHIFT: u32 = 4;
/// The bits of the type.
const FORM: u32 = 7;
/// The value is a number, which is not 0.
const ABOVE_ZERO: u32 = 1 << 7;

/// A place where properties stand, or several, one bit for each.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place(u32);

/// The bit of [`Place::has_expiry`].
const EXPIRY: u32 = 13;

impl Place {
    pub const CONNECT: Place = Place::of(wire::CONNECT);
    /// The properties of the will, which are part of CONNECT.
    pub const WILL: Place = Place(1);
    pub const CONNACK: Place = Place::of(wire::CONNACK);
    /// A PUBLISH of a client or of a server.
    pub const PUBLISH: Place = Place(PUBLISH_OF_SERVER | 1 << 11);
    pub const PUBLISH_OF_CLIENT: Place = Place(1 << 11);
    /// PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK and UNSUBACK, which have the same properties.
    pub const ACK: Place = Place::of(wire::SUBACK);
    pub const SUBSCRIBE: Place = Place::of(wire::SUBSCRIBE);
    pub const UNSUBSCRIBE: Place = Place::of(wire::UNSUBSCRIBE);
    /// A DISCONNECT of a client or of a server.
    pub const DISCONNECT: Place = Place(Place::DISCONNECT_OF_SERVER.0 | 1 << 12);
    pub const DISCONNECT_OF_CLIENT: Place = Place(1 << 12);
    pub const DISCONNECT_OF_SERVER: Place = Place::of(wire::DISCONNECT);
    pub const AUTH: Place = Place::of(wire::AUTH);

    /// Returns the place of a type of packet that has a bit of its own.
    #[inline(always)]
    pub const fn of(kind: u8) -> Place {
        Place(1u32.wrapping_shl(kind as u32))
    }

    /// Returns this place with a receive maximum, unless it is 0, and a session expiry interval of
    /// its longest value before the properties of a list.
    #[inline(always)]
    pub const fn behind(self, receive_maximum: u16, has_expiry: bool) -> Place {
        Place(self.0 | (receive_maximum as u32) << 16 | (has_expiry as u32) << EXPIRY)
    }

    /// Returns the receive maximum before a list, or 0.
    #[inline(always)]
    pub const fn receive_maximum(self) -> u16 {
        (self.0 >> 16) as u16
    }

    /// Returns whether a session expiry interval stands before a list.
    #[inline(always)]
    pub const fn has_expiry(self) -> bool {
        self.0 >> EXPIRY & 1 != 0
    }

    /// Returns whether anything stands before a list.
    #[inline(always)]
    pub const fn has_more(self) -> bool {
        self.receive_maximum() != 0 || self.has_expiry()
    }

    /// Returns the place of a packet of a server.
    #[inline(always)]
    pub const fn of_server(kind: u8) -> Place {
        let is_ack = kind.wrapping_sub(wire::PUBACK) <= wire::UNSUBACK.wrapping_sub(wire::PUBACK);
        if kind == wire::PUBLISH {
            return Place::PUBLISH;
        }
        Place::of(if is_ack { wire::SUBACK } else { kind })
    }
}

const CONNECT: u32 = Place::CONNECT.0;
const WILL: u32 = Place::WILL.0;
const CONNACK: u32 = Place::CONNACK.0;
const PUBLISH: u32 = Place::PUBLISH.0;
/// A PUBLISH of a server, the only one with subscription identifiers [MQTT-3.3.4-6].
const PUBLISH_OF_SERVER: u32 = Place::of(wire::PUBLISH).0;
const ACK: u32 = Place::ACK.0;
const SUBSCRIBE: u32 = Place::SUBSCRIBE.0;
const UNSUBSCRIBE: u32 = Place::UNSUBSCRIBE.0;
const DISCONNECT: u32 = Place::DISCONNECT.0;
/// A DISCONNECT of a client, the only one with a session expiry interval [MQTT-3.14.2-2].
const DISCONNECT_OF_CLIENT: u32 = Place::DISCONNECT_OF_CLIENT.0;
/// A DISCONNECT of a server, the only one with a server reference.
const DISCONNECT_OF_SERVER: u32 = Place::DISCONNECT_OF_SERVER.0;
const AUTH: u32 = Place::AUTH.0;
const EVERYWHERE: u32 =
    CONNECT | WILL | CONNACK | PUBLISH | ACK | SUBSCRIBE | UNSUBSCRIBE | DISCONNECT | AUTH;

pub(crate) const PAYLOAD_FORMAT_INDICATOR: u8 = 0x01;
pub(crate) const MESSAGE_EXPIRY_INTERVAL: u8 = 0x02;
pub(crate) const CONTENT_TYPE: u8 = 0x03;
pub(crate) const RESPONSE_TOPIC: u8 = 0x08;
pub(crate) const CORRELATION_DATA: u8 = 0x09;
pub(crate) const SUBSCRIPTION_IDENTIFIER: u8 = 0x0b;
pub(crate) const SESSION_EXPIRY_INTERVAL: u8 = 0x11;
pub(crate) const ASSIGNED_CLIENT_IDENTIFIER: u8 = 0x12;
pub(crate) const SERVER_KEEP_ALIVE: u8 = 0x13;
pub(crate) const AUTHENTICATION_METHOD: u8 = 0x15;
pub(crate) const AUTHENTICATION_DATA: u8 = 0x16;
pub(crate) const REQUEST_PROBLEM_INFORMATION: u8 = 0x17;
pub(crate) const WILL_DELAY_INTERVAL: u8 = 0x18;
pub(crate) const REQUEST_RESPONSE_INFORMATION: u8 = 0x19;
pub(crate) const RESPONSE_INFORMATION: u8 = 0x1a;
pub(crate) const SERVER_REFERENCE: u8 = 0x1c;
pub(crate) const REASON_STRING: u8 = 0x1f;
pub(crate) const RECEIVE_MAXIMUM: u8 = 0x21;
pub(crate) const TOPIC_ALIAS_MAXIMUM: u8 = 0x22;
pub(crate) const TOPIC_ALIAS: u8 = 0x23;
pub(crate) const MAXIMUM_QOS: u8 = 0x24;
pub(crate) const RETAIN_AVAILABLE: u8 = 0x25;
pub(crate) const USER_PROPERTY: u8 = 0x26;
pub(crate) const MAXIMUM_PACKET_SIZE: u8 = 0x27;
pub(crate) const WILDCARD_SUBSCRIPTION_AVAILABLE: u8 = 0x28;
pub(crate) const SUBSCRIPTION_IDENTIFIER_AVAILABLE: u8 = 0x29;
pub(crate) const SHARED_SUBSCRIPTION_AVAILABLE: u8 = 0x2a;

/// Each property with its type and the packets in which it can stand.
const PROPERTIES: [(u8, u32); 27] = [
    (
        PAYLOAD_FORMAT_INDICATOR,
        BYTE << FORM_SHIFT | PUBLISH | WILL,
    ),
    (MESSAGE_EXPIRY_INTERVAL, FOUR << FORM_SHIFT | PUBLISH | WILL),
    (CONTENT_TYPE, TEXT << FORM_SHIFT | PUBLISH | WILL),
    (RESPONSE_TOPIC, TEXT << FORM_SHIFT | PUBLISH | WILL),
    (CORRELATION_DATA, DATA << FORM_SHIFT | PUBLISH | WILL),
    (
        SUBSCRIPTION_IDENTIFIER,
        VARIABLE << FORM_SHIFT | ABOVE_ZERO | PUBLISH_OF_SERVER | SUBSCRIBE,
    ),
    (
        SESSION_EXPIRY_INTERVAL,
        FOUR << FORM_SHIFT | CONNECT | CONNACK | DISCONNECT_OF_CLIENT,
    ),
    (ASSIGNED_CLIENT_IDENTIFIER, TEXT << FORM_SHIFT | CONNACK),
    (SERVER_KEEP_ALIVE, TWO << FORM_SHIFT | CONNACK),
    (
        AUTHENTICATION_METHOD,
        TEXT << FORM_SHIFT | CONNECT | CONNACK | AUTH,
    ),
    (
        AUTHENTICATION_DATA,
        DATA << FORM_SHIFT | CONNECT | CONNACK | AUTH,
    ),
    (REQUEST_PROBLEM_INFORMATION, BYTE << FORM_SHIFT | CONNECT),
    (WILL_DELAY_INTERVAL, FOUR << FORM_SHIFT | WILL),
    (REQUEST_RESPONSE_INFORMATION, BYTE << FORM_SHIFT | CONNECT),
    (RESPONSE_INFORMATION, TEXT << FORM_SHIFT | CONNACK),
    (
        SERVER_REFERENCE,
        TEXT << FORM_SHIFT | CONNACK | DISCONNECT_OF_SERVER,
    ),
    (
        REASON_STRING,
        TEXT << FORM_SHIFT | CONNACK | ACK | DISCONNECT | AUTH,
    ),
    (
        RECEIVE_MAXIMUM,
        TWO << FORM_SHIFT | ABOVE_ZERO | CONNECT | CONNACK,
    ),
    (TOPIC_ALIAS_MAXIMUM, TWO << FORM_SHIFT | CONNECT | CONNACK),
    (TOPIC_ALIAS, TWO << FORM_SHIFT | ABOVE_ZERO | PUBLISH),
    (MAXIMUM_QOS, BYTE << FORM_SHIFT | CONNACK),
    (RETAIN_AVAILABLE, BYTE << FORM_SHIFT | CONNACK),
    (USER_PROPERTY, PAIR << FORM_SHIFT | EVERYWHERE),
    (
        MAXIMUM_PACKET_SIZE,
        FOUR << FORM_SHIFT | ABOVE_ZERO | CONNECT | CONNACK,
    ),
    (
        WILDCARD_SUBSCRIPTION_AVAILABLE,
        BYTE << FORM_SHIFT | CONNACK,
    ),
    (
        SUBSCRIPTION_IDENTIFIER_AVAILABLE,
        BYTE << FORM_SHIFT | CONNACK,
    ),
    (SHARED_SUBSCRIPTION_AVAILABLE, BYTE << FORM_SHIFT | CONNACK),
];

/// The same by identifier. No property has an entry 0.
static BY_IDENTIFIER: [u16; 43] = by_identifier();

// A `const` cannot use iterators, and none of these can be out of bounds: the compiler says so.
const fn by_identifier() -> [u16; 43] {
    let mut table = [0; 43];
    let mut rest: &[(u8, u32)] = &PROPERTIES;
    while let [(id, entry), after @ ..] = rest {
        if let Some((_, [to, ..])) = table.split_at_mut_checked(*id as usize) {
            *to = *entry as u16;
        }
        rest = after;
    }
    table
}

/// The facts about a property.
#[derive(Clone, Copy, Default)]
pub(super) struct Entry(u16);

impl Entry {
    /// Returns what is known of the property with this identifier, if there is one.
    #[inline(always)]
    pub fn of(id: u8) -> Option<Entry> {
        match BY_IDENTIFIER.get(usize::from(id)) {
            Some(&entry) if entry != 0 => Some(Entry(entry)),
            _ => None,
        }
    }

    /// Returns the type of the value.
    #[inline(always)]
    pub fn form(self) -> u32 {
        u32::from(self.0) >> FORM_SHIFT & FORM
    }

    /// Returns whether the value is a number that cannot be 0.
    #[inline(always)]
    pub fn is_above_zero(self) -> bool {
        u32::from(self.0) & ABOVE_ZERO != 0
    }

    /// Returns whether the property can stand in this place.
    #[inline(always)]
    pub fn is_allowed(self, place: Place) -> bool {
        u32::from(self.0) & place.0 != 0
    }

    /// Returns whether the property can stand more than once in this place: user properties, and
    /// the subscription identifiers of a PUBLISH, the only ones that no client can send in it.
    #[inline(always)]
    pub fn may_repeat(self, place: Place) -> bool {
        self.form() == PAIR || u32::from(self.0) & place.0 == PUBLISH_OF_SERVER
    }
}

/// Returns the bit of a property among those that were found in one place. No two properties of one
/// place have the same bit.
#[inline(always)]
pub(super) const fn bit(id: u8) -> u32 {
    1u32.wrapping_shl((id as u32).wrapping_add(id as u32 >> 5))
}

// No two properties of one place have the same bit, which is checked when this is compiled.
const _: () = {
    let mut rest: &[(u8, u32)] = &PROPERTIES;
    while let [(id, entry), after @ ..] = rest {
        let mut others = after;
        while let [(other, places), more @ ..] = others {
            assert!(bit(*id) != bit(*other) || *entry & *places & EVERYWHERE == 0);
            others = more;
        }
        rest = after;
    }
};
