//! Links that are slow, silent, or dead without a word.
use super::{Adapter, Road, SOON, Setup, next, until};
use crate::proxy::Plan;
use motemq::QoS;
use std::{net::TcpListener, thread};

const LEVELS: [QoS; 3] = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce];

/// Every read finds one byte.
pub fn byte_by_byte<A: Adapter>() {
    let road = Road::new();
    road.proxy.plan(Plan {
        most: Some(1),
        ..Plan::default()
    });
    let mut client = A::connect(&Setup::new(road.proxy.addr(), "crumbs"));
    client.subscribe("crumbs/#", QoS::ExactlyOnce);
    let long = vec![7; 3000];
    for qos in LEVELS {
        for payload in [&b""[..], b"short", &long] {
            client.publish("crumbs/a", payload, qos);
            let message = next(&mut client);
            assert_eq!(
                (
                    message.topic.as_str(),
                    message.payload.as_slice(),
                    message.qos
                ),
                ("crumbs/a", payload, qos)
            );
        }
    }
    assert_eq!((client.flush(), client.connections()), (0, 1));
    client.leave();
}

/// The system takes and gives few bytes at a time, so that hardly a packet passes at once, in both
/// directions together.
pub fn short_reads_and_writes<A: Adapter>() {
    let road = Road::new();
    let mut client = A::connect(&Setup::new(road.server.addr(), "cramped").cramped());
    client.subscribe("cramped", QoS::ExactlyOnce);
    let payloads = [1, 200_000, 0, 5000, 300_000]
        .map(|len| (0..len).map(|n| (n / 7) as u8).collect::<Vec<_>>());
    for qos in LEVELS {
        for payload in &payloads {
            client.publish("cramped", payload, qos);
        }
        for payload in &payloads {
            let message = next(&mut client);
            assert!(
                message.payload == *payload && message.qos == qos,
                "{} bytes have changed on their way",
                payload.len()
            );
        }
    }
    assert_eq!((client.flush(), client.connections()), (0, 1));
    client.leave();
}

/// The other end has lost its power: no byte, no end of file. What was sent meanwhile arrives over
/// the next connection.
pub fn a_dead_link_is_found<A: Adapter>() {
    let road = Road::new();
    let mut client = A::connect(&Setup::new(road.proxy.addr(), "half open").impatient());
    client.subscribe("t", QoS::ExactlyOnce);
    road.proxy.stall();
    client.publish("t", b"into the dark", QoS::ExactlyOnce);
    let proxy = &road.proxy;
    thread::scope(|scope| {
        scope.spawn(|| {
            until("another connection", || proxy.accepted() > 1);
            proxy.resume();
        });
        assert_eq!(next(&mut client).payload, b"into the dark");
        assert_eq!(client.flush(), 0);
    });
    assert!(client.connections() > 1);
    client.leave();
}

/// A broker that takes connections, and says nothing, is given up; the client goes on when it
/// talks.
pub fn a_silent_broker_is_left<A: Adapter>() {
    let road = Road::new();
    let mute = TcpListener::bind("127.0.0.1:0").expect("a port");
    let mut client = A::connect(&Setup::new(road.proxy.addr(), "silence").impatient());
    client.subscribe("t", QoS::AtLeastOnce);
    road.proxy
        .set_upstream(mute.local_addr().expect("its address"));
    road.proxy.cut();
    thread::scope(|scope| {
        scope.spawn(|| {
            // Held open, so that nothing tells the client but the time.
            let first = mute.accept().expect("a connection");
            let second = mute
                .accept()
                .expect("another connection, when the first was given up");
            road.proxy.set_upstream(road.server.addr());
            drop((first, second));
        });
        client.publish("t", b"at last", QoS::AtLeastOnce);
        assert_eq!(next(&mut client).payload, b"at last");
    });
    client.leave();
}

/// The broker does not read while it writes; if the client did neither, both would wait for ever.
pub fn both_ends_write<A: Adapter>() {
    let road = Road::new();
    let mut client = A::connect(&Setup::new(road.proxy.addr(), "both"));
    client.subscribe("t", QoS::AtLeastOnce);
    let payload = vec![7; 100_000];
    for _ in 0..100 {
        client.publish("t", &payload, QoS::AtLeastOnce);
    }
    for _ in 0..100 {
        assert_eq!(
            client.recv(SOON).expect("a message").payload.len(),
            payload.len()
        );
    }
    assert_eq!((client.flush(), client.connections()), (0, 1));
    client.leave();
}
