//! Random commands, bytes, times and transport results, with a look at what must always hold.
//! The fuzz target `client` and the test `random` of the client share it.
mod broker;
mod checks;
mod commands;
mod driver;
mod store;

use motemq_client::*;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    hash::{DefaultHasher, Hash, Hasher},
    time::Duration,
};

/// The most turns of the driver that one step may need.
const TURNS: usize = 20_000;
const BACKLOG: usize = 200_000;
const TOPICS: [&str; 4] = ["t", "a/b", "a/c", "x"];
const FILTERS: [&str; 5] = ["t", "a/+", "#", "$share/g/a/b", "a/c"];

/// Takes bytes for what happens to a client, one step after the other.
pub fn client(data: &[u8]) {
    let mut run = Run::new(Bytes(data));
    while !run.bytes.0.is_empty() {
        run.step();
        run.turn();
        run.check();
    }
    run.finish();
}

struct Bytes<'d>(&'d [u8]);

impl<'d> Bytes<'d> {
    fn byte(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        *first
    }

    fn below(&mut self, end: usize) -> usize {
        usize::from(self.byte()) % end.max(1)
    }

    fn take(&mut self, n: usize) -> &'d [u8] {
        let (taken, rest) = self.0.split_at(n.min(self.0.len()));
        self.0 = rest;
        taken
    }
}

/// A message of the broker, which is sent again over the next connection of the session.
struct Sent {
    id: u16,
    number: u32,
    packet: Vec<u8>,
}

struct Run<'d> {
    bytes: Bytes<'d>,
    options: Options,
    client: Client,
    now: Duration,
    /// Bytes of the broker that are not read yet.
    arrived: Vec<u8>,
    /// Bytes that were read and that the client has not taken.
    rx: Vec<u8>,
    /// The most bytes that are read at once.
    piece: usize,
    /// The broker sends messages so long that they are read straight into their memory.
    is_large: bool,
    /// Payloads are published from shared memory.
    is_shared: bool,
    /// The memory of a long message, which is read next.
    payload: PayloadBuf,
    output: WriteBuf,
    is_open: bool,
    is_accepted: bool,
    attempts: Vec<u32>,
    /// With the numbers of their messages.
    requests: Vec<(RequestId, u32)>,
    streams: Vec<StreamId>,
    acks: Vec<(AckId, u32)>,
    payloads: Vec<PayloadId>,
    upload: Option<UploadId>,
    /// Bytes that are no packets, or packets out of turn, were received on this connection.
    is_dirty: bool,
    is_durable: bool,
    is_ended: bool,
    number: u32,
    /// Messages of the broker on this connection that are not acknowledged.
    unacknowledged: VecDeque<Sent>,
    /// Numbers of the messages that the application has taken.
    taken: BTreeSet<u32>,
    /// Messages with QoS 2 that have to be delivered no more, with the streams that got them.
    had: Vec<(StreamId, u32)>,
    /// Numbers of messages that were given back, and come again to all streams.
    declined: BTreeSet<u32>,
    /// Bytes written on this connection that are no whole packet yet.
    written: Vec<u8>,
    /// Identifiers of messages that the broker has not answered.
    in_flight: BTreeSet<u16>,
    /// Identifiers of subscriptions, which end with the connection.
    subscribing: BTreeSet<u16>,
    records: BTreeMap<u64, Vec<u8>>,
    /// Numbers of messages that were stored at any time.
    stored: BTreeSet<u32>,
    image: Vec<u8>,
    /// Changes that are being stored.
    storing: Option<Changes>,
}

