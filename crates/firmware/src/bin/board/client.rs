//! What the board does with MQTT: it carries out commands and tells events, and connects again
//! until it is told to leave.
use crate::{
    console::{Command, Console},
    copies::Copies,
    payload::{Checksum, byte_at},
    version::{self, Version},
};
use core::fmt;
use heapless::String;
use motemq::{
    Buffer, Connect, Event, Filter, Message, PacketId, Protocol, Publish, QoS, SendError, Session,
    Slot,
};
use motemq_firmware::semihosting::exit;
use motemq_smoltcp::{Link, Turn};
use smoltcp::{
    iface::Context,
    socket::tcp::Socket,
    time::{Duration, Instant},
    wire::IpAddress,
};

pub const SLOTS: usize = 8;
/// Bytes of `tx` that an answer takes at most; what is told meanwhile waits for them.
const ANSWER: usize = 4;
/// Between two attempts to connect.
const PAUSE: Duration = Duration::from_millis(200);
/// The first of the ports that are there for outgoing connections.
const PORTS: u16 = 49_152;
const WILL: Publish<'_> = Publish::to("board/will")
    .payload(b"gone")
    .qos(QoS::AtLeastOnce);
/// A payload up to this length is told as it is.
const SHORT: usize = 64;

/// The session of the client.
pub type Mine = Session<[Slot], Version>;

/// The client: a session, its buffers, and what belongs to them.
pub struct Client {
    session: Session<[Slot; SLOTS], Version>,
    rx: Buffer<[u8; 256]>,
    tx: Buffer<[u8; 256]>,
    link: Link,
    /// What `connect` said.
    target: Option<Target>,
    /// When to connect.
    due: Instant,
    attempts: u16,
    /// The end of the connection has not been told yet.
    is_up: bool,
    copies: Copies,
    /// To be given again.
    resend: Option<PacketId>,
    /// Bytes of the payload that is streamed which the session has.
    given: u32,
    incoming: Incoming,
}

struct Target {
    port: u16,
    client_id: String<24>,
    keep_alive: u16,
    clean: bool,
}

/// A message that comes in pieces.
struct Incoming {
    topic: String<48>,
    length: u32,
    checksum: Checksum,
}

impl Client {
    pub const fn new() -> Self {
        Client {
            session: Session::with_protocol(),
            rx: Buffer::new(),
            tx: Buffer::new(),
            link: Link::new(),
            target: None,
            due: Instant::ZERO,
            attempts: 0,
            is_up: false,
            copies: Copies::new(),
            resend: None,
            given: 0,
            incoming: Incoming {
                topic: String::new(),
                length: 0,
                checksum: Checksum::new(),
            },
        }
    }

    /// All that can be done now. Returns for how long there is nothing else to do.
    pub fn turn(
        &mut self,
        socket: &mut Socket<'_>,
        context: &mut Context,
        host: IpAddress,
        console: &mut Console,
    ) -> Option<Duration> {
        if let Err(fault) = self.events(socket, console) {
            console.tell(format_args!("fault {fault}"));
        }
        let commanded = self.commands(console);
        self.give();
        let now = console.now();
        match self
            .link
            .turn(socket, &mut self.session, &mut self.rx, &mut self.tx, now)
        {
            Ok(Turn::Sleep(_)) if commanded => Some(Duration::ZERO),
            Ok(Turn::Sleep(limit)) => limit,
            Ok(Turn::Over) => self.over(socket, context, host, console, now),
            Err(fault) => {
                console.tell(format_args!("fault {fault}"));
                Some(Duration::ZERO)
            }
        }
    }

    fn events(
        &mut self,
        socket: &mut Socket<'_>,
        console: &mut Console,
    ) -> Result<(), motemq::Fault> {
        let Client {
            session,
            rx,
            tx,
            link,
            copies,
            ..
        } = self;
        while tx.room() >= ANSWER
            && let Some(event) = link.next_event(socket, session, rx, tx)?
        {
            match event {
                Event::Connected { session, .. } => {
                    self.is_up = true;
                    console.tell(format_args!("connected {session:?}"));
                }
                Event::Message(message) => {
                    self.incoming.begin(&message, console);
                    version::tell_properties(&message, session, console);
                }
                Event::Payload { data, remaining } => self.incoming.more(data, remaining, console),
                Event::Skipped { len } => console.tell(format_args!("skipped {len}")),
                Event::Received { id } => {
                    copies.forget(id);
                    console.tell(format_args!("received {id}"));
                }
                Event::Acked { id } => {
                    copies.forget(id);
                    console.tell(format_args!("acked {id}"));
                }
                Event::Subscribed { id, codes, .. } => {
                    console.tell(format_args!("subscribed {id} {codes:?}"))
                }
                Event::Resend { id, qos } => {
                    self.resend = Some(id);
                    console.tell(format_args!("resend {id} {}", qos as u8));
                }
                Event::OutcomeUnknown { id } => {
                    copies.forget(id);
                    console.tell(format_args!("unknown {id}"));
                }
                event => version::tell(&event, copies, console),
            }
        }
        Ok(())
    }

