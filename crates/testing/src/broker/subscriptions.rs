//! The subscriptions of a session.
use motemq::{QoS, RetainHandling, SubscriptionOptions, topic};
use std::collections::BTreeMap;

/// A subscription.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subscription {
    /// The highest QoS of its messages.
    pub qos: QoS,
    pub options: SubscriptionOptions,
    pub identifier: Option<u32>,
    /// Whether it is shared, with a name before its topic filter.
    pub is_shared: bool,
}

/// A match of a topic with the subscriptions of a session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Match {
    /// The highest QoS with which the client subscribed to it.
    pub qos: QoS,
    /// Whether the retain flag is passed on.
    pub retain_as_published: bool,
    pub identifiers: Vec<u32>,
}

impl Subscription {
    /// Returns whether stored messages are sent now that the subscription is made.
    pub fn gets_retained(&self, existed: bool) -> bool {
        let handling = self.options.retain_handling;
        // [MQTT-4.8.2-6]
        !self.is_shared
            && (handling == RetainHandling::SendAtSubscribe
                || (handling == RetainHandling::SendIfNew && !existed))
    }

    /// Returns the match with this subscription alone.
    pub fn only(&self) -> Match {
        Match {
            qos: self.qos,
            retain_as_published: self.options.retain_as_published,
            identifiers: self.identifier.into_iter().collect(),
        }
    }
}

/// The subscriptions of a session, by topic filter; shared ones with `$share` and the name.
#[derive(Clone, Debug, Default)]
pub(super) struct Subscriptions(BTreeMap<String, Subscription>);

impl Subscriptions {
    /// Adds a subscription, or replaces that with the same filter [MQTT-3.8.4-3]. Returns whether
    /// there was one.
    pub fn insert(&mut self, filter: &str, subscription: Subscription) -> bool {
        self.0.insert(filter.to_owned(), subscription).is_some()
    }

    /// Removes a subscription. Returns whether there was one.
    pub fn remove(&mut self, filter: &str) -> bool {
        self.0.remove(filter).is_some()
    }

    /// Joins all subscriptions that match a topic, but for shared ones [MQTT-3.3.5-1]
    /// [MQTT-3.3.4-2] [MQTT-3.3.4-4]. `is_own` says whether the client has published the message.
    pub fn find(&self, topic: &str, is_own: bool) -> Option<Match> {
        let matching = self.0.iter().filter(|(filter, subscription)| {
            let is_kept_back = is_own && subscription.options.no_local;
            !subscription.is_shared && !is_kept_back && topic::matches(filter, topic)
        });
        matching
            .map(|(_, subscription)| subscription.only())
            .reduce(|joined, other| Match {
                qos: joined.qos.max(other.qos),
                retain_as_published: joined.retain_as_published || other.retain_as_published,
                identifiers: [joined.identifiers, other.identifiers].concat(),
            })
    }

    /// Returns the shared subscriptions that match a topic.
    pub fn shared(&self, topic: &str) -> impl Iterator<Item = (&str, &Subscription)> {
        self.0.iter().filter_map(move |(filter, subscription)| {
            let matches = subscription.is_shared && topic::matches(without_share(filter), topic);
            matches.then_some((filter.as_str(), subscription))
        })
    }
}

/// Returns the topic filter of a shared subscription, `$share/NAME/FILTER`.
pub(super) fn without_share(filter: &str) -> &str {
    filter.splitn(3, '/').nth(2).unwrap_or_default()
}