impl<'d> Run<'d> {
    fn new(mut bytes: Bytes<'d>) -> Self {
        let how = bytes.byte();
        let is_large = how & 0x40 != 0;
        let mut options = Options::new("fuzz")
            .keep_session()
            .brokers(1 + u32::from(how & 1))
            .in_flight(4)
            .given_up(40)
            .streams(4, 10_000)
            .max_message(if is_large { 40_000 } else { 1000 })
            .backlog(BACKLOG, Overflow::Disconnect)
            .queue(
                8,
                5000,
                if how & 2 == 0 {
                    WhenFull::Wait
                } else {
                    WhenFull::DropOldest
                },
            )
            .ack_timeout(Some(Duration::from_secs(8)))
            .end_if(|_, _| false);
        let is_durable = how & 4 != 0;
        if is_durable {
            options = options.durable();
        }
        if how & 8 != 0 {
            options = options.queue_qos0();
        }
        Run {
            bytes,
            client: Client::new(options.clone()).unwrap(),
            options,
            now: Duration::ZERO,
            arrived: Vec::new(),
            rx: Vec::new(),
            piece: [READ_BUFFER, 700, 5000, 20_000][usize::from(how >> 4 & 3)],
            is_large,
            is_shared: how & 0x80 != 0,
            payload: PayloadBuf::new(),
            output: WriteBuf::new(),
            is_open: false,
            is_accepted: false,
            attempts: Vec::new(),
            requests: Vec::new(),
            streams: Vec::new(),
            acks: Vec::new(),
            payloads: Vec::new(),
            upload: None,
            is_dirty: false,
            is_durable,
            is_ended: false,
            number: 0,
            unacknowledged: VecDeque::new(),
            taken: BTreeSet::new(),
            had: Vec::new(),
            declined: BTreeSet::new(),
            written: Vec::new(),
            in_flight: BTreeSet::new(),
            subscribing: BTreeSet::new(),
            records: BTreeMap::new(),
            stored: BTreeSet::new(),
            image: Vec::new(),
            storing: None,
        }
    }

    fn step(&mut self) {
        match self.bytes.below(28) {
            0..=2 => self.publish(),
            3 => self.subscribe(),
            4 => {
                let filter = FILTERS[self.bytes.below(FILTERS.len())];
                if let Ok(request) = self.client.unsubscribe(&[filter]) {
                    self.requests.push((request, 0));
                }
            }
            5 => {
                if self.streams.len() < 8 {
                    self.streams.push(self.client.messages());
                }
            }
            6 => {
                let at = self.bytes.below(self.streams.len());
                if at < self.streams.len() {
                    let stream = self.streams.swap_remove(at);
                    self.client.close_stream(stream);
                    // A key that is used again is another stream.
                    assert_eq!(self.client.take(stream, AckMode::OnNext), Taken::End);
                }
            }
            7 | 8 => self.take(AckMode::OnNext),
            9 => self.take(AckMode::Manual),
            10 => {
                let at = self.bytes.below(self.acks.len());
                if at < self.acks.len() {
                    let (ack, number) = self.acks.swap_remove(at);
                    if self.bytes.below(4) == 0 {
                        self.client.decline(ack);
                        self.declined.insert(number);
                    } else {
                        self.taken.insert(number);
                        self.client.ack(ack);
                    }
                }
            }
            11 => self.request(),
            12 => self.upload(),
            13 => {
                let at = self.bytes.below(self.payloads.len());
                if let Some(&payload) = self.payloads.get(at) {
                    let read = self.client.read_payload(payload);
                    if matches!(read, PayloadRead::End | PayloadRead::Broken) {
                        self.payloads.swap_remove(at);
                    }
                }
            }
            14 => {
                let at = self.bytes.below(self.payloads.len());
                if at < self.payloads.len() {
                    let payload = self.payloads.swap_remove(at);
                    self.client.discard_payload(payload);
                }
            }
            15..=17 => self.open(),
            18..=21 => self.receive(),
            22 => self.now += Duration::from_millis(10 << self.bytes.below(12)),
            23 | 24 => self.write(),
            25 => self.close(),
            26 => self.store(),
            _ => self.rare(),
        }
    }

    fn rare(&mut self) {
        match self.bytes.byte() % 8 {
            0 => self.client.disconnect(self.now + Duration::from_secs(4)),
            1 => self.client.shrink(),
            2 => self.client.on_read_progress(),
            3 => {
                let clone = self.client.clone();
                assert_eq!(hash(&clone), hash(&self.client));
                self.client = clone;
            }
            4 => {
                let login = self.client.set_login(Some("u".into()), None);
                assert_eq!(login, Ok(()));
            }
            5 if self.is_durable && !self.image.is_empty() => self.crash(),
            6 => self.client.end(Ended::DriverStopped),
            _ => {}
        }
    }
}

fn hash(client: &Client) -> u64 {
    let mut hasher = DefaultHasher::new();
    client.hash(&mut hasher);
    hasher.finish()
}
