//! `cargo xtask replay FILE`: the bytes that `motemq record --raw` has kept run into the core, and
//! each event is shown. So a fault in the field becomes a test.
#[cfg(test)]
mod tests;

use base64::{Engine, engine::general_purpose::STANDARD};
use clap::Args;
use motemq::{
    Connect, Either, Filter, Out, Property, Publish, SendError, Session, Slot, SubscriptionOptions,
    Version,
    packet::{self, v5},
};
use serde_json::Value;
use std::{
    fmt::{self, Write},
    fs, mem,
    path::PathBuf,
};

/// What is replayed.
#[derive(Args)]
pub struct Options {
    /// The file of `motemq record --raw`.
    file: PathBuf,
}

/// More packets than a client has in flight.
const SLOTS: usize = 1024;
/// What the session writes until it is looked at.
const OUTPUT: usize = 1 << 20;

/// Replays a file.
///
/// # Errors
/// A line that cannot be read, or the first fault that the core has found.
pub fn run(options: &Options) -> Result<(), String> {
    let path = options.file.display();
    let text = fs::read_to_string(&options.file).map_err(|error| format!("{path}: {error}"))?;
    let (shown, fault) = replay(&text).map_err(|error| format!("{path}, {error}"))?;
    print!("{shown}");
    match fault {
        Some(fault) => Err(format!("the core finds a fault: {fault}")),
        None => Ok(()),
    }
}

/// Returns what happens, a line for each event, and the first fault.
fn replay(text: &str) -> Result<(String, Option<String>), String> {
    let mut replay = Replay::default();
    for (number, line) in text.lines().enumerate() {
        // The last one may be torn.
        let is_last = !text.ends_with('\n') && text.lines().count() == number + 1;
        match piece(line) {
            Some(piece) => replay.pass(&piece),
            None if is_last => {}
            None => {
                return Err(format!(
                    "line {}: it is no piece of a connection",
                    number + 1
                ));
            }
        }
    }
    Ok((replay.shown, replay.fault))
}

/// A line of the file.
struct Piece {
    time: String,
    connection: u64,
    is_in: bool,
    bytes: Vec<u8>,
}

fn piece(line: &str) -> Option<Piece> {
    let line: Value = serde_json::from_str(line).ok()?;
    Some(Piece {
        time: line["timestamp"].as_str()?.into(),
        connection: line["connection"].as_u64()?,
        is_in: match line["direction"].as_str()? {
            "in" => true,
            "out" => false,
            _ => return None,
        },
        bytes: STANDARD.decode(line["bytes_base64"].as_str()?).ok()?,
    })
}

struct Replay {
    session: Box<Session<[Slot; SLOTS], Either>>,
    connection: u64,
    /// Bytes of packets that are not complete.
    held: [Vec<u8>; 2],
    shown: String,
    fault: Option<String>,
}

impl Default for Replay {
    fn default() -> Self {
        Replay {
            session: Box::new(Session::with_protocol()),
            connection: 0,
            held: Default::default(),
            shown: String::new(),
            fault: None,
        }
    }
}

impl Replay {
    fn pass(&mut self, piece: &Piece) {
        if self.connection != piece.connection {
            self.session.on_connection_lost();
            self.connection = piece.connection;
            self.held = Default::default();
        }
        let mut held = mem::take(&mut self.held[usize::from(piece.is_in)]);
        held.extend_from_slice(&piece.bytes);
        let before = format!("{} {}", piece.time, piece.connection);
        let rest = if piece.is_in {
            self.receive(&held, &before)
        } else {
            self.send(&held, &before)
        };
        held.drain(..held.len() - rest);
        self.held[usize::from(piece.is_in)] = held;
    }

    fn show(&mut self, before: &str, what: fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = writeln!(self.shown, "{before} {what}");
    }

    fn on_fault(&mut self, before: &str, what: String) {
        self.show(before, format_args!("FAULT {what}"));
        self.fault.get_or_insert(what);
    }

    /// Gives the session what the broker has sent. Returns how many bytes are left.
    fn receive(&mut self, bytes: &[u8], before: &str) -> usize {
        let mut input = bytes;
        let mut output = vec![0; OUTPUT];
        loop {
            let mut end = 0;
            let mut out = Out::new(&mut output, &mut end);
            match self.session.receive(&mut input, usize::MAX, &mut out) {
                Ok(Some(event)) => {
                    let shown = format!("{event:?}");
                    self.show(before, format_args!("<- {shown}"));
                }
                Ok(None) => return input.len(),
                Err(fault) => {
                    self.on_fault(before, fault.to_string());
                    return 0;
                }
            }
        }
    }

    /// Lets the session do what the client has sent. Returns how many bytes are left.
    fn send(&mut self, bytes: &[u8], before: &str) -> usize {
        let mut rest = bytes;
        if let Some(version) = version_of(rest) {
            // Before a connection it cannot fail.
            let _ = self.session.set_version(version);
        }
        loop {
            let is_5 = self.session.version() == Version::Mqtt5;
            let done = if is_5 {
                v5::decode(rest)
                    .map(|found| {
                        found.map(|(packet, n)| (packet.to_string(), self.send_5(packet), n))
                    })
                    .map_err(|error| error.to_string())
            } else {
                packet::decode(rest)
                    .map(|found| {
                        found.map(|(packet, n)| (packet.to_string(), self.send_3(packet), n))
                    })
                    .map_err(|error| error.to_string())
            };
            match done {
                Ok(Some((shown, sent, length))) => {
                    self.show(before, format_args!("-> {shown}"));
                    if let Err(error) = sent {
                        self.on_fault(before, format!("the core does not send this: {error}"));
                    }
                    rest = &rest[length..];
                }
                Ok(None) => return rest.len(),
                Err(error) => {
                    self.on_fault(before, format!("the client sent no packet: {error}"));
                    return 0;
                }
            }
        }
    }

