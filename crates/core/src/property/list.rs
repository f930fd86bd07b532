//! The properties of a packet that was received.
#[cfg(feature = "fast")]
use super::fast::take;
use super::{Place, Property, PropertyError, Walk, read::checked, table};
use crate::{Mqtt311, Text};
use core::fmt;

/// The properties of a packet, as they were received and checked.
///
/// They stay encoded: each method searches the bytes and copies nothing. User properties, and the
/// subscription identifiers of a PUBLISH, are returned in the order in which they were sent.
/// Properties without a method of their own are returned by [`iter`](Self::iter).
///
/// # Examples
/// ```
/// use motemq::{Property, packet::v5::{Packet, decode}};
/// let (packet, _) = decode(b"\x30\x0d\0\x01t\x07\x08\0\x02re\x0b\x07hi")?.unwrap();
/// let Packet::Publish { properties, .. } = packet else { unreachable!() };
/// assert_eq!(properties.response_topic(), Some("re".into()));
/// assert_eq!(properties.iter().last(), Some(Property::SubscriptionIdentifier(7)));
/// # Ok::<(), motemq::packet::v5::DecodeError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Properties<'a>(pub(crate) &'a [u8]);

impl<'a> Properties<'a> {
    /// Reads the properties of a PUBLISH from bytes that [`as_bytes`](Self::as_bytes) returned, and
    /// checks them.
    ///
    /// # Errors
    /// A [`PropertyError`] for the first property that is malformed, or that a PUBLISH cannot have.
    ///
    /// # Examples
    /// ```
    /// use motemq::{Properties, PropertyError};
    /// let properties = Properties::of_publish(b"\x08\0\x02re")?;
    /// assert_eq!(properties.response_topic(), Some("re".into()));
    /// let twice = Properties::of_publish(b"\x01\0\x01\0");
    /// assert_eq!(twice, Err(PropertyError::Repeated { id: 1 }));
    /// # Ok::<(), PropertyError>(())
    /// ```
    pub fn of_publish(bytes: &'a [u8]) -> Result<Self, PropertyError> {
        checked::<Mqtt311>(bytes, Place::PUBLISH)
    }

