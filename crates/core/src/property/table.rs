//! The properties of MQTT 5: the type of each value, and the packets in which it can stand (table
//! 2-4 of the standard).

/// The value is one byte. With one exception it is a boolean. The types of numbers are their
/// lengths.
pub(super) const BYTE: u16 = 1;
/// The value is a number of two bytes.
pub(super) const TWO: u16 = 2;
/// The value is a variable byte integer.
pub(super) const VARIABLE: u16 = 3;
/// The value is a number of four bytes.
pub(super) const FOUR: u16 = 4;
/// The value is text.
pub(super) const TEXT: u16 = 5;
/// The value is any bytes.
pub(super) const DATA: u16 = 6;
/// The value is two texts: a name and a value.
pub(super) const PAIR: u16 = 7;
/// The bits of the type in an entry.
const FORM: u16 = 7;
/// The value is a number, which is not 0.
const ABOVE_ZERO: u16 = 1 << 14;

/// A place where properties stand, or several, one bit for each.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place(u16);

impl Place {
    pub const CONNECT: Place = Place(1 << 3);
    /// The properties of the will, which are part of CONNECT.
    pub const WILL: Place = Place(1 << 4);
    pub const CONNACK: Place = Place(1 << 5);
    /// A PUBLISH of a client or of a server.
    pub const PUBLISH: Place = Place(1 << 6 | 1 << 7);
    pub const PUBLISH_OF_CLIENT: Place = Place(1 << 6);
    /// PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK and UNSUBACK, which have the same properties.
    pub const ACK: Place = Place(1 << 8);
    pub const SUBSCRIBE: Place = Place(1 << 9);
    pub const UNSUBSCRIBE: Place = Place(1 << 10);
    /// A DISCONNECT of a client or of a server.
    pub const DISCONNECT: Place = Place(1 << 11 | 1 << 12);
    pub const DISCONNECT_OF_CLIENT: Place = Place(1 << 11);
    pub const DISCONNECT_OF_SERVER: Place = Place(1 << 12);
    pub const AUTH: Place = Place(1 << 13);
}

const CONNECT: u16 = Place::CONNECT.0;
const WILL: u16 = Place::WILL.0;
const CONNACK: u16 = Place::CONNACK.0;
const PUBLISH: u16 = Place::PUBLISH.0;
/// A PUBLISH of a server, the only one with subscription identifiers [MQTT-3.3.4-6].
const PUBLISH_OF_SERVER: u16 = 1 << 7;
const ACK: u16 = Place::ACK.0;
const SUBSCRIBE: u16 = Place::SUBSCRIBE.0;
const UNSUBSCRIBE: u16 = Place::UNSUBSCRIBE.0;
const DISCONNECT: u16 = Place::DISCONNECT.0;
/// A DISCONNECT of a client, the only one with a session expiry interval [MQTT-3.14.2-2].
const DISCONNECT_OF_CLIENT: u16 = Place::DISCONNECT_OF_CLIENT.0;
/// A DISCONNECT of a server, the only one with a server reference.
const DISCONNECT_OF_SERVER: u16 = Place::DISCONNECT_OF_SERVER.0;
const AUTH: u16 = Place::AUTH.0;
const EVERYWHERE: u16 =
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
const PROPERTIES: [(u8, u16); 27] = [
    (PAYLOAD_FORMAT_INDICATOR, BYTE | PUBLISH | WILL),
    (MESSAGE_EXPIRY_INTERVAL, FOUR | PUBLISH | WILL),
    (CONTENT_TYPE, TEXT | PUBLISH | WILL),
    (RESPONSE_TOPIC, TEXT | PUBLISH | WILL),
    (CORRELATION_DATA, DATA | PUBLISH | WILL),
    (
        SUBSCRIPTION_IDENTIFIER,
        VARIABLE | ABOVE_ZERO | PUBLISH_OF_SERVER | SUBSCRIBE,
    ),
    (
        SESSION_EXPIRY_INTERVAL,
        FOUR | CONNECT | CONNACK | DISCONNECT_OF_CLIENT,
    ),
    (ASSIGNED_CLIENT_IDENTIFIER, TEXT | CONNACK),
    (SERVER_KEEP_ALIVE, TWO | CONNACK),
    (AUTHENTICATION_METHOD, TEXT | CONNECT | CONNACK | AUTH),
    (AUTHENTICATION_DATA, DATA | CONNECT | CONNACK | AUTH),
    (REQUEST_PROBLEM_INFORMATION, BYTE | CONNECT),
    (WILL_DELAY_INTERVAL, FOUR | WILL),
    (REQUEST_RESPONSE_INFORMATION, BYTE | CONNECT),
    (RESPONSE_INFORMATION, TEXT | CONNACK),
    (SERVER_REFERENCE, TEXT | CONNACK | DISCONNECT_OF_SERVER),
    (REASON_STRING, TEXT | CONNACK | ACK | DISCONNECT | AUTH),
    (RECEIVE_MAXIMUM, TWO | ABOVE_ZERO | CONNECT | CONNACK),
    (TOPIC_ALIAS_MAXIMUM, TWO | CONNECT | CONNACK),
    (TOPIC_ALIAS, TWO | ABOVE_ZERO | PUBLISH),
    (MAXIMUM_QOS, BYTE | CONNACK),
    (RETAIN_AVAILABLE, BYTE | CONNACK),
    (USER_PROPERTY, PAIR | EVERYWHERE),
    (MAXIMUM_PACKET_SIZE, FOUR | ABOVE_ZERO | CONNECT | CONNACK),
    (WILDCARD_SUBSCRIPTION_AVAILABLE, BYTE | CONNACK),
    (SUBSCRIPTION_IDENTIFIER_AVAILABLE, BYTE | CONNACK),
    (SHARED_SUBSCRIPTION_AVAILABLE, BYTE | CONNACK),
];

/// The same by identifier. No property has an entry 0.
static BY_IDENTIFIER: [u16; 43] = by_identifier();

// A `const` cannot use iterators, and none of these can be out of bounds: the compiler says so.
const fn by_identifier() -> [u16; 43] {
    let mut table = [0; 43];
    let mut rest: &[(u8, u16)] = &PROPERTIES;
    while let [(id, entry), after @ ..] = rest {
        if let Some((_, [to, ..])) = table.split_at_mut_checked(*id as usize) {
            *to = *entry;
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
    pub fn form(self) -> u16 {
        self.0 & FORM
    }

    /// Returns whether the value is a number that cannot be 0.
    #[inline(always)]
    pub fn is_above_zero(self) -> bool {
        self.0 & ABOVE_ZERO != 0
    }

    /// Returns whether the property can stand in this place.
    #[inline(always)]
    pub fn is_allowed(self, place: Place) -> bool {
        self.0 & place.0 != 0
    }
}
