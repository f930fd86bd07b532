//! The two ways things go wrong: a command that did nothing, and a connection that is over.
use core::{error::Error, fmt};

/// A command that was not carried out: nothing was written, no packet identifier was taken.
///
/// `Full` and `Busy` are answers, not failures: do what they say and ask again. The connection is
/// as it was.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum SendError {
    /// There is no room in `tx` now: write its bytes to the transport and ask again.
    Full,
    /// Something begun before must end first: a streamed payload, the resending after a
    /// reconnection, or the oldest packet that awaits its answer while all slots are taken.
    /// Read on and ask again.
    Busy,
    /// There is no connection, or the broker has not accepted it yet.
    Offline,
    /// MQTT does not allow what was asked for: an argument is wrong, and will be when asked again.
    Invalid,
    /// It would not even fit into an empty `tx`, or into MQTT's length fields; or the answer to so
    /// many filters would not fit into `rx`.
    TooLong,
}

/// Why the connection is over. Close the transport, then [`connect`](crate::Session::connect) over
/// a new one.
///
/// It is told once; from then on the session [is closed](crate::Session::is_closed), reads nothing,
/// and its commands say [`Offline`](SendError::Offline). What the session remembers of messages
/// under way is kept.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Fault {
    /// The broker said no to CONNECT.
    Refused(ReturnCode),
    /// The broker sent what MQTT does not allow [MQTT-4.8.0-1].
    Malformed,
    /// The broker sent a packet that has no place here: not CONNACK first, a second CONNACK, a
    /// packet that only clients send, an acknowledgement of the wrong kind, or a session that
    /// we had asked to be discarded.
    Unexpected,
    /// The broker fell silent: see [`Connect::timeout`](crate::Connect::timeout).
    Timeout,
    /// The broker sent a packet other than PUBLISH that is larger than `rx`.
    PacketTooLarge,
    /// The broker has more QoS 2 messages under way than the session has slots. Those that were
    /// accepted will be completed over the next connection; give the session more slots if it
    /// happens often.
    TooManyQos2,
}

/// CONNACK's return code [MQTT-3.2.2.3].
///
/// ```
/// use motemq::ReturnCode;
/// assert_eq!(ReturnCode::NOT_AUTHORIZED.to_string(), "not authorised (return code 5)");
/// assert_eq!(ReturnCode::from(7).to_string(), "for a reason that MQTT 3.1.1 does not define (return code 7)");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ReturnCode(pub(crate) u8);

impl ReturnCode {
    /// The connection is accepted.
    pub const ACCEPTED: Self = ReturnCode(0);
    /// The broker does not speak MQTT 3.1.1.
    pub const UNACCEPTABLE_PROTOCOL_VERSION: Self = ReturnCode(1);
    /// The client identifier is not allowed.
    pub const IDENTIFIER_REJECTED: Self = ReturnCode(2);
    /// The broker is not ready.
    pub const SERVER_UNAVAILABLE: Self = ReturnCode(3);
    /// User name or password is wrong.
    pub const BAD_USER_NAME_OR_PASSWORD: Self = ReturnCode(4);
    /// The client may not connect.
    pub const NOT_AUTHORIZED: Self = ReturnCode(5);

    /// The byte on the wire. Brokers send undefined ones, too.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl From<u8> for ReturnCode {
    fn from(code: u8) -> Self {
        ReturnCode(code)
    }
}

impl fmt::Display for ReturnCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match *self {
            Self::ACCEPTED => "accepted",
            Self::UNACCEPTABLE_PROTOCOL_VERSION => "it does not speak MQTT 3.1.1",
            Self::IDENTIFIER_REJECTED => "client identifier rejected",
            Self::SERVER_UNAVAILABLE => "server unavailable",
            Self::BAD_USER_NAME_OR_PASSWORD => "bad user name or password",
            Self::NOT_AUTHORIZED => "not authorised",
            _ => "for a reason that MQTT 3.1.1 does not define",
        };
        write!(f, "{text} (return code {})", self.0)
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SendError::Full => "no room in the send buffer now: write its bytes out and ask again",
            SendError::Busy => "something begun before must end first: read on and ask again",
            SendError::Offline => "not connected: connect first, and wait until the broker has accepted",
            SendError::Invalid => "not allowed by MQTT: correct the arguments",
            SendError::TooLong => "longer than the buffers or MQTT allow: use larger buffers, or shorter text and fewer filters",
        })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Refused(code) => write!(f, "the broker refused the connection: {code}"),
            Fault::Malformed => f.write_str("the broker sent a malformed packet: connect again; if it goes on, look at the broker"),
            Fault::Unexpected => f.write_str("the broker sent a packet out of place: connect again; if it goes on, look at the broker"),
            Fault::Timeout => f.write_str("the broker fell silent: connect again"),
            Fault::PacketTooLarge => f.write_str("the broker sent a packet larger than the receive buffer: use a larger one"),
            Fault::TooManyQos2 => f.write_str(
                "the broker sent more QoS 2 messages at once than there are slots: connect again for the rest, or use more slots",
            ),
        }
    }
}

impl Error for SendError {}
impl Error for Fault {}
