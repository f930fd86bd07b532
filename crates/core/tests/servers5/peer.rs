//! A session of MQTT 5 with a socket.
use motemq::*;
use std::{
    io::{ErrorKind, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    time::{Duration, Instant},
};

/// How long an event may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long it is waited for what is not to come.
const QUIET: Duration = Duration::from_millis(300);

/// A session with its buffers and its socket.
pub struct Peer {
    pub session: Session<[Slot; 8], Mqtt5>,
    rx: Buffer<[u8; 512]>,
    pub tx: Buffer<[u8; 512]>,
    socket: TcpStream,
    started: Instant,
}

/// What a message has, besides its identifier.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Received {
    pub topic: String,
    pub payload: Vec<u8>,
    pub qos: QoS,
    pub retain: bool,
    /// The properties as text, sorted.
    pub properties: Vec<String>,
}

/// An event, without borrowing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Told {
    Message(Received),
    Resend(PacketId, QoS),
    /// Another one, as text without its properties.
    Other(String),
}

impl Peer {
    /// Connects, and returns the state of the session and the properties of CONNACK.
    pub fn join<'c, T: SendProperties<'c, Mqtt5>>(
        addr: SocketAddr,
        connect: &Connect<'c, T>,
    ) -> (Peer, SessionState, Vec<String>) {
        let peer = Peer {
            session: Session::with_protocol(),
            rx: Buffer::new(),
            tx: Buffer::new(),
            socket: TcpStream::connect(addr).unwrap(),
            started: Instant::now(),
        };
        peer.enters(connect)
    }

    /// Connects with a clean session.
    pub fn clean(addr: SocketAddr, client_id: &str) -> Peer {
        let (peer, state, _) = Peer::join(addr, &Connect::new(client_id));
        assert_eq!(state, SessionState::New);
        peer
    }

    /// Hangs up without DISCONNECT, and connects with the same session.
    pub fn returns<'c, T: SendProperties<'c, Mqtt5>>(
        mut self,
        addr: SocketAddr,
        connect: &Connect<'c, T>,
    ) -> (Peer, SessionState, Vec<String>) {
        self.hang_up();
        self.socket = TcpStream::connect(addr).unwrap();
        self.enters(connect)
    }

    pub fn hang_up(&mut self) {
        let _ = self.socket.shutdown(Shutdown::Both);
        self.session.on_connection_lost();
    }

    fn enters<'c, T: SendProperties<'c, Mqtt5>>(
        mut self,
        connect: &Connect<'c, T>,
    ) -> (Peer, SessionState, Vec<String>) {
        self.session
            .connect(connect, &mut self.rx, &mut self.tx)
            .unwrap();
        let mut connected = None;
        self.wait(PATIENCE, |event| {
            if let Event::Connected {
                session,
                properties,
            } = event
            {
                connected = Some((*session, texts(*properties)));
            }
        });
        let (state, properties) = connected.expect("it is connected");
        (self, state, properties)
    }

    /// Waits until there is an event. Returns `false` if there is none in time, or if the server
    /// hangs up.
    fn wait(
        &mut self,
        patience: Duration,
        mut look: impl FnMut(&Event<'_, Properties<'_>>),
    ) -> bool {
        let end = Instant::now() + patience;
        loop {
            let event = self.session.next_event(&mut self.rx, &mut self.tx).unwrap();
            if let Some(event) = event {
                look(&event);
                return true;
            }
            let now = self.started.elapsed().as_millis() as u32;
            let sleep = self.session.tick(now, &mut self.tx).unwrap();
            self.flush();
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let sleep = sleep.map_or(left, |sleep| left.min(Duration::from_millis(sleep.into())));
            let sleep = sleep.max(Duration::from_millis(1));
            self.socket.set_read_timeout(Some(sleep)).unwrap();
            match self.socket.read(self.rx.space()) {
                Ok(0) => return false,
                Ok(count) => self.rx.commit(count),
                Err(error) => assert!(
                    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
                    "{error}"
                ),
            }
        }
    }

    /// Writes what is to be sent.
    pub fn flush(&mut self) {
        self.socket.write_all(self.tx.bytes()).unwrap();
        self.tx.clear();
    }

