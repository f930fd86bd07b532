//! Subscriptions, and their end.
use super::*;
use crate::{
    SubscribeError, SubscribeOptions,
    error::shortened,
    requests::{OwnedFilter, RequestKind},
    write_buf::LONGEST,
};
use motemq::{Filter, FilterOptions, SubscriptionOptions, TopicFilter, Version};

/// The highest subscription identifier.
const HIGHEST_IDENTIFIER: u32 = 268_435_455;

impl Client {
    /// Subscribes to topic filters, 1 to 255 of them. Returns the request, and the stream of the
    /// messages, which exists at once.
    ///
    /// The outcome of the request contains the QoS granted for each filter, or is
    /// [`Refused`](crate::RequestError::Refused) if the broker refuses any filter. In that case the
    /// client unsubscribes from the other filters, unless it was subscribed to them before.
    ///
    /// Every stream with a filter that matches a topic receives its messages. For overlapping
    /// subscriptions, a broker may send a message several times [MQTT-3.3.5-1]; each of the streams
    /// then receives it the same number of times. With `$share/NAME/FILTER`, a shared subscription
    /// of MQTT 5, the stream receives the messages that match `FILTER`.
    ///
    /// If the broker loses the session, the client subscribes again by itself, with the same
    /// [options](Filter::options), so retained messages may arrive again. Only MQTT 5 has options.
    /// They are left out if the client has [fallen back](Options::fall_back) to MQTT 3.1.1.
    ///
    /// # Errors
    /// A [`SubscribeError`].
    pub fn subscribe<O: SubscribeOptions>(
        &mut self,
        filters: &[Filter<'_, O>],
    ) -> Result<(RequestId, StreamId), SubscribeError> {
        self.subscribe_with(filters, 0)
    }

    /// Subscribes as [`subscribe`](Self::subscribe) does, with a subscription identifier, 1 to
    /// 268,435,455, which only MQTT 5 has. Messages that the broker sends for these filters have it
    /// among their [subscription
    /// identifiers](motemq::Properties::subscription_identifiers).
    ///
    /// # Errors
    /// As [`subscribe`](Self::subscribe); also [`Identifier`](SubscribeError::Identifier) for
    /// another number.
    pub fn subscribe_with_identifier<O: SubscribeOptions>(
        &mut self,
        filters: &[Filter<'_, O>],
        identifier: u32,
    ) -> Result<(RequestId, StreamId), SubscribeError> {
        if !(1..=HIGHEST_IDENTIFIER).contains(&identifier) {
            return Err(SubscribeError::Identifier { identifier });
        }
        if self.options.version != Version::Mqtt5 {
            return Err(SubscribeError::OptionsUnsupported);
        }
        self.subscribe_with(filters, identifier)
    }

    fn subscribe_with<O: SubscribeOptions>(
        &mut self,
        filters: &[Filter<'_, O>],
        identifier: u32,
    ) -> Result<(RequestId, StreamId), SubscribeError> {
        let packet = PropertyPacket::Subscribe;
        self.check_filters(packet, filters.iter().map(|filter| filter.filter))?;
        self.check_options(filters)?;
        if let Some(limits) = self.options.limits() {
            limits.check_subscribe(filters)?;
        }
        let texts = filters.iter().map(|filter| filter.filter);
        self.check_announced(packet, texts, identifier)?;
        let names = filters.iter().map(|filter| filter.filter.into()).collect();
        let stream = self.inbox.open(names);
        let owned = |filter| OwnedFilter::new(filter, identifier);
        let kind = RequestKind::Subscribe(filters.iter().map(owned).collect());
        Ok((self.requests.enqueue(kind), stream))
    }

    /// Unsubscribes from topic filters, which have to be identical to those of the subscription.
    /// Their streams stay open for messages that are still in flight.
    ///
    /// # Errors
    /// A [`SubscribeError`].
    pub fn unsubscribe(&mut self, filters: &[&str]) -> Result<RequestId, SubscribeError> {
        let packet = PropertyPacket::Unsubscribe;
        self.check_filters(packet, filters.iter().copied())?;
        self.check_announced(packet, filters.iter().copied(), 0)?;
        let names = filters.iter().map(|&filter| filter.into()).collect();
        Ok(self.requests.enqueue(RequestKind::Unsubscribe(names)))
    }

    fn check_filters<'f>(
        &self,
        packet: PropertyPacket,
        filters: impl ExactSizeIterator<Item = &'f str> + Clone,
    ) -> Result<(), SubscribeError> {
        self.check_open().map_err(SubscribeError::Ended)?;
        let count = filters.len();
        if !(1..=255).contains(&count) {
            return Err(SubscribeError::Count { count });
        }
        for filter in filters.clone() {
            TopicFilter::new(filter).map_err(|error| SubscribeError::Filter {
                filter: shortened(filter),
                error,
            })?;
            if self.options.version == Version::Mqtt5 && is_wrong_share(filter) {
                let filter = shortened(filter);
                return Err(SubscribeError::Share { filter });
            }
        }
        let len = filters.map(|filter| filter.len() + 3).sum::<usize>()
            + self.options.user_properties_length(packet);
        let limit = LONGEST;
        if len > limit {
            return Err(SubscribeError::TooLong { len, limit });
        }
        Ok(())
    }

    /// Checks the options of filters, which only MQTT 5 has.
    fn check_options<O: SubscribeOptions>(
        &self,
        filters: &[Filter<'_, O>],
    ) -> Result<(), SubscribeError> {
        for filter in filters {
            let options = SubscriptionOptions::of_bits(filter.options.bits());
            if options != SubscriptionOptions::default() && self.options.version != Version::Mqtt5 {
                return Err(SubscribeError::OptionsUnsupported);
            }
            // [MQTT-3.8.3-4]
            if options.no_local && share_of(filter.filter).is_some() {
                let filter = shortened(filter.filter);
                return Err(SubscribeError::SharedNoLocal { filter });
            }
        }
        Ok(())
    }
}

/// Returns what stands behind `$share/` in the filter of a shared subscription.
fn share_of(filter: &str) -> Option<&str> {
    match filter.strip_prefix("$share") {
        Some("") => Some(""),
        Some(rest) => rest.strip_prefix('/'),
        None => None,
    }
}

/// Returns whether a filter begins like that of a shared subscription, and has no name without
/// wildcards and no filter behind it [MQTT-4.8.2-1] [MQTT-4.8.2-2].
fn is_wrong_share(filter: &str) -> bool {
    share_of(filter).is_some_and(|share| match share.split_once('/') {
        Some((name, filter)) => name.is_empty() || name.contains(['+', '#']) || filter.is_empty(),
        None => true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_have_a_name_and_a_filter() {
        for filter in [
            "$share/a/b",
            "$share/a//",
            "$share/a/#",
            "$shared",
            "a/$share/b",
        ] {
            assert!(!is_wrong_share(filter), "{filter}");
        }
        for filter in [
            "$share",
            "$share/",
            "$share/a",
            "$share/a/",
            "$share//b",
            "$share/+/b",
        ] {
            assert!(is_wrong_share(filter), "{filter}");
        }
    }
}
