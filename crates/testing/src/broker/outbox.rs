//! The bytes for one client, within the limits that it has announced.
use super::answers::bare;
use crate::codec::{Sent, append};
use motemq::{Properties, Property, Version};
use std::{collections::BTreeMap, mem};

/// What lies ready for a client.
#[derive(Clone, Debug)]
pub(super) struct Outbox {
    version: Version,
    bytes: Vec<u8>,
    /// The longest packet that the client accepts.
    longest: usize,
    /// Whether the client wants to know the reasons for reason codes.
    explains: bool,
    /// The highest topic alias that the client accepts.
    alias_maximum: u16,
    /// The topics that have an alias on this connection.
    aliases: BTreeMap<String, u16>,
}

/// The alias of a topic.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Alias {
    /// The topic has none, and there is none left.
    None,
    /// The client is to learn it.
    New(u16),
    /// The client knows it.
    Known(u16),
}

impl Outbox {
    pub fn new() -> Self {
        Outbox {
            version: Version::Mqtt311,
            bytes: Vec::new(),
            longest: usize::MAX,
            explains: true,
            alias_maximum: 0,
            aliases: BTreeMap::new(),
        }
    }

    pub fn version(&self) -> Version {
        self.version
    }

    pub fn set_version(&mut self, version: Version) {
        self.version = version;
    }

    /// Takes the limits of the client from its CONNECT.
    pub fn limit(&mut self, properties: Properties<'_>) {
        for property in properties.iter() {
            match property {
                Property::MaximumPacketSize(longest) => self.longest = longest.get() as usize,
                Property::RequestProblemInformation(explains) => self.explains = explains,
                Property::TopicAliasMaximum(maximum) => self.alias_maximum = maximum,
                _ => {}
            }
        }
    }

    /// Appends a packet. Returns `false` if it is longer than the client accepts: then it is not
    /// sent [MQTT-3.1.2-24].
    pub fn send(&mut self, packet: &Sent<'_>) -> bool {
        let before = self.bytes.len();
        append(self.version, packet, &mut self.bytes);
        let fits = self.bytes.len() - before <= self.longest;
        if !fits {
            self.bytes.truncate(before);
        }
        fits
    }

    /// Appends an acknowledgement whose only properties explain its code. They are left out if the
    /// client does not want to know the reason [MQTT-3.1.2-29], or if the packet would be too long.
    pub fn acknowledge(&mut self, packet: &Sent<'_>) {
        if !self.explains || !self.send(packet) {
            self.send(&bare(packet));
        }
    }

    /// Returns the alias of a topic.
    pub fn alias(&self, topic: &str) -> Alias {
        let next = self.aliases.len() as u16 + 1;
        match self.aliases.get(topic) {
            Some(&alias) => Alias::Known(alias),
            None if next <= self.alias_maximum => Alias::New(next),
            None => Alias::None,
        }
    }

    /// The client has been sent a topic with this alias.
    pub fn learn(&mut self, topic: &str, alias: u16) {
        self.aliases.insert(topic.to_owned(), alias);
    }

    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub fn take(&mut self) -> Vec<u8> {
        mem::take(&mut self.bytes)
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}
