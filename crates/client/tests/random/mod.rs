//! Random commands, bytes, times and transport results, with a look at what must always hold.
//! The fuzz target `client` and the test `random` of the client share it.
use motemq::packet::{Packet, decode};
use motemq::{Filter, Publish, QoS};
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

/// A message of the broker, and what the application has done with it.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Sent {
    id: u16,
    number: u32,
}

struct Run<'d> {
    bytes: Bytes<'d>,
    options: Options,
    client: Client,
    now: Duration,
    rx: Vec<u8>,
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
        let mut options = Options::new("fuzz")
            .keep_session()
            .brokers(1 + u32::from(how & 1))
            .in_flight(4)
            .given_up(40)
            .streams(4, 10_000)
            .max_message(1000)
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
            rx: Vec::new(),
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
                    self.taken.insert(number);
                    self.client.ack(ack);
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

    fn publish(&mut self) {
        let how = self.bytes.byte();
        let qos = QoS::try_from(how & 3).unwrap_or(QoS::AtLeastOnce);
        self.number += 1;
        let mut payload = self.number.to_be_bytes().to_vec();
        payload.resize([4, 100, 6000, 80_000][usize::from(how >> 2 & 3)], how);
        let topic = TOPICS[usize::from(how >> 4 & 3)];
        let publish = Publish::to(topic).payload(&payload).qos(qos);
        match self.client.publish(&publish) {
            Ok(Some(request)) => self.requests.push((request, self.number)),
            Ok(None) => assert_eq!(qos, QoS::AtMostOnce),
            Err(PublishError::Ended(_)) => {}
            Err(error) => assert!(!self.is_ended, "{error}"),
        }
    }

    fn subscribe(&mut self) {
        let how = self.bytes.byte();
        let qos = QoS::try_from(how & 3).unwrap_or(QoS::AtMostOnce);
        let filter = FILTERS[usize::from(how >> 2) % FILTERS.len()];
        if self.streams.len() < 8
            && let Ok((request, stream)) = self.client.subscribe(&[Filter::new(filter, qos)])
        {
            self.requests.push((request, 0));
            self.streams.push(stream);
        }
    }

    fn take(&mut self, mode: AckMode) {
        let at = self.bytes.below(self.streams.len());
        let Some(&stream) = self.streams.get(at) else {
            return;
        };
        if let Taken::Message(item) = self.client.take(stream, mode) {
            let payload = item.message.payload.first_chunk();
            let number = payload.map_or(0, |number| u32::from_be_bytes(*number));
            self.payloads.extend(item.message.rest);
            match item.ack {
                Some(ack) => self.acks.push((ack, number)),
                None => {
                    self.taken.insert(number);
                }
            }
        }
    }

    fn request(&mut self) {
        let at = self.bytes.below(self.requests.len());
        let Some(&(request, number)) = self.requests.get(at) else {
            return;
        };
        match self.bytes.byte() % 3 {
            0 => {
                self.client.poll_outcome(request);
            }
            1 => {
                self.client.forget(request);
                self.requests.swap_remove(at);
            }
            _ => {
                self.client.withdraw(request);
                // It may leave, but is not sent again.
                self.stored.insert(number);
                self.requests.swap_remove(at);
            }
        }
    }

    fn upload(&mut self) {
        let how = self.bytes.byte();
        match self.upload {
            None => {
                let qos = QoS::try_from(how & 3).unwrap_or(QoS::AtLeastOnce);
                let publish = Publish::to("t").payload(b"....").qos(qos);
                if let Ok((upload, request)) = self.client.begin_upload(&publish.remaining(200)) {
                    self.upload = Some(upload);
                    self.requests.extend(request.map(|request| (request, 0)));
                }
            }
            Some(upload) if how & 7 == 0 => {
                self.client.abort_upload(upload, self.now);
                self.upload = None;
            }
            Some(upload) => {
                let chunk = vec![how; usize::from(how)];
                if let Err(UploadError::Lost) = self.client.upload_chunk(upload, &chunk) {
                    self.upload = None;
                }
            }
        }
    }

    fn open(&mut self) {
        let at = self.bytes.below(self.attempts.len());
        if at >= self.attempts.len() {
            return;
        }
        let attempt = self.attempts.swap_remove(at);
        if self.bytes.below(4) == 0 {
            let error = TransportError::new(TransportErrorKind::Connect, "refused");
            self.client.on_open_failed(attempt, error);
        } else if self.client.on_opened(attempt, self.now) {
            assert!(!self.is_open, "one connection at a time");
            self.is_open = true;
            (self.is_dirty, self.is_accepted) = (false, false);
            self.rx.clear();
            self.written.clear();
            self.output = WriteBuf::new();
            self.unacknowledged.clear();
            // What is not given up is sent again.
            self.in_flight.clear();
            self.subscribing.clear();
        }
    }

    /// The broker says something, which may make sense.
    fn receive(&mut self) {
        if !self.is_open || self.rx.len() > READ_BUFFER {
            return;
        }
        let kind = self.bytes.below(12);
        let number = self.bytes.byte();
        let is_answer = matches!(kind, 1 | 2 | 4..=6);
        let mut awaited = self.in_flight.iter().chain(&self.subscribing).copied();
        let id = match number {
            // Most brokers answer only what they have received.
            0..192 if is_answer && self.is_accepted => {
                let count = self.in_flight.len() + self.subscribing.len();
                match awaited.nth(usize::from(number) % count.max(1)) {
                    Some(id) => id,
                    None => return,
                }
            }
            _ => 1 + u16::from(number) % 24,
        };
        self.is_dirty |= is_answer && self.is_accepted && number >= 192;
        let [high, low] = id.to_be_bytes();
        if !self.is_accepted {
            self.is_accepted = true;
            match kind {
                0 => self.rx.extend([0x20, 2, 0, 5]),
                1..=4 => {
                    self.rx.extend([0x20, 2, 0, 0]);
                    self.in_flight.clear();
                }
                _ => self.rx.extend([0x20, 2, 1, 0]),
            }
            return;
        }
        match kind {
            0 => {
                let n = self.bytes.below(20);
                self.rx.extend(self.bytes.take(n));
                self.is_dirty = true;
            }
            1 => self.rx.extend([0x40, 2, high, low]),
            2 => self.rx.extend([0x50, 2, high, low]),
            3 => self.rx.extend([0x62, 2, high, low]),
            4 => self.rx.extend([0x70, 2, high, low]),
            5 => self
                .rx
                .extend([0x90, 3, high, low, if id % 4 == 0 { 0x80 } else { 1 }]),
            6 => self.rx.extend([0xb0, 2, high, low]),
            7 => self.rx.extend([0xd0, 0]),
            _ => self.receive_message(id),
        }
        if let 1 | 4..=6 = kind {
            // What the broker answers under another identifier, or otherwise, the core refuses.
            self.in_flight.remove(&id);
            self.subscribing.remove(&id);
        }
    }

    fn receive_message(&mut self, id: u16) {
        let how = self.bytes.byte();
        let qos = how % 3;
        let length = [0, 50, 3000][usize::from(how >> 2) % 3];
        let topic = TOPICS[usize::from(how >> 4) % TOPICS.len()];
        let is_used = self.unacknowledged.iter().any(|sent| sent.id == id);
        if qos > 0 && is_used {
            return;
        }
        self.number += 1;
        let mut body = (topic.len() as u16).to_be_bytes().to_vec();
        body.extend(topic.as_bytes());
        if qos > 0 {
            body.extend(id.to_be_bytes());
            let number = self.number;
            self.unacknowledged.push_back(Sent { id, number });
        }
        body.extend(self.number.to_be_bytes());
        body.extend(vec![how; length]);
        self.rx.push(0x30 | qos << 1);
        let mut rest = body.len();
        while rest > 0x7f {
            self.rx.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        self.rx.push(rest as u8);
        self.rx.extend(body);
    }

    /// The transport takes bytes.
    fn write(&mut self) {
        let n = match self.bytes.byte() {
            n if n < 128 => self.output.len(),
            n => self.output.len().min(usize::from(n)),
        };
        if !self.is_open || n == 0 {
            return;
        }
        self.written.extend(&self.output.bytes()[..n]);
        self.output.consume(n);
        self.client.on_written(n, self.now);
        self.check_written();
    }

    fn close(&mut self) {
        if self.is_open {
            self.is_open = false;
            let error = TransportError::new(TransportErrorKind::Io, "reset");
            let error = (self.bytes.byte() & 1 == 0).then_some(error);
            self.client.on_closed(error, self.now);
        }
    }

    fn store(&mut self) {
        if let Some(changes) = self.storing.take() {
            if self.bytes.below(4) == 0 {
                // The store failed, and is opened again.
                let changes = self.client.full_image();
                self.apply(changes);
            } else {
                self.apply(changes);
            }
        }
    }

    fn apply(&mut self, changes: Changes) {
        if changes.is_full {
            self.records.clear();
        }
        for record in changes.records {
            let topic = u16::from_be_bytes([record.bytes[4], record.bytes[5]]);
            let payload = &record.bytes[6 + usize::from(topic)..];
            let number = payload.first_chunk().copied().map(u32::from_be_bytes);
            self.stored.extend(number);
            self.records.insert(record.number, record.bytes);
        }
        for number in changes.removed {
            self.records.remove(&number);
        }
        self.image = changes.image;
        self.client.on_persisted(changes.version);
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

    /// The process ends, and another one goes on with what is stored.
    fn crash(&mut self) {
        let records = self.records.iter();
        let records = records.map(|(&number, bytes)| Record {
            number,
            bytes: bytes.clone(),
        });
        self.client = Client::restore(self.options.clone(), &self.image, records).unwrap();
        self.now = Duration::ZERO;
        (self.is_open, self.is_ended, self.storing) = (false, false, None);
        self.attempts.clear();
        self.requests.clear();
        self.streams.clear();
        self.acks.clear();
        self.payloads.clear();
        self.upload = None;
        self.in_flight.clear();
        self.is_dirty = true;
    }

    /// What a driver does.
    fn turn(&mut self) {
        for turn in 0.. {
            assert!(turn < TURNS, "the driver spins");
            let mut again = false;
            if self.is_open {
                let mut input = &self.rx[..];
                again |= self.client.read_limit() > 0 && self.client.on_read(&mut input, self.now);
                let rest = input.len();
                self.rx.drain(..self.rx.len() - rest);
            }
            again |= self.client.on_timeout(self.now, || 0);
            if self.is_open {
                again |= self.client.poll_output(&mut self.output);
            }
            while let Some(event) = self.client.poll_event() {
                match event {
                    Event::Persist { .. } => {
                        assert!(self.is_durable && self.storing.is_none());
                        self.storing = Some(self.client.take_changes());
                    }
                    Event::Ended(_) => assert!(!std::mem::replace(&mut self.is_ended, true)),
                    _ => {}
                }
            }
            again |= self.poll_transport();
            if !again {
                break;
            }
        }
    }

    fn poll_transport(&mut self) -> bool {
        let random = u64::from(self.number) << 48;
        match self.client.poll_transport(self.now, random) {
            Transport::Resolve { attempt, .. } => {
                self.client.on_resolved(attempt, 3, self.now);
                return true;
            }
            Transport::Dial { attempt, .. } => {
                assert!(!self.attempts.contains(&attempt));
                self.attempts.push(attempt);
                return true;
            }
            Transport::Cancel { attempt } => {
                self.attempts.retain(|&other| other != attempt);
                return true;
            }
            Transport::Close => {
                assert!(self.is_open);
                self.is_open = false;
                self.client.on_closed(None, self.now);
                return true;
            }
            Transport::Keep => assert!(self.is_open),
            Transport::Wait => assert!(!self.is_open),
            Transport::Ended(ended) => {
                assert_eq!(self.client.state(), &State::Ended(ended));
                self.is_open = false;
            }
        }
        false
    }

    /// Looks at the packets that were written.
    fn check_written(&mut self) {
        loop {
            let (packet, length) = match decode(&self.written) {
                Ok(Some(decoded)) => decoded,
                Ok(None) => return,
                Err(error) => panic!("the client wrote {error:?}"),
            };
            match packet {
                Packet::Publish {
                    id, dup, payload, ..
                } => {
                    if let Some(id) = id {
                        let is_new = self.in_flight.insert(id.get());
                        assert!(is_new || dup || self.is_dirty, "{id} is in use");
                    }
                    if self.is_durable && id.is_some() && payload.first() != Some(&b'.') {
                        let number = payload
                            .first_chunk()
                            .map(|bytes| u32::from_be_bytes(*bytes));
                        let is_stored = number.is_some_and(|n| self.stored.contains(&n));
                        assert!(is_stored || self.is_dirty, "{number:?} is not stored");
                    }
                }
                Packet::PubAck(id) | Packet::PubRec(id) => {
                    let mut unacknowledged = self.unacknowledged.iter();
                    let at = unacknowledged.position(|sent| sent.id == id.get());
                    if let Some(sent) = at.and_then(|at| self.unacknowledged.remove(at))
                        && !self.is_dirty
                    {
                        let is_taken = self.taken.contains(&sent.number);
                        assert!(is_taken, "{} was not taken", sent.number);
                    }
                }
                Packet::PubRel(id) => {
                    self.in_flight.insert(id.get());
                }
                Packet::Subscribe { id, .. } | Packet::Unsubscribe { id, .. } => {
                    let is_new = self.subscribing.insert(id.get());
                    let is_free = is_new && !self.in_flight.contains(&id.get());
                    assert!(is_free || self.is_dirty, "{id} is in use");
                }
                _ => {}
            }
            self.written.drain(..length);
        }
    }

    fn check(&mut self) {
        let counters = self.client.counters();
        assert!(counters.backlog < BACKLOG + 200_000, "{counters:?}");
        let is_connected = matches!(self.client.state(), State::Connected { .. });
        assert!(!is_connected || !self.is_ended);
        // Something wakes the client, or it waits for the application, or the store.
        if let State::Waiting { reason, .. } = self.client.state()
            && !matches!(reason, DisconnectReason::Overrun { .. })
            && !self.is_open
        {
            assert!(self.client.poll_timeout().is_some());
        }
    }

    /// The client ends, and everything has an outcome.
    fn finish(&mut self) {
        self.client.disconnect(self.now);
        for _ in 0..20 {
            self.store();
            if self.is_open {
                self.written.extend(self.output.bytes());
                let n = self.output.len();
                self.output.consume(n);
                self.client.on_written(n, self.now);
            }
            self.now += Duration::from_secs(4);
            self.turn();
        }
        assert!(self.is_ended, "{:?}", self.client.state());
        for &(request, _) in &self.requests {
            assert!(self.client.poll_outcome(request).is_some());
        }
        for &stream in &self.streams {
            assert_eq!(self.client.take(stream, AckMode::OnNext), Taken::End);
        }
        let publish = self.client.publish(&Publish::to("t"));
        assert!(matches!(publish, Err(PublishError::Ended(_))));
    }
}

fn hash(client: &Client) -> u64 {
    let mut hasher = DefaultHasher::new();
    client.hash(&mut hasher);
    hasher.finish()
}
