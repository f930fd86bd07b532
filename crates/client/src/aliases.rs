//! Topic aliases, which only MQTT 5 has: numbers that stand for topics while a connection lasts.
use crate::{
    PublishProperties, output::Output, properties::with_properties, protocol::ProtocolState,
};
use alloc::{borrow::ToOwned, boxed::Box, collections::BTreeMap, string::String, vec::Vec};
use core::num::NonZeroU16;
use motemq::{Fault, PacketId, Property, Publish, SendError, SentTopicAliases, TopicName, Version};

/// The highest alias that is sent is 32 times this.
const WORDS: usize = 8;
/// The highest alias that is sent.
const HIGHEST: u16 = 32 * WORDS as u16;
/// An alias takes so many bytes, so that it is of no use for shorter topics.
const LENGTH: usize = 3;

/// The topics that the client replaces by topic aliases when it publishes, which only MQTT 5 has.
///
/// The client sends a topic once over each connection, and after that an alias of three bytes in
/// its place. Topics of three bytes or fewer have no alias. The client uses no more aliases than
/// the broker accepts, which is often 10 and can be 0, and at most 256.
///
/// # Examples
/// ```
/// use motemq_client::{AliasPolicy, Options, Version};
/// let options = Options::new("node-7")
///     .version(Version::Mqtt5)
///     .alias_policy(AliasPolicy::Fixed(vec!["plant/7/hall/3/temperature".into()]));
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub enum AliasPolicy {
    /// The client uses no aliases.
    #[default]
    Never,
    /// These topics have aliases. If the broker accepts fewer aliases, the first topics have them.
    Fixed(Vec<String>),
    /// The topics that were used last have aliases, up to this number of topics. This suits clients
    /// that publish to few topics: a message whose topic has no alias yet takes three bytes more.
    Recent(u16),
}

/// The aliases of the client.
#[derive(Clone, Hash, Debug)]
pub(crate) struct SentAliases {
    topics: BTreeMap<Box<str>, Entry>,
    /// The most topics that are chosen; 0: the topics are fixed.
    recent: u16,
    /// Counts uses.
    uses: u64,
    known: SentTopicAliases<WORDS>,
}

#[derive(Clone, Copy, Hash, Debug)]
struct Entry {
    alias: NonZeroU16,
    /// The broker was sent the topic with it over this connection.
    is_sent: bool,
    /// The number of the last use.
    used: u64,
}

impl SentAliases {
    /// Makes the aliases of a policy, if there are any.
    pub fn new(policy: &AliasPolicy) -> Option<Self> {
        let mut aliases = SentAliases {
            topics: BTreeMap::new(),
            recent: 0,
            uses: 0,
            known: SentTopicAliases::new(),
        };
        match policy {
            AliasPolicy::Never | AliasPolicy::Recent(0) => return None,
            AliasPolicy::Recent(most) => aliases.recent = (*most).min(HIGHEST),
            AliasPolicy::Fixed(topics) => {
                for topic in topics {
                    aliases.insert(topic);
                }
            }
        }
        Some(aliases)
    }

    /// Gives the next alias to a fixed topic.
    fn insert(&mut self, topic: &str) {
        let next = self.topics.len() as u16 + 1;
        if let Some(alias) = NonZeroU16::new(next).filter(|_| next <= HIGHEST) {
            let entry = || Entry {
                alias,
                is_sent: false,
                used: 0,
            };
            self.topics.entry(topic.into()).or_insert_with(entry);
        }
    }

    /// The connection is over, and all aliases with it [MQTT-3.3.2-7].
    pub fn on_connection_lost(&mut self) {
        if self.recent > 0 {
            self.topics.clear();
        }
        for entry in self.topics.values_mut() {
            entry.is_sent = false;
        }
    }

