//! A station: a session of the core, and the program around it, which publishes, subscribes, sends
//! again, and writes down what happens.
use crate::{
    message::{Fate, Message, Outcome, fate},
    station::{Plan, Record, Station},
};
use motemq::{
    Buffer, Connect, Event, Filter, PacketId, Publish, QoS, ReasonCode, SendError, Session,
    SessionState, Slot, Version,
};
use motemq_testing::protocol::TestProtocol;
use std::collections::BTreeMap;

const SLOTS: usize = 4;
/// The bytes that a session can receive at once.
pub const RX: usize = 64;
const TX: usize = 160;

/// A message that was delivered, or its beginning.
struct Hand {
    topic: String,
    payload: Vec<u8>,
    remaining: u32,
}

/// A station whose session speaks `P`.
pub struct Client<P: TestProtocol> {
    name: &'static str,
    plan: Plan,
    session: Session<[Slot; SLOTS], P>,
    rx: Buffer<[u8; RX]>,
    tx: Buffer<[u8; TX]>,
    in_flight: BTreeMap<PacketId, Message>,
    /// A message that the broker may not have.
    asked: Option<PacketId>,
    hand: Option<Hand>,
    /// The aliases that the server has set on this connection.
    aliases: BTreeMap<u16, String>,
    subscribing: Option<PacketId>,
    is_subscribed: bool,
    record: Record,
}

impl<P: TestProtocol> Client<P> {
    pub fn new(name: &'static str, plan: Plan) -> Self {
        Client {
            name,
            plan,
            session: Session::with_protocol(),
            rx: Buffer::new(),
            tx: Buffer::new(),
            in_flight: BTreeMap::new(),
            asked: None,
            hand: None,
            aliases: BTreeMap::new(),
            subscribing: None,
            is_subscribed: false,
            record: Record::default(),
        }
    }

    fn problem(&mut self, what: String) {
        self.record.problem.get_or_insert(what);
    }

    /// Takes the next event. Returns `false` if there is none.
    fn event(&mut self) -> bool {
        // The call accepts what is in hand.
        if let Some(Hand {
            topic,
            payload,
            remaining: 0,
        }) = self.hand.take_if(|hand| hand.remaining == 0)
        {
            self.record.delivered.push((topic, payload));
        }
        let event = match self.session.next_event(&mut self.rx, &mut self.tx) {
            Ok(Some(event)) => event,
            Ok(None) => return false,
            Err(fault) => {
                self.problem(format!(
                    "a fault of {:?}: {fault}",
                    P::version(&self.session)
                ));
                return false;
            }
        };
        match event {
            Event::Connected { session, .. } => {
                if session != SessionState::Resumed {
                    self.is_subscribed = false;
                }
            }
            Event::Message(message) => {
                let mut topic = message.topic.as_str().to_owned();
                if let Some(alias) = P::alias(message.properties) {
                    if topic.is_empty() {
                        topic = self.aliases.get(&alias).cloned().unwrap_or_default();
                    }
                    self.aliases.insert(alias, topic.clone());
                }
                let is_known = !topic.is_empty();
                self.hand = Some(Hand {
                    topic,
                    payload: message.payload.to_vec(),
                    remaining: message.remaining,
                });
                if !is_known {
                    self.problem("a message by an alias that was not set".into());
                }
                self.decline();
            }
            Event::Payload { data, remaining } => {
                let Some(hand) = &mut self.hand else {
                    self.problem("a piece of no message".into());
                    return true;
                };
                hand.payload.extend_from_slice(data);
                hand.remaining = remaining;
                self.decline();
            }
            Event::Acked { id } => self.ends(id, Outcome::Done),
            // The server no longer knows a message that it had received, or refuses one.
            Event::Refused { id, code, .. } => {
                let is_unknown = code == ReasonCode::PACKET_IDENTIFIER_NOT_FOUND;
                let outcome = if is_unknown {
                    Outcome::Done
                } else {
                    Outcome::Refused
                };
                self.ends(id, outcome);
            }
            Event::OutcomeUnknown { id } => {
                if self.subscribing == Some(id) {
                    self.subscribing = None;
                } else {
                    self.ends(id, Outcome::Unknown);
                }
            }
            Event::Subscribed { id, codes, .. } => {
                self.is_subscribed = self.subscribing == Some(id) && codes == [2];
                self.subscribing = None;
            }
            Event::Repeated { topic, properties } => {
                let alias = P::alias(properties).filter(|_| topic != "");
                let topic = topic.as_str().to_owned();
                self.aliases.extend(alias.map(|alias| (alias, topic)));
            }
            Event::Resend { id, .. } => self.asked = Some(id),
            Event::Received { .. } => {}
            Event::Disconnected { .. } => {
                self.record.disconnections += 1;
                self.asked = None;
            }
            other => {
                let other = format!("an event without a reason: {other:?}");
                self.problem(other);
            }
        }
        true
    }

