//! The reason codes of MQTT 5.
use crate::{Protocol, profile::checks_properties, wire};
use core::fmt;

/// A reason code: the result of an operation (MQTT 5, section 2.4).
///
/// # Examples
/// ```
/// use motemq::ReasonCode;
/// assert!(ReasonCode::QUOTA_EXCEEDED.is_error() && ReasonCode::from(0x97).get() == 0x97);
/// assert_eq!(ReasonCode::NOT_AUTHORIZED.to_string(), "not authorised (reason code 0x87)");
/// assert_eq!(
///     ReasonCode::from(0x7f).to_string(),
///     "a reason that MQTT 5 does not define (reason code 0x7f)"
/// );
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(transparent)]
pub struct ReasonCode(pub(crate) u8);

/// Constants with the standard's names, and their texts.
macro_rules! codes {
    ($($number:literal $name:ident $text:literal $doc:literal)*) => {
        impl ReasonCode {
            $(
                #[doc = concat!("Reason code ", stringify!($number), ": ", $doc)]
                pub const $name: Self = ReasonCode($number);
            )*

            /// Returns the meaning of the code in a few words.
            fn text(self) -> &'static str {
                match self.0 {
                    $($number => $text,)*
                    _ => "a reason that MQTT 5 does not define",
                }
            }
        }
    };
}

codes! {
    0x00 SUCCESS "success" "the operation succeeded."
    0x01 GRANTED_QOS_1 "granted QoS 1" "the server accepts the subscription with QoS 1 at most."
    0x02 GRANTED_QOS_2 "granted QoS 2" "the server accepts the subscription with QoS 2 at most."
    0x04 DISCONNECT_WITH_WILL_MESSAGE "disconnect with will message"
        "the client disconnects, and asks the server to publish the will."
    0x10 NO_MATCHING_SUBSCRIBERS "no matching subscribers"
        "the server accepts the message, but no subscription matches its topic."
    0x11 NO_SUBSCRIPTION_EXISTED "no subscription existed"
        "the client had no subscription with this topic filter."
    0x18 CONTINUE_AUTHENTICATION "continue authentication"
        "the sender continues the authentication."
    0x19 RE_AUTHENTICATE "re-authenticate" "the client begins a re-authentication."
    0x80 UNSPECIFIED_ERROR "unspecified error"
        "the sender does not give the reason, or no other code fits."
    0x81 MALFORMED_PACKET "malformed packet" "a packet cannot be parsed according to the standard."
    0x82 PROTOCOL_ERROR "protocol error"
        "a packet is not allowed at this point, or contains values that are not allowed."
    0x83 IMPLEMENTATION_SPECIFIC_ERROR "implementation specific error"
        "the packet is valid, but the receiver does not accept it."
    0x84 UNSUPPORTED_PROTOCOL_VERSION "unsupported protocol version"
        "the server does not support the version of MQTT."
    0x85 CLIENT_IDENTIFIER_NOT_VALID "client identifier not valid"
        "the server does not allow the client identifier."
    0x86 BAD_USER_NAME_OR_PASSWORD "bad user name or password"
        "the server does not accept the user name or the password."
    0x87 NOT_AUTHORIZED "not authorised" "the client is not authorised to do this."
    0x88 SERVER_UNAVAILABLE "server unavailable" "the server is not available."
    0x89 SERVER_BUSY "server busy" "the server is busy; try again later."
    0x8a BANNED "banned" "an administrator has banned the client."
    0x8b SERVER_SHUTTING_DOWN "server shutting down" "the server is shutting down."
    0x8c BAD_AUTHENTICATION_METHOD "bad authentication method"
        "the server does not support the authentication method, or another one is in use."
    0x8d KEEP_ALIVE_TIMEOUT "keep alive timeout"
        "the server received nothing for one and a half times the keep alive."
    0x8e SESSION_TAKEN_OVER "session taken over"
        "another connection uses the same client identifier."
    0x8f TOPIC_FILTER_INVALID "topic filter invalid"
        "the topic filter is well formed, but the server does not accept it."
    0x90 TOPIC_NAME_INVALID "topic name invalid"
        "the topic name is well formed, but the receiver does not accept it."
    0x91 PACKET_IDENTIFIER_IN_USE "packet identifier in use"
        "the packet identifier is in use already."
    0x92 PACKET_IDENTIFIER_NOT_FOUND "packet identifier not found"
        "the receiver does not know the packet identifier."
    0x93 RECEIVE_MAXIMUM_EXCEEDED "receive maximum exceeded"
        "more messages are in flight than the receive maximum allows."
    0x94 TOPIC_ALIAS_INVALID "topic alias invalid"
        "the topic alias is 0 or above the topic alias maximum."
    0x95 PACKET_TOO_LARGE "packet too large" "the packet is larger than the receiver accepts."
    0x96 MESSAGE_RATE_TOO_HIGH "message rate too high" "messages arrive too fast."
    0x97 QUOTA_EXCEEDED "quota exceeded"
        "a limit that the implementation or an administrator has set is exceeded."
    0x98 ADMINISTRATIVE_ACTION "administrative action"
        "an administrator has closed the connection."
    0x99 PAYLOAD_FORMAT_INVALID "payload format invalid"
        "the payload does not have the format that its indicator says."
    0x9a RETAIN_NOT_SUPPORTED "retain not supported"
        "the server does not support retained messages."
    0x9b QOS_NOT_SUPPORTED "QoS not supported"
        "the QoS is above the maximum QoS of the server."
    0x9c USE_ANOTHER_SERVER "use another server"
        "the client should use another server temporarily."
    0x9d SERVER_MOVED "server moved" "the client should use another server permanently."
    0x9e SHARED_SUBSCRIPTIONS_NOT_SUPPORTED "shared subscriptions not supported"
        "the server does not support shared subscriptions."
    0x9f CONNECTION_RATE_EXCEEDED "connection rate exceeded" "the client connects too often."
    0xa0 MAXIMUM_CONNECT_TIME "maximum connect time"
        "the connection has lasted as long as the server allows."
    0xa1 SUBSCRIPTION_IDENTIFIERS_NOT_SUPPORTED "subscription identifiers not supported"
        "the server does not support subscription identifiers."
    0xa2 WILDCARD_SUBSCRIPTIONS_NOT_SUPPORTED "wildcard subscriptions not supported"
        "the server does not support wildcards in topic filters."
}