    /// Writes a PUBLISH, again if it has the identifier `resent`, with an alias if its topic has
    /// one.
    #[cold]
    pub fn write<'p, T: PublishProperties<'p>>(
        &mut self,
        publish: &Publish<'p, T>,
        resent: Option<PacketId>,
        protocol: &mut ProtocolState,
        output: &mut Output,
    ) -> Result<Option<PacketId>, SendError> {
        let topic = publish.topic();
        let chosen = match protocol.version() {
            Version::Mqtt5 => self.choose(topic, protocol.limits().topic_alias_maximum),
            _ => None,
        };
        if let Some(entry) = chosen {
            let alias = Property::TopicAlias(entry.alias);
            let list: Vec<_> = [alias].into_iter().chain(properties(publish)).collect();
            let aliased = with_properties(publish, if entry.is_sent { "" } else { topic }, &list);
            match self.send(&aliased, resent, protocol, output) {
                // With the alias besides the topic, it is too long.
                Err(SendError::Unsupported | SendError::TooLong) if !entry.is_sent => {}
                sent => {
                    if sent.is_ok() {
                        self.on_sent(topic, entry.alias);
                    }
                    return sent;
                }
            }
        }
        self.send(publish, resent, protocol, output)
    }

    fn send<'p, T: PublishProperties<'p>>(
        &mut self,
        publish: &Publish<'p, T>,
        resent: Option<PacketId>,
        protocol: &mut ProtocolState,
        output: &mut Output,
    ) -> Result<Option<PacketId>, SendError> {
        let (known, out) = (&mut self.known, &mut output.out());
        match resent {
            Some(id) => {
                let sent = known.republish(protocol, id, publish, out);
                sent.map(|()| Some(id))
            }
            None => known.publish(protocol, publish, out),
        }
    }

    /// Returns the alias for a topic. The broker accepts `most` aliases.
    fn choose(&self, topic: &str, most: u16) -> Option<Entry> {
        if topic.len() <= LENGTH {
            return None;
        }
        let known = self.topics.get(topic).copied();
        if known.is_some() || self.recent == 0 {
            return known.filter(|entry| entry.alias.get() <= most);
        }
        let most = most.min(self.recent);
        let next = self.topics.len() as u16 + 1;
        let alias = if next <= most {
            NonZeroU16::new(next)
        } else {
            let oldest = self.topics.values().min_by_key(|entry| entry.used);
            oldest.map(|entry| entry.alias)
        };
        alias.map(|alias| Entry {
            alias,
            is_sent: false,
            used: 0,
        })
    }

    /// A message to this topic was sent with this alias.
    fn on_sent(&mut self, topic: &str, alias: NonZeroU16) {
        self.uses += 1;
        let entry = Entry {
            alias,
            is_sent: true,
            used: self.uses,
        };
        match self.topics.get_mut(topic) {
            Some(known) => *known = entry,
            None => {
                // It had another topic before.
                self.topics.retain(|_, other| other.alias != alias);
                self.topics.insert(topic.into(), entry);
            }
        }
    }
}

fn properties<'p, T: PublishProperties<'p>>(
    publish: &Publish<'p, T>,
) -> impl Iterator<Item = Property<'p>> {
    publish.properties.list().iter().copied()
}

/// The aliases of the broker.
#[derive(Clone, Hash, Debug, Default)]
pub(crate) struct ReceivedAliases(Vec<Known>);

/// The meaning of an alias.
#[derive(Clone, Hash, Debug, Default)]
enum Known {
    /// It was not set.
    #[default]
    Nothing,
    Topic(Box<str>),
    /// It may have been set by a message that could not be read.
    Lost,
}

impl ReceivedAliases {
    /// Makes room for so many aliases that the client offers.
    pub fn new(most: u16) -> Self {
        ReceivedAliases(alloc::vec![Known::Nothing; most.into()])
    }

    /// Returns whether the client offers aliases.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The connection is over, and all aliases with it [MQTT-3.3.2-7].
    pub fn on_connection_lost(&mut self) {
        self.0.fill(Known::Nothing);
    }

