//! The topics as a tree, with the last message of each.
use super::rate::{History, Rate, number};
use std::{
    collections::{BTreeMap, HashMap},
    time::SystemTime,
};

/// The number of bytes of a payload that are kept.
pub const KEPT: usize = 64 << 10;
/// Levels are open at first while there are no more of them.
const OPEN: usize = 100;
/// A topic may have 65,535 levels. Those from this one on are shown as one.
const DEEPEST: usize = 64;
/// The bytes that the tree may take, about. Further topics are counted, and not shown.
const ROOM: usize = 256 << 20;
/// The bytes of a level, and of a topic, besides name and payload, about.
const LEVEL: usize = 256;
const TOPIC: usize = 1024;

/// A level of a topic, by its place in the tree.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Id(usize);

/// A level, and the messages to it and below.
#[derive(Debug)]
pub struct Level {
    pub name: Box<str>,
    pub parent: Option<Id>,
    children: BTreeMap<Box<str>, Id>,
    pub is_open: bool,
    /// Messages to this topic and to all below.
    pub rate: Rate,
    pub last: Option<Box<Last>>,
}

/// The last message to a topic.
#[derive(Debug)]
pub struct Last {
    pub count: u64,
    pub at: SystemTime,
    pub qos: u8,
    pub is_retained: bool,
    pub payload: Vec<u8>,
    /// The length of the whole payload.
    pub length: u64,
    pub history: History,
}

/// A message that has come.
#[derive(Clone, Copy, Debug)]
pub struct Arrived<'a> {
    pub topic: &'a str,
    /// The payload, or only its beginning.
    pub payload: &'a [u8],
    pub length: u64,
    pub qos: u8,
    pub is_retained: bool,
}

/// All topics that were seen.
#[derive(Debug)]
pub struct Tree {
    levels: Vec<Level>,
    first: BTreeMap<Box<str>, Id>,
    topics: HashMap<Box<str>, Id>,
    pub rate: Rate,
    /// Messages to topics for which there was no room.
    pub without_room: u64,
    /// The bytes of all of it, about, and the most that they may be.
    held: usize,
    room: usize,
}

impl Default for Tree {
    fn default() -> Self {
        Self::with_room(ROOM)
    }
}

impl Tree {
    /// Makes a tree that takes at most `room` bytes.
    fn with_room(room: usize) -> Self {
        Tree {
            levels: Vec::new(),
            first: BTreeMap::new(),
            topics: HashMap::new(),
            rate: Rate::default(),
            without_room: 0,
            held: 0,
            room,
        }
    }

    /// Adds a message. Returns whether its topic is new.
    pub fn add(&mut self, message: &Arrived<'_>, at: SystemTime, second: u64) -> bool {
        let known = self.topics.get(message.topic).copied();
        self.rate.add(second);
        if known.is_none() && self.held >= self.room {
            self.without_room += 1;
            return false;
        }
        let id = known.unwrap_or_else(|| self.insert(message.topic));
        let mut next = Some(id);
        while let Some(id) = next {
            let level = &mut self.levels[id.0];
            level.rate.add(second);
            next = level.parent;
        }
        let last = self.levels[id.0].last.get_or_insert_with(|| {
            Box::new(Last {
                count: 0,
                at,
                qos: 0,
                is_retained: false,
                payload: Vec::new(),
                length: 0,
                history: History::default(),
            })
        });
        last.count += 1;
        last.at = at;
        last.qos = message.qos;
        last.is_retained = message.is_retained;
        last.payload.clear();
        let before = last.payload.capacity();
        let room = before.saturating_add(self.room.saturating_sub(self.held));
        let kept = message.payload.len().min(KEPT).min(room);
        last.payload.reserve_exact(kept);
        last.payload.extend_from_slice(&message.payload[..kept]);
        self.held += last.payload.capacity() - before;
        last.length = message.length;
        last.history.add(second, number(message.payload));
        known.is_none()
    }

    fn insert(&mut self, topic: &str) -> Id {
        let mut parent = None;
        self.held += TOPIC + topic.len();
        for name in topic.splitn(DEEPEST, '/') {
            let children = match parent {
                None => &self.first,
                Some(Id(parent)) => &self.levels[parent].children,
            };
            let id = match children.get(name) {
                Some(id) => *id,
                None => {
                    let id = Id(self.levels.len());
                    self.held += LEVEL + 2 * name.len();
                    self.levels.push(Level {
                        name: name.into(),
                        parent,
                        children: BTreeMap::new(),
                        is_open: self.levels.len() < OPEN,
                        rate: Rate::default(),
                        last: None,
                    });
                    match parent {
                        None => self.first.insert(name.into(), id),
                        Some(Id(parent)) => self.levels[parent].children.insert(name.into(), id),
                    };
                    id
                }
            };
            parent = Some(id);
        }
        let id = parent.unwrap_or(Id(0));
        self.topics.insert(topic.into(), id);
        id
    }