    /// Refuses the message in hand if it is to be refused.
    fn decline(&mut self) {
        let Some(hand) = &self.hand else { return };
        if hand.remaining == 0
            && fate(&hand.payload) == Fate::IsDeclined
            && P::refuse(&mut self.session, ReasonCode::QUOTA_EXCEEDED)
        {
            self.hand = None;
        }
    }

    /// An identifier has ended.
    fn ends(&mut self, id: PacketId, outcome: Outcome) {
        self.asked = self.asked.filter(|&asked| asked != id);
        match self.in_flight.remove(&id) {
            Some(message) => self.outcome(message.number, outcome),
            None => self.problem(format!("{id} ends, which has not begun")),
        }
    }

    /// Writes an outcome down. The identifier of a message that was abandoned ends later.
    fn outcome(&mut self, number: usize, outcome: Outcome) {
        match self.record.outcomes.get(&number) {
            None => {
                self.record.outcomes.insert(number, outcome);
            }
            Some(Outcome::Abandoned) => {}
            Some(_) => self.problem(format!("message {number} has two outcomes")),
        }
    }

    /// Publishes a message, or sends it again: with an alias alone if it can be, else with the
    /// topic besides, else with the topic alone.
    fn send(
        &mut self,
        again: Option<PacketId>,
        message: &Message,
    ) -> Result<Option<PacketId>, SendError> {
        let alias = Some(1).filter(|_| self.plan.alias);
        let ways = [("", alias), (self.name, alias), (self.name, None)];
        let mut result = Err(SendError::Invalid);
        for (topic, alias) in ways.into_iter().skip(if self.plan.alias { 0 } else { 2 }) {
            let mut publish = Publish::to(topic)
                .payload(&message.payload)
                .qos(message.qos);
            publish.retain = message.retain;
            result = P::publish(&mut self.session, again, &publish, alias, &mut self.tx);
            let is_about_alias = matches!(result, Err(SendError::Invalid | SendError::Unsupported));
            if !is_about_alias {
                break;
            }
        }
        result
    }

    /// Sends what was asked for again, or abandons it if the server no longer accepts it.
    fn republish(&mut self) -> bool {
        let Some(id) = self.asked else { return false };
        let Some(message) = self.in_flight.get(&id).cloned() else {
            self.problem(format!("{id} is asked for, which is not in flight"));
            return false;
        };
        match self.send(Some(id), &message) {
            Ok(_) => {}
            Err(SendError::Full) => return false,
            Err(SendError::Unsupported | SendError::TooLong) => {
                match self.session.abandon(id, &mut self.tx) {
                    Ok(()) => {
                        // With QoS 1 the identifier has ended.
                        if message.qos == QoS::AtLeastOnce {
                            self.in_flight.remove(&id);
                        }
                        self.outcome(message.number, Outcome::Abandoned);
                    }
                    Err(SendError::Full) => return false,
                    Err(error) => self.problem(format!("{id} cannot be abandoned: {error}")),
                }
            }
            Err(error) => self.problem(format!("{id} is asked for and not taken: {error}")),
        }
        self.asked = None;
        true
    }

