//! The terms of a connection of MQTT 5: what the server has announced, what this client has, and
//! what is kept between packets besides the state of MQTT 3.1.1.
use crate::{
    Fault, Properties, QoS,
    property::{Raw, table as id},
    topic, wire,
};

/// The session begins with the connection (Clean Start).
const CLEAN_START: u8 = 2;
/// CONNECT asked for a session that outlives the connection.
const IS_KEPT: u8 = 4;
/// The server does not support retained messages. This bit and those for subscriptions are
/// `1 << (identifier - 0x25)` of the property that says so.
const NO_RETAIN: u8 = 1;
/// The server does not support subscription identifiers. The bits for wildcards and shared
/// subscriptions are those of [`topic`].
pub(super) const IDENTIFIERS: u8 = 1 << 4;
/// The position of the difference between QoS 2 and the highest QoS that the server supports.
const QOS_SHIFT: u32 = 6;

/// The smallest maximum packet size of a server with which a connection is possible: that of an
/// acknowledgement with a reason code.
const SMALLEST: u32 = 5;

/// The terms of a connection.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[repr(C)]
pub struct Terms {
    /// The longest packet that the server accepts.
    longest_out: u32,
    /// The longest packet that the client has announced to accept.
    longest_in: u32,
    /// The number of messages with QoS 1 and 2 that may be in flight to the server.
    window: u16,
    /// The highest topic alias that the server accepts.
    aliases_out: u16,
    /// The highest topic alias that the client has announced to accept.
    aliases_in: u16,
    /// The aliases 1 to 16 that were sent with a topic over this connection, one bit for each.
    aliases_set: u16,
    /// The fingerprint of the authentication method in CONNECT, or 0 if it had none.
    method: u16,
    /// The reason code of the acknowledgement that is due.
    code: u8,
    /// A combination of the constants above.
    flags: u8,
}

/// The facts of CONNACK about the session.
pub(super) struct Kept {
    /// The keep alive that the server demands.
    pub keep_alive: Option<u16>,
    /// The fingerprint of the client identifier, or 0 if the session ends with the connection.
    pub client_hash: u16,
}

/// The limits that CONNECT or CONNACK announces.
struct Announced {
    expiry: Option<u32>,
    longest: u32,
    window: u16,
    aliases: u16,
    keep_alive: Option<u16>,
    /// The fingerprint of the authentication method, or 0.
    method: u16,
    /// The fingerprint of the assigned client identifier, or 0.
    client_hash: u16,
    /// The features that the server does not support.
    flags: u8,
}

impl Announced {
    #[inline(never)]
    fn read(properties: Properties<'_>) -> Self {
        let mut all = Announced {
            expiry: None,
            longest: u32::MAX,
            window: u16::MAX,
            aliases: 0,
            keep_alive: None,
            method: 0,
            client_hash: 0,
            flags: 0,
        };
        let mut bytes = properties.as_bytes();
        let mut property = Raw::default();
        while property.read(&mut bytes).is_ok() {
            let number = property.number;
            match property.id {
                id::SESSION_EXPIRY_INTERVAL => all.expiry = Some(number),
                id::ASSIGNED_CLIENT_IDENTIFIER => all.client_hash = super::hash(property.data),
                id::SERVER_KEEP_ALIVE => all.keep_alive = Some(number as u16),
                id::AUTHENTICATION_METHOD => all.method = super::hash(property.data),
                id::RECEIVE_MAXIMUM => all.window = number as u16,
                id::TOPIC_ALIAS_MAXIMUM => all.aliases = number as u16,
                id::MAXIMUM_QOS => all.flags |= 2u8.wrapping_sub(number as u8) << QOS_SHIFT,
                id::MAXIMUM_PACKET_SIZE => all.longest = number,
                id::RETAIN_AVAILABLE
                | id::WILDCARD_SUBSCRIPTION_AVAILABLE
                | id::SUBSCRIPTION_IDENTIFIER_AVAILABLE
                | id::SHARED_SUBSCRIPTION_AVAILABLE
                    if number == 0 =>
                {
                    let bit = u32::from(property.id).wrapping_sub(id::RETAIN_AVAILABLE.into());
                    all.flags |= 1u8.wrapping_shl(bit);
                }
                _ => {}
            }
        }
        all
    }
}

impl Terms {
    /// The terms before a connection.
    pub const NEW: Terms = Terms {
        longest_out: u32::MAX,
        longest_in: u32::MAX,
        window: u16::MAX,
        aliases_out: 0,
        aliases_in: 0,
        aliases_set: 0,
        method: 0,
        code: 0,
        flags: 0,
    };

    /// Begins a connection whose CONNECT has these properties.
    #[inline(always)]
    pub(super) fn begin(&mut self, is_clean: bool, properties: Properties<'_>) {
        let announced = Announced::read(properties);
        *self = Terms::NEW;
        self.longest_in = announced.longest;
        self.aliases_in = announced.aliases;
        self.method = announced.method;
        self.flags = (is_clean as u8) << 1;
        if announced.expiry.unwrap_or(0) != 0 {
            self.flags |= IS_KEPT;
        }
    }

