//! Both versions of MQTT in one session.
use super::{HasMqtt5, Protocol, sealed};
use crate::{Full, Profile, Properties, SendError, Session, Slot, session::Terms};
use core::marker::PhantomData;

/// A version of MQTT. [`Session::set_version`] chooses it for a session, and `Options::version` for
/// a managed client.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
#[repr(u8)]
pub enum Version {
    /// MQTT 3.1.1, whose protocol level is 4.
    #[default]
    Mqtt311 = 4,
    /// MQTT 5, whose protocol version is 5.
    Mqtt5 = 5,
}

/// MQTT 3.1.1 or MQTT 5, chosen [before each connection](Session::set_version). It is for hosts: the
/// code of both versions is linked, and the choice is made for each packet.
///
/// A session takes 24 bytes more than one of MQTT 3.1.1, which is its version until another is
/// chosen. While it uses MQTT 3.1.1, properties, options of subscriptions and reason codes are
/// [`Unsupported`](SendError::Unsupported), and received packets have no properties.
///
/// # Examples
/// ```
/// # use motemq::*;
/// let mut session = Session::<[Slot; 8], Either>::with_protocol();
/// # let (mut rx, mut tx) = (Buffer::<[u8; 64]>::new(), Buffer::<[u8; 64]>::new());
/// session.set_version(Version::Mqtt5)?;
/// session.connect(&Connect::new("a"), &mut rx, &mut tx)?;
/// # rx.space()[..4].copy_from_slice(b"\x20\x02\0\x01");
/// # rx.commit(4);
/// // A server of MQTT 3.1.1 refuses this version.
/// let refused = session.next_event(&mut rx, &mut tx);
/// assert_eq!(refused, Err(Fault::Refused(ReturnCode::UNACCEPTABLE_PROTOCOL_VERSION)));
/// session.set_version(Version::Mqtt311)?;
/// session.connect(&Connect::new("a"), &mut rx, &mut tx)?;
/// # Ok::<(), SendError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Either<C = Full>(PhantomData<C>);

/// The state of a session that can speak both versions.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[repr(C)]
pub struct State {
    terms: Terms,
    is_5: bool,
}

impl<C: Profile> sealed::Version for Either<C> {
    const HAS_5: bool = true;
    type State = State;
    const NEW: State = State {
        terms: Terms::NEW,
        is_5: false,
    };

    #[inline(always)]
    fn is_5(state: &State) -> bool {
        state.is_5
    }

    #[inline(always)]
    fn speaks(_: bool) -> bool {
        true
    }

    #[inline(always)]
    fn set_5(state: &mut State, is_5: bool) {
        state.is_5 = is_5;
    }

    #[inline(always)]
    fn terms(state: &State) -> Option<&Terms> {
        state.is_5.then_some(&state.terms)
    }

    #[inline(always)]
    fn terms_mut(state: &mut State) -> Option<&mut Terms> {
        state.is_5.then_some(&mut state.terms)
    }
}

impl<C: Profile> Protocol for Either<C> {
    type Profile = C;
    type Properties<'r> = Properties<'r>;

    #[inline(always)]
    fn properties(properties: Properties<'_>) -> Properties<'_> {
        properties
    }
}

impl<C: Profile> HasMqtt5 for Either<C> {}

impl<C: Profile> Session<[Slot], Either<C>> {
    /// Chooses the version of MQTT for the next calls of [`connect`](Self::connect). The state of
    /// the session stays the same, and a server that supports both versions may resume it.
    ///
    /// # Errors
    /// [`Busy`](SendError::Busy) while there is a connection.
    pub fn set_version(&mut self, version: Version) -> Result<(), SendError> {
        if !self.is_closed() {
            return Err(SendError::Busy);
        }
        self.set_5(version == Version::Mqtt5);
        Ok(())
    }

    /// Returns the version of MQTT that this session uses.
    pub fn version(&self) -> Version {
        if self.is_5() {
            Version::Mqtt5
        } else {
            Version::Mqtt311
        }
    }
}