    /// Carries out what the host asks for; tells whether something was.
    fn commands(&mut self, console: &mut Console) -> bool {
        console.command(|command, to| {
            let answer = match command {
                Command::Connect(port, client_id, keep_alive, clean) => {
                    self.target = client_id.try_into().ok().map(|client_id| Target {
                        port,
                        client_id,
                        keep_alive,
                        clean,
                    });
                    self.due = Instant::ZERO;
                    return true;
                }
                Command::Disconnect => self.session.disconnect(&mut *self.tx).map(|()| {
                    self.target = None;
                    None
                }),
                Command::Subscribe(filter, qos) => self
                    .session
                    .subscribe(&[Filter::new(filter, level(qos))], &mut *self.tx)
                    .map(Some),
                Command::Unsubscribe(filter) => self
                    .session
                    .unsubscribe(&[Filter::new(filter, QoS::AtMostOnce)], &mut *self.tx)
                    .map(Some),
                Command::Publish(topic, qos, payload) => {
                    let message = Publish::to(topic)
                        .payload(payload.as_bytes())
                        .qos(level(qos));
                    self.session.publish(&message, &mut *self.tx).inspect(|id| {
                        if let Some(id) = *id {
                            self.copies.keep(id, &message);
                        }
                    })
                }
                Command::Stream(topic, qos, length) => {
                    self.given = 0;
                    self.session.publish(
                        &Publish::to(topic).qos(level(qos)).remaining(length),
                        &mut *self.tx,
                    )
                }
                Command::Extra(command) => command.carry_out(&mut self.session, &mut self.tx),
                Command::Exit(status) => exit(status),
            };
            let told = match answer {
                // Now is not the time: the line stays.
                Err(SendError::Full | SendError::Busy) => return false,
                Err(error) => fmt::write(to, format_args!("error {error}\n")),
                Ok(Some(id)) => fmt::write(to, format_args!("sent {id}\n")),
                Ok(None) => Ok(()),
            };
            told.is_ok()
        })
    }

    /// Gives the session what it is to send besides: messages again, and the payload that is
    /// streamed.
    fn give(&mut self) {
        if let Some(id) = self.resend {
            let given = match self.copies.get(id) {
                Some(message) => self.session.republish(id, &message, &mut *self.tx),
                None => self.session.abandon(id, &mut *self.tx),
            };
            if !matches!(given, Err(SendError::Full | SendError::Busy)) {
                self.resend = None;
            }
        }
        while self.session.payload_remaining() > 0 {
            let mut chunk = [0; 64];
            let length = chunk.len().min(self.session.payload_remaining() as usize);
            for (place, byte) in (self.given..).zip(&mut chunk[..length]) {
                *byte = byte_at(place);
            }
            let Ok(given) = self.session.publish_chunk(&chunk[..length], &mut *self.tx) else {
                return;
            };
            self.given += given as u32;
        }
    }

    /// There is no connection: begins one when it is time, if there is to be one.
    fn over(
        &mut self,
        socket: &mut Socket<'_>,
        context: &mut Context,
        host: IpAddress,
        console: &mut Console,
        now: Instant,
    ) -> Option<Duration> {
        if core::mem::take(&mut self.is_up) {
            console.tell(format_args!("over"));
        }
        let target = self.target.as_ref()?;
        if now < self.due {
            return Some(self.due - now);
        }
        self.due = now + PAUSE;
        self.attempts = self.attempts.wrapping_add(1);
        let connect = Connect {
            clean: target.clean,
            ..Connect::new(&target.client_id)
                .keep_alive(target.keep_alive)
                .will(WILL)
        };
        self.resend = None;
        let begun = self.session.connect(&connect, &mut self.rx, &mut self.tx);
        let port = PORTS + self.attempts % (u16::MAX - PORTS);
        if begun.is_err() || socket.connect(context, (host, target.port), port).is_err() {
            console.tell(format_args!("error cannot connect"));
            self.target = None;
        }
        Some(Duration::ZERO)
    }
}

impl Incoming {
    fn begin(
        &mut self,
        message: &Message<'_, <Version as Protocol>::Properties<'_>>,
        console: &mut Console,
    ) {
        let Message {
            topic,
            payload,
            remaining,
            ..
        } = *message;
        if remaining == 0 && payload.len() <= SHORT {
            let (qos, retain, text) = (
                message.qos() as u8,
                message.retain(),
                payload.escape_ascii(),
            );
            return console.tell(format_args!("message {topic} {qos} {retain} {text}"));
        }
        self.topic = topic.as_str().try_into().unwrap_or_default();
        self.length = 0;
        self.checksum = Checksum::new();
        self.more(payload, remaining, console);
    }

    fn more(&mut self, data: &[u8], remaining: u32, console: &mut Console) {
        self.length += data.len() as u32;
        self.checksum.add(data);
        if remaining == 0 {
            console.tell(format_args!(
                "long {} {} {:08x}",
                self.topic, self.length, self.checksum.0
            ));
        }
    }
}

/// Returns the QoS with this number.
pub fn level(qos: u8) -> QoS {
    QoS::try_from(qos).unwrap_or_default()
}
