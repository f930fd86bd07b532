//! Which streams a topic goes to: a trie of topic levels, and a cache of the last topics.
use crate::hash::hash;
use alloc::{boxed::Box, collections::BTreeMap, sync::Arc, vec, vec::Vec};
use core::{
    hash::{Hash, Hasher},
    ops::Deref,
    slice,
};
use motemq::TopicName;

/// The number of places of the cache, in which each topic has one.
const CACHED: usize = 256;
/// The longest topic that is cached, in bytes.
const LONGEST: usize = 256;

/// The streams of a topic, in the order of their keys. Mostly there is one or none, which
/// costs no reference count.
#[derive(Clone, Hash, Debug)]
pub(super) enum Targets {
    None,
    One(u32),
    Some(Arc<[u32]>),
}

impl Deref for Targets {
    type Target = [u32];
    #[inline]
    fn deref(&self) -> &[u32] {
        match self {
            Targets::None => &[],
            Targets::One(one) => slice::from_ref(one),
            Targets::Some(some) => some,
        }
    }
}

#[derive(Clone, Hash, Debug, Default)]
struct Node {
    levels: BTreeMap<Box<str>, Node>,
    /// Streams with a filter that ends here.
    here: Vec<u32>,
    /// Streams with a filter that continues with `#`.
    below: Vec<u32>,
}

impl Node {
    fn is_empty(&self) -> bool {
        self.levels.is_empty() && self.here.is_empty() && self.below.is_empty()
    }

    /// Removes one occurrence of a filter with these levels.
    fn remove<'f>(&mut self, mut levels: impl Iterator<Item = &'f str>, stream: u32) {
        let list = match levels.next() {
            None => &mut self.here,
            Some("#") => &mut self.below,
            Some(level) => {
                if let Some(next) = self.levels.get_mut(level) {
                    next.remove(levels, stream);
                    if next.is_empty() {
                        self.levels.remove(level);
                    }
                }
                return;
            }
        };
        if let Some(at) = list.iter().position(|&other| other == stream) {
            list.swap_remove(at);
        }
    }

    fn collect(&self, topic: &str, is_first: bool, targets: &mut Vec<u32>) {
        // Wildcards at the beginning do not match topics of the broker [MQTT-4.7.2-1].
        let is_wild = !(is_first && topic.starts_with('$'));
        if is_wild {
            targets.extend(&self.below);
        }
        let (level, rest) = match topic.split_once('/') {
            Some((level, rest)) => (level, Some(rest)),
            None => (topic, None),
        };
        let any = if is_wild { self.levels.get("+") } else { None };
        for next in self.levels.get(level).into_iter().chain(any) {
            match rest {
                Some(rest) => next.collect(rest, false, targets),
                None => targets.extend(next.here.iter().chain(&next.below)),
            }
        }
    }
}

/// A topic as it is kept, and its streams.
type Route = (Arc<str>, Targets);

/// Finds the streams of a topic.
#[derive(Clone, Debug, Default)]
pub(super) struct Routing {
    root: Node,
    /// Streams of what no other stream gets.
    catch_all: Vec<u32>,
    /// Empty until there is a second topic.
    cache: Vec<Option<Route>>,
    last: Option<Route>,
}

/// Returns the filter for which `$share/group/filter` stands.
fn routed(filter: &str) -> &str {
    filter
        .strip_prefix("$share/")
        .and_then(|shared| shared.split_once('/'))
        .map_or(filter, |(_, filter)| filter)
}

impl Routing {
    /// A stream gets the messages that match this filter.
    pub fn insert(&mut self, filter: &str, stream: u32) {
        self.forget();
        let mut node = &mut self.root;
        for level in routed(filter).split('/') {
            if level == "#" {
                node.below.push(stream);
                return;
            }
            node = node.levels.entry(level.into()).or_default();
        }
        node.here.push(stream);
    }

    /// Takes back one insertion.
    pub fn remove(&mut self, filter: &str, stream: u32) {
        self.forget();
        self.root.remove(routed(filter).split('/'), stream);
    }

    /// A stream gets what no other stream gets.
    pub fn insert_catch_all(&mut self, stream: u32) {
        self.catch_all.push(stream);
    }

    /// Removes a stream that got what no other stream gets.
    pub fn remove_catch_all(&mut self, stream: u32) {
        self.catch_all.retain(|&other| other != stream);
    }

    /// Returns the streams of what no other stream gets.
    #[inline]
    pub fn catch_all(&self) -> &[u32] {
        &self.catch_all
    }

    fn forget(&mut self) {
        self.cache = Vec::new();
        self.last = None;
    }

    /// Returns the topic as it is kept, and its streams, each once.
    #[inline]
    pub fn find(&mut self, topic: TopicName<'_>) -> Route {
        if let Some((last, targets)) = &self.last
            && topic == **last
        {
            return (last.clone(), targets.clone());
        }
        self.find_cached(topic.as_str())
    }

    fn find_cached(&mut self, topic: &str) -> Route {
        if self.last.is_none() || topic.len() > LONGEST {
            let found = self.find_in_trie(topic);
            self.last = Some(found.clone());
            return found;
        }
        if self.cache.is_empty() {
            self.cache = vec![None; CACHED];
        }
        let place = hash(&[topic.as_bytes()]) as usize % CACHED;
        let cached = self.cache.get(place).cloned().flatten();
        let found = match cached.filter(|(known, _)| **known == *topic) {
            Some(found) => found,
            None => self.find_in_trie(topic),
        };
        if let Some(place) = self.cache.get_mut(place) {
            *place = Some(found.clone());
        }
        self.last = Some(found.clone());
        found
    }

