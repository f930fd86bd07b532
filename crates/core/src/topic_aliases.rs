//! Topic aliases of received messages, as a layer over [`Session`]. A program that does not use it
//! does not pay for it.
use crate::{Event, Fault, HasMqtt5, Output, Properties, Property, Session, Slot, TopicName};
use core::fmt;

/// The length that stands for a topic that was too long to be kept.
const TOO_LONG: u16 = u16::MAX;

/// The topics of the server's topic aliases, with MQTT 5: `N` aliases, and memory for a topic of up
/// to `LENGTH` bytes for each. It takes `LENGTH + 2` bytes for each alias.
///
/// If the client announces that it accepts aliases, the server can send a topic once and then its
/// alias, so that messages get shorter. Pass [`MAXIMUM`](Self::MAXIMUM) to
/// [`connect`](Session::connect), and each event to [`resolve`](Self::resolve), which replaces the
/// alias by its topic. The events can come from the session or from
/// [`ManualAcks`](crate::ManualAcks).
///
/// Pass all events: any message can set an alias, and so can [`Repeated`](Event::Repeated). The
/// buffer `rx` needs room for topic and properties: after a message that is
/// [skipped](Event::Skipped), all aliases are unknown, since it may have set any of them.
///
/// # Examples
/// ```
/// # use motemq::*;
/// type Aliases = TopicAliases<4, 32>;
/// let mut session = Session::<[Slot; 8], Mqtt5>::with_protocol();
/// let mut aliases = Aliases::new();
/// # let (mut rx, mut tx) = (Buffer::<[u8; 64]>::new(), Buffer::<[u8; 64]>::new());
/// session.connect(&Connect::new("a").properties(&[Aliases::MAXIMUM]), &mut rx, &mut tx)?;
/// # let read = b"\x20\x03\0\0\0\x30\x08\0\x01t\x03\x23\0\x01a\x30\x07\0\0\x03\x23\0\x01b";
/// # rx.space()[..read.len()].copy_from_slice(read);
/// # rx.commit(read.len());
/// # tx.clear();
/// # let mut payloads = String::new();
/// while let Some(event) = session.next_event(&mut rx, &mut tx)? {
///     if let Event::Message(message) = aliases.resolve(&mut session, event, &mut tx)? {
///         assert_eq!(message.topic, "t"); // also where the server sent only its alias
/// #       payloads.push_str(core::str::from_utf8(message.payload)?);
///     }
/// }
/// # assert_eq!(payloads, "ab");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TopicAliases<const N: usize, const LENGTH: usize> {
    /// The lengths of the topics; 0 for an alias that is not set.
    lengths: [u16; N],
    topics: [[u8; LENGTH]; N],
}

impl<const N: usize, const LENGTH: usize> TopicAliases<N, LENGTH> {
    /// The property of CONNECT that announces a [topic alias maximum](Property::TopicAliasMaximum)
    /// of `N`.
    pub const MAXIMUM: Property<'static> = Property::TopicAliasMaximum(N as u16);

    /// Makes a layer that knows no alias. `N` is 1 to 65,535 and `LENGTH` 1 to 65,534; with other
    /// numbers the program does not compile.
    pub const fn new() -> Self {
        const {
            assert!(0 < N && N <= 0xffff, "there are 1 to 65,535 aliases");
            assert!(
                0 < LENGTH && LENGTH < 0xffff,
                "a topic has 1 to 65,534 bytes"
            );
        }
        TopicAliases {
            lengths: [0; N],
            topics: [[0; LENGTH]; N],
        }
    }

    /// Returns a message with the topic of its alias. Returns all other events as they are. Aliases
    /// end with their connection [MQTT-3.3.2-7], so [`Connected`](Event::Connected) removes them.
    ///
    /// # Errors
    /// A [`Fault`] ends the connection, with DISCONNECT in `tx` if the profile gives reasons:
    /// [`Unexpected`](Fault::Unexpected) if the alias was not set;
    /// [`PacketTooLarge`](Fault::PacketTooLarge) if its topic has more than `LENGTH` bytes, or may
    /// have come with a message that was skipped. In the second case, use more memory, or announce
    /// no aliases.
    pub fn resolve<'e, P: HasMqtt5>(
        &'e mut self,
        session: &mut Session<[Slot], P>,
        mut event: Event<'e, Properties<'e>>,
        tx: &mut (impl Output + ?Sized),
    ) -> Result<Event<'e, Properties<'e>>, Fault> {
        match &mut event {
            Event::Connected { .. } => self.lengths = [0; N],
            Event::Skipped { .. } => self.lengths = [TOO_LONG; N],
            Event::Repeated { topic, properties } => {
                match (topic.as_bytes(), properties.topic_alias()) {
                    ([], None) => self.lengths = [TOO_LONG; N],
                    ([], Some(_)) | (_, None) => {}
                    (topic, Some(alias)) => self.set(alias, topic),
                }
            }
            Event::Message(message) => {
                if let Some(alias) = message.properties.topic_alias() {
                    let topic = message.topic.as_bytes();
                    match self.topic_of(alias, topic) {
                        Ok(topic) => message.topic = topic,
                        Err(fault) => {
                            tx.lend(|out| session.fail(fault, out));
                            return Err(fault);
                        }
                    }
                }
            }
            _ => {}
        }
        Ok(event)
    }

    /// Returns the topic of a message with this alias. If the message has a topic, the alias stands
    /// for it from now on.
    fn topic_of<'t>(&'t mut self, alias: u16, topic: &'t [u8]) -> Result<TopicName<'t>, Fault> {
        if !topic.is_empty() {
            self.set(alias, topic);
            return Ok(TopicName(topic));
        }
        let index = usize::from(alias).wrapping_sub(1);
        let length = self.lengths.get(index).copied().unwrap_or(0);
        let kept = self.topics.get(index);
        match kept.and_then(|kept| kept.get(..usize::from(length))) {
            Some([]) => Err(Fault::Unexpected),
            Some(kept) => Ok(TopicName(kept)),
            None => Err(Fault::PacketTooLarge),
        }
    }

    /// Makes an alias stand for a topic.
    fn set(&mut self, alias: u16, topic: &[u8]) {
        let index = usize::from(alias).wrapping_sub(1);
        let place = (self.lengths.get_mut(index), self.topics.get_mut(index));
        if let (Some(length), Some(kept)) = place {
            *length = TOO_LONG;
            if let Some(kept) = kept.get_mut(..topic.len()) {
                kept.copy_from_slice(topic);
                *length = topic.len() as u16;
            }
        }
    }
}

impl<const N: usize, const LENGTH: usize> Default for TopicAliases<N, LENGTH> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize, const LENGTH: usize> fmt::Debug for TopicAliases<N, LENGTH> {
    /// Writes the aliases that are set, and their topics.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = self.lengths.iter().zip(&self.topics);
        let set = (1u16..)
            .zip(places)
            .filter(|(_, (length, _))| **length != 0)
            .map(|(alias, (length, topic))| {
                let topic = topic.get(..usize::from(*length)).unwrap_or_default();
                (alias, TopicName(topic))
            });
        f.debug_map().entries(set).finish()
    }
}
