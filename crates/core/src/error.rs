//! The errors: [`SendError`] for a command without effect, [`Fault`] for a connection that has
//! ended.
use crate::ReasonCode;
use core::{error::Error, fmt};

/// The reason why a command was not executed. It has written nothing and used no packet
/// identifier, and the connection is as it was before the call, unless the command says otherwise.
///
/// [`Full`](SendError::Full) and [`Busy`](SendError::Busy) are part of normal operation: do what
/// their documentation says, then repeat the command.
///
/// # Examples
/// ```
/// use motemq::{Buffer, Publish, SendError, Session, Slot};
/// let mut session = Session::<[Slot; 1]>::new();
/// let mut tx = Buffer::<[u8; 64]>::new();
/// let error = session.publish(&Publish::to("a"), &mut tx).unwrap_err();
/// assert_eq!(error, SendError::Offline);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
#[non_exhaustive]
pub enum SendError {
    /// `tx` has too little room now. Write its bytes to the transport, then repeat the command.
    Full = 1,
    /// Something that began earlier has to be completed first: a payload that is being streamed,
    /// the resending of messages after a reconnection, the oldest packet in flight if the next
    /// slot is not free, or, with MQTT 5, as many messages as the server's
    /// [receive maximum](crate::Limits::receive_maximum) allows. Process further events, then
    /// repeat the command.
    Busy = 2,
    /// There is no connection, or the broker has not accepted it yet.
    Offline = 3,
    /// An argument is not allowed by MQTT, by the session's [`Profile`](crate::Profile), or in the
    /// present state. Repeating the command with the same argument does not help.
    Invalid = 4,
    /// The packet does not fit into an empty `tx` or into the length fields of MQTT, or the SUBACK
    /// for this number of filters does not fit into `rx`.
    TooLong = 5,
    /// The command needs something that the server does not support: with MQTT 5, a QoS, retained
    /// messages, a topic alias, a kind of subscription or a packet of this length, according to
    /// the [limits](crate::Session::limits) that the server has announced; with
    /// [`Either`](crate::Either), something that MQTT 3.1.1 does not have while the session uses
    /// that version.
    Unsupported = 7,
}

impl SendError {
    /// Returns the number of the error, 1 to 5 or 7. The numbers are stable, for logs and for C:
    /// later versions add numbers, but do not change or reuse them.
    ///
    /// # Examples
    /// ```
    /// use motemq::SendError;
    /// assert_eq!(SendError::Busy.number(), 2);
    /// ```
    pub const fn number(self) -> u8 {
        self as u8
    }
}

/// The reason why a connection has ended. A program with a session closes the transport, then calls
/// [`connect`](crate::Session::connect) over a new one. Managed clients do so themselves.
///
/// A fault is reported once. From then on the session [is closed](crate::Session::is_closed): it
/// reads nothing, and its commands return [`Offline`](SendError::Offline). The session keeps its
/// state of the messages in flight.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Fault {
    /// The broker refused CONNECT with this return code of MQTT 3.1.1. In a session of MQTT 5, it
    /// means that the server supports only MQTT 3.1.1; a server of MQTT 5 refuses with
    /// [`Event::Disconnected`](crate::Event::Disconnected).
    Refused(ReturnCode),
    /// The broker sent bytes that are not a packet of the version of MQTT in use: [MQTT-4.8.0-1]
    /// of MQTT 3.1.1, [MQTT-4.13.1-1] of MQTT 5.
    Malformed,
    /// The broker sent a packet that is not allowed at this point: a first packet other than
    /// CONNACK, a second CONNACK, a packet that only clients send, an acknowledgement of the wrong
    /// type, a CONNACK that resumes a session although CONNECT asked for a clean one, or a packet
    /// that the session's [`Profile`](crate::Profile) leaves out.
    ///
    /// With MQTT 5, this is every protocol error that has no fault of its own, such as a property
    /// or a reason code that the packet cannot have, or the wrong authentication method. If it ends
    /// each connection that asks for a [kept session](crate::Connect::keep_session), set an
    /// [identifier offset](crate::Connect::identifier_offset()) other than 0.
    Unexpected,
    /// The broker did not answer CONNECT or PINGREQ in time: see
    /// [`Connect::timeout`](crate::Connect::timeout()) and [`tick`](crate::Session::tick).
    Timeout,
    /// The broker sent a packet that is larger than `rx` and that cannot be read in pieces. With
    /// all parts of the protocol these are CONNACK and AUTH of MQTT 5, and a SUBACK or UNSUBACK
    /// with more codes than fit into `rx`. A [profile](crate::Profile) without
    /// [`STREAMS_IN`](crate::Profile::STREAMS_IN), [`SKIPS`](crate::Profile::SKIPS) or
    /// [`EXPLAINS`](crate::Profile::EXPLAINS) cannot read some others either. The packet can also
    /// be larger than the maximum packet size that the client has announced.
    PacketTooLarge,
    /// The broker has more QoS 2 messages in flight than the session has slots. The messages that
    /// were accepted are completed over the next connection. Give the session more slots if this
    /// happens often.
    TooManyQos2,
    /// The server of MQTT 5 sent a topic alias of 0 [MQTT-3.3.2-8], or above the maximum that the
    /// client has announced [MQTT-3.1.2-26].
    TopicAlias,
}

