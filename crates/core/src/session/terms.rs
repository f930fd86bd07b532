//! The terms of a connection of MQTT 5: what the server has announced, what this client has, and
//! what is kept between packets besides the state of MQTT 3.1.1.
use super::{Session, Slot};
use crate::{
    Fault, Properties, Protocol, QoS,
    profile::{authenticates, checks_properties, max_qos, resumes},
    property::{Walk, table as id},
    topic,
};

/// The session begins with the connection (Clean Start).
const CLEAN_START: u8 = 2;
/// CONNACK assigns an identifier to a client that has one. When it is read, Clean Start does not
/// matter any more.
const IS_RENAMED: u8 = CLEAN_START;
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

/// The fingerprint of an empty client identifier.
const NO_CLIENT: u16 = 0xffff;

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

impl<P: Protocol> Session<[Slot], P> {
    /// Begins the terms of a connection whose CONNECT has these properties.
    #[inline(always)]
    pub(super) fn begin_terms(&mut self, is_clean: bool, properties: Option<Properties<'_>>) {
        let (mut method, mut is_kept) = (0, false);
        if let Some(terms) = self.terms_mut() {
            terms.reset();
        }
        if let Some(properties) = properties {
            (method, is_kept) = self.read_terms(is_kept, properties);
        }
        if let Some(terms) = self.terms_mut() {
            *terms = Terms {
                longest_in: terms.longest_out,
                aliases_in: terms.aliases_out,
                method,
                flags: (is_clean as u8) << 1 | (is_kept as u8) << 2,
                ..Terms::NEW
            };
        }
    }

    /// Takes over what CONNACK says. Leaves the fingerprint of the client identifier to which the
    /// session belongs from now on, or 0 if it ends with the connection.
    ///
    /// # Errors
    /// `Unexpected` if MQTT does not allow what CONNACK says.
    #[inline(always)]
    pub(super) fn learn_terms(
        &mut self,
        client_hash: &mut u16,
        properties: Properties<'_>,
    ) -> Result<(), Fault> {
        let mut is_kept = false;
        if let Some(terms) = self.terms_mut() {
            is_kept = terms.is_kept();
            terms.flags &= !IS_RENAMED;
        }
        let (method, is_kept) = self.read_terms(is_kept, properties);
        if resumes::<P>() {
            *client_hash = self.incoming.connecting_client_hash();
        }
        if !is_kept {
            *client_hash = 0;
        }
        // An identifier is assigned to clients without one. The rest is [MQTT-4.12.0-5], and that
        // with fewer bytes a message could not even be refused.
        let reads_method = checks_properties::<P>() || authenticates::<P>();
        match self.terms() {
            Some(terms)
                if (checks_properties::<P>() && terms.flags & IS_RENAMED != 0)
                    || (reads_method && method != terms.method)
                    || terms.longest_out < SMALLEST =>
            {
                Err(Fault::Unexpected)
            }
            _ => Ok(()),
        }
    }

