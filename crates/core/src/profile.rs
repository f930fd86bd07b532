//! Profiles: the parts of the protocol that a program uses. It does not pay for the others.
use crate::{Protocol, QoS};
use core::{fmt::Debug, hash::Hash};

/// The parts of the protocol that a [`Session`](crate::Session) contains.
///
/// The code of a part that is left out is not linked. A call that belongs to such a part does not
/// compile; a value that belongs to it is [`Invalid`](crate::SendError::Invalid); a packet that
/// belongs to it is [`Unexpected`](crate::Fault::Unexpected). [`Full`] has every part and is the
/// default. [`Clean`] and [`Sensor`] leave out parts. An application can define its own profile.
///
/// # Examples
/// ```
/// use motemq::{Mqtt311, Profile, QoS, Session, Slot};
///
/// /// A meter, which publishes with QoS 1 and resumes its session after a restart.
/// #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
/// struct Meter;
///
/// impl Profile for Meter {
///     const MAX_QOS: QoS = QoS::AtLeastOnce;
///     const SUBSCRIBES: bool = false;
/// }
///
/// let session = Session::<[Slot; 4], Mqtt311<Meter>>::with_protocol();
/// ```
///
/// A call that belongs to a part which the profile leaves out does not compile:
///
/// ```compile_fail,E0080
/// # use motemq::*;
/// # let mut tx = Buffer::<[u8; 64]>::new();
/// let mut session = Session::<[Slot; 1], Mqtt311<Sensor>>::with_protocol();
/// session.subscribe(&[Filter::new("a", QoS::AtMostOnce)], &mut tx); // a sensor does not subscribe
/// ```
///
/// ```compile_fail,E0080
/// # use motemq::*;
/// # let mut image = [0; 64];
/// let session = Session::<[Slot; 1], Mqtt311<Clean>>::with_protocol();
/// session.save(&mut image); // a clean session does not outlive its connection
/// ```
///
/// ```compile_fail,E0080
/// # use motemq::*;
/// # let mut tx = Buffer::<[u8; 64]>::new();
/// let mut session = Session::<[Slot; 1], Mqtt311<Clean>>::with_protocol();
/// session.publish_chunk(b"data", &mut tx); // `Clean` publishes messages in one piece
/// ```
pub trait Profile: Copy + Eq + Hash + Debug + 'static {
    /// The highest quality of service of the messages that the program sends and receives.
    const MAX_QOS: QoS = QoS::ExactlyOnce;
    /// True if the program subscribes and receives messages.
    const SUBSCRIBES: bool = true;
    /// True if sessions can outlive their connections: see
    /// [`Connect::keep_session`](crate::Connect::keep_session). Without this part every identifier
    /// in flight ends with its connection, and no
    /// [`OutcomeUnknown`](crate::Event::OutcomeUnknown) reports it.
    const RESUMES: bool = true;
    /// True if a received message that is longer than `rx` is delivered in pieces. Without this
    /// part it ends the connection with [`PacketTooLarge`](crate::Fault::PacketTooLarge).
    ///
    /// With MQTT 5 this part also drops the properties of an acknowledgement or DISCONNECT that is
    /// longer than `rx`. Without it, or without [`SUBSCRIBES`](Self::SUBSCRIBES), such a packet
    /// ends the connection in the same way. SUBACK and UNSUBACK also need
    /// [`EXPLAINS`](Self::EXPLAINS).
    const STREAMS_IN: bool = true;
    /// True if a received message whose topic is longer than `rx` is
    /// [`Skipped`](crate::Event::Skipped). Without this part, or without
    /// [`STREAMS_IN`](Self::STREAMS_IN), it ends the connection with
    /// [`PacketTooLarge`](crate::Fault::PacketTooLarge).
    const SKIPS: bool = true;
    /// True if the topic of a received message is checked: it has to be UTF-8 and a topic name
    /// [MQTT-1.5.3-1]. Without this part the broker is trusted. Text that is sent is always
    /// checked.
    ///
    /// With MQTT 5, properties are checked in the same way; without this part those that are sent
    /// are not checked either.
    const VALIDATES: bool = true;
    /// True if a message can be published in pieces: see
    /// [`Publish::remaining`](crate::Publish::remaining).
    const STREAMS_OUT: bool = true;
    /// True if a QoS 2 message that arrives under a packet identifier whose PUBREL has not arrived
    /// yet is delivered and [marked](crate::Message::is_repeated), so that the application decides
    /// whether it is a repetition. This is off even in [`Full`], which discards such a message, as
    /// [MQTT-4.3.3-2] requires.
    ///
    /// Some brokers forget which identifiers they have in use when one of their nodes fails, and
    /// send other messages under them. Without this part those messages are lost. With it, an
    /// application that stores a hash of the message received under each identifier loses none.
    const DELIVERS_REPEATED: bool = false;
    /// With MQTT 5: whether the session sends reason codes. A fault on an open connection writes
    /// DISCONNECT with its reason code to `tx` if there is room, the application can
    /// [refuse](crate::Session::refuse) messages, and PUBCOMP says if the packet identifier of a
    /// PUBREL [is unknown](crate::ReasonCode::PACKET_IDENTIFIER_NOT_FOUND). Without this part
    /// acknowledgements have no reason codes, as in MQTT 3.1.1.
    ///
    /// This part also drops the properties of a SUBACK or UNSUBACK that is longer than `rx`, which
    /// are reasons of the server. Without it, or without [`SKIPS`](Self::SKIPS) or
    /// [`STREAMS_IN`](Self::STREAMS_IN), such a packet ends the connection with
    /// [`PacketTooLarge`](crate::Fault::PacketTooLarge). The server must not send these properties
    /// if CONNECT has
    /// [`RequestProblemInformation(false)`](crate::Property::RequestProblemInformation)
    /// [MQTT-3.1.2-29].
    const EXPLAINS: bool = true;
    /// With MQTT 5: whether a successful acknowledgement with properties or with a reason code,
    /// such as [no matching subscribers](crate::ReasonCode::NO_MATCHING_SUBSCRIBERS), is reported
    /// as [`Accepted`](crate::Event::Accepted) instead of [`Acked`](crate::Event::Acked) or
    /// [`Received`](crate::Event::Received). This is off even in [`Full`], so that programs that do
    /// not need the reasons handle fewer events. It has no effect with MQTT 3.1.1.
    const REPORTS_SUCCESS: bool = false;
    /// With MQTT 5: whether the program authenticates with AUTH packets. Without this part an AUTH
    /// is [`Unexpected`](crate::Fault::Unexpected). CONNECT can still have an
    /// [authentication method](crate::Property::AuthenticationMethod), for a server that accepts the
    /// client without AUTH. It has no effect with MQTT 3.1.1.
    const AUTHENTICATES: bool = true;
}