    fn event(&mut self, patience: Duration) -> Option<Told> {
        let mut told = None;
        self.wait(patience, |event| {
            told = Some(match event {
                Event::Message(m) => Told::Message(Received {
                    topic: m.topic.as_str().to_owned(),
                    payload: m.payload.to_vec(),
                    qos: m.qos(),
                    retain: m.retain(),
                    properties: texts(m.properties),
                }),
                Event::Resend { id, qos } => Told::Resend(*id, *qos),
                Event::Subscribed { codes, .. } => Told::Other(format!("Subscribed {codes:?}")),
                Event::Unsubscribed { codes, .. } => Told::Other(format!("Unsubscribed {codes:?}")),
                Event::Acked { .. } => Told::Other("Acked".into()),
                Event::Received { .. } => Told::Other("Received".into()),
                Event::Disconnected { code, .. } => Told::Other(format!("Disconnected {code}")),
                other => Told::Other(format!("{other:?}")),
            });
        });
        told
    }

    /// Returns the next event.
    #[track_caller]
    pub fn next(&mut self) -> Told {
        self.event(PATIENCE).expect("there is an event")
    }

    /// Returns the next event, if there is one soon.
    pub fn soon(&mut self) -> Option<Told> {
        self.event(QUIET)
    }

    /// Returns so many events: the messages, and the others as text and sorted, since servers
    /// choose the order between both.
    #[track_caller]
    pub fn take(&mut self, count: usize) -> (Vec<Received>, Vec<String>) {
        let (mut messages, mut others) = (Vec::new(), Vec::new());
        for _ in 0..count {
            match self.next() {
                Told::Message(message) => messages.push(message),
                Told::Other(text) => others.push(text),
                other => panic!("{other:?}"),
            }
        }
        others.sort();
        (messages, others)
    }

    /// The server ends the connection. Returns the event, if it says why.
    pub fn ends(&mut self) -> Option<Told> {
        let begun = Instant::now();
        let told = self.event(PATIENCE);
        assert!(begun.elapsed() < PATIENCE, "the connection is still open");
        told
    }

    /// Nothing comes for a while.
    #[track_caller]
    pub fn is_quiet(&mut self) {
        assert_eq!(self.event(QUIET), None);
    }

    /// Subscribes, with this answer.
    #[track_caller]
    pub fn subscribes<O: SendOptions<Mqtt5>>(
        &mut self,
        filter: Filter<'_, O>,
        list: &[Property<'_>],
    ) {
        self.session
            .subscribe_with(&[filter], list, &mut self.tx)
            .unwrap();
        let expected = format!("Subscribed {:?}", [filter.qos as u8]);
        assert_eq!(self.next(), Told::Other(expected));
    }

    pub fn publishes<'p, T: SendProperties<'p, Mqtt5>>(&mut self, message: &Publish<'p, T>) {
        self.session.publish(message, &mut self.tx).unwrap();
        self.flush();
    }

    /// Publishes a message, and waits until the server has taken it.
    #[track_caller]
    pub fn delivers<'p, T: SendProperties<'p, Mqtt5>>(&mut self, message: &Publish<'p, T>) {
        self.publishes(message);
        let count = match message.qos {
            QoS::AtMostOnce => 0,
            QoS::AtLeastOnce => 1,
            QoS::ExactlyOnce => 2,
        };
        let (messages, others) = self.take(count);
        assert!(messages.is_empty());
        assert_eq!(others, ["Acked", "Received"][..count]);
    }

    /// Leaves with a reason, and the server hangs up.
    pub fn leaves(mut self, code: ReasonCode, list: &[Property<'_>]) {
        self.session
            .disconnect_with(code, list, &mut self.tx)
            .unwrap();
        self.flush();
        self.socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut rest = Vec::new();
        // What the server has sent before may still be there.
        self.socket.read_to_end(&mut rest).unwrap();
    }
}

/// Returns properties as text, sorted.
fn texts(properties: Properties<'_>) -> Vec<String> {
    let mut texts: Vec<_> = properties.iter().map(|one| one.to_string()).collect();
    texts.sort();
    texts
}
