//! Topic filters and the options of subscriptions.
use crate::QoS;
use core::fmt;

/// A topic filter, and the highest QoS with which its messages are to be delivered.
///
/// `O` is the type of the other options: `()` for none, and always with MQTT 3.1.1.
///
/// The fields are in this order in memory, so that C passes filters without copies.
///
/// # Examples
/// ```
/// use motemq::{Filter, QoS};
/// let filters = [
///     Filter::new("cellar/+/temperature", QoS::AtLeastOnce),
///     Filter::new("alarm/#", QoS::ExactlyOnce),
/// ];
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(C)]
pub struct Filter<'a, O = ()> {
    /// The text of the topic filter.
    pub filter: &'a str,
    /// The highest QoS with which messages are to be delivered.
    pub qos: QoS,
    /// The options that only MQTT 5 has, or `()`.
    pub options: O,
}

impl<'a> Filter<'a> {
    /// Makes a filter from its text: 1 to 65,535 bytes without U+0000, with `+` for one level and
    /// `#` for all remaining levels [MQTT-4.7.1-2] [MQTT-4.7.1-3]. The text is checked when the
    /// filter is sent; [`TopicFilter::new`](crate::TopicFilter::new) checks it earlier.
    pub const fn new(filter: &'a str, qos: QoS) -> Self {
        Filter {
            filter,
            qos,
            options: (),
        }
    }

    /// Sets the options that only MQTT 5 has.
    ///
    /// # Examples
    /// ```
    /// use motemq::{Filter, QoS, SubscriptionOptions};
    /// let chat = Filter::new("chat", QoS::AtLeastOnce).options(SubscriptionOptions {
    ///     no_local: true,
    ///     ..SubscriptionOptions::default()
    /// });
    /// ```
    pub const fn options(self, options: SubscriptionOptions) -> Filter<'a, SubscriptionOptions> {
        Filter {
            filter: self.filter,
            qos: self.qos,
            options,
        }
    }
}

/// The options of a subscription, besides the QoS, that only MQTT 5 has (section 3.8.3.1).
///
/// By default, all options are off, and the server sends retained messages whenever the client
/// subscribes. The fields are in this order in memory, so that C passes filters without copies.
///
/// # Examples
/// ```
/// use motemq::{RetainHandling, SubscriptionOptions};
/// let options = SubscriptionOptions {
///     retain_handling: RetainHandling::DoNotSend,
///     ..SubscriptionOptions::default()
/// };
/// assert!(!options.no_local && !options.retain_as_published);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(C)]
pub struct SubscriptionOptions {
    /// True if the server does not send this client the messages that the client itself publishes
    /// [MQTT-3.8.3-3]. It is not allowed with a shared subscription [MQTT-3.8.3-4].
    pub no_local: bool,
    /// True if the server sends messages with the retain flag with which they were published
    /// [MQTT-3.3.1-13]. If not, the flag says that the message was stored before the subscription
    /// was made [MQTT-3.3.1-12].
    pub retain_as_published: bool,
    /// The cases in which the server sends retained messages.
    pub retain_handling: RetainHandling,
}

/// The cases in which the server sends retained messages to a subscription of MQTT 5 (section
/// 3.8.3.1).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum RetainHandling {
    /// The server sends retained messages whenever the client subscribes [MQTT-3.3.1-9].
    #[default]
    SendAtSubscribe = 0,
    /// The server sends retained messages when the client subscribes, unless the subscription
    /// exists already [MQTT-3.3.1-10].
    SendIfNew = 1,
    /// The server does not send retained messages [MQTT-3.3.1-11].
    DoNotSend = 2,
}

/// The options of a subscription, besides the QoS: `()` with MQTT 3.1.1, else
/// [`SubscriptionOptions`].
///
/// The trait is sealed.
pub trait FilterOptions: sealed::Sealed + Copy + Default + PartialEq + fmt::Debug {
    /// Returns the bits of the options in their byte.
    #[doc(hidden)]
    fn bits(&self) -> u8;

    /// Returns the options in a byte that has been checked.
    #[doc(hidden)]
    fn of_bits(byte: u8) -> Self;
}

mod sealed {
    /// The options of a subscription in a version of MQTT that this crate speaks.
    pub trait Sealed {}
}

impl sealed::Sealed for () {}

impl FilterOptions for () {
    #[inline(always)]
    fn bits(&self) -> u8 {
        0
    }

    fn of_bits(_: u8) {}
}

impl sealed::Sealed for SubscriptionOptions {}

impl FilterOptions for SubscriptionOptions {
    #[inline(always)]
    fn bits(&self) -> u8 {
        u8::from(self.no_local) << 2
            | u8::from(self.retain_as_published) << 3
            | (self.retain_handling as u8) << 4
    }

    fn of_bits(byte: u8) -> Self {
        SubscriptionOptions {
            no_local: byte & 4 != 0,
            retain_as_published: byte & 8 != 0,
            retain_handling: match byte >> 4 & 3 {
                0 => RetainHandling::SendAtSubscribe,
                1 => RetainHandling::SendIfNew,
                _ => RetainHandling::DoNotSend,
            },
        }
    }
}