/// The profile with every part of the protocol, which is the default.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Full;

impl Profile for Full {}

/// A profile for clean sessions only: a session ends with its connection, and a message is
/// published in one piece.
///
/// # Examples
/// ```
/// # use motemq::*;
/// # let (mut rx, mut tx) = (Buffer::<[u8; 64]>::new(), Buffer::<[u8; 64]>::new());
/// let mut session = Session::<[Slot; 8], Mqtt311<Clean>>::with_protocol();
/// session.connect(&Connect::new("lamp-3"), &mut rx, &mut tx)?;
/// # rx.space()[..4].copy_from_slice(b"\x20\x02\0\0"); rx.commit(4); tx.clear();
/// # session.next_event(&mut rx, &mut tx).unwrap();
/// session.subscribe(&[Filter::new("lamp/3/set", QoS::ExactlyOnce)], &mut tx)?;
/// # Ok::<(), SendError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Clean;

impl Profile for Clean {
    const RESUMES: bool = false;
    const STREAMS_OUT: bool = false;
    const EXPLAINS: bool = false;
    const AUTHENTICATES: bool = false;
}

/// A profile for sensors: they publish with QoS 0, over clean sessions, and receive no messages.
///
/// # Examples
/// ```
/// # use motemq::*;
/// # let (mut rx, mut tx) = (Buffer::<[u8; 64]>::new(), Buffer::<[u8; 64]>::new());
/// let mut session = Session::<[Slot; 1], Mqtt311<Sensor>>::with_protocol();
/// session.connect(&Connect::new("cellar"), &mut rx, &mut tx)?;
/// # rx.space()[..4].copy_from_slice(b"\x20\x02\0\0"); rx.commit(4); tx.clear();
/// # session.next_event(&mut rx, &mut tx).unwrap();
/// session.publish(&Publish::to("cellar/temperature").payload(b"11.5"), &mut tx)?;
/// # Ok::<(), SendError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Sensor;

impl Profile for Sensor {
    const MAX_QOS: QoS = QoS::AtMostOnce;
    const SUBSCRIBES: bool = false;
    const RESUMES: bool = false;
    const STREAMS_OUT: bool = false;
    const EXPLAINS: bool = false;
    const AUTHENTICATES: bool = false;
    const VALIDATES: bool = false;
}

