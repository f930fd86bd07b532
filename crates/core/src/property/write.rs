//! Writing properties.
use super::{
    Properties, Property, check,
    table::{self, Place},
};
use crate::{
    Protocol, SendError,
    profile::{checks_properties, explains, receives_qos_2, resumes},
    topic::Kind,
    wire::Draft,
};

mod sealed {
    /// Only this crate knows how to write properties.
    pub trait Sealed {}
}

/// The properties of a packet that is sent: `()` for none, a list (`&[Property]`), or the
/// [`Properties`] of a received packet.
///
/// The trait is sealed.
pub trait PropertySource<'a>: sealed::Sealed + Copy {
    /// True if there are never any properties.
    #[doc(hidden)]
    const IS_EMPTY: bool = false;

    /// The properties, if they are encoded already.
    #[doc(hidden)]
    fn encoded(self) -> Option<&'a [u8]>;

    /// The properties, if they are a list.
    #[doc(hidden)]
    fn list(self) -> &'a [Property<'a>];
}

impl sealed::Sealed for () {}

impl<'a> PropertySource<'a> for () {
    const IS_EMPTY: bool = true;

    fn encoded(self) -> Option<&'a [u8]> {
        None
    }

    fn list(self) -> &'a [Property<'a>] {
        &[]
    }
}

impl sealed::Sealed for &[Property<'_>] {}

impl<'a> PropertySource<'a> for &'a [Property<'a>] {
    fn encoded(self) -> Option<&'a [u8]> {
        None
    }

    fn list(self) -> &'a [Property<'a>] {
        self
    }
}

impl sealed::Sealed for Properties<'_> {}

impl<'a> PropertySource<'a> for Properties<'a> {
    fn encoded(self) -> Option<&'a [u8]> {
        Some(self.0)
    }

    fn list(self) -> &'a [Property<'a>] {
        &[]
    }
}

/// Returns the properties one by one, wherever they come from.
pub(crate) fn each<'a>(source: impl PropertySource<'a>) -> impl Iterator<Item = Property<'a>> {
    let encoded = Properties(source.encoded().unwrap_or_default());
    encoded.iter().chain(source.list().iter().copied())
}

impl<P: Protocol> Draft<'_, P> {
    /// Writes properties with their length before them. Those that are not allowed in this place
    /// make the draft fail. Returns the position of the first one.
    #[inline(always)]
    pub fn properties<'a, T: PropertySource<'a>>(&mut self, properties: T, place: Place) -> usize {
        let list = properties.list();
        if let Some(encoded) = properties.encoded() {
            return self.encoded_properties(encoded, place);
        }
        if (T::IS_EMPTY || cfg!(feature = "fast")) && list.is_empty() && !place.has_more() {
            self.byte(0);
            self.position()
        } else {
            self.some_properties(list, place)
        }
    }

    fn encoded_properties(&mut self, encoded: &[u8], place: Place) -> usize {
        self.variable(u32::try_from(encoded.len()).unwrap_or(u32::MAX));
        let from = self.position();
        self.bytes(encoded);
        self.checked(from, place)
    }

    #[inline(never)]
    fn some_properties(&mut self, list: &[Property<'_>], place: Place) -> usize {
        // What is written first only shows its length, and is overwritten.
        let mut from = self.position();
        let mut is_measured = false;
        loop {
            // Without the version, which is known, the code of MQTT 3.1.1 becomes another one.
            if P::HAS_5 && receives_qos_2::<P>() && place.receive_maximum() != 0 {
                self.byte(table::RECEIVE_MAXIMUM);
                self.u16(place.receive_maximum());
            }
            if P::HAS_5 && resumes::<P>() && place.has_expiry() {
                self.byte(table::SESSION_EXPIRY_INTERVAL);
                self.u32(u32::MAX);
            }
            for property in list {
                self.property(property);
            }
            if is_measured {
                break;
            }
            is_measured = true;
            let length = self.go_back(from);
            self.variable(u32::try_from(length).unwrap_or(u32::MAX));
            from = self.position();
        }
        // With reasons there are so many commands that the stack counts more than 28 bytes of code:
        // the frame of this function ends before the check begins.
        if explains::<P>() {
            self.checked_by_call(from, place)
        } else {
            self.checked(from, place)
        }
    }

    /// Checks the properties that begin at `from` as those that are received are checked, so that
    /// both allow the same. Returns `from`.
    #[inline(always)]
    fn checked(&mut self, from: usize, place: Place) -> usize {
        if checks_properties::<P>() {
            // Inlined, it spares another register.
            let written = if explains::<P>() {
                self.written_since(from)
            } else {
                self.properties_since(from)
            };
            if check::<P>(written.0, place).is_err() {
                self.refuse(SendError::Invalid);
            }
        }
        from
    }

    #[inline(never)]
    fn checked_by_call(&mut self, from: usize, place: Place) -> usize {
        self.checked(from, place)
    }

    #[inline(always)]
    fn property(&mut self, property: &Property<'_>) {
        self.byte(property.identifier());
        match *property {
            Property::PayloadFormatIndicator(is_set)
            | Property::RequestProblemInformation(is_set)
            | Property::RequestResponseInformation(is_set)
            | Property::RetainAvailable(is_set)
            | Property::WildcardSubscriptionAvailable(is_set)
            | Property::SubscriptionIdentifierAvailable(is_set)
            | Property::SharedSubscriptionAvailable(is_set) => self.byte(is_set.into()),
            Property::MaximumQoS(qos) => self.byte(qos as u8),
            Property::ServerKeepAlive(number) | Property::TopicAliasMaximum(number) => {
                self.u16(number);
            }
            Property::ReceiveMaximum(number) | Property::TopicAlias(number) => {
                self.u16(number.get());
            }
            Property::MessageExpiryInterval(number)
            | Property::SessionExpiryInterval(number)
            | Property::WillDelayInterval(number) => self.u32(number),
            Property::MaximumPacketSize(number) => self.u32(number.get()),
            Property::SubscriptionIdentifier(number) => self.variable(number),
            Property::ContentType(text)
            | Property::ResponseTopic(text)
            | Property::AssignedClientIdentifier(text)
            | Property::AuthenticationMethod(text)
            | Property::ResponseInformation(text)
            | Property::ServerReference(text)
            | Property::ReasonString(text) => self.field(text.0, Kind::Data),
            Property::CorrelationData(data) | Property::AuthenticationData(data) => {
                self.field(data, Kind::Data);
            }
            Property::UserProperty { name, value } => {
                self.field(name.0, Kind::Data);
                self.field(value.0, Kind::Data);
            }
        }
    }

    /// Writes four bytes.
    #[inline(always)]
    fn u32(&mut self, number: u32) {
        self.u16((number >> 16) as u16);
        self.u16(number as u16);
    }

    /// Writes a variable byte integer. One above 268,435,455 makes the draft fail, since it takes
    /// five bytes.
    fn variable(&mut self, mut number: u32) {
        if number >> 28 != 0 {
            self.refuse(SendError::Invalid);
        }
        while number > 0x7f {
            self.byte(number as u8 | 0x80);
            number >>= 7;
        }
        self.byte(number as u8);
    }
}