    /// Reads what CONNECT or CONNACK announces. The limits are left in the place of those of the
    /// server, which have their first values before. Returns the fingerprint of the authentication
    /// method, or 0, and whether the session outlives the connection, which is `is_kept` if the
    /// packet does not say it.
    fn read_terms(&mut self, mut is_kept: bool, properties: Properties<'_>) -> (u16, bool) {
        let mut method = 0;
        let mut walk = Walk::over(properties.as_bytes());
        let Some(terms) = P::terms_mut(&mut self.protocol) else {
            return (method, is_kept);
        };
        let mut flags = terms.flags;
        while walk.read_of::<P>() {
            let number = walk.number;
            match walk.id {
                id::SESSION_EXPIRY_INTERVAL => is_kept = number != 0,
                id::ASSIGNED_CLIENT_IDENTIFIER if resumes::<P>() || checks_properties::<P>() => {
                    if checks_properties::<P>()
                        && self.incoming.connecting_client_hash() != NO_CLIENT
                    {
                        flags |= IS_RENAMED;
                    }
                    self.incoming.await_connack(super::hash(walk.data));
                }
                id::SERVER_KEEP_ALIVE => *self.connection.keep_alive_mut() = number as u16,
                id::AUTHENTICATION_METHOD if checks_properties::<P>() || authenticates::<P>() => {
                    method = super::hash(walk.data);
                }
                id::RECEIVE_MAXIMUM if max_qos::<P>() != 0 => terms.window = number as u16,
                id::TOPIC_ALIAS_MAXIMUM => terms.aliases_out = number as u16,
                id::MAXIMUM_QOS => flags |= 2u8.wrapping_sub(number as u8) << QOS_SHIFT,
                id::MAXIMUM_PACKET_SIZE => terms.longest_out = number,
                id::RETAIN_AVAILABLE
                | id::WILDCARD_SUBSCRIPTION_AVAILABLE
                | id::SUBSCRIPTION_IDENTIFIER_AVAILABLE
                | id::SHARED_SUBSCRIPTION_AVAILABLE
                    if number == 0 =>
                {
                    let bit = u32::from(walk.id).wrapping_sub(id::RETAIN_AVAILABLE.into());
                    flags |= 1u8.wrapping_shl(bit);
                }
                _ => {}
            }
        }
        terms.flags = flags;
        (method, is_kept)
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

    /// Sets the limits that hold if nothing is announced.
    #[inline(always)]
    fn reset(&mut self) {
        self.longest_out = u32::MAX;
        self.window = u16::MAX;
        self.aliases_out = 0;
    }

    /// Returns whether the session begins with the connection.
    pub(super) fn is_clean_start(&self) -> bool {
        self.flags & CLEAN_START != 0
    }

    /// Returns whether CONNECT asked for a session that outlives the connection.
    pub(super) fn is_kept(&self) -> bool {
        self.flags & IS_KEPT != 0
    }

    /// Returns whether the server supports the QoS and the retain flag of a PUBLISH.
    pub(super) fn allows_publish(&self, qos: u8, retain: bool) -> bool {
        qos.wrapping_add(self.flags >> QOS_SHIFT) <= 2 && !(retain && self.flags & NO_RETAIN != 0)
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
    pub(super) fn allows_alias(&self, alias: u32) -> bool {
        alias <= self.aliases_out.into()
    }

    /// Returns the bit of a topic alias among those that were sent, or 0 if the alias is above 16.
    pub(super) fn alias_bit(alias: u32) -> u16 {
        1u16.checked_shl(alias.wrapping_sub(1)).unwrap_or(0)
    }

    /// Returns whether a topic was sent with the topic alias of this bit over this connection.
    pub(super) fn is_alias_set(&self, bit: u16) -> bool {
        self.aliases_set & bit != 0
    }

    /// Notes that a topic was sent with the topic alias of this bit.
    pub(super) fn set_alias(&mut self, bit: u16) {
        self.aliases_set |= bit;
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

/// The limits that a server of MQTT 5 has announced in CONNACK. A session observes them: a command
/// that would exceed one of them returns [`Busy`](crate::SendError::Busy) for the receive maximum,
/// and [`Unsupported`](crate::SendError::Unsupported) for the others.
/// [`Session::limits`](crate::Session::limits) returns them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Limits {
    /// The number of messages with QoS 1 and 2 that may be in flight to the server; `u16::MAX` if
    /// it has announced no receive maximum, or the profile has only QoS 0.
    pub receive_maximum: u16,
    /// The length in bytes of the longest packet that the server accepts; `u32::MAX` if it has
    /// announced no maximum packet size.
    pub maximum_packet_size: u32,
    /// The highest topic alias that the server accepts, or 0 if it accepts none.
    pub topic_alias_maximum: u16,
    /// The highest quality of service with which the server accepts messages.
    pub maximum_qos: QoS,
    /// True if the server supports retained messages.
    pub retain_available: bool,
    /// True if the server supports wildcards in topic filters.
    pub wildcard_subscription_available: bool,
    /// True if the server supports subscription identifiers.
    pub subscription_identifier_available: bool,
    /// True if the server supports shared subscriptions.
    pub shared_subscription_available: bool,
}