    /// Publishes the next message, or subscribes.
    fn command(&mut self) -> bool {
        if let Some(topic) = self.plan.subscribes
            && !self.is_subscribed
            && self.subscribing.is_none()
        {
            let filter = Filter::new(topic, QoS::ExactlyOnce);
            let subscribed = self.session.subscribe(&[filter], &mut self.tx);
            self.subscribing = subscribed.ok();
            return subscribed.is_ok();
        }
        let Some(message) = self.plan.messages.pop_front() else {
            return false;
        };
        match self.send(None, &message) {
            Ok(Some(id)) => {
                if self.in_flight.insert(id, message).is_some() {
                    self.problem(format!("{id} is shared"));
                }
            }
            Ok(None) => self.outcome(message.number, Outcome::Done),
            Err(SendError::Unsupported | SendError::TooLong) => {
                self.outcome(message.number, Outcome::Unsupported);
            }
            Err(error @ (SendError::Full | SendError::Busy | SendError::Offline)) => {
                let waits = error == SendError::Busy && self.session.has_free_slot();
                self.record.waits += usize::from(waits);
                self.plan.messages.push_front(message);
                return false;
            }
            Err(error) => self.problem(format!("a message cannot be sent: {error}")),
        }
        true
    }
}

impl<P: TestProtocol> Station for Client<P> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn version(&self) -> Version {
        P::version(&self.session)
    }

    fn speaks(&self, version: Version) -> bool {
        let mut session = self.session.clone();
        session.on_connection_lost();
        let mut versions = self.plan.versions.iter();
        versions.any(|&next| {
            P::choose(&mut session, next);
            P::version(&session) == version
        })
    }

    fn publishes(&mut self, messages: Vec<Message>) {
        self.plan.messages.extend(messages);
    }

    fn connect(&mut self) {
        self.aliases.clear();
        self.plan.versions.rotate_left(1);
        P::choose(&mut self.session, self.plan.versions[0]);
        let connect = Connect::new(self.name).keep_alive(self.plan.keep_alive);
        let connect = if self.plan.keep {
            connect.keep_session()
        } else {
            connect
        };
        let (rx, tx) = (&mut self.rx, &mut self.tx);
        let connected = P::connect(&mut self.session, &connect, self.plan.alias_maximum, rx, tx);
        if let Err(error) = connected {
            self.problem(format!("CONNECT cannot be sent: {error}"));
        }
    }

    fn turn(&mut self, now: u64) -> Option<u32> {
        while self.event() || self.republish() || self.command() {
            if self.record.problem.is_some() {
                break;
            }
        }
        match self.session.tick(now as u32, &mut self.tx) {
            Ok(sleep) => sleep,
            Err(fault) => {
                self.problem(format!("a fault of time: {fault}"));
                None
            }
        }
    }

    fn output(&self) -> &[u8] {
        self.tx.bytes()
    }

    fn written(&mut self, count: usize) {
        self.tx.consume(count);
    }

    fn room(&mut self) -> usize {
        self.rx.space().len()
    }

    fn read(&mut self, bytes: &[u8]) {
        let (space, _) = self.rx.space().split_at_mut(bytes.len());
        space.copy_from_slice(bytes);
        self.rx.commit(bytes.len());
    }

    fn lost(&mut self) {
        self.session.on_connection_lost();
        (self.hand, self.asked) = (None, None);
    }

    fn restart(&mut self) {
        let mut image = vec![0; Session::<[Slot; SLOTS], P>::IMAGE];
        let mut again = Session::with_protocol();
        if let Err(error) = self
            .session
            .save(&mut image)
            .and_then(|()| again.restore(&image))
        {
            self.problem(format!("a snapshot cannot be restored: {error}"));
        }
        self.session = again;
        self.session.on_connection_lost();
        self.subscribing = None;
        self.lost();
    }

    fn is_closed(&self) -> bool {
        self.session.is_closed()
    }

    fn is_subscribed(&self) -> bool {
        self.is_subscribed || self.plan.subscribes.is_none()
    }

    fn is_done(&self) -> bool {
        let is_idle = self.session.oldest_in_flight().is_none() && self.hand.is_none();
        self.plan.messages.is_empty() && self.in_flight.is_empty() && is_idle
    }

    fn record(&self) -> &Record {
        &self.record
    }
}