    pub fn level(&self, id: Id) -> &Level {
        &self.levels[id.0]
    }

    /// Opens a level, or closes it.
    pub fn set_open(&mut self, id: Id, is_open: bool) {
        self.levels[id.0].is_open = is_open;
    }

    /// Returns the levels below one, or the first ones, in their order.
    pub fn children(&self, id: Option<Id>) -> impl DoubleEndedIterator<Item = Id> + '_ {
        let children = match id {
            None => &self.first,
            Some(Id(id)) => &self.levels[id].children,
        };
        children.values().copied()
    }

    pub fn has_children(&self, id: Id) -> bool {
        !self.levels[id.0].children.is_empty()
    }

    /// Returns the number of topics.
    pub fn topics(&self) -> usize {
        self.topics.len()
    }

    /// Returns the topic down to a level.
    pub fn path(&self, id: Id) -> String {
        let mut names = Vec::new();
        let mut next = Some(id);
        while let Some(id) = next {
            let level = self.level(id);
            names.push(&*level.name);
            next = level.parent;
        }
        names.reverse();
        names.join("/")
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// Returns a message with a short payload.
    pub fn to<'a>(topic: &'a str, payload: &'a str) -> Arrived<'a> {
        Arrived {
            topic,
            payload: payload.as_bytes(),
            length: payload.len() as u64,
            qos: 0,
            is_retained: false,
        }
    }

    /// Adds a message in the first second.
    pub fn add(tree: &mut Tree, topic: &str) -> bool {
        tree.add(&to(topic, "x"), SystemTime::UNIX_EPOCH, 1)
    }

    #[test]
    fn levels_count_all_below() {
        let mut tree = Tree::default();
        assert!(add(&mut tree, "a/b") && add(&mut tree, "a/c") && add(&mut tree, "a"));
        assert!(!add(&mut tree, "a/b") && add(&mut tree, "/"));
        assert_eq!(tree.topics(), 4);
        assert_eq!(tree.rate.total, 5);
        let first: Vec<_> = tree.children(None).collect();
        let names: Vec<_> = first.iter().map(|&id| tree.path(id)).collect();
        assert_eq!(names, ["", "a"]);
        let a = first[1];
        assert_eq!(tree.level(a).rate.total, 4);
        assert_eq!(tree.level(a).last.as_ref().unwrap().count, 1);
        let below: Vec<_> = tree.children(Some(a)).map(|id| tree.path(id)).collect();
        assert_eq!(below, ["a/b", "a/c"]);
        let slash = tree.children(Some(first[0])).next().unwrap();
        assert_eq!(tree.path(slash), "/");
        assert!(tree.level(first[0]).last.is_none());
    }

    #[test]
    fn the_last_message_is_kept() {
        let mut tree = Tree::default();
        let long = vec![b'x'; KEPT + 1];
        let mut message = to("t", "first");
        message.is_retained = true;
        tree.add(&message, SystemTime::UNIX_EPOCH, 1);
        let id = tree.children(None).next().unwrap();
        let last = tree.level(id).last.as_ref().unwrap();
        assert!(last.is_retained && last.payload == b"first");
        message.payload = &long;
        message.length = 1_000_000;
        message.is_retained = false;
        tree.add(&message, SystemTime::UNIX_EPOCH, 2);
        let last = tree.level(id).last.as_ref().unwrap();
        assert_eq!((last.payload.len(), last.length), (KEPT, 1_000_000));
        assert!(!last.is_retained && last.count == 2);
    }

    #[test]
    fn a_topic_of_slashes_has_few_levels() {
        let mut tree = Tree::default();
        let topic = "/".repeat(65_535);
        assert!(add(&mut tree, &topic) && !add(&mut tree, &topic));
        assert_eq!(tree.levels.len(), DEEPEST);
        assert_eq!(tree.path(Id(DEEPEST - 1)), topic);
    }

    /// Endless new topics and long payloads are no way to take all memory.
    #[test]
    fn the_tree_has_a_bound() {
        let room = 4 << 20;
        let mut tree = Tree::with_room(room);
        let long = vec![b'x'; KEPT];
        let mut at = |topic: &str, payload: &[u8]| {
            let mut message = to(topic, "");
            message.payload = payload;
            tree.add(&message, SystemTime::UNIX_EPOCH, 1);
            (tree.held, tree.topics(), tree.without_room)
        };
        for n in 0..100 {
            assert!(at(&n.to_string(), &long).0 <= room + TOPIC + LEVEL + 64);
        }
        let (_, topics, without_room) = at("one more", b"");
        assert_eq!(topics as u64 + without_room, 101);
        assert!((60..=64).contains(&topics), "{topics}");
        // Topics that are there stay up to date.
        at("0", b"new");
        assert_eq!(tree.level(Id(0)).last.as_ref().unwrap().payload, b"new");
        assert_eq!(tree.rate.total, 102);
    }
}
