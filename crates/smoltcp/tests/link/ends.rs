//! How connections begin and end.
use crate::world::{PORT, World};
use motemq::{Connect, Event, Fault, Filter, Publish, QoS, SessionState};
use motemq_testing::{packets::*, protocol::TestProtocol};
use smoltcp::{
    socket::tcp::State,
    time::{Duration, Instant},
};

fn connected(ring: usize, connect: &Connect<'_>) -> World {
    connected_with(ring, connect)
}

/// A world with a session of this version of MQTT, which the broker has accepted.
pub fn connected_with<P: TestProtocol>(ring: usize, connect: &Connect<'_>) -> World<P> {
    let mut world = World::with_protocol(ring);
    assert_eq!(
        world.round(4, |_, _, _| ()),
        Ok(true),
        "there is no connection yet"
    );
    world.open(connect);
    world
        .run(|event, _, _| matches!(event, Event::Connected { .. }))
        .unwrap();
    world
}

#[test]
fn a_port_where_nobody_listens() {
    let mut world = World::new(256);
    world.open_at(PORT + 1, &Connect::new("a"));
    world.run_to_the_end().unwrap();
    assert!(world.session.is_closed() && world.now < Instant::from_secs(1));
}

#[test]
fn nobody_answers_at_all() {
    let mut world = World::new(256);
    world.cable.pulled = true;
    world.open(&Connect::new("a").timeout(5));
    assert_eq!(world.run_to_the_end(), Err(Fault::Timeout));
    assert_eq!(
        (world.now, world.round(4, |_, _, _| ())),
        (Instant::from_secs(5), Ok(true))
    );
}

#[test]
fn a_broker_that_says_no() {
    let mut world = World::new(256);
    world.broker = motemq_testing::broker::Broker::new(
        motemq_testing::broker::Config::new().login(|_| motemq::ReturnCode::NOT_AUTHORIZED),
    );
    world.open(&Connect::new("a"));
    assert_eq!(
        world.run_to_the_end(),
        Err(Fault::Refused(motemq::ReturnCode::NOT_AUTHORIZED))
    );
    world.run_to_the_end().unwrap();
    assert!(!world.near().is_open());
}

#[test]
fn the_peer_aborts() {
    let mut world = connected(256, &Connect::new("a"));
    world.far().abort();
    world.run_to_the_end().unwrap();
    assert!(world.session.is_closed() && world.now < Instant::from_secs(1));
}

#[test]
fn the_peer_closes_behind_its_last_message() {
    let mut world = connected(256, &Connect::new("a"));
    world.broker_sends([publish("t").payload(b"x"), publish("t").payload(b"y")]);
    world.far().close();
    let mut received = Vec::new();
    while !world
        .round(4, |event, _, _| {
            if let Event::Message(m) = event {
                received.push(m.payload[0])
            }
        })
        .unwrap()
    {}
    assert_eq!(received, b"xy");
    assert!(world.session.is_closed() && !world.near().is_open());
}

#[test]
fn the_peer_closes_while_nobody_may_answer() {
    let mut world = connected(256, &Connect::new("a"));
    world.broker_sends(publish("t").payload(b"x"));
    world.mute = true;
    assert_eq!(world.round(4, |_, _, _| ()), Ok(false));
    world.far().abort();
    // No room for an answer, so that the message stays where it is; nor will there be any.
    for _ in 0..10 {
        if world.round(usize::MAX, |_, _, _| ()).unwrap() {
            assert!(world.rx.is_empty(), "it was copied");
            return;
        }
    }
    panic!("it is not over");
}

#[test]
fn what_came_before_the_end_waits_for_room() {
    let mut world = connected(256, &Connect::new("a"));
    world.broker_sends(publish("t").payload(b"x"));
    world.far().close();
    world.restless = true;
    for _ in 0..10 {
        assert_eq!(world.round(usize::MAX, |_, _, _| ()), Ok(false));
    }
    let mut received = 0;
    while !world
        .round(4, |event, _, _| {
            received += usize::from(matches!(event, Event::Message(_)))
        })
        .unwrap()
    {}
    assert_eq!(received, 1);
}

