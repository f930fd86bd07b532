//! The topic aliases of messages that are sent.
use super::super::{Session, Slot, Terms};
use crate::{HasMqtt5, Output, PacketId, Publish, SendError, SendProperties};

/// The topic aliases that were sent with a topic over this connection.
pub(in super::super) trait AliasSet {
    /// The form in which the set keeps an alias.
    type Mark: Copy;
    /// The form of no alias.
    const NONE: Self::Mark;

    /// Returns the form of an alias, which is 0 if there is none.
    fn mark(alias: u32) -> Self::Mark;

    /// Returns whether a topic was sent with the alias.
    fn contains(&self, terms: &Terms, mark: Self::Mark) -> bool;

    /// Notes that a topic was sent with the alias, if there is one.
    fn insert(&mut self, terms: &mut Terms, mark: Self::Mark);
}

/// The aliases that the session itself keeps in mind.
pub(in super::super) struct Few;

impl AliasSet for Few {
    type Mark = u16;
    const NONE: u16 = 0;

    #[inline(always)]
    fn mark(alias: u32) -> u16 {
        Terms::alias_bit(alias)
    }

    #[inline(always)]
    fn contains(&self, terms: &Terms, bit: u16) -> bool {
        terms.is_alias_set(bit)
    }

    #[inline(always)]
    fn insert(&mut self, terms: &mut Terms, bit: u16) {
        terms.set_alias(bit);
    }
}

/// The bit among the aliases of the session which says that a [`SentTopicAliases`] is of this
/// connection: that of the alias 16, which it keeps itself.
const IN_USE: u16 = 1 << 15;

/// The topic aliases of sent messages, with MQTT 5, for programs that use more aliases than the 16
/// that a [`Session`] records by itself: 32 for each of the `WORDS`, each of which takes 4 bytes.
///
/// If a server accepts [topic aliases](crate::Limits::topic_alias_maximum), a client can send a
/// topic once, together with an [alias](crate::Property::TopicAlias), and then the alias with an
/// empty topic. An alias with an empty topic is refused unless it was sent with a topic over the
/// same connection. Send all messages that have an alias through this layer, which forgets the
/// aliases when their connection ends [MQTT-3.3.2-7].
///
/// # Examples
/// ```
/// # use motemq::*;
/// let mut session = Session::<[Slot; 8], Mqtt5>::with_protocol();
/// let mut aliases = SentTopicAliases::<2>::new(); // 1 to 64
/// # let (mut rx, mut tx) = (Buffer::<[u8; 64]>::new(), Buffer::<[u8; 64]>::new());
/// # session.connect(&Connect::new("a"), &mut rx, &mut tx)?;
/// # let read = b"\x20\x06\0\0\x03\x22\0\x40";
/// # rx.space()[..read.len()].copy_from_slice(read);
/// # rx.commit(read.len());
/// # tx.clear();
/// # session.next_event(&mut rx, &mut tx)?;
/// let alias = [Property::TopicAlias(40.try_into()?)];
/// let first = Publish::to("plant/7/hall/3/temperature").properties(&alias).payload(b"20");
/// aliases.publish(&mut session, &first, &mut tx)?;
/// let next = Publish::to("").properties(&alias).payload(b"21");
/// aliases.publish(&mut session, &next, &mut tx)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct SentTopicAliases<const WORDS: usize> {
    /// A bit for each alias, the lowest of the first word for the alias 1.
    set: [u32; WORDS],
}

impl<const WORDS: usize> SentTopicAliases<WORDS> {
    /// Makes a layer without aliases. `WORDS` is 1 to 2,048; with another number the program does
    /// not compile.
    pub const fn new() -> Self {
        const { assert!(0 < WORDS && WORDS <= 2048, "there are 1 to 2048 words") };
        SentTopicAliases { set: [0; WORDS] }
    }

    /// Publishes a message as [`Session::publish`] does, and records its topic alias.
    ///
    /// # Errors
    /// As [`Session::publish`]; also [`Invalid`](SendError::Invalid) for an empty topic whose alias
    /// was not sent with a topic over this connection, or is above `WORDS` times 32.
    #[inline]
    pub fn publish<'p, P: HasMqtt5, T: SendProperties<'p, P>>(
        &mut self,
        session: &mut Session<[Slot], P>,
        publish: &Publish<'p, T>,
        tx: &mut (impl Output + ?Sized),
    ) -> Result<Option<PacketId>, SendError> {
        tx.lend(|out| session.write_publish(publish, None, self, out))
    }

    /// Sends a message again as [`Session::republish`] does, and records its topic alias.
    ///
    /// # Errors
    /// As [`Session::republish`], and as [`publish`](Self::publish).
    #[inline]
    pub fn republish<'p, P: HasMqtt5, T: SendProperties<'p, P>>(
        &mut self,
        session: &mut Session<[Slot], P>,
        id: PacketId,
        publish: &Publish<'p, T>,
        tx: &mut (impl Output + ?Sized),
    ) -> Result<(), SendError> {
        const { crate::profile::require_sessions::<P>() };
        tx.lend(|out| session.write_publish(publish, Some(id), self, out))
            .map(|_| ())
    }

    /// Returns the index of the word of an alias, and its bit there.
    fn place(alias: u16) -> (usize, u32) {
        let number = alias.wrapping_sub(1);
        (usize::from(number >> 5), 1 << (number & 31))
    }
}

impl<const WORDS: usize> Default for SentTopicAliases<WORDS> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const WORDS: usize> AliasSet for &mut SentTopicAliases<WORDS> {
    type Mark = u16;
    const NONE: u16 = 0;

    fn mark(alias: u32) -> u16 {
        alias as u16
    }

    fn contains(&self, terms: &Terms, alias: u16) -> bool {
        let (index, bit) = SentTopicAliases::<WORDS>::place(alias);
        terms.is_alias_set(IN_USE) && self.set.get(index).is_some_and(|word| word & bit != 0)
    }

    fn insert(&mut self, terms: &mut Terms, alias: u16) {
        if alias == 0 {
            return;
        }
        if !terms.is_alias_set(IN_USE) {
            self.set = [0; WORDS];
            terms.set_alias(IN_USE);
        }
        let (index, bit) = SentTopicAliases::<WORDS>::place(alias);
        if let Some(word) = self.set.get_mut(index) {
            *word |= bit;
        }
    }
}
