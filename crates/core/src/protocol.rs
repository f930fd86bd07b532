//! The version of MQTT that a session speaks.
use crate::{
    FilterOptions, Full, Profile, Properties, Property, PropertySource, SubscriptionOptions,
    session::Terms,
};
use core::{fmt::Debug, hash::Hash, marker::PhantomData};

mod sealed {
    use super::{Debug, Hash, Terms};

    /// A version of MQTT that this crate speaks.
    pub trait Version {
        /// Whether it is MQTT 5.
        const IS_5: bool;

        /// The state that a session keeps besides that of MQTT 3.1.1.
        type State: Clone + Eq + Hash + Debug;
        /// The state without a connection.
        const NEW: Self::State;

        /// Returns the terms of the connection, which only MQTT 5 has.
        fn terms(state: &Self::State) -> Option<&Terms>;

        /// Returns the terms of the connection, to be changed.
        fn terms_mut(state: &mut Self::State) -> Option<&mut Terms>;
    }

    /// Values that a session of the version `P` can send.
    pub trait SentBy<P> {}
}

/// A version of MQTT, with the parts of it that a [`Profile`] names: [`Mqtt311`] or [`Mqtt5`].
///
/// It is the second parameter of a [`Session`](crate::Session). The trait is sealed: its
/// implementations are the versions that this crate speaks. To leave out parts of a version,
/// implement [`Profile`].
pub trait Protocol: sealed::Version + Copy + Eq + Hash + Debug + 'static {
    /// The parts of the protocol that the session speaks.
    type Profile: Profile;

    /// The type of the properties of a received packet. MQTT 3.1.1 has none, so it is `()`.
    type Properties<'r>: Copy + Eq + Hash + Debug + Default;

    /// Returns the properties in the type of this version.
    #[doc(hidden)]
    fn properties(properties: Properties<'_>) -> Self::Properties<'_>;
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

impl<C: Profile> sealed::Version for Mqtt311<C> {
    const IS_5: bool = false;
    type State = PhantomData<Self>;
    const NEW: PhantomData<Self> = PhantomData;

    #[inline(always)]
    fn terms(_: &PhantomData<Self>) -> Option<&Terms> {
        None
    }

    #[inline(always)]
    fn terms_mut(_: &mut PhantomData<Self>) -> Option<&mut Terms> {
        None
    }
}

impl<C: Profile> Protocol for Mqtt311<C> {
    type Profile = C;
    type Properties<'r> = ();

    #[inline(always)]
    fn properties(_: Properties<'_>) {}
}

/// MQTT 5.
///
/// A session of MQTT 5 takes 20 bytes more than one of MQTT 3.1.1.
///
/// ```
/// use motemq::{Mqtt5, Sensor, Session, Slot};
/// let session = Session::<[Slot; 8], Mqtt5>::with_protocol(); // all of MQTT 5
/// let small = Session::<[Slot; 1], Mqtt5<Sensor>>::with_protocol();
/// ```
///
/// Properties given to a session of MQTT 3.1.1 do not compile:
///
/// ```compile_fail,E0277
/// # use motemq::*;
/// # let mut tx = Buffer::<[u8; 64]>::new();
/// let list = [Property::ContentType("text/plain".into())];
/// let mut session = Session::<[Slot; 1]>::new();
/// session.publish(&Publish::to("a").properties(&list), &mut tx); // MQTT 3.1.1 has none
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Mqtt5<C = Full>(PhantomData<C>);

impl<C: Profile> sealed::Version for Mqtt5<C> {
    const IS_5: bool = true;
    type State = Terms;
    const NEW: Terms = Terms::NEW;

    #[inline(always)]
    fn terms(terms: &Terms) -> Option<&Terms> {
        Some(terms)
    }

    #[inline(always)]
    fn terms_mut(terms: &mut Terms) -> Option<&mut Terms> {
        Some(terms)
    }
}

impl<C: Profile> Protocol for Mqtt5<C> {
    type Profile = C;
    type Properties<'r> = Properties<'r>;

    #[inline(always)]
    fn properties(properties: Properties<'_>) -> Properties<'_> {
        properties
    }
}

/// The properties of a packet that a session of the version `P` sends: `()` for none, or with
/// [`Mqtt5`] a list.
///
/// The trait is sealed.
pub trait SendProperties<'a, P>: sealed::SentBy<P> + PropertySource<'a> {}

impl<P: Protocol> sealed::SentBy<P> for () {}
impl<P: Protocol> SendProperties<'_, P> for () {}
impl<C: Profile> sealed::SentBy<Mqtt5<C>> for &[Property<'_>] {}
impl<'a, C: Profile> SendProperties<'a, Mqtt5<C>> for &'a [Property<'a>] {}

/// The options of a topic filter that a session of the version `P` sends: `()` for none, or with
/// [`Mqtt5`] [`SubscriptionOptions`].
///
/// The trait is sealed.
pub trait SendOptions<P>: sealed::SentBy<P> + FilterOptions {}

impl<P: Protocol> SendOptions<P> for () {}
impl<C: Profile> sealed::SentBy<Mqtt5<C>> for SubscriptionOptions {}
impl<C: Profile> SendOptions<Mqtt5<C>> for SubscriptionOptions {}

/// Returns whether the version is MQTT 5.
pub(crate) const fn is_5<P: Protocol>() -> bool {
    P::IS_5
}
