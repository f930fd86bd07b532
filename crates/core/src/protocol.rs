//! The version of MQTT that a session speaks.
mod either;

use crate::{
    FilterOptions, Full, Profile, Properties, Property, PropertySource, SubscriptionOptions,
    session::Terms,
};
use core::{fmt::Debug, hash::Hash, marker::PhantomData};
pub use either::{Either, Version};

mod sealed {
    use super::{Debug, Hash, Terms};

    /// A version of MQTT that this crate speaks.
    pub trait Version {
        /// True if it is, or can be, MQTT 5.
        const HAS_5: bool;

        /// The state that a session keeps besides that of MQTT 3.1.1.
        type State: Clone + Eq + Hash + Debug;
        /// The state without a connection.
        const NEW: Self::State;

        /// Returns whether the session speaks MQTT 5 now.
        fn is_5(state: &Self::State) -> bool;

        /// Returns whether sessions can speak MQTT 5, or MQTT 3.1.1.
        fn speaks(is_5: bool) -> bool;

        /// Makes the session speak a version that it can speak.
        fn set_5(state: &mut Self::State, is_5: bool);

        /// Returns the terms of the connection, which only MQTT 5 has.
        fn terms(state: &Self::State) -> Option<&Terms>;

        /// Returns the terms of the connection, to be changed.
        fn terms_mut(state: &mut Self::State) -> Option<&mut Terms>;
    }

    /// Values that a session of the version `P` can send.
    pub trait SentBy<P> {}
}

/// A version of MQTT, with the parts of it that a [`Profile`] names: [`Mqtt311`], [`Mqtt5`] or
/// [`Either`].
///
/// It is the second parameter of a [`Session`](crate::Session). The trait is sealed: its
/// implementations are the versions that this crate supports. To leave out parts of a version,
/// implement [`Profile`].
pub trait Protocol: sealed::Version + Copy + Eq + Hash + Debug + 'static {
    /// The parts of the protocol that the session contains.
    type Profile: Profile;

    /// The type of the properties of a received packet. MQTT 3.1.1 has none, so it is `()`.
    type Properties<'r>: Copy + Eq + Hash + Debug + Default;

    /// Returns the properties in the type of this version.
    #[doc(hidden)]
    fn properties(properties: Properties<'_>) -> Self::Properties<'_>;
}

/// The protocol MQTT 3.1.1, as the second parameter of a [`Session`](crate::Session). It is the
/// default.
///
/// # Examples
/// ```
/// use motemq::{Mqtt311, Sensor, Session, Slot};
/// let session = Session::<[Slot; 8]>::new(); // all of MQTT 3.1.1
/// let small = Session::<[Slot; 1], Mqtt311<Sensor>>::with_protocol();
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Mqtt311<C = Full>(PhantomData<C>);

impl<C: Profile> sealed::Version for Mqtt311<C> {
    const HAS_5: bool = false;
    type State = PhantomData<Self>;
    const NEW: PhantomData<Self> = PhantomData;

    #[inline(always)]
    fn is_5(_: &PhantomData<Self>) -> bool {
        false
    }

    #[inline(always)]
    fn speaks(is_5: bool) -> bool {
        !is_5
    }

    #[inline(always)]
    fn set_5(_: &mut PhantomData<Self>, _: bool) {}

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

/// The protocol MQTT 5, as the second parameter of a [`Session`](crate::Session).
///
/// A session of MQTT 5 takes 20 bytes more than one of MQTT 3.1.1.
///
/// # Examples
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
    const HAS_5: bool = true;
    type State = Terms;
    const NEW: Terms = Terms::NEW;

    #[inline(always)]
    fn is_5(_: &Terms) -> bool {
        true
    }

    #[inline(always)]
    fn speaks(is_5: bool) -> bool {
        is_5
    }

    #[inline(always)]
    fn set_5(_: &mut Terms, _: bool) {}

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

/// A [`Protocol`] that is, or can be, MQTT 5: [`Mqtt5`] or [`Either`].
///
/// The trait is sealed, as [`Protocol`] is.
pub trait HasMqtt5: for<'r> Protocol<Properties<'r> = Properties<'r>> {}

impl<C: Profile> HasMqtt5 for Mqtt5<C> {}

/// The properties of a packet that a session of the version `P` sends: `()` for none, or, with
/// [`Mqtt5`] and [`Either`], a list.
///
/// The trait is sealed.
pub trait SendProperties<'a, P>: sealed::SentBy<P> + PropertySource<'a> {}

impl<P: Protocol> sealed::SentBy<P> for () {}
impl<P: Protocol> SendProperties<'_, P> for () {}
impl<P: HasMqtt5> sealed::SentBy<P> for &[Property<'_>] {}
impl<'a, P: HasMqtt5> SendProperties<'a, P> for &'a [Property<'a>] {}

/// The options of a topic filter that a session of the version `P` sends: `()` for none, or, with
/// [`Mqtt5`] and [`Either`], [`SubscriptionOptions`].
///
/// The trait is sealed.
pub trait SendOptions<P>: sealed::SentBy<P> + FilterOptions {}

impl<P: Protocol> SendOptions<P> for () {}
impl<P: HasMqtt5> sealed::SentBy<P> for SubscriptionOptions {}
impl<P: HasMqtt5> SendOptions<P> for SubscriptionOptions {}
