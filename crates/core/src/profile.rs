//! What a program pays for: parts of the protocol that it never uses need not be linked.
use crate::QoS;
use core::{fmt::Debug, hash::Hash};

/// Which parts of the protocol a [`Session`](crate::Session) speaks. What it does not is not
/// linked, and refused: by the compiler where that is possible, else as
/// [`Invalid`](crate::SendError::Invalid) or [`Unexpected`](crate::Fault::Unexpected).
///
/// ```
/// use motemq::{Profile, QoS, Session, Slot};
/// #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
/// struct Meter;
/// impl Profile for Meter {
///     const QOS: QoS = QoS::AtLeastOnce;
///     const RECEIVES: bool = false;
/// }
/// let session = Session::<[Slot; 4], Meter>::with_profile();
/// ```
pub trait Profile: Copy + Eq + Hash + Debug + 'static {
    /// The highest quality of service, either way.
    const QOS: QoS = QoS::ExactlyOnce;
    /// Messages are subscribed to, and received.
    const RECEIVES: bool = true;
    /// Sessions outlive connections.
    const RESUMES: bool = true;
    /// Messages longer than `rx` come in pieces; without, they are
    /// [`PacketTooLarge`](crate::Fault::PacketTooLarge).
    const STREAMS_IN: bool = true;
    /// Messages whose topic is longer than `rx` are [`Skipped`](crate::Event::Skipped); without,
    /// they are too large, too.
    const SKIPS: bool = true;
    /// Text that comes is checked [MQTT-1.5.3-1]; without, the broker is trusted to send topics
    /// that are ones. What is sent is checked always.
    const VALIDATES: bool = true;
    /// Messages are sent in pieces: [`Publish::more`](crate::Publish::more).
    const STREAMS_OUT: bool = true;
}

/// Everything.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Full;

impl Profile for Full {}

/// Everything within one connection: sessions end with it, and messages are sent in one piece.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Clean;

impl Profile for Clean {
    const RESUMES: bool = false;
    const STREAMS_OUT: bool = false;
}

/// A sensor: publishes with QoS 0.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Sensor;

impl Profile for Sensor {
    const QOS: QoS = QoS::AtMostOnce;
    const RECEIVES: bool = false;
    const RESUMES: bool = false;
    const STREAMS_IN: bool = false;
    const STREAMS_OUT: bool = false;
}

/// Messages come in pieces.
pub(crate) const fn streams_in<P: Profile>() -> bool {
    P::RECEIVES && P::STREAMS_IN
}

/// Messages are skipped.
pub(crate) const fn skips<P: Profile>() -> bool {
    streams_in::<P>() && P::SKIPS
}

/// Text is checked for UTF-8: what comes, that is, since what is sent is `&str`.
pub(crate) const fn checks_utf_8<P: Profile>() -> bool {
    P::RECEIVES && P::VALIDATES
}

/// Acknowledgements of ours are awaited.
pub(crate) const fn is_acknowledged<P: Profile>() -> bool {
    P::QOS as u8 != 0 || P::RECEIVES
}

/// QoS 2 is spoken.
pub(crate) const fn has_qos_2<P: Profile>() -> bool {
    P::QOS as u8 == 2
}

/// Replies can be owed.
pub(crate) const fn replies<P: Profile>() -> bool {
    P::QOS as u8 == 2 || (P::QOS as u8 != 0 && P::RECEIVES)
}
