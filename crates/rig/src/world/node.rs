//! One client of the world: a process with the core, an application, and memory that outlives the
//! process.
mod ask;

use super::{
    application::Application,
    message::Message,
    plan::{self, Plan},
    trace::Trace,
    wills,
};
use fastrand::Rng;
use motemq::{
    AckToken, Buffer, Connect, Event, Fault, ManualAcks, PacketId, PendingAck, Publish, QoS,
    Session, SessionState,
};
use std::{mem, ops::ControlFlow};

/// How a turn ended: it goes on, or the connection is over; or a promise is broken, and this is
/// which.
pub type Turn = Result<ControlFlow<()>, String>;

/// A client: what it is to do, what it remembers, and what of that survives the process.
#[derive(Debug)]
pub struct Node {
    /// Its number.
    pub me: u8,
    /// What it is to do.
    pub plan: Plan,
    /// Of which nodes no message may be missing.
    sure: Vec<bool>,
    /// The broker may lose its sessions.
    forgets: bool,
    session: Box<Session>,
    rx: Box<Buffer>,
    tx: Box<Buffer>,
    manual: ManualAcks<[PendingAck; 4]>,
    app: Application,
    now: Now,
    /// The last write to memory that outlives the process: session and application in one.
    image: Vec<u8>,
    saved: Application,
    payload: Vec<u8>,
    random: Rng,
}

/// What ends with the connection.
#[derive(Debug, Default)]
struct Now {
    /// CONNACK has come.
    open: bool,
    subscribing: Option<PacketId>,
    /// Asked for, and not given yet.
    asked: Option<(PacketId, QoS)>,
    /// Bytes of a payload that still have to be given.
    stream: Vec<u8>,
    /// The pieces of a payload that is coming.
    pieces: Vec<u8>,
    /// They are of a will.
    is_will: bool,
    /// Messages that are not acknowledged yet.
    owed: Vec<(AckToken, Came)>,
}

/// What has come whole.
#[derive(Clone, Copy, Debug)]
enum Came {
    Message(Message),
    Will(wills::Will),
}

impl Node {
    /// A process that starts for the first time.
    pub fn new(me: u8, plan: Plan, sure: Vec<bool>, forgets: bool) -> Self {
        let session = plan::session(plan.slots);
        let (rx, tx) = (plan::buffer(plan.rx), plan::buffer(plan.tx));
        let app = Application::new(plan.slots);
        let image = vec![0; 9 + 3 * plan.slots];
        let random = Rng::with_seed(plan.seed);
        let (manual, now, saved, payload) =
            (ManualAcks::new(), Now::default(), app.clone(), Vec::new());
        let mut node = Node {
            me,
            plan,
            sure,
            forgets,
            session,
            rx,
            tx,
            manual,
            app,
            now,
            image,
            saved,
            payload,
            random,
        };
        node.save();
        node
    }

    /// Begins a connection, which has this number.
    pub fn connect(&mut self, number: u32) {
        let name = format!("n{}", self.me);
        let mut connect = Connect::new(&name)
            .keep_alive(self.plan.keep_alive)
            .identifier_offset(self.random.u16(..));
        let will = wills::payload((self.me, number));
        connect.will = self
            .plan
            .will
            .map(|qos| Publish::to(wills::TOPIC).payload(&will).qos(qos));
        let connect = if self.plan.keep {
            connect.keep_session()
        } else {
            connect
        };
        self.session
            .connect(&connect, &mut self.rx, &mut self.tx)
            .expect("CONNECT fits");
    }

    /// The connection is gone.
    pub fn lost(&mut self) {
        self.session.on_connection_lost();
        self.tx.clear();
        self.now = Now::default();
    }

    /// Writes session and application to memory that outlives the process. It has to be done before
    /// bytes leave.
    pub fn save(&mut self) {
        self.session
            .save(&mut self.image)
            .expect("the image has its length");
        self.saved.clone_from(&self.app);
    }

    /// The process ends, and starts again with what was saved.
    pub fn restart(&mut self) {
        self.session = plan::session(self.plan.slots);
        self.session
            .restore(&self.image)
            .expect("the image is whole");
        self.rx = plan::buffer(self.plan.rx);
        self.tx = plan::buffer(self.plan.tx);
        self.manual = ManualAcks::new();
        self.app.clone_from(&self.saved);
        self.now = Now::default();
    }

    /// Bytes to be sent.
    pub fn bytes(&self) -> &[u8] {
        self.tx.bytes()
    }

    /// So many of them were.
    pub fn sent(&mut self, n: usize) {
        self.tx.consume(n);
    }

    /// Where bytes that come are put.
    pub fn space(&mut self) -> &mut [u8] {
        self.rx.space()
    }

    /// So many came.
    pub fn came(&mut self, n: usize) {
        self.rx.commit(n);
    }

    /// CONNACK has come over this connection.
    pub fn is_open(&self) -> bool {
        self.now.open
    }

    /// Its subscription, if it has one, is there.
    pub fn is_ready(&self) -> bool {
        self.app.subscribed || self.plan.wants.is_none()
    }

    /// All is published and acknowledged.
    pub fn is_done(&self) -> bool {
        self.app.published == self.plan.messages && self.app.kept.is_empty()
    }

    /// What it has had and has published.
    pub fn app(&self) -> &Application {
        &self.app
    }

    /// None of what `publisher` has sent, and the QoS of which promises it, may be missing here.
    pub fn is_sure_of(&self, publisher: u8) -> bool {
        self.plan.keep
            && self
                .sure
                .get(usize::from(publisher))
                .copied()
                .unwrap_or_default()
    }