impl ReasonCode {
    /// Reason code 0x00 in DISCONNECT: the connection ends normally, and the server discards the
    /// will.
    pub const NORMAL_DISCONNECTION: Self = Self::SUCCESS;
    /// Reason code 0x00 in SUBACK: the server accepts the subscription with QoS 0.
    pub const GRANTED_QOS_0: Self = Self::SUCCESS;

    /// Returns the code as the byte in the packet.
    pub const fn get(self) -> u8 {
        self.0
    }

    /// Returns whether the operation failed: the code is 0x80 or above.
    pub const fn is_error(self) -> bool {
        self.0 >= 0x80
    }
}

impl From<u8> for ReasonCode {
    fn from(code: u8) -> Self {
        ReasonCode(code)
    }
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (reason code 0x{:02x})", self.text(), self.0)
    }
}

/// Stands for a DISCONNECT of a client, which cannot have all codes [MQTT-3.14.2-1].
const DISCONNECT_OF_CLIENT: u8 = wire::CONNECT;

/// Returns whether a client can send this code in DISCONNECT.
#[inline(always)]
pub(crate) fn is_sent_by_clients<P: Protocol>(code: u8) -> bool {
    // Where nothing else needs the table, constants are smaller.
    if checks_properties::<P>() {
        is_allowed_in(DISCONNECT_OF_CLIENT, code)
    } else {
        is_in_table(DISCONNECT_OF_CLIENT, code)
    }
}

/// Returns whether a packet of this type, which is not AUTH, can have this code (MQTT 5, table 2-6).
#[cfg_attr(not(feature = "fast"), inline(never))]
pub(crate) fn is_allowed_in(kind: u8, code: u8) -> bool {
    let low = usize::from(code & 0x7f);
    let (table, index) = if code < 0x80 {
        (BY_CODE.get(..FIRST_ERROR), low)
    } else {
        (Some(BY_CODE.as_slice()), low.wrapping_add(FIRST_ERROR))
    };
    table
        .unwrap_or_default()
        .get(index)
        .is_some_and(|kinds| kinds >> (kind >> 1) & 1 != 0)
}

/// Returns whether AUTH can have this code.
pub(crate) fn is_allowed_in_auth(code: u8) -> bool {
    code == 0 || code & !1 == ReasonCode::CONTINUE_AUTHENTICATION.0
}

/// The index of the code 0x80 among all codes that are defined for packets other than AUTH.
const FIRST_ERROR: usize = 0x12;

/// The packets that can have a code, one bit for each type divided by 2: PUBACK and PUBREC have the
/// same codes, and so have PUBREL and PUBCOMP. By type, the masks would take 106 bytes more.
static BY_CODE: [u8; FIRST_ERROR + 0x23] = by_code();

const fn by_code() -> [u8; FIRST_ERROR + 0x23] {
    let mut table = [0; FIRST_ERROR + 0x23];
    let mut rest: &mut [u8] = &mut table;
    let mut code = 0u8;
    while let [kinds, after @ ..] = rest {
        let mut kind = wire::CONNECT;
        while kind < wire::AUTH {
            if is_in_table(kind, code) {
                *kinds |= 1 << (kind >> 1);
            }
            kind = kind.wrapping_add(1);
        }
        rest = after;
        code = code.wrapping_add(1);
        if code as usize == FIRST_ERROR {
            code = 0x80;
        }
    }
    table
}

/// Returns what [`is_allowed_in`] returns for packets other than AUTH.
const fn is_in_table(kind: u8, code: u8) -> bool {
    // One bit for each of the codes 0x00 to 0x1f, 0x80 to 0x9f and 0xa0 to 0xbf.
    let (successes, errors, more) = match kind {
        DISCONNECT_OF_CLIENT => (0x11_u32, 0x03f9_000f_u32, 0_u32),
        wire::CONNACK => (1, 0xbea1_17ff, 0),
        wire::PUBACK | wire::PUBREC => (0x0001_0001, 0x0283_0089, 0),
        wire::PUBREL | wire::PUBCOMP => (1, 0x0004_0000, 0),
        wire::SUBACK => (7, 0x4082_8089, 6),
        wire::UNSUBACK => (0x0002_0001, 0x0002_8089, 0),
        wire::DISCONNECT => (0x11, 0xfff9_fa8f, 7),
        _ => (0, 0, 0),
    };
    let codes = match code >> 5 {
        0 => successes,
        4 => errors,
        5 => more,
        _ => 0,
    };
    codes >> (code & 31) & 1 != 0
}
