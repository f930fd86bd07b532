//! Brokers that restart, with and without their memory.
use super::{Adapter, QUIET, Road, Setup, next, until};
use crate::{link::Direction, proxy::Plan};
use motemq::{QoS, Version};

/// The session goes on: nothing is asked for again, and nothing is missed.
pub fn a_restart_that_keeps<A: Adapter>() {
    restart::<A>(true);
}

/// The session is gone: what was subscribed to is asked for again.
pub fn a_restart_that_forgets<A: Adapter>() {
    restart::<A>(false);
}

fn restart<A: Adapter>(keep: bool) {
    let road = Road::new();
    let mut client = A::connect(&Setup::new(road.server.addr(), "restart"));
    client.subscribe("a/#", QoS::ExactlyOnce);
    client.subscribe("b", QoS::AtLeastOnce);
    for round in 0..5 {
        road.server.restart(keep);
        for topic in ["a/x", "b"] {
            let payload = format!("{topic} {round}");
            // Subscriptions are made again before what was asked for later is sent.
            client.publish(topic, payload.as_bytes(), QoS::AtLeastOnce);
            loop {
                let message = next(&mut client);
                // One of the round before may come twice.
                if message.payload == payload.as_bytes() {
                    break;
                }
            }
        }
        assert_eq!(client.flush(), 0);
    }
    assert!(client.connections() > 5);
    client.leave();
}

/// What the broker stored while the client was away comes when it is back.
pub fn what_was_stored_comes<A: Adapter>() {
    let road = Road::new();
    let setup = Setup::new(road.server.addr(), "away");
    let mut client = A::connect(&setup);
    client.subscribe("t", QoS::ExactlyOnce);
    client.leave();
    let mut other = A::connect(&Setup::new(road.server.addr(), "other"));
    for n in 0..50u8 {
        other.publish("t", &[n], QoS::ExactlyOnce);
    }
    assert_eq!(other.flush(), 0);
    let mut client = A::connect(&setup);
    for n in 0..50u8 {
        assert_eq!(next(&mut client).payload, [n]);
    }
    assert_eq!(client.recv(QUIET), None);
    client.leave();
    other.leave();
}

/// The broker forgets the session while messages are under way: each has an end, and those with QoS
/// 1 arrive.
pub fn what_was_under_way_is_known<A: Adapter>() {
    let road = Road::new();
    let mut watch = A::connect(&Setup::new(road.server.addr(), "watch"));
    watch.subscribe("t", QoS::AtLeastOnce);
    // CONNACK passes, and no acknowledgement. With MQTT 5 it has three bytes of properties, and the
    // byte of their length.
    let connack = match A::version() {
        Version::Mqtt5 => 8,
        _ => 4,
    };
    road.proxy
        .plan(Plan::cut_after(Direction::Down, connack + 1));
    let mut client = A::connect(&Setup::new(road.proxy.addr(), "doubt").clean());
    for n in 0..6u8 {
        client.publish(
            "t",
            &[n],
            if n % 2 == 0 {
                QoS::AtLeastOnce
            } else {
                QoS::ExactlyOnce
            },
        );
    }
    let unknown = client.flush();
    // With QoS 2 nobody can say.
    assert!(
        unknown <= 3,
        "{unknown} of 6 messages are not known to have arrived"
    );
    until("another connection", || road.proxy.accepted() > 1);
    let mut missing = vec![0, 2, 4];
    while !missing.is_empty() {
        let [n] = next(&mut watch).payload[..] else {
            panic!("a message of ours")
        };
        missing.retain(|&other| other != n);
    }
    client.leave();
    watch.leave();
}