    /// Takes over what CONNACK says. `client_hash` is the fingerprint of the client identifier in
    /// CONNECT.
    ///
    /// # Errors
    /// `Unexpected` if MQTT does not allow it.
    #[inline(always)]
    pub(super) fn learn(
        &mut self,
        client_hash: u16,
        properties: Properties<'_>,
    ) -> Result<Kept, Fault> {
        let announced = Announced::read(properties);
        let is_assigned = announced.client_hash != 0;
        // [MQTT-4.12.0-5]. An identifier is assigned to clients without one. With fewer bytes a
        // message could not even be refused.
        if announced.method != self.method
            || (is_assigned && client_hash != super::hash(b""))
            || announced.longest < SMALLEST
        {
            return Err(Fault::Unexpected);
        }
        self.longest_out = announced.longest;
        self.window = announced.window;
        self.aliases_out = announced.aliases;
        self.flags |= announced.flags;
        let is_kept = match announced.expiry {
            Some(seconds) => seconds != 0,
            None => self.flags & IS_KEPT != 0,
        };
        let client_hash = if !is_kept {
            0
        } else if is_assigned {
            announced.client_hash
        } else {
            client_hash
        };
        Ok(Kept {
            keep_alive: announced.keep_alive,
            client_hash,
        })
    }

    /// Returns whether the session begins with the connection.
    pub(super) fn is_clean_start(&self) -> bool {
        self.flags & CLEAN_START != 0
    }

    /// Returns whether CONNECT asked for a session that outlives the connection.
    pub(super) fn is_kept(&self) -> bool {
        self.flags & IS_KEPT != 0
    }

    /// Returns whether the server supports the QoS and the retain flag of a PUBLISH with this first
    /// byte.
    pub(super) fn allows_publish(&self, first_byte: u8) -> bool {
        let max_qos = 2u8.wrapping_sub(self.flags >> QOS_SHIFT);
        (first_byte & wire::QOS) >> 1 <= max_qos
            && !(first_byte & 1 != 0 && self.flags & NO_RETAIN != 0)
    }

    /// Returns whether the server lacks one of these: [`IDENTIFIERS`], or what
    /// [topic filters need](topic::needs).
    pub(super) fn lacks(&self, needs: u8) -> bool {
        const ALL: u8 = IDENTIFIERS | topic::WILDCARDS | topic::SHARED;
        self.flags & needs & ALL != 0
    }

    /// Returns the number of messages with QoS 1 and 2 that may be in flight to the server.
    pub(super) fn window(&self) -> usize {
        self.window.into()
    }

    /// Returns the longest packet that the server accepts.
    pub(super) fn longest_out(&self) -> u32 {
        self.longest_out
    }

    /// Returns the longest packet that the client has announced to accept.
    pub(super) fn longest_in(&self) -> u32 {
        self.longest_in
    }

    /// Returns the highest topic alias that the client has announced to accept.
    pub(super) fn aliases_in(&self) -> u16 {
        self.aliases_in
    }

    /// Returns whether the server accepts this topic alias.
    pub(super) fn allows_alias(&self, alias: u16) -> bool {
        alias <= self.aliases_out
    }

    /// Returns the bit of a topic alias among those that were sent, or 0 if the alias is above 16.
    fn alias_bit(alias: u16) -> u16 {
        1u16.checked_shl(u32::from(alias).wrapping_sub(1))
            .unwrap_or(0)
    }

    /// Returns whether a topic was sent with this topic alias over this connection.
    pub(super) fn is_alias_set(&self, alias: u16) -> bool {
        self.aliases_set & Self::alias_bit(alias) != 0
    }

    /// Notes that a topic was sent with this topic alias.
    pub(super) fn set_alias(&mut self, alias: u16) {
        self.aliases_set |= Self::alias_bit(alias);
    }

    /// Returns the fingerprint of the authentication method, or 0 if there is none.
    pub(super) fn method(&self) -> u16 {
        self.method
    }

    /// Returns the reason code of the acknowledgement that is due.
    #[inline(always)]
    pub(super) fn code(&self) -> u8 {
        self.code
    }

    /// Sets the reason code of the acknowledgement that is due.
    #[inline(always)]
    pub(super) fn set_code(&mut self, code: u8) {
        self.code = code;
    }

    /// Returns the limits that the server has announced.
    pub(super) fn limits(&self) -> Limits {
        Limits {
            receive_maximum: self.window,
            maximum_packet_size: self.longest_out,
            topic_alias_maximum: self.aliases_out,
            maximum_qos: QoS::of_first_byte(2u8.wrapping_sub(self.flags >> QOS_SHIFT) << 1),
            retain_available: self.flags & NO_RETAIN == 0,
            wildcard_subscription_available: !self.lacks(topic::WILDCARDS),
            subscription_identifier_available: !self.lacks(IDENTIFIERS),
            shared_subscription_available: !self.lacks(topic::SHARED),
        }
    }
}

/// The limits that a server of MQTT 5 has announced in CONNACK. A session keeps to them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Limits {
    /// The number of messages with QoS 1 and 2 that may be in flight to the server.
    pub receive_maximum: u16,
    /// The longest packet that the server accepts; `u32::MAX` if it has named none.
    pub maximum_packet_size: u32,
    /// The highest topic alias that the server accepts; 0: none.
    pub topic_alias_maximum: u16,
    /// The highest quality of service with which the server accepts messages.
    pub maximum_qos: QoS,
    /// Whether the server supports retained messages.
    pub retain_available: bool,
    /// Whether the server supports wildcards in topic filters.
    pub wildcard_subscription_available: bool,
    /// Whether the server supports subscription identifiers.
    pub subscription_identifier_available: bool,
    /// Whether the server supports shared subscriptions.
    pub shared_subscription_available: bool,
}
