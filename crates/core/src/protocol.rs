//! The version of MQTT that a session speaks.
use crate::{Full, Profile};
use core::{fmt::Debug, hash::Hash, marker::PhantomData};

mod sealed {
    /// A version of MQTT that this crate speaks.
    pub trait Sealed {}
}

/// A version of MQTT, with the parts of it that a [`Profile`] names.
///
/// It is the second parameter of a [`Session`](crate::Session). The trait is sealed: its
/// implementations are the versions that this crate speaks. To leave out parts of a version,
/// implement [`Profile`].
pub trait Protocol: sealed::Sealed + Copy + Eq + Hash + Debug + 'static {
    /// The parts of the protocol that the session speaks.
    type Profile: Profile;

    /// The type of the properties of a received packet. MQTT 3.1.1 has none, so it is `()`.
    type Properties<'r>: Copy + Eq + Hash + Debug + Default;
}

/// MQTT 3.1.1.
///
/// ```
/// use motemq::{Mqtt311, Sensor, Session, Slot};
/// let session = Session::<[Slot; 8]>::new(); // all of MQTT 3.1.1
/// let small = Session::<[Slot; 1], Mqtt311<Sensor>>::with_protocol();
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Mqtt311<C = Full>(PhantomData<C>);

impl<C: Profile> sealed::Sealed for Mqtt311<C> {}

impl<C: Profile> Protocol for Mqtt311<C> {
    type Profile = C;
    type Properties<'r> = ();
}