#[test]
fn what_was_taken_from_the_ring_before_the_end_waits_for_room() {
    let mut world = connected(256, &Connect::new("a"));
    world.far().set_nagle_enabled(false);
    let (beginning, rest) = (
        publish("t").payload(b"x").to_bytes(),
        publish("t").payload(b"y"),
    );
    let (beginning, middle) = beginning.split_at(4);
    world.broker_sends(beginning);
    assert_eq!(world.round(4, |_, _, _| ()), Ok(false));
    world.broker_sends((middle, rest));
    world.far().close();
    // Half of the first message is in `rx` by now, so the rest follows it there.
    let mut received = Vec::new();
    while world.rx.bytes().len() < 12 {
        assert_eq!(world.round(4, |_, _, _| panic!("too early")), Ok(false));
    }
    world.restless = true;
    for _ in 0..10 {
        assert_eq!(world.round(usize::MAX, |_, _, _| ()), Ok(false));
    }
    while !world
        .round(4, |event, _, _| {
            if let Event::Message(m) = event {
                received.push(m.payload[0])
            }
        })
        .unwrap()
    {}
    assert_eq!(received, b"xy");
}

#[test]
fn given_up_while_it_is_opened() {
    let mut world = World::new(256);
    world.cable.pulled = true;
    world.open(&Connect::new("a"));
    assert_eq!(world.round(4, |_, _, _| ()), Ok(false));
    world.session.on_connection_lost();
    let since = world.now;
    world.run_to_the_end().unwrap();
    assert_eq!(world.now, since);
}

#[test]
fn the_cable_is_pulled() {
    let mut world = connected(256, &Connect::new("a").keep_alive(8).timeout(3));
    world.cable.pulled = true;
    assert_eq!(world.run_to_the_end(), Err(Fault::Timeout));
    // A PINGREQ after three quarters of the keep-alive, and as much patience as was asked for.
    assert_eq!(world.now, Instant::from_secs(9));
    assert_eq!(world.round(4, |_, _, _| ()), Ok(true));
    assert_eq!(world.near().state(), State::Closed);
}

#[test]
fn the_peer_has_forgotten_us() {
    let mut world = connected(256, &Connect::new("a").keep_alive(8));
    world.cable.pulled = true;
    world.mute = true;
    // Its RST does not reach us.
    world.far().abort();
    assert_eq!(world.round(4, |_, _, _| ()), Ok(false));
    world.cable.pulled = false;
    world.run_to_the_end().unwrap();
    assert!(world.now < Instant::from_secs(9), "{}", world.now);
}

#[test]
fn silence_is_kept_alive() {
    let mut world = connected(256, &Connect::new("a").keep_alive(4));
    let mut rounds = 0;
    while world.now < Instant::from_secs(60) {
        assert_eq!(world.round(4, |_, _, _| ()), Ok(false));
        rounds += 1;
    }
    // Twenty times PINGREQ and PINGRESP, and TCP's acknowledgements: nobody turns in circles.
    assert!(rounds < 200, "{rounds} rounds");
}

/// What a newcomer hears: the payloads of retained messages.
fn retained(world: &mut World) -> Vec<Vec<u8>> {
    let mut received = Vec::new();
    world.open(&Connect::new("newcomer"));
    world
        .run(|event, session, tx| {
            match event {
                Event::Connected { .. } => drop(
                    session
                        .subscribe(&[Filter::new("#", QoS::AtMostOnce)], tx)
                        .unwrap(),
                ),
                // What is retained comes before it.
                Event::Subscribed { .. } => drop(session.publish(&Publish::to("end"), tx).unwrap()),
                Event::Message(m) if m.topic != "end" => received.push(m.payload.to_vec()),
                _ => {}
            }
            matches!(event, Event::Message(m) if m.topic == "end")
        })
        .unwrap();
    received
}

