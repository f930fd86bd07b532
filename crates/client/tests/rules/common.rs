//! A client, a transport of which the test is the other end, and a virtual clock.
pub use motemq::{Fault, Filter, Publish, QoS, ReasonCode, ReturnCode, SessionState, Version};
pub use motemq_client::*;
pub use std::time::Duration;

/// CONNACK of a new session.
pub const NEW: &[u8] = b"\x20\x02\0\0";
/// CONNACK of a session that goes on.
pub const PRESENT: &[u8] = b"\x20\x02\x01\0";
/// CONNACK of a new session with MQTT 5.
pub const NEW5: &[u8] = b"\x20\x03\0\0\0";
/// CONNACK of a session that goes on with MQTT 5.
pub const PRESENT5: &[u8] = b"\x20\x03\x01\0\0";
/// PINGREQ.
pub const PING: &[u8] = b"\xc0\0";
/// PINGRESP.
pub const PONG: &[u8] = b"\xd0\0";
/// DISCONNECT.
pub const DISCONNECT: &[u8] = b"\xe0\0";

pub fn secs(s: u64) -> Duration {
    Duration::from_secs(s)
}

/// A clean session without keep alive, that waits 1, 2, 4, 8 s before it connects again.
pub fn options() -> Options {
    Options::new("a").keep_alive(0).reconnect(waits(8))
}

/// Waits of 1 s, doubled up to so many.
pub fn waits(cap: u64) -> Reconnect {
    Reconnect::BackOff {
        first: secs(1),
        cap: secs(cap),
        max_tries: None,
    }
}

/// The same with a session that is kept.
pub fn kept() -> Options {
    options().keep_session()
}

/// A PUBLISH to the topic `t`.
pub fn message(id: u16, qos: u8, payload: &[u8]) -> Vec<u8> {
    message_to("t", id, qos, payload)
}

/// A PUBLISH.
pub fn message_to(topic: &str, id: u16, qos: u8, payload: &[u8]) -> Vec<u8> {
    let mut body = (topic.len() as u16).to_be_bytes().to_vec();
    body.extend(topic.as_bytes());
    if qos > 0 {
        body.extend(id.to_be_bytes());
    }
    body.extend(payload);
    let mut packet = vec![0x30 | qos << 1];
    let mut length = body.len();
    loop {
        let more = if length > 0x7f { 0x80 } else { 0 };
        packet.push((length & 0x7f) as u8 | more);
        length >>= 7;
        if length == 0 {
            break;
        }
    }
    packet.extend(body);
    packet
}

/// The same, sent again.
pub fn dup(mut message: Vec<u8>) -> Vec<u8> {
    message[0] |= 8;
    message
}

pub fn puback(id: u16) -> Vec<u8> {
    [&b"\x40\x02"[..], &id.to_be_bytes()].concat()
}

pub fn pubrec(id: u16) -> Vec<u8> {
    [&b"\x50\x02"[..], &id.to_be_bytes()].concat()
}

pub fn pubrel(id: u16) -> Vec<u8> {
    [&b"\x62\x02"[..], &id.to_be_bytes()].concat()
}

pub fn pubcomp(id: u16) -> Vec<u8> {
    [&b"\x70\x02"[..], &id.to_be_bytes()].concat()
}

/// The answer to a SUBSCRIBE with one filter.
pub fn suback(subscribe: &[u8], code: u8) -> Vec<u8> {
    vec![0x90, 3, subscribe[2], subscribe[3], code]
}

/// The identifier of a PUBLISH to `t` with QoS 1 or 2 and a short payload.
pub fn id_of(publish: &[u8]) -> u16 {
    u16::from_be_bytes([publish[5], publish[6]])
}

/// The outcome of a message that was acknowledged with nothing else to say.
pub fn done() -> Option<Outcome> {
    Some(Ok(Acknowledgement::default()))
}

/// The driver of a client, and what the test sees of it.
pub struct Line {
    pub client: Client,
    pub now: Duration,
    /// Bytes that arrived and were not read.
    pub rx: Vec<u8>,
    /// The memory of a long message, which is read next.
    pub payload: PayloadBuf,
    /// Bytes that the transport has not taken.
    pub output: WriteBuf,
    pub events: Vec<Event>,
    /// Bytes that the kernel holds.
    pub held: u64,
    /// The random number of each call; the largest makes each wait as long as it can be.
    pub random: u64,
    /// Addresses of each broker.
    pub addresses: u32,
}

impl Line {
    pub fn new(options: Options) -> Self {
        Line {
            client: Client::new(options).unwrap(),
            now: Duration::ZERO,
            rx: Vec::new(),
            payload: PayloadBuf::new(),
            output: WriteBuf::new(),
            events: Vec::new(),
            held: 0,
            random: u64::MAX,
            addresses: 1,
        }
    }

    /// A client with one subscription to `t`, which the broker has granted.
    pub fn subscribed(options: Options, qos: QoS, connack: &[u8]) -> (Self, StreamId) {
        let mut line = Line::new(options);
        let (request, stream) = line.client.subscribe(&[Filter::new("t", qos)]).unwrap();
        line.connect(connack);
        let subscribe = line.sent();
        line.receive(&suback(&subscribe, qos as u8));
        let outcome = line.client.poll_outcome(request);
        assert!(matches!(outcome, Some(Ok(_))), "{outcome:?}");
        line.client.forget(request);
        line.events.clear();
        (line, stream)
    }