    /// A message was skipped, which may have set any alias.
    pub fn on_skipped(&mut self) {
        self.0.fill(Known::Lost);
    }

    /// Returns the topic of a message with this alias. If it has a topic, the alias stands for that
    /// from now on.
    pub fn resolve<'t>(
        &'t mut self,
        alias: u16,
        topic: TopicName<'t>,
    ) -> Result<TopicName<'t>, Fault> {
        let known = usize::from(alias)
            .checked_sub(1)
            .and_then(|index| self.0.get_mut(index))
            .ok_or(Fault::TopicAlias)?;
        if !topic.as_bytes().is_empty() {
            *known = Known::Topic(topic.as_str().to_owned().into());
            return Ok(topic);
        }
        match known {
            Known::Topic(topic) => TopicName::new(topic).map_err(|_| Fault::TopicAlias),
            Known::Nothing => Err(Fault::Unexpected),
            Known::Lost => Err(Fault::PacketTooLarge),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(aliases: &SentAliases, topic: &str, most: u16) -> Option<(u16, bool)> {
        let entry = aliases.choose(topic, most)?;
        Some((entry.alias.get(), entry.is_sent))
    }

    fn send(aliases: &mut SentAliases, topic: &str, most: u16) -> Option<(u16, bool)> {
        let entry = aliases.choose(topic, most)?;
        aliases.on_sent(topic, entry.alias);
        Some((entry.alias.get(), entry.is_sent))
    }

    #[test]
    fn the_topic_that_was_not_used_for_longest_gives_its_alias_away() {
        let mut aliases = SentAliases::new(&AliasPolicy::Recent(2)).unwrap();
        assert_eq!(send(&mut aliases, "topic/1", 9), Some((1, false)));
        assert_eq!(send(&mut aliases, "topic/2", 9), Some((2, false)));
        assert_eq!(send(&mut aliases, "topic/1", 9), Some((1, true)));
        assert_eq!(send(&mut aliases, "topic/3", 9), Some((2, false)));
        assert_eq!(send(&mut aliases, "topic/1", 9), Some((1, true)));
        assert_eq!(send(&mut aliases, "topic/2", 9), Some((2, false)));
        aliases.on_connection_lost();
        assert_eq!(chosen(&aliases, "topic/2", 9), Some((1, false)));
    }

    #[test]
    fn no_more_aliases_are_used_than_the_broker_accepts() {
        let mut aliases = SentAliases::new(&AliasPolicy::Recent(500)).unwrap();
        assert_eq!(chosen(&aliases, "topic/1", 0), None);
        for n in 0..600 {
            let topic = alloc::format!("topic/{n}");
            let (alias, _) = send(&mut aliases, &topic, 500).unwrap();
            assert_eq!(alias, 1 + n % 256);
        }
        assert_eq!(aliases.topics.len(), 256);
        let topics = (0..300).map(|n| alloc::format!("topic/{n}")).collect();
        let fixed = SentAliases::new(&AliasPolicy::Fixed(topics)).unwrap();
        assert_eq!(chosen(&fixed, "topic/9", 10), Some((10, false)));
        assert_eq!(chosen(&fixed, "topic/10", 10), None);
        assert_eq!(chosen(&fixed, "topic/256", 500), None);
        assert_eq!(chosen(&fixed, "other", 500), None);
    }

    #[test]
    fn topics_that_are_as_short_as_an_alias_have_none() {
        let aliases = SentAliases::new(&AliasPolicy::Recent(2)).unwrap();
        assert_eq!(chosen(&aliases, "a/b", 9), None);
        assert_eq!(chosen(&aliases, "a/bc", 9), Some((1, false)));
        assert!(SentAliases::new(&AliasPolicy::Never).is_none());
        assert!(SentAliases::new(&AliasPolicy::Recent(0)).is_none());
    }
}
