//! Messages of all kinds through rings of all sizes.
use crate::world::World;
use motemq::{
    Connect, Event, Filter, ManualAcks, Mqtt5, Mqtt311, PendingAck, Publish, QoS, SendError,
    Session,
};
use motemq_testing::{packets::*, protocol::TestProtocol};

const ALL: [QoS; 3] = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce];

fn subscribed<P: TestProtocol>(world: &mut World<P>, connect: &Connect<'_>) {
    world.open(connect);
    world
        .run(|event, session, tx| {
            if let Event::Connected { .. } = event {
                session
                    .subscribe(&[Filter::new("t/#", QoS::ExactlyOnce)], tx)
                    .unwrap();
            }
            matches!(event, Event::Subscribed { .. })
        })
        .unwrap();
}

#[test]
fn every_qos_both_ways() {
    let mut world = World::new(512);
    subscribed(&mut world, &Connect::new("a"));
    let (mut acked, mut received) = (0, Vec::new());
    for qos in ALL {
        world
            .session
            .publish(
                &Publish::to("t/x").payload(b"hello").qos(qos),
                &mut world.tx,
            )
            .unwrap();
    }
    world
        .run(|event, _, _| {
            match event {
                Event::Acked { .. } => acked += 1,
                Event::Message(m) => received.push((m.payload.to_vec(), m.qos())),
                _ => {}
            }
            acked == 2 && received.len() == 3
        })
        .unwrap();
    assert_eq!(received, ALL.map(|qos| (b"hello".to_vec(), qos)));
    world.session.disconnect(&mut world.tx).unwrap();
    world.run_to_the_end().unwrap();
    assert!(!world.near().is_open());
}

/// Messages of lengths up to twice what `rx` holds, of which a few are under way at once.
fn echo<P: TestProtocol>(ring: usize, loss: u8, count: usize) {
    let mut world = World::<P>::with_protocol(ring);
    world.cable.loss = loss;
    // What is lost several times takes its time.
    subscribed(&mut world, &Connect::new("a").timeout(200));
    let payload = |number: usize| vec![number as u8; number * 7 % 110];
    let (mut next, mut received, mut partial) = (0, Vec::new(), Vec::new());
    let mut rest: Vec<u8> = Vec::new();
    let mut rounds = 0;
    while received.len() < count || !rest.is_empty() {
        if !rest.is_empty() {
            match world.session.publish_chunk(&rest, &mut world.tx) {
                Ok(given) => drop(rest.drain(..given)),
                Err(error) => assert_eq!(error, SendError::Full),
            }
        } else if next < count {
            let bytes = payload(next);
            let message = Publish::to("t/x")
                .qos(ALL[next % 3])
                .remaining(bytes.len() as u32);
            match world.session.publish(&message, &mut world.tx) {
                Ok(_) => {
                    rest = bytes;
                    next += 1;
                }
                Err(error) => assert!(
                    matches!(error, SendError::Full | SendError::Busy),
                    "{error}"
                ),
            }
        }
        let over = world.round(4, |event, _, _| {
            let remaining = match event {
                Event::Message(m) => {
                    partial = m.payload.to_vec();
                    m.remaining
                }
                Event::Payload { data, remaining } => {
                    partial.extend_from_slice(data);
                    remaining
                }
                _ => return,
            };
            if remaining == 0 {
                received.push(std::mem::take(&mut partial));
            }
        });
        assert_eq!(over, Ok(false), "at {}", world.now);
        rounds += 1;
        assert!(
            rounds < 200_000,
            "no end: {} of {count} received",
            received.len()
        );
    }
    assert_eq!(
        received,
        (0..count).map(payload).collect::<Vec<_>>(),
        "a ring of {ring}"
    );
}

#[test]
fn rings_of_all_sizes() {
    for ring in (16..80).chain([100, 127, 128, 255, 512, 2048]) {
        echo::<Mqtt311>(ring, 0, 60);
        echo::<Mqtt5>(ring, 0, 60);
    }
}

#[test]
fn a_cable_that_loses_frames() {
    for ring in [20, 64, 300] {
        echo::<Mqtt311>(ring, 5, 60);
        echo::<Mqtt5>(ring, 5, 60);
    }
}

#[test]
fn what_is_whole_in_the_ring_is_read_there() {
    let mut world = World::new(256);
    subscribed(&mut world, &Connect::new("a"));
    let ring = world.ring.clone();
    let (mut there, mut count) = (0, 0);
    for number in 0..50u8 {
        world
            .session
            .publish(&Publish::to("t/x").payload(&[number; 20]), &mut world.tx)
            .unwrap();
        world
            .run(|event, _, _| {
                let Event::Message(m) = event else {
                    return false;
                };
                assert_eq!(m.payload, [number; 20]);
                there += usize::from(ring.contains(&(m.payload.as_ptr() as usize)));
                count += 1;
                true
            })
            .unwrap();
    }
    // All but those that the ring's end cuts: one in eight.
    assert!(
        count == 50 && (40..50).contains(&there),
        "{there} of {count}"
    );
}

/// Both halves of a message that the end of the ring cuts are reported at once.
#[test]
fn nothing_waits_for_a_timer() {
    let mut world = World::new(256);
    subscribed(&mut world, &Connect::new("a"));
    world.far().set_nagle_enabled(false);
    for number in 0..50u8 {
        let since = world.now;
        world.broker_sends(publish("t/x").payload(&[number; 19]));
        world
            .run(|event, _, _| matches!(event, Event::Message(m) if m.payload == [number; 19]))
            .unwrap();
        assert_eq!(world.last_event_at, since, "message {number}");
    }
}

