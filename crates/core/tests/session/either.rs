//! A session that can speak either version does what a session of that version does.
use crate::random::xorshift;
use motemq::*;
use std::fmt::Debug;

type Any = Session<[Slot; 3], Either>;

/// A session with its buffers.
struct Side<P: Protocol> {
    session: Session<[Slot; 3], P>,
    rx: Buffer<[u8; 48]>,
    tx: Buffer<[u8; 96]>,
}

/// Numbers by chance.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        xorshift(&mut self.0) % bound
    }

    fn pick<T: Clone>(&mut self, list: &[T]) -> T {
        list[self.below(list.len() as u64) as usize].clone()
    }
}

/// A call of a session.
#[derive(Clone, Debug)]
enum Call {
    Connect {
        is_clean: bool,
        has_will: bool,
        has_login: bool,
        offset: u16,
    },
    Publish {
        topic: &'static str,
        qos: QoS,
        remaining: u32,
    },
    Chunk(usize),
    Subscribe(&'static str, QoS),
    Unsubscribe(&'static str),
    Disconnect,
    Lose,
    Tick(u32),
    Receive(Vec<u8>),
    Restore,
    PassOver,
}

/// A call that only MQTT 5 has.
#[derive(Clone, Copy, Debug)]
enum Call5 {
    Publish(Property<'static>),
    Subscribe(Property<'static>, SubscriptionOptions),
    Disconnect(ReasonCode),
    Refuse(ReasonCode),
    Authenticate(ReasonCode),
}

/// Returns an event as text, which is the same for both versions if it has no properties.
fn text(event: impl Debug) -> String {
    format!("{event:?}").replace("properties: ()", "properties: []")
}

impl<P: Protocol> Side<P> {
    fn new() -> Self {
        Side {
            session: Session::with_protocol(),
            rx: Buffer::new(),
            tx: Buffer::new(),
        }
    }

    /// Makes the call. Returns all that it did.
    fn call(&mut self, call: &Call) -> String {
        let Side { session, rx, tx } = self;
        let result = match call {
            Call::Connect {
                is_clean,
                has_will,
                has_login,
                offset,
            } => {
                let mut connect = Connect::new("c").identifier_offset(*offset);
                connect.clean = *is_clean;
                if *has_will {
                    connect.will = Some(Publish::to("w").payload(b"gone"));
                }
                if *has_login {
                    connect.user = Some("u");
                    connect.password = Some(b"p");
                }
                text(session.connect(&connect, rx, tx))
            }
            Call::Publish {
                topic,
                qos,
                remaining,
            } => {
                let publish = Publish::to(topic)
                    .payload(b"hi")
                    .qos(*qos)
                    .remaining(*remaining);
                text(session.publish(&publish, tx))
            }
            Call::Chunk(length) => text(session.publish_chunk(&[7; 40][..*length], tx)),
            Call::Subscribe(filter, qos) => {
                text(session.subscribe(&[Filter::new(filter, *qos)], tx))
            }
            Call::Unsubscribe(filter) => {
                text(session.unsubscribe(&[Filter::new(filter, QoS::AtMostOnce)], tx))
            }
            Call::Disconnect => text(session.disconnect(tx)),
            Call::Lose => {
                session.on_connection_lost();
                String::new()
            }
            Call::Tick(now) => text(session.tick(*now, tx)),
            Call::Receive(bytes) => {
                let space = rx.space();
                let taken = space.len().min(bytes.len());
                space[..taken].copy_from_slice(&bytes[..taken]);
                rx.commit(taken);
                String::new()
            }
            Call::Restore => {
                let mut image = [0; 64];
                let image = &mut image[..Session::<[Slot; 3], P>::IMAGE];
                session.save(image).unwrap();
                let restored = session.restore(image);
                format!("{restored:?} {image:?}")
            }
            Call::PassOver => text(
                session
                    .oldest_in_flight()
                    .map(|oldest| session.pass_over(oldest)),
            ),
        };
        result + &self.events()
    }

    /// Takes all events, and sends again what the session asks for. Returns all that is seen.
    fn events(&mut self) -> String {
        let Side { session, rx, tx } = self;
        let mut seen = String::new();
        loop {
            let next = session.next_event(rx, tx);
            let mut asked = None;
            if let Ok(Some(Event::Resend { id, qos })) = next {
                asked = Some((id, qos));
            }
            let is_over = !matches!(next, Ok(Some(_)));
            seen += &text(next);
            seen += &text(tx.bytes());
            tx.clear();
            if let Some((id, qos)) = asked {
                let publish = Publish::to("t").qos(qos);
                seen += &match id.get() % 2 {
                    0 => text(session.abandon(id, tx)),
                    _ => text(session.republish(id, &publish, tx)),
                };
            }
            if is_over {
                break;
            }
        }
        let slots: Vec<_> = session.unreleased().collect();
        seen + &text((
            session.is_open(),
            session.is_closed(),
            session.oldest_in_flight(),
            session.has_free_slot(),
            session.payload_remaining(),
            session.identifier_offset(),
            slots,
        ))
    }
}

impl<P: HasMqtt5> Side<P> {
    fn call_5(&mut self, call: Call5) -> String {
        let Side { session, tx, .. } = self;
        let method = [Property::AuthenticationMethod("m".into())];
        let result = match call {
            Call5::Publish(property) => {
                let list = [property];
                text(session.publish(&Publish::to("t").properties(&list), tx))
            }
            Call5::Subscribe(property, options) => {
                let filter = Filter::new("t", QoS::ExactlyOnce).options(options);
                text(session.subscribe_with(&[filter], &[property], tx))
            }
            Call5::Disconnect(code) => text(session.disconnect_with(code, &[], tx)),
            Call5::Refuse(code) => text(session.refuse(code)),
            Call5::Authenticate(code) => text(session.authenticate(code, &method, tx)),
        };
        result + &text(session.has_send_quota()) + &text(session.limits()) + &self.events()
    }
}

/// Returns a packet of a server by chance, which may be wrong.
fn packet(chance: &mut Chance, is_5: bool) -> Vec<u8> {
    let id = 1 + chance.below(4) as u8;
    let mut bytes = match chance.below(12) {
        0..=2 => vec![0x20, 2, chance.below(2) as u8, 0],
        3 => vec![0x30, 4, 0, 1, b't', b'x'],
        4 => vec![0x32 | chance.pick(&[0, 8]), 5, 0, 1, b't', 0, id],
        5 => vec![0x34, 5, 0, 1, b't', 0, id],
        6 => vec![0x90, 3, 0, id, 1],
        7 => vec![0xb0, 2, 0, id],
        8 => vec![0x62, 2, 0, id],
        9 => vec![0xd0, 0],
        _ => vec![chance.pick(&[0x40, 0x50, 0x70]), 2, 0, id],
    };
    if is_5 {
        // The properties, which are mostly empty, or a code and properties.
        let is_empty = chance.below(3) != 0;
        let section = match is_empty {
            true => &b"\0"[..],
            false => b"\x07\x26\0\x01k\0\x01v",
        };
        match bytes[0] >> 4 {
            2 => bytes.extend(section),
            3 | 9 => {
                let at = match bytes[0] & 0xf6 {
                    0x30 => 5,
                    0x90 => 4,
                    _ => 7,
                };
                bytes.splice(at..at, section.iter().copied());
            }
            11 => bytes.extend([section, b"\0"].concat()),
            4 | 5 | 7 if chance.below(4) == 0 => {
                bytes.push(0x80);
                if !is_empty {
                    bytes.extend(section);
                }
            }
            _ => {}
        }
        bytes[1] = bytes.len() as u8 - 2;
    }
    match chance.below(24) {
        0 => bytes[0] ^= 1 << chance.below(8),
        1 => {
            let at = chance.below(bytes.len() as u64) as usize;
            bytes[at] ^= 1 << chance.below(8);
        }
        2 => drop(bytes.pop()),
        _ => {}
    }
    bytes
}

fn call(chance: &mut Chance, is_5: bool, is_closed: bool, now: &mut u32) -> Call {
    let kinds = if is_closed { 3 } else { 24 };
    match chance.below(kinds) {
        0 => Call::Connect {
            is_clean: chance.below(3) == 0,
            has_will: chance.below(2) == 0,
            has_login: chance.below(2) == 0,
            offset: chance.pick(&[0, 7]),
        },
        1..=4 => Call::Publish {
            topic: chance.pick(&["t", "", "a/+", "topic"]),
            qos: chance.pick(&[QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce]),
            remaining: chance.pick(&[0, 0, 0, 5]),
        },
        5 => Call::Chunk(chance.below(6) as usize),
        6 => Call::Subscribe(
            chance.pick(&["t", "#", "a#", ""]),
            chance.pick(&[QoS::AtMostOnce, QoS::ExactlyOnce]),
        ),
        7 => Call::Unsubscribe(chance.pick(&["t", "#"])),
        8 => Call::Disconnect,
        9 => Call::Lose,
        10 => {
            *now += chance.below(40_000) as u32;
            Call::Tick(*now)
        }
        11 => Call::Restore,
        12 => Call::PassOver,
        _ => Call::Receive(packet(chance, is_5)),
    }
}

fn call_5(chance: &mut Chance) -> Call5 {
    let property = chance.pick(&[
        Property::PayloadFormatIndicator(true),
        Property::SubscriptionIdentifier(7),
        Property::UserProperty {
            name: "k".into(),
            value: "v".into(),
        },
    ]);
    let options = SubscriptionOptions {
        no_local: chance.below(2) == 0,
        ..Default::default()
    };
    let code = chance.pick(&[
        ReasonCode::SUCCESS,
        ReasonCode::DISCONNECT_WITH_WILL_MESSAGE,
        ReasonCode::QUOTA_EXCEEDED,
        ReasonCode::CONTINUE_AUTHENTICATION,
    ]);
    match chance.below(5) {
        0 => Call5::Publish(property),
        1 => Call5::Subscribe(property, options),
        2 => Call5::Disconnect(code),
        3 => Call5::Refuse(code),
        _ => Call5::Authenticate(code),
    }
}

#[test]
fn it_does_what_mqtt_3_1_1_does() {
    for seed in 1..=1500 {
        let mut chance = Chance(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed));
        let (mut one, mut either) = (Side::<Mqtt311>::new(), Side::<Either>::new());
        let mut now = 0;
        for step in 0..60 {
            let call = call(&mut chance, false, one.session.is_closed(), &mut now);
            assert_eq!(
                one.call(&call),
                either.call(&call),
                "seed {seed}, step {step}: {call:?}"
            );
        }
    }
}

#[test]
fn it_does_what_mqtt_5_does() {
    for seed in 1..=1500 {
        let mut chance = Chance(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed));
        let (mut one, mut either) = (Side::<Mqtt5>::new(), Side::<Either>::new());
        let mut now = 0;
        for step in 0..60 {
            if either.session.is_closed() {
                either.session.set_version(Version::Mqtt5).unwrap();
            }
            if chance.below(5) == 0 {
                let call = call_5(&mut chance);
                assert_eq!(
                    one.call_5(call),
                    either.call_5(call),
                    "seed {seed}, step {step}: {call:?}"
                );
            } else {
                let call = call(&mut chance, true, one.session.is_closed(), &mut now);
                assert_eq!(
                    one.call(&call),
                    either.call(&call),
                    "seed {seed}, step {step}: {call:?}"
                );
            }
        }
    }
}

/// Connects, and receives a CONNACK.
fn open(session: &mut Any, version: Version, is_present: bool) -> String {
    let (mut rx, mut tx) = (Buffer::<[u8; 64]>::new(), Buffer::<[u8; 64]>::new());
    session.set_version(version).unwrap();
    let connect = Connect::new("c").keep_session();
    session.connect(&connect, &mut rx, &mut tx).unwrap();
    assert_eq!(tx.bytes()[8], version as u8);
    tx.clear();
    let connack = [0x20, 2, is_present.into(), 0, 0];
    let length = if version == Version::Mqtt5 { 5 } else { 4 };
    rx.space()[..length].copy_from_slice(&connack[..length]);
    rx.space()[1] = length as u8 - 2;
    rx.commit(length);
    text(session.next_event(&mut rx, &mut tx))
}

#[test]
fn the_version_is_chosen_without_a_connection() {
    let mut session = Any::with_protocol();
    assert_eq!(session.version(), Version::Mqtt311);
    open(&mut session, Version::Mqtt311, false);
    let refused = session.set_version(Version::Mqtt5);
    assert_eq!(
        (refused, session.version()),
        (Err(SendError::Busy), Version::Mqtt311)
    );
    session.on_connection_lost();
    open(&mut session, Version::Mqtt5, false);
    assert_eq!(session.version(), Version::Mqtt5);
}

/// What is in flight outlives a change of the version.
#[test]
fn a_session_is_resumed_in_another_version() {
    for [first, second] in [
        [Version::Mqtt311, Version::Mqtt5],
        [Version::Mqtt5, Version::Mqtt311],
    ] {
        let mut session = Any::with_protocol();
        let mut tx = Buffer::<[u8; 64]>::new();
        open(&mut session, first, false);
        let publish = Publish::to("t").qos(QoS::AtLeastOnce);
        session.publish(&publish, &mut tx).unwrap();
        session.on_connection_lost();
        let event = open(&mut session, second, true);
        assert!(event.contains("session: Resumed"), "{event}");
        let mut rx = Buffer::<[u8; 64]>::new();
        let asked = session.next_event(&mut rx, &mut tx).unwrap().unwrap();
        assert!(matches!(asked, Event::Resend { .. }), "{asked:?}");
    }
}

/// A snapshot says which version it is of.
#[test]
fn snapshots_of_both_versions_are_restored() {
    for version in [Version::Mqtt311, Version::Mqtt5] {
        let mut session = Any::with_protocol();
        open(&mut session, version, false);
        let mut image = [0; Any::IMAGE];
        session.save(&mut image).unwrap();
        let mut restored = Any::with_protocol();
        restored.restore(&image).unwrap();
        assert_eq!(restored.version(), version);
        let one = Session::<[Slot; 3]>::new().restore(&image);
        let five = Session::<[Slot; 3], Mqtt5>::with_protocol().restore(&image);
        assert_eq!(one.is_ok(), version == Version::Mqtt311);
        assert_eq!(five.is_ok(), version == Version::Mqtt5);
    }
}

/// While it speaks MQTT 3.1.1, a session sends nothing that only MQTT 5 has.
#[test]
fn what_only_mqtt_5_has_is_unsupported() {
    let mut session = Any::with_protocol();
    let (mut rx, mut tx) = (Buffer::<[u8; 64]>::new(), Buffer::<[u8; 64]>::new());
    let list = [Property::PayloadFormatIndicator(true)];
    let expiry = [Property::SessionExpiryInterval(1)];
    let will = Publish::to("w").properties(&list);
    let wills = Connect::new("c").properties(&[]).will(will);
    for connect in [Connect::new("c").properties(&expiry), wills] {
        let refused = session.connect(&connect, &mut rx, &mut tx);
        assert_eq!(refused, Err(SendError::Unsupported));
        assert!(session.is_closed() && tx.is_empty());
    }
    open(&mut session, Version::Mqtt311, false);
    let before = session.clone();
    let unsupported = Err(SendError::Unsupported);
    let publish = Publish::to("t").properties(&list);
    assert_eq!(session.publish(&publish, &mut tx).map(drop), unsupported);
    assert_eq!(
        session.publish(&Publish::to(""), &mut tx),
        Err(SendError::Invalid)
    );
    let options = SubscriptionOptions {
        retain_as_published: true,
        ..Default::default()
    };
    let filter = Filter::new("t", QoS::AtMostOnce);
    let filters = [filter.options(options)];
    assert_eq!(session.subscribe(&filters, &mut tx).map(drop), unsupported);
    let identifier = [Property::SubscriptionIdentifier(1)];
    assert_eq!(
        session
            .subscribe_with(&[filter], &identifier, &mut tx)
            .map(drop),
        unsupported
    );
    assert_eq!(session.refuse(ReasonCode::QUOTA_EXCEEDED), unsupported);
    let with_will = ReasonCode::DISCONNECT_WITH_WILL_MESSAGE;
    assert_eq!(
        session.disconnect_with(with_will, &[], &mut tx),
        unsupported
    );
    let again = ReasonCode::RE_AUTHENTICATE;
    assert_eq!(session.authenticate(again, &[], &mut tx), unsupported);
    assert!(session == before && tx.is_empty());
    let normal = ReasonCode::NORMAL_DISCONNECTION;
    session.disconnect_with(normal, &[], &mut tx).unwrap();
    assert_eq!(tx.bytes(), [0xe0, 0]);
}
