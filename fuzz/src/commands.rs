//! A session under any commands, bytes and ticks, with hardly any memory.
use motemq::{
    Buffer, Connect, Event, Filter, ManualAcks, PacketId, PendingAck, Publish, QoS, SendError,
    Session, Slot, TopicName,
};

/// Takes each byte for what happens next: its lower half says what, its upper half how much. Bytes
/// that come follow the byte that says so.
///
/// Nothing panics; a command that fails has changed nothing; identifiers are not 0, and shared by
/// no two packets under way; a pending answer to [`Event::Resend`] is never `Invalid`; pieces of a
/// payload add up; and a snapshot at any time is the session whose link is cut.
pub fn commands(data: &[u8]) {
    let Some((&how, data)) = data.split_first() else {
        return;
    };
    let mut world = World {
        session: Session::new(),
        rx: Buffer::new(),
        tx: Buffer::new(),
        manual: ManualAcks::new(),
        by_hand: how & 1 != 0,
        tokens: Vec::new(),
        under_way: Vec::new(),
        asked: None,
        left: 0,
        now: u32::MAX - 5000,
    };
    let mut rest = data;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        let amount = usize::from(byte >> 4);
        if byte & 15 == 0 {
            let space = world.rx.space();
            let n = amount.min(rest.len()).min(space.len());
            space[..n].copy_from_slice(&rest[..n]);
            world.rx.commit(n);
            rest = &rest[n..];
        } else {
            world.step(byte & 15, amount);
        }
        world.check();
    }
}

struct World {
    session: Session<[Slot; 2]>,
    rx: Buffer<[u8; 16]>,
    tx: Buffer<[u8; 24]>,
    manual: ManualAcks<[PendingAck; 2]>,
    by_hand: bool,
    tokens: Vec<motemq::AckToken>,
    under_way: Vec<PacketId>,
    asked: Option<(PacketId, QoS)>,
    /// Of a payload that is coming.
    left: u32,
    now: u32,
}

const QOS: [QoS; 3] = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce];

impl World {
    fn step(&mut self, what: u8, amount: usize) {
        let payload = &[7; 16][..amount];
        let qos = QOS[amount % 3];
        match what {
            1 | 2 => self.turn(),
            3 => self.tx.consume(amount),
            4 => {
                self.now = self.now.wrapping_add(1 << amount.min(14));
                if self.session.tick(self.now, &mut *self.tx).is_err() {
                    self.over();
                }
            }
            5 => {
                let connect = Connect::new("a").keep_alive(amount as u16);
                let connect = if amount & 1 == 0 {
                    connect.keep_session()
                } else {
                    connect
                };
                self.over();
                self.session
                    .connect(&connect, &mut self.rx, &mut self.tx)
                    .expect("CONNECT fits");
            }
            6 => {
                let id = self.command(|session, tx| {
                    session.publish(&Publish::to("a").payload(payload).qos(qos), tx)
                });
                self.took(id.flatten());
            }
            7 => {
                let id = self.command(|session, tx| {
                    session.publish(
                        &Publish::to("b").qos(qos).remaining(amount as u32 * 100),
                        tx,
                    )
                });
                self.took(id.flatten());
            }
            8 => drop(self.command(|session, tx| session.publish_chunk(payload, tx))),
            9 => drop(self.command(|session, tx| session.publish_direct(amount as u32, tx))),
            10 => {
                let id = self.command(|session, tx| {
                    session.subscribe(&[Filter::new("a/+", qos); 3][..amount.min(3)], tx)
                });
                self.took(id);
            }
            11 => {
                let id = self.command(|session, tx| {
                    session.unsubscribe(&[Filter::new("#", qos); 3][..amount.min(3)], tx)
                });
                self.took(id);
            }
            12 => self.answer(amount),
            13 => {
                let left = if self.by_hand {
                    self.manual
                        .disconnect(&mut self.session, &mut *self.tx)
                        .is_ok()
                } else {
                    self.command(|session, tx| session.disconnect(tx)).is_some()
                };
                if left {
                    assert!(self.session.is_closed());
                    self.over();
                }
            }
            14 => {
                if !self.tokens.is_empty() {
                    let token = self.tokens.remove(amount % self.tokens.len());
                    self.manual
                        .ack(&mut self.session, token)
                        .expect("it is owed");
                    // A broker that uses an identifier twice at once has two messages of one name.
                    if !self.tokens.contains(&token) {
                        assert_eq!(
                            self.manual.ack(&mut self.session, token),
                            Err(SendError::Invalid),
                            "twice"
                        );
                    }
                }
            }
            _ => self.over(),
        }
    }