#[test]
fn a_stream_up_and_down_through_small_rings() {
    const LENGTH: u32 = 300_000;
    let mut world = World::new(128);
    subscribed(&mut world, &Connect::new("a"));
    let byte = |at: u32| (at.wrapping_mul(2_654_435_761) >> 24) as u8;
    let (mut given, mut received) = (0, 0);
    world
        .session
        .publish(
            &Publish::to("t/x").qos(QoS::AtLeastOnce).remaining(LENGTH),
            &mut world.tx,
        )
        .unwrap();
    let ring = world.ring.clone();
    let mut copied = 0;
    while received < LENGTH {
        if given < LENGTH {
            let chunk: Vec<u8> = (given..LENGTH.min(given + 100)).map(byte).collect();
            given += world
                .session
                .publish_chunk(&chunk, &mut world.tx)
                .unwrap_or(0) as u32;
        }
        let mut check = |data: &[u8]| {
            assert!(
                data.iter()
                    .copied()
                    .eq((received..).map(byte).take(data.len())),
                "behind {received}"
            );
            received += data.len() as u32;
            copied += if data.is_empty() || ring.contains(&(data.as_ptr() as usize)) {
                0
            } else {
                data.len()
            };
        };
        let over = world.round(4, |event, _, _| match event {
            Event::Message(m) => check(m.payload),
            Event::Payload { data, .. } => check(data),
            _ => {}
        });
        assert_eq!(over, Ok(false));
    }
    assert!(copied < 200, "{copied} bytes were copied");
}

#[test]
fn a_payload_from_where_it_lies() {
    let payload: Vec<u8> = (0..5000).map(|at| (at % 251) as u8).collect();
    let mut world = World::new(256);
    subscribed(&mut world, &Connect::new("a"));
    world
        .session
        .publish(
            &Publish::to("t/x").remaining(payload.len() as u32),
            &mut world.tx,
        )
        .unwrap();
    world.restless = true;
    let (mut given, mut received) = (0, Vec::new());
    while received.len() < payload.len() {
        if world.tx.is_empty() && given < payload.len() {
            let sent = world.near().send_slice(&payload[given..]).unwrap();
            world
                .session
                .publish_direct(sent as u32, &mut world.tx)
                .unwrap();
            given += sent;
        }
        let over = world.round(4, |event, _, _| match event {
            Event::Message(m) => received.extend_from_slice(m.payload),
            Event::Payload { data, .. } => received.extend_from_slice(data),
            _ => {}
        });
        assert_eq!(over, Ok(false));
    }
    assert!(received == payload);
}

/// A handler that answers each message with a longer one needs room, or the message waits.
#[test]
fn answers_need_room() {
    let mut world = World::new(64);
    subscribed(&mut world, &Connect::new("a"));
    for number in 0..3 {
        world
            .session
            .publish(
                &Publish::to("t/ask")
                    .payload(&[number; 10])
                    .qos(QoS::AtLeastOnce),
                &mut world.tx,
            )
            .unwrap();
    }
    let mut answers = 0;
    let answer = |payload: &[u8], session: &mut Session, tx: &mut _| {
        session
            .publish(
                &Publish::to("t/answer").payload(&[payload, &[0; 30]].concat()),
                tx,
            )
            .unwrap();
    };
    while answers < 3 {
        let over = world.round(60, |event, session, tx| {
            if let Event::Message(m) = event {
                if m.topic == "t/ask" {
                    answer(m.payload, session, tx)
                } else {
                    answers += 1
                }
            }
        });
        assert_eq!(over, Ok(false));
    }
}

#[test]
fn what_waits_for_room_waits_in_the_ring() {
    let mut world = World::new(256);
    subscribed(&mut world, &Connect::new("a"));
    world.broker_sends([publish("t").payload(b"x"), publish("t").payload(b"y")]);
    let mut received = 0;
    let over = world.round(100, |_, session, tx| {
        received += 1;
        session
            .publish(&Publish::to("answer").payload(&[0; 50]), tx)
            .unwrap();
    });
    assert_eq!((over, received), (Ok(false), 1));
    assert!(world.rx.is_empty(), "it was copied");
}

#[test]
fn acknowledged_by_hand() {
    let mut world = World::new(40);
    let mut manual = ManualAcks::<[PendingAck; 4]>::new();
    let mut tokens = Vec::new();
    world.open(&Connect::new("a"));
    let mut acked = 0;
    for round in 0..1000 {
        let session = &mut world.session;
        let sent = match (round, tokens.len()) {
            (_, 0..3) if world.tx.is_empty() && !session.is_closed() && round > 20 => session
                .publish(
                    &Publish::to("t/x")
                        .payload(&[b'x'; 20])
                        .qos(QoS::AtLeastOnce),
                    &mut world.tx,
                ),
            (20, _) => session
                .subscribe(&[Filter::new("t/#", QoS::AtLeastOnce)], &mut world.tx)
                .map(Some),
            _ => Ok(None),
        };
        sent.unwrap();
        let over = world.round_with(|link, socket, session, rx, tx| {
            let Some((event, token)) = link.receive(socket, rx, |input, room| {
                manual.receive(session, input, room, tx)
            })?
            else {
                return Ok(false);
            };
            tokens.extend(token);
            acked += usize::from(matches!(event, Event::Acked { .. }));
            Ok(true)
        });
        assert_eq!(over, Ok(false));
        if tokens.len() == 3 {
            // The last first.
            while let Some(token) = tokens.pop() {
                manual.ack(&mut world.session, token).unwrap();
            }
            if acked > 30 {
                return;
            }
        }
    }
    panic!("{acked} acknowledged, {} not", tokens.len());
}