#[test]
fn disconnect_leaves_without_the_will() {
    let hello = Connect::new("a").will(Publish::to("gone").payload(b"a").retain());
    let mut world = connected(64, &hello);
    world.session.disconnect(&mut world.tx).unwrap();
    world.run_to_the_end().unwrap();
    // Once more, a while later.
    world.now += Duration::from_secs(60);
    world.open(&hello);
    world
        .run(|event, _, _| matches!(event, Event::Connected { .. }))
        .unwrap();
    world.session.disconnect(&mut world.tx).unwrap();
    world.run_to_the_end().unwrap();
    assert_eq!(retained(&mut world), [b""; 0]);
}

#[test]
fn all_is_sent_before_the_end() {
    let mut world = connected(
        20,
        &Connect::new("a").will(Publish::to("gone").payload(b"a").retain()),
    );
    world
        .session
        .publish(
            &Publish::to("last").payload(&[b'x'; 40]).retain(),
            &mut world.tx,
        )
        .unwrap();
    world.session.disconnect(&mut world.tx).unwrap();
    world.run_to_the_end().unwrap();
    assert_eq!(retained(&mut world), [[b'x'; 40]]);
}

#[test]
fn a_peer_that_does_not_let_go() {
    let mut world = connected(64, &Connect::new("a"));
    world.stubborn = true;
    world.session.disconnect(&mut world.tx).unwrap();
    let since = world.now;
    world.run_to_the_end().unwrap();
    assert_eq!((world.now - since).secs(), 10);
    assert!(!world.near().is_open());
}

#[test]
fn what_nobody_reads_any_more_holds_nothing_up() {
    let mut world = connected(64, &Connect::new("a"));
    world.broker_sends(vec![publish("t").payload(b"x"); 100]);
    world.session.disconnect(&mut world.tx).unwrap();
    let since = world.now;
    world.run_to_the_end().unwrap();
    assert!((world.now - since).secs() < 5);
}

#[test]
fn a_session_is_resumed() {
    let hello = Connect::new("a").keep_session();
    let mut world = connected(256, &hello);
    // Published, and lost before the broker had it.
    world.cable.pulled = true;
    let message = Publish::to("t").payload(b"hello").qos(QoS::ExactlyOnce);
    let id = world
        .session
        .publish(&message, &mut world.tx)
        .unwrap()
        .unwrap();
    assert_eq!(world.round(4, |_, _, _| ()), Ok(false));
    world.near().abort();
    world.cable.pulled = false;
    world.run_to_the_end().unwrap();
    world.open(&hello);
    let mut events = Vec::new();
    world
        .run(|event, session, tx| {
            match event {
                Event::Connected { session, .. } => {
                    events.push(if session == SessionState::Resumed {
                        "resumed"
                    } else {
                        "new"
                    })
                }
                Event::Resend { id: again, .. } => {
                    assert_eq!(again, id);
                    events.push("resend");
                    session.republish(id, &message, tx).unwrap();
                }
                Event::Received { .. } => events.push("received"),
                Event::Acked { .. } => events.push("acked"),
                _ => {}
            }
            matches!(event, Event::Acked { .. })
        })
        .unwrap();
    assert_eq!(events, ["resumed", "resend", "received", "acked"]);
}

#[test]
fn a_session_that_the_broker_lost_is_told() {
    let hello = Connect::new("a").keep_session();
    let mut world = connected(256, &hello);
    world.mute = true;
    let id = world
        .session
        .publish(&Publish::to("t").qos(QoS::AtLeastOnce), &mut world.tx)
        .unwrap()
        .unwrap();
    assert_eq!(world.round(4, |_, _, _| ()), Ok(false));
    world.far().abort();
    world.run_to_the_end().unwrap();
    let now = world.now.total_millis() as u64;
    world.broker.restart(now, false);
    world.mute = false;
    let mut unknown = None;
    world.open(&hello);
    world
        .run(|event, _, _| {
            match event {
                Event::OutcomeUnknown { id } => unknown = Some(id),
                Event::Connected { session, .. } => assert_eq!(session, SessionState::New),
                _ => {}
            }
            matches!(event, Event::Connected { .. })
        })
        .unwrap();
    assert_eq!(unknown, Some(id));
}