    /// What a command gave; nothing if it failed, and then nothing has changed.
    fn command<T>(
        &mut self,
        command: impl Fn(&mut Session, &mut Buffer) -> Result<T, SendError>,
    ) -> Option<T> {
        let before = (self.session.clone(), self.tx.clone());
        match command(&mut self.session, &mut self.tx) {
            Ok(done) => Some(done),
            Err(error) => {
                assert!(
                    before == (self.session.clone(), self.tx.clone()),
                    "{error:?} has done something"
                );
                None
            }
        }
    }

    fn took(&mut self, id: Option<PacketId>) {
        if let Some(id) = id {
            assert!(
                id.get() <= 2 && !self.under_way.contains(&id),
                "{id} is shared"
            );
            self.under_way.push(id);
        }
    }

    fn answer(&mut self, amount: usize) {
        let Some((id, qos)) = self.asked else { return };
        let payload = &[7; 16][..amount];
        let answered = match amount % 3 {
            0 => self
                .command(|session, tx| session.abandon(id, tx))
                .inspect(|()| {
                    if qos == QoS::AtLeastOnce {
                        self.ended(id);
                    }
                }),
            1 => self.command(|session, tx| {
                session.republish(id, &Publish::to("a").qos(qos).remaining(100), tx)
            }),
            _ => self.command(|session, tx| {
                session.republish(id, &Publish::to("a").payload(payload).qos(qos), tx)
            }),
        };
        if answered.is_some() {
            self.asked = None;
        }
    }

    fn turn(&mut self) {
        let told = if self.by_hand {
            self.manual
                .next_event(&mut self.session, &mut self.rx, &mut *self.tx)
        } else {
            self.session
                .next_event(&mut self.rx, &mut *self.tx)
                .map(|event| event.map(|event| (event, None)))
        };
        let (mut ended, mut left) = (None, self.left);
        match told {
            Err(_) => return self.over(),
            Ok(None) => return,
            Ok(Some((event, token))) => {
                self.tokens.extend(token);
                match event {
                    Event::Message(message) => {
                        assert!(self.left == 0 && !message.topic.as_bytes().is_empty());
                        assert!(TopicName::new(message.topic.as_str()).is_ok());
                        left = message.remaining;
                    }
                    Event::Payload { data, remaining } => {
                        assert!(!data.is_empty());
                        assert_eq!(data.len() as u32 + remaining, self.left);
                        left = remaining;
                    }
                    Event::Acked { id }
                    | Event::Subscribed { id, .. }
                    | Event::OutcomeUnknown { id } => ended = Some(id),
                    Event::Resend { id, qos } => {
                        assert!(self.under_way.contains(&id) && self.asked.is_none());
                        self.asked = Some((id, qos));
                    }
                    Event::Received { id } => {
                        assert!(self.under_way.contains(&id));
                        self.asked = self.asked.filter(|&(asked, _)| asked != id);
                    }
                    Event::Connected { .. } => self.tokens.clear(),
                    Event::Skipped { .. } => assert_eq!(self.left, 0),
                    _ => panic!("an event of another version of MQTT"),
                }
            }
        }
        self.left = left;
        if let Some(id) = ended {
            self.ended(id);
        }
    }

    fn ended(&mut self, id: PacketId) {
        let at = self
            .under_way
            .iter()
            .position(|&other| other == id)
            .expect("it was under way");
        self.under_way.remove(at);
        self.asked = self.asked.filter(|&(asked, _)| asked != id);
    }

    fn over(&mut self) {
        self.session.on_connection_lost();
        self.tokens.clear();
        (self.asked, self.left) = (None, 0);
    }

    fn check(&mut self) {
        let (mut image, mut after) = (
            [0; Session::<[Slot; 2]>::IMAGE],
            [0; Session::<[Slot; 2]>::IMAGE],
        );
        self.session.save(&mut image).expect("its length");
        // Slots of exchanges that the broker has begun by a PUBREC for nothing.
        let is_stray = |index: usize| image.get(7 + 3 * index) == Some(&8);
        let oldest = self.session.oldest_in_flight();
        assert!(
            oldest.is_none_or(
                |id| self.under_way.contains(&id) || is_stray(usize::from(id.get()) - 1)
            )
        );
        assert_eq!(
            oldest.is_none(),
            self.under_way.is_empty() && !(0..2).any(is_stray)
        );
        let mut again = Session::<[Slot; 2]>::new();
        again.restore(&image).expect("it is whole");
        again.save(&mut after).expect("its length");
        assert_eq!(image, after);
        // Any other image is refused or taken, and never panics.
        image[usize::from(self.now as u8) % after.len()] ^= 1 << (self.now & 7);
        assert!(again.restore(&image).is_err());
    }
}