    /// Does what a driver does in one turn, but for writing.
    pub fn turn(&mut self) {
        for turn in 0.. {
            assert!(turn < 10_000, "the driver spins");
            let mut again = self.client.read_limit() > 0 && self.read();
            let held = self.held;
            again |= self.client.on_timeout(self.now, || held);
            again |= self.client.poll_output(&mut self.output);
            while let Some(event) = self.client.poll_event() {
                self.events.push(event);
            }
            if !again {
                break;
            }
        }
    }

    /// Reads what has arrived. Returns whether to do so again at once.
    fn read(&mut self) -> bool {
        let read = self.payload.read_with(|space| {
            let n = space.len().min(self.rx.len());
            space[..n].copy_from_slice(&self.rx[..n]);
            self.rx.drain(..n);
            Ok::<_, ()>(n)
        });
        let is_direct = read != Ok(0);
        let mut input = if is_direct { &[][..] } else { &self.rx };
        let again = self.client.on_read(&mut input, self.now);
        let rest = input.len();
        if !is_direct {
            self.rx.drain(..self.rx.len() - rest);
        }
        if rest == 0 {
            self.client.poll_payload(&mut self.payload, self.now);
        }
        again || is_direct
    }

    /// Returns what is to be done about the transport, without resolving, which is done at once.
    pub fn poll_transport(&mut self) -> Transport {
        loop {
            let task = self.client.poll_transport(self.now, self.random);
            while let Some(event) = self.client.poll_event() {
                self.events.push(event);
            }
            match task {
                Transport::Resolve { attempt, .. } => {
                    let (addresses, now) = (self.addresses, self.now);
                    self.client.on_resolved(attempt, addresses, now);
                }
                task => return task,
            }
        }
    }

    /// Begins an attempt; returns its number, broker and address.
    #[track_caller]
    pub fn dial(&mut self) -> (u32, u32, u32) {
        match self.poll_transport() {
            Transport::Dial {
                attempt,
                broker,
                address,
            } => (attempt, broker, address),
            other => panic!("{other:?}"),
        }
    }

    /// Opens a connection.
    #[track_caller]
    pub fn open(&mut self) {
        let (attempt, ..) = self.dial();
        self.opened(attempt);
    }

    /// An attempt has opened a connection.
    #[track_caller]
    pub fn opened(&mut self, attempt: u32) {
        self.output = WriteBuf::new();
        self.rx.clear();
        self.payload = PayloadBuf::new();
        assert!(self.client.on_opened(attempt, self.now));
    }

    /// Opens a connection, and gets this answer to CONNECT.
    #[track_caller]
    pub fn connect(&mut self, connack: &[u8]) {
        self.open();
        assert_eq!(self.sent()[0], 0x10);
        self.receive(connack);
    }

    /// Bytes arrive.
    pub fn receive(&mut self, bytes: &[u8]) {
        self.rx.extend_from_slice(bytes);
        self.turn();
    }

    /// Returns everything that the client writes, which the transport takes.
    pub fn sent(&mut self) -> Vec<u8> {
        let mut all = Vec::new();
        self.turn();
        while !self.output.is_empty() {
            let n = self.output.bytes().len();
            all.extend_from_slice(self.output.bytes());
            self.output.consume(n);
            self.client.on_written(n, self.now);
            self.turn();
        }
        all
    }

    #[track_caller]
    pub fn sends(&mut self, bytes: &[u8]) {
        let sent = self.sent();
        assert_eq!(sent, bytes, "{}", String::from_utf8_lossy(&sent));
    }

    /// Time passes, with everything that is due on the way. Nothing is written, and no attempt is
    /// made.
    pub fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            self.turn();
            match self.client.poll_timeout() {
                // What is due already waits for the transport.
                Some(at) if at > self.now && at <= end => self.now = at,
                _ => break,
            }
        }
        self.now = end;
        self.turn();
    }

    /// The broker closes the connection.
    pub fn closed(&mut self) {
        self.client.on_closed(None, self.now);
        self.turn();
        self.poll_waiting();
    }

    /// Lets the client decide what follows from the end of a connection.
    pub fn poll_waiting(&mut self) {
        if self.client.poll_timeout() == Some(Duration::ZERO) {
            assert_eq!(self.poll_transport(), Transport::Wait);
        }
    }

    #[track_caller]
    pub fn publish(&mut self, payload: &[u8], qos: QoS) -> RequestId {
        let publish = Publish::to("t").payload(payload).qos(qos);
        self.client.publish(&publish).unwrap().unwrap()
    }

    /// Returns the broker's codes for the filters of a request that has succeeded.
    #[track_caller]
    pub fn codes(&mut self, request: RequestId) -> Vec<u8> {
        let outcome = self.client.poll_outcome(request);
        outcome.expect("it is answered").unwrap().codes().to_vec()
    }

    pub fn take(&mut self, stream: StreamId) -> Option<Vec<u8>> {
        match self.client.take(stream, AckMode::OnNext) {
            Taken::Message(item) => Some(item.message.payload.to_vec()),
            _ => None,
        }
    }

    pub fn take_all(&mut self, stream: StreamId) -> Vec<Vec<u8>> {
        std::iter::from_fn(|| self.take(stream)).collect()
    }

    #[track_caller]
    pub fn is_connected(&self) {
        let state = self.client.state();
        assert!(matches!(state, State::Connected { .. }), "{state:?}");
        // The state is the same while the connection is being closed.
        let transport = self.client.clone().poll_transport(self.now, self.random);
        assert_eq!(transport, Transport::Keep);
    }

    /// Returns the reasons for which connections ended since this was asked last.
    pub fn reasons(&mut self) -> Vec<DisconnectReason> {
        let events = std::mem::take(&mut self.events).into_iter();
        events
            .filter_map(|event| match event {
                Event::Disconnected { reason, .. } => Some(reason),
                _ => None,
            })
            .collect()
    }
}