    fn send_3(&mut self, packet: packet::Packet<'_>) -> Result<(), SendError> {
        use packet::Packet;
        match packet {
            Packet::Connect(connect) => {
                let will = connect.will.map(|will| with_properties(will, &[]));
                let (client_id, login) = (connect.client_id, (connect.user, connect.password));
                self.connect(Connect {
                    client_id,
                    will,
                    user: login.0,
                    password: login.1,
                    keep_alive: connect.keep_alive,
                    timeout: 0,
                    clean: connect.clean,
                    identifier_offset: 0,
                    properties: &[],
                })
            }
            Packet::Publish {
                dup,
                qos,
                retain,
                id,
                topic,
                payload,
            } => {
                let mut publish = Publish::to(topic.as_str()).payload(payload).qos(qos);
                publish.retain = retain;
                self.publish(with_properties(publish, &[]), id.filter(|_| dup))
            }
            Packet::Subscribe { filters, .. } => {
                let filters: Vec<_> = filters.iter().collect();
                self.with_output(|session, out| session.subscribe(&filters, out).map(drop))
            }
            Packet::Unsubscribe { filters, .. } => {
                let filters: Vec<_> = filters.iter().collect();
                self.with_output(|session, out| session.unsubscribe(&filters, out).map(drop))
            }
            Packet::Disconnect => self.with_output(|session, out| session.disconnect(out)),
            // The session writes them by itself.
            _ => Ok(()),
        }
    }

    fn send_5(&mut self, packet: v5::Packet<'_>) -> Result<(), SendError> {
        use v5::Packet;
        match packet {
            Packet::Connect(connect) => {
                let properties: Vec<_> = connect.properties.iter().collect();
                let of_will = connect.will.map(|will| will.properties);
                let of_will: Vec<_> = of_will.iter().flat_map(|list| list.iter()).collect();
                self.connect(Connect {
                    client_id: connect.client_id,
                    will: connect.will.map(|will| with_properties(will, &of_will)),
                    user: connect.user,
                    password: connect.password,
                    keep_alive: connect.keep_alive,
                    timeout: 0,
                    clean: connect.clean,
                    identifier_offset: 0,
                    properties: &properties,
                })
            }
            Packet::Publish {
                dup,
                qos,
                retain,
                id,
                topic,
                payload,
                properties,
            } => {
                let list: Vec<_> = properties.iter().collect();
                let topic = topic.map_or("", |topic| topic.as_str());
                let mut publish = Publish::to(topic).payload(payload).qos(qos);
                publish.retain = retain;
                self.publish(with_properties(publish, &list), id.filter(|_| dup))
            }
            Packet::Subscribe { filters, .. } => {
                let filters: Vec<Filter<'_, SubscriptionOptions>> = filters.iter().collect();
                self.with_output(|session, out| session.subscribe(&filters, out).map(drop))
            }
            Packet::Unsubscribe { filters, .. } => {
                let filters: Vec<_> = filters.iter().collect();
                self.with_output(|session, out| session.unsubscribe(&filters, out).map(drop))
            }
            Packet::Disconnect { .. } => self.with_output(|session, out| session.disconnect(out)),
            _ => Ok(()),
        }
    }

    fn connect(&mut self, connect: Connect<'_, &[Property<'_>]>) -> Result<(), SendError> {
        self.with_output(|session, out| session.connect_slices(&connect, usize::MAX, out))
    }

    /// Publishes, or sends again what the session has asked for.
    fn publish(
        &mut self,
        publish: Publish<'_, &[Property<'_>]>,
        again: Option<motemq::PacketId>,
    ) -> Result<(), SendError> {
        self.with_output(|session, out| match again {
            Some(id) => session.republish(id, &publish, out),
            None => session.publish(&publish, out).map(drop),
        })
    }

    fn with_output<T>(
        &mut self,
        send: impl FnOnce(&mut Session<[Slot], Either>, &mut Out<'_>) -> T,
    ) -> T {
        let (mut output, mut end) = (vec![0; OUTPUT], 0);
        send(&mut *self.session, &mut Out::new(&mut output, &mut end))
    }
}

/// Returns a message with other properties.
fn with_properties<'p, T: Copy>(
    publish: Publish<'p, T>,
    properties: &'p [Property<'p>],
) -> Publish<'p, &'p [Property<'p>]> {
    let mut changed = Publish::to(publish.topic()).payload(publish.payload);
    changed = changed.qos(publish.qos).remaining(publish.remaining);
    changed.retain = publish.retain;
    changed.properties(properties)
}

/// Returns the version that a CONNECT at the beginning of these bytes has.
fn version_of(bytes: &[u8]) -> Option<Version> {
    let rest = bytes.strip_prefix(&[0x10])?;
    let length = rest.iter().position(|byte| byte & 0x80 == 0)? + 1;
    let body = rest.get(length..)?.strip_prefix(b"\0\x04MQTT")?;
    match body.first()? {
        4 => Some(Version::Mqtt311),
        5 => Some(Version::Mqtt5),
        _ => None,
    }
}