impl Fault {
    /// Returns the number of the fault, 1 to 7. The numbers are stable, for logs and for C: later
    /// versions add numbers, but do not change or reuse them.
    ///
    /// [`Refused`](Fault::Refused) has the number 1, whatever its [`ReturnCode`], which has a
    /// [number of its own](ReturnCode::get).
    ///
    /// # Examples
    /// ```
    /// use motemq::{Fault, ReturnCode};
    /// assert_eq!(Fault::Refused(ReturnCode::NOT_AUTHORIZED).number(), 1);
    /// assert_eq!(Fault::Timeout.number(), 4);
    /// ```
    pub const fn number(self) -> u8 {
        match self {
            Fault::Refused(_) => 1,
            Fault::Malformed => 2,
            Fault::Unexpected => 3,
            Fault::Timeout => 4,
            Fault::PacketTooLarge => 5,
            Fault::TooManyQos2 => 6,
            Fault::TopicAlias => 7,
        }
    }
}

/// The reason codes of the faults with the numbers 0 to 7, or 0 if the server is not told.
static REASON_CODES: [u8; 8] = [
    0,
    0,
    ReasonCode::MALFORMED_PACKET.0,
    ReasonCode::PROTOCOL_ERROR.0,
    0,
    ReasonCode::PACKET_TOO_LARGE.0,
    ReasonCode::RECEIVE_MAXIMUM_EXCEEDED.0,
    ReasonCode::TOPIC_ALIAS_INVALID.0,
];

impl Fault {
    /// Returns the reason code with which a server of MQTT 5 is told, or 0.
    #[inline(always)]
    pub(crate) fn reason_code(self) -> u8 {
        let index = usize::from(self.number() & 7);
        REASON_CODES.get(index).copied().unwrap_or(0)
    }
}

/// The return code of a CONNACK (MQTT 3.1.1, section 3.2.2.3). MQTT 5 has
/// [reason codes](crate::ReasonCode) instead.
///
/// # Examples
/// ```
/// use motemq::ReturnCode;
/// assert_eq!(ReturnCode::NOT_AUTHORIZED.to_string(), "not authorised (return code 5)");
/// assert_eq!(
///     ReturnCode::from(7).to_string(),
///     "a reason that MQTT 3.1.1 does not define (return code 7)"
/// );
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ReturnCode(pub(crate) u8);

impl ReturnCode {
    /// Return code 0: the broker accepts the connection.
    pub const ACCEPTED: Self = ReturnCode(0);
    /// Return code 1: the broker does not support MQTT 3.1.1.
    pub const UNACCEPTABLE_PROTOCOL_VERSION: Self = ReturnCode(1);
    /// Return code 2: the broker does not allow the client identifier.
    pub const IDENTIFIER_REJECTED: Self = ReturnCode(2);
    /// Return code 3: the broker is not available at present.
    pub const SERVER_UNAVAILABLE: Self = ReturnCode(3);
    /// Return code 4: the broker does not accept the user name or the password.
    pub const BAD_USER_NAME_OR_PASSWORD: Self = ReturnCode(4);
    /// Return code 5: the client is not authorised to connect.
    pub const NOT_AUTHORIZED: Self = ReturnCode(5);

    /// Returns the code as the byte in the packet. Some brokers send codes above 5, which MQTT
    /// 3.1.1 does not define.
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
            Self::UNACCEPTABLE_PROTOCOL_VERSION => "the broker does not support MQTT 3.1.1",
            Self::IDENTIFIER_REJECTED => "client identifier rejected",
            Self::SERVER_UNAVAILABLE => "server unavailable",
            Self::BAD_USER_NAME_OR_PASSWORD => "bad user name or password",
            Self::NOT_AUTHORIZED => "not authorised",
            _ => "a reason that MQTT 3.1.1 does not define",
        };
        write!(f, "{text} (return code {})", self.0)
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SendError::Full => {
                "the send buffer has too little room: write out its bytes, then repeat the command"
            }
            SendError::Busy => {
                "a streamed payload, resending, or the oldest packet in flight has to be completed \
                 first: process further events, then repeat the command"
            }
            SendError::Offline => {
                "there is no open connection: connect, and wait until the broker has accepted"
            }
            SendError::Invalid => "MQTT or the profile does not allow an argument: correct it",
            SendError::TooLong => {
                "the packet or its answer is longer than the buffers or MQTT allow: use larger \
                 buffers, shorter text or fewer filters"
            }
            SendError::Unsupported => {
                "the server or its version of MQTT does not support this, or a packet of this \
                 length: leave it out"
            }
        })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Fault::Refused(code) => {
                return write!(
                    f,
                    "the broker refused the connection: {code}: correct the options, or connect \
                     again later"
                );
            }
            Fault::Malformed => {
                "the broker sent a malformed packet: connect again; if this recurs, check the \
                 broker"
            }
            Fault::Unexpected => {
                "the broker sent a packet that is not allowed at this point: connect again; if \
                 this recurs, check the broker"
            }
            Fault::Timeout => "the broker did not answer in time: connect again",
            Fault::PacketTooLarge => {
                "the broker sent a packet that is larger than the receive buffer: use a larger \
                 buffer"
            }
            Fault::TooManyQos2 => {
                "the broker sent more QoS 2 messages at once than the session has slots: connect \
                 again for the rest, or use more slots"
            }
            Fault::TopicAlias => {
                "the broker sent a topic alias that it was not offered: connect again; if this \
                 recurs, check the broker"
            }
        })
    }
}

impl Error for SendError {}
impl Error for Fault {}