/// Fails to compile if the profile has no sessions that outlive a connection.
pub(crate) const fn require_sessions<P: Protocol>() {
    assert!(
        resumes::<P>(),
        "this profile has no sessions that outlive a connection"
    );
}

/// Fails to compile if the profile does not subscribe.
pub(crate) const fn require_subscriptions<P: Protocol>() {
    assert!(subscribes::<P>(), "this profile has no subscriptions");
}

/// Fails to compile if the profile does not publish messages in pieces.
pub(crate) const fn require_streams_out<P: Protocol>() {
    assert!(
        streams_out::<P>(),
        "this profile publishes no message in pieces"
    );
}

/// Fails to compile if the profile gives no reasons.
pub(crate) const fn require_reasons<P: Protocol>() {
    assert!(explains::<P>(), "this profile gives no reasons");
}

/// Fails to compile if the profile has no AUTH packets.
pub(crate) const fn require_auth<P: Protocol>() {
    assert!(authenticates::<P>(), "this profile has no AUTH packets");
}

/// Returns whether faults and refusals have reasons.
pub(crate) const fn explains<P: Protocol>() -> bool {
    P::HAS_5 && <P::Profile as Profile>::EXPLAINS
}

/// Returns whether there are AUTH packets.
pub(crate) const fn authenticates<P: Protocol>() -> bool {
    P::HAS_5 && <P::Profile as Profile>::AUTHENTICATES
}

/// Returns the highest quality of service, as a number.
pub(crate) const fn max_qos<P: Protocol>() -> u8 {
    <P::Profile as Profile>::MAX_QOS as u8
}

/// Returns whether messages are received.
pub(crate) const fn subscribes<P: Protocol>() -> bool {
    <P::Profile as Profile>::SUBSCRIBES
}

/// Returns whether sessions are resumed.
pub(crate) const fn resumes<P: Protocol>() -> bool {
    <P::Profile as Profile>::RESUMES
}

/// Returns whether messages are published in pieces.
pub(crate) const fn streams_out<P: Protocol>() -> bool {
    <P::Profile as Profile>::STREAMS_OUT
}

/// Returns whether messages are received in pieces.
pub(crate) const fn streams_in<P: Protocol>() -> bool {
    subscribes::<P>() && <P::Profile as Profile>::STREAMS_IN
}

/// Returns whether messages with a topic longer than `rx` are skipped.
pub(crate) const fn skips<P: Protocol>() -> bool {
    streams_in::<P>() && <P::Profile as Profile>::SKIPS
}

/// Returns whether the properties of a SUBACK or UNSUBACK that do not fit into `rx` are dropped.
pub(crate) const fn drops_reasons<P: Protocol>() -> bool {
    skips::<P>() && explains::<P>()
}

/// Returns whether received topics are checked. Topics that are sent are `&str`, so only received
/// ones need a check for UTF-8.
pub(crate) const fn validates<P: Protocol>() -> bool {
    subscribes::<P>() && <P::Profile as Profile>::VALIDATES
}

/// Returns whether properties are checked. The codec, which is not a session's, always does it.
pub(crate) const fn checks_properties<P: Protocol>() -> bool {
    !P::HAS_5 || <P::Profile as Profile>::VALIDATES
}

/// Returns whether packets that are sent can be acknowledged.
pub(crate) const fn is_acknowledged<P: Protocol>() -> bool {
    max_qos::<P>() != 0 || subscribes::<P>()
}

/// Returns whether messages are sent or received with QoS 2.
pub(crate) const fn has_qos_2<P: Protocol>() -> bool {
    max_qos::<P>() == 2
}

/// Returns whether QoS 2 messages are received.
pub(crate) const fn receives_qos_2<P: Protocol>() -> bool {
    has_qos_2::<P>() && subscribes::<P>()
}

/// Returns whether QoS 2 messages under an identifier that awaits PUBREL are delivered.
pub(crate) const fn delivers_repeated<P: Protocol>() -> bool {
    receives_qos_2::<P>() && <P::Profile as Profile>::DELIVERS_REPEATED
}

/// Returns whether acknowledgements that succeed are reported with their reasons.
pub(crate) const fn reports_success<P: Protocol>() -> bool {
    P::HAS_5 && max_qos::<P>() != 0 && <P::Profile as Profile>::REPORTS_SUCCESS
}

/// Returns whether acknowledgements are sent.
pub(crate) const fn acknowledges<P: Protocol>() -> bool {
    has_qos_2::<P>() || (max_qos::<P>() != 0 && subscribes::<P>())
}
