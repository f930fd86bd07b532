//! Topic filters as they are kept, to be sent and sent again.
use alloc::string::String;
use motemq::{Filter, FilterOptions, Property, QoS, SubscriptionOptions, Version};

/// A topic filter with everything that a subscription to it says.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct OwnedFilter {
    pub text: String,
    pub qos: QoS,
    /// They are left out with MQTT 3.1.1.
    options: SubscriptionOptions,
    /// The subscription identifier, which is left out with MQTT 3.1.1; 0: none.
    pub identifier: u32,
}

impl OwnedFilter {
    /// Keeps a filter with this subscription identifier; 0: none.
    pub fn new<O: FilterOptions>(filter: &Filter<'_, O>, identifier: u32) -> Self {
        OwnedFilter {
            text: filter.filter.into(),
            qos: filter.qos,
            options: SubscriptionOptions::of_bits(filter.options.bits()),
            identifier,
        }
    }

    /// Returns the filter as it is sent with this version.
    pub fn to_send(&self, version: Version) -> Filter<'_, SubscriptionOptions> {
        let options = match version {
            Version::Mqtt5 => self.options,
            _ => SubscriptionOptions::default(),
        };
        Filter::new(&self.text, self.qos).options(options)
    }
}

/// Returns the property of a SUBSCRIBE with these filters, which have one identifier, if any.
pub(crate) fn identifier_of(filters: &[OwnedFilter], version: Version) -> Option<Property<'_>> {
    let identifier = filters.first()?.identifier;
    (identifier != 0 && version == Version::Mqtt5)
        .then_some(Property::SubscriptionIdentifier(identifier))
}