    /// Returns whether there are no properties.
    pub const fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// Returns the properties as they are encoded in the packet, without the length before them.
    pub const fn as_bytes(self) -> &'a [u8] {
        self.0
    }

    /// Returns an iterator over the properties, in their order.
    #[cfg_attr(feature = "fast", inline)]
    pub fn iter(self) -> impl Iterator<Item = Property<'a>> {
        #[cfg(feature = "fast")]
        {
            let mut rest = self.0;
            core::iter::from_fn(move || take(&mut rest))
        }
        #[cfg(not(feature = "fast"))]
        self.walk().map(|walk| Property::of(&walk))
    }

    /// Removes the first property and returns it, or `None` if there are no properties.
    ///
    /// # Examples
    /// ```
    /// use motemq::{Property, packet::v5::{Packet, decode}};
    /// let (packet, _) = decode(b"\x30\x0d\0\x01t\x07\x08\0\x02re\x0b\x07hi")?.unwrap();
    /// let Packet::Publish { mut properties, .. } = packet else { unreachable!() };
    /// assert_eq!(properties.take_first(), Some(Property::ResponseTopic("re".into())));
    /// assert_eq!(properties.take_first(), Some(Property::SubscriptionIdentifier(7)));
    /// assert_eq!(properties.take_first(), None);
    /// # Ok::<(), motemq::packet::v5::DecodeError>(())
    /// ```
    pub fn take_first(&mut self) -> Option<Property<'a>> {
        let mut walk = Walk::over(self.0);
        if walk.read() {
            let property = Property::of(&walk);
            if walk.id == table::USER_PROPERTY {
                walk.read();
            }
            self.0 = walk.rest;
            Some(property)
        } else {
            self.0 = &[];
            None
        }
    }

    /// Returns the response topic, to which the answer is to be published, if the message is a
    /// request.
    pub fn response_topic(self) -> Option<Text<'a>> {
        self.text(table::RESPONSE_TOPIC)
    }

    /// Returns the correlation data, which the answer to a request has to repeat.
    pub fn correlation_data(self) -> Option<&'a [u8]> {
        self.find(table::CORRELATION_DATA).map(|walk| walk.data)
    }

    /// Returns the content type of the payload.
    pub fn content_type(self) -> Option<Text<'a>> {
        self.text(table::CONTENT_TYPE)
    }

    /// Returns the message expiry interval: the number of seconds until the message expires.
    pub fn message_expiry_interval(self) -> Option<u32> {
        self.number(table::MESSAGE_EXPIRY_INTERVAL)
    }

    /// Returns the topic alias, a number that stands for the topic of a PUBLISH.
    pub fn topic_alias(self) -> Option<u16> {
        self.number(table::TOPIC_ALIAS).map(|number| number as u16)
    }

    /// Returns an iterator over the subscription identifiers of a PUBLISH: the identifiers of the
    /// subscriptions that the message matches.
    pub fn subscription_identifiers(self) -> impl Iterator<Item = u32> {
        self.walk()
            .filter(|walk| walk.id == table::SUBSCRIPTION_IDENTIFIER)
            .map(|walk| walk.number)
    }

    /// Returns an iterator over the names and values of the user properties, in their order.
    pub fn user_properties(self) -> impl Iterator<Item = (Text<'a>, Text<'a>)> {
        self.walk()
            .filter(|walk| walk.id == table::USER_PROPERTY)
            .map(|walk| walk.pair())
            .map(|(name, value)| (Text(name), Text(value)))
    }

    /// Returns the reason string, a text for people that explains the reason code.
    pub fn reason_string(self) -> Option<Text<'a>> {
        self.text(table::REASON_STRING)
    }

    /// Returns the server reference: other servers that the client can use, separated by spaces.
    pub fn server_reference(self) -> Option<Text<'a>> {
        self.text(table::SERVER_REFERENCE)
    }

    /// Returns the assigned client identifier, which the server has chosen for a client without
    /// one.
    pub fn assigned_client_identifier(self) -> Option<Text<'a>> {
        self.text(table::ASSIGNED_CLIENT_IDENTIFIER)
    }

    /// Returns the name of the authentication method.
    pub fn authentication_method(self) -> Option<Text<'a>> {
        self.text(table::AUTHENTICATION_METHOD)
    }

    /// Returns the authentication data, whose content the authentication method defines.
    pub fn authentication_data(self) -> Option<&'a [u8]> {
        self.find(table::AUTHENTICATION_DATA).map(|walk| walk.data)
    }

    /// Returns the walks that end at each of the properties.
    fn walk(self) -> impl Iterator<Item = Walk<'a>> {
        let mut walk = Walk::over(self.0);
        core::iter::from_fn(move || walk.read().then_some(walk))
            .filter(|walk| walk.id != Walk::USER_VALUE)
    }

    /// Returns the number that the first property with this identifier has, or another one if there
    /// is none.
    #[inline(never)]
    pub(crate) fn number_or(self, id: u8, other: u32) -> u32 {
        let mut walk = Walk::over(self.0);
        if walk.find(id) { walk.number } else { other }
    }

    fn find(self, id: u8) -> Option<Walk<'a>> {
        let mut walk = Walk::over(self.0);
        walk.find(id).then_some(walk)
    }

    /// Returns the number that the first property with this identifier has.
    fn number(self, id: u8) -> Option<u32> {
        self.find(id).map(|walk| walk.number)
    }

    fn text(self, id: u8) -> Option<Text<'a>> {
        self.find(id).map(|walk| Text(walk.data))
    }
}

/// Shows the properties, but no authentication data.
impl fmt::Debug for Properties<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
