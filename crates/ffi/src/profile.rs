//! The parts of the protocol that the library has. The linker drops functions that a program does
//! not call, but not what a called function never needs; so there is a library for each profile.

/// The profile of `libmotemq.a`, which has every part.
#[cfg(not(any(feature = "clean", feature = "sensor")))]
pub type Profile = motemq::Full;

/// The profile of `libmotemq_clean.a`: clean sessions, and messages published in one piece.
#[cfg(all(feature = "clean", not(feature = "sensor")))]
pub type Profile = motemq::Clean;

/// The profile of `libmotemq_sensor.a`: publishes with QoS 0 and 1 over clean sessions.
#[cfg(feature = "sensor")]
pub type Profile = Sensor;

/// A sensor that publishes with QoS 0 and 1, over clean sessions, and receives nothing.
#[cfg(feature = "sensor")]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Sensor;

#[cfg(feature = "sensor")]
impl motemq::Profile for Sensor {
    const MAX_QOS: motemq::QoS = motemq::QoS::AtLeastOnce;
    const SUBSCRIBES: bool = false;
    const RESUMES: bool = false;
    const STREAMS_OUT: bool = false;
    const EXPLAINS: bool = false;
    const AUTHENTICATES: bool = false;
}

/// The profile under another name.
///
/// Manual acknowledgement reads by it. So the compiler takes its reader and the one of
/// `motemq_next_event` for two functions and inlines both, which makes each of them smaller. Of the
/// functions that both call it keeps one.
#[cfg(not(feature = "sensor"))]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Manual;

#[cfg(not(feature = "sensor"))]
impl motemq::Profile for Manual {
    const RESUMES: bool = <Profile as motemq::Profile>::RESUMES;
    const STREAMS_OUT: bool = <Profile as motemq::Profile>::STREAMS_OUT;
    const EXPLAINS: bool = <Profile as motemq::Profile>::EXPLAINS;
    const AUTHENTICATES: bool = <Profile as motemq::Profile>::AUTHENTICATES;
}