    fn find_in_trie(&self, topic: &str) -> Route {
        let mut targets = Vec::new();
        self.root.collect(topic, true, &mut targets);
        targets.sort_unstable();
        targets.dedup();
        let targets = match targets[..] {
            [] => Targets::None,
            [one] => Targets::One(one),
            _ => Targets::Some(targets.into()),
        };
        (topic.into(), targets)
    }

    /// Gives memory back that nothing needs. Returns whether there is no stream.
    pub fn shrink(&mut self) -> bool {
        self.forget();
        self.root.is_empty() && self.catch_all.is_empty()
    }
}

/// The cache changes nothing but the time that it takes.
impl Hash for Routing {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.root.hash(state);
        self.catch_all.hash(state);
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use alloc::format;
    use core::hash::{BuildHasher, BuildHasherDefault};
    use std::hash::DefaultHasher;

    const FILTERS: [&str; 13] = [
        "a/b",
        "a/+",
        "a/#",
        "#",
        "+/b",
        "+",
        "$SYS/#",
        "/",
        "+/+",
        "a/b/#",
        "$share/group/a/+",
        "/+",
        "$share/group/#",
    ];

    #[test]
    fn routing_finds_what_matching_finds() {
        let names = ["a/b", "a", "a/b/c", "$SYS/up", "/", "b", "/b", "a/", "a/b"];
        let mut routing = Routing::default();
        for (n, filter) in FILTERS.iter().enumerate() {
            routing.insert(filter, n as u32);
        }
        // The second time they are cached.
        for name in names.into_iter().chain(names) {
            let streams = 0..FILTERS.len() as u32;
            let expected: Vec<u32> = streams
                .filter(|&n| motemq::topic::matches(routed(FILTERS[n as usize]), name))
                .collect();
            let (topic, targets) = routing.find(TopicName::new(name).unwrap());
            assert_eq!((&*topic, &targets[..]), (name, &expected[..]));
        }
        for (n, filter) in FILTERS.iter().enumerate() {
            routing.remove(filter, n as u32);
        }
        assert!(routing.root.is_empty());
        assert!(routing.find(TopicName::new("a/b").unwrap()).1.is_empty());
    }

    #[test]
    fn a_stream_with_several_filters_that_match_is_found_once() {
        let mut routing = Routing::default();
        for filter in ["a/#", "a/+", "a/b", "a/b"] {
            routing.insert(filter, 7);
        }
        let name = TopicName::new("a/b").unwrap();
        assert_eq!(routing.find(name).1[..], [7]);
        routing.remove("a/b", 7);
        // One stream, or none, takes no memory of its own.
        assert!(matches!(routing.find(name).1, Targets::One(7)));
        let other = TopicName::new("b").unwrap();
        assert!(matches!(routing.find(other).1, Targets::None));
    }

    #[test]
    fn many_topics_and_long_ones_find_their_stream() {
        let mut routing = Routing::default();
        for n in 0..1000 {
            routing.insert(&format!("x/{n}/+"), n);
        }
        let long = "y".repeat(1000);
        routing.insert(&long, 1000);
        for _ in 0..2 {
            for n in 0..1000 {
                let name = format!("x/{n}/z");
                assert_eq!(routing.find(TopicName::new(&name).unwrap()).1[..], [n]);
            }
            assert_eq!(routing.find(TopicName::new(&long).unwrap()).1[..], [1000]);
        }
    }

    /// A topic that is found again and again costs no memory each time, and all topics together no
    /// more than the cache holds.
    #[test]
    fn as_many_topics_are_kept_as_the_cache_has_places_and_none_that_is_long() {
        let mut routing = Routing::default();
        let mut find = |name: &str| routing.find(TopicName::new(name).unwrap()).0;
        find("z");
        for (length, is_kept) in [(256, true), (257, false)] {
            let names = ["x", "y"].map(|name| name.repeat(length));
            let [first, again] = [(); 2].map(|()| [find(&names[0]), find(&names[1])]);
            for (first, again) in first.iter().zip(&again) {
                assert_eq!(Arc::ptr_eq(first, again), is_kept);
            }
            // The last one is known in any case.
            assert!(Arc::ptr_eq(&again[1], &find(&names[1])));
        }
        for n in 0..1000 {
            find(&format!("{n}"));
        }
        assert_eq!(routing.cache.len(), 256);
        // A client that receives from one topic needs no cache.
        routing.insert("#", 1);
        for _ in 0..2 {
            routing.find(TopicName::new("x").unwrap());
        }
        assert_eq!(routing.cache.capacity(), 0);
    }

    #[test]
    fn streams_change_the_hash_and_the_cache_does_not() {
        let hash =
            |routing: &Routing| BuildHasherDefault::<DefaultHasher>::default().hash_one(routing);
        let mut routing = Routing::default();
        let mut hashes = vec![hash(&routing)];
        routing.insert("a/#", 1);
        hashes.push(hash(&routing));
        routing.insert_catch_all(2);
        hashes.push(hash(&routing));
        routing.find(TopicName::new("a").unwrap());
        assert_eq!(hash(&routing), hashes[2]);
        hashes.dedup();
        assert_eq!(hashes.len(), 3);
    }
}