    /// No identifier is taken, no QoS 2 message waits for its release.
    pub fn is_idle(&self) -> bool {
        let mut image = vec![0; self.image.len()];
        self.session
            .save(&mut image)
            .expect("the image has its length");
        let slots = image.get(7..image.len() - 2).unwrap_or_default();
        slots.iter().all(|&byte| byte == 0) && self.session.oldest_in_flight().is_none()
    }

    /// Deals with all that has happened, then asks for something, then looks at the clock. With
    /// `publish` it may publish; if it is `leaving`, it disconnects when it can.
    pub fn turn(
        &mut self,
        clock: u32,
        publish: bool,
        leaving: &mut bool,
        trace: &mut Trace,
    ) -> Turn {
        if self.session.is_closed() {
            return Ok(if self.tx.is_empty() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            });
        }
        if self.handle_events(trace)?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
        if self.now.open {
            self.ask(publish, trace)?;
            if *leaving && self.leave() {
                trace.add(|| format!("n{} leaves", self.me));
                *leaving = false;
            }
        }
        match self.session.tick(clock, &mut *self.tx) {
            Ok(_) => Ok(ControlFlow::Continue(())),
            Err(fault) => over(self.me, fault, trace),
        }
    }

    fn handle_events(&mut self, trace: &mut Trace) -> Turn {
        let me = self.me;
        loop {
            let event = if self.plan.manual {
                self.manual
                    .next_event(&mut self.session, &mut self.rx, &mut *self.tx)
            } else {
                self.session
                    .next_event(&mut self.rx, &mut *self.tx)
                    .map(|event| event.map(|event| (event, None)))
            };
            let (event, token) = match event {
                Ok(Some(told)) => told,
                Ok(None) if self.now.owed.is_empty() => return Ok(ControlFlow::Continue(())),
                Ok(None) => {
                    self.acknowledge()?;
                    continue;
                }
                Err(fault) => return over(me, fault, trace),
            };
            trace.add(|| format!("n{me} told {event:?}"));
            let mut whole = false;
            match event {
                Event::Connected { session, .. } => {
                    self.now.open = true;
                    self.app.subscribed &= session == SessionState::Resumed;
                }
                Event::Subscribed { id, codes, .. } => {
                    self.app.subscribed = self.now.subscribing.take() == Some(id)
                        && codes.iter().all(|&code| code < 0x80);
                    if !self.app.subscribed {
                        return Err(format!("n{me}: SUBACK {codes:?} for {id}"));
                    }
                }
                Event::Message(message) => {
                    self.now.pieces.clear();
                    self.now.pieces.extend_from_slice(message.payload);
                    self.now.is_will = message.topic == wills::TOPIC;
                    whole = message.remaining == 0;
                }
                Event::Payload { data, remaining } => {
                    self.now.pieces.extend_from_slice(data);
                    whole = remaining == 0;
                }
                Event::Received { id } => self.app.received(id)?,
                Event::Acked { id } => self.app.acked(id)?,
                Event::Resend { id, qos } => {
                    self.app.asked(id, qos)?;
                    self.now.asked = Some((id, qos));
                }
                Event::OutcomeUnknown { id } => {
                    let kept = self.app.forget(id);
                    if kept.is_some() && self.plan.keep && !self.forgets {
                        return Err(format!(
                            "n{me}: {id} is unknown, but the broker has kept the session"
                        ));
                    }
                }
                Event::Skipped { len } => {
                    return Err(format!(
                        "n{me}: a topic of few bytes, and {len} bytes of payload skipped"
                    ));
                }
                other => return Err(format!("n{me}: {other:?} is not an event of MQTT 3.1.1")),
            }
            if whole {
                let pieces = &self.now.pieces;
                let came = if self.now.is_will {
                    wills::read(pieces).map(Came::Will)
                } else {
                    Message::read(pieces).map(Came::Message)
                };
                let came = came.map_err(|what| format!("n{me}: {what}"))?;
                match token {
                    Some(token) => self.now.owed.push((token, came)),
                    None => self.deliver(came)?,
                }
            }
        }
    }

    /// Leaves in good order, if it can now.
    fn leave(&mut self) -> bool {
        let (session, tx) = (&mut *self.session, &mut *self.tx);
        if self.plan.manual {
            self.manual.disconnect(session, tx).is_ok()
        } else {
            session.disconnect(tx).is_ok()
        }
    }

    /// The application deals with what it has read, and allows the acknowledgements, the last
    /// first.
    fn acknowledge(&mut self) -> Result<(), String> {
        let owed = mem::take(&mut self.now.owed);
        for &(token, _) in owed.iter().rev() {
            self.manual.ack(&mut self.session, token).map_err(|error| {
                format!("n{}: {token:?} cannot be acknowledged: {error:?}", self.me)
            })?;
        }
        owed.into_iter()
            .try_for_each(|(_, came)| self.deliver(came))
    }

    fn deliver(&mut self, came: Came) -> Result<(), String> {
        let message = match came {
            Came::Message(message) => message,
            Came::Will(will) => {
                self.app.wills.push(will);
                return Ok(());
            }
        };
        let granted = self
            .plan
            .granted(message.publisher, message.qos)
            .ok_or("a message that it has not subscribed to")?;
        let gaps = !self.is_sure_of(message.publisher);
        self.app
            .record
            .deliver(message, granted, gaps)
            .map_err(|what| format!("n{}: {what}", self.me))
    }
}

/// Some faults are the world's, others would be the core's or the broker's.
fn over(me: u8, fault: Fault, trace: &mut Trace) -> Turn {
    trace.add(|| format!("n{me} {fault:?}"));
    match fault {
        Fault::Timeout | Fault::TooManyQos2 => Ok(ControlFlow::Break(())),
        other => Err(format!("n{me}: {other:?}")),
    }
}
