//! More than anybody can take at once.
use super::{Adapter, Road, Setup, next};
use motemq::QoS;
use std::{thread, time::Duration};

/// The client publishes as fast as it can, and receives all of it.
pub fn both_ways<A: Adapter>() {
    const MESSAGES: u32 = 1500;
    let road = Road::new();
    let mut client = A::connect(&Setup::new(road.server.addr(), "flood"));
    client.subscribe("flood/#", QoS::ExactlyOnce);
    let (mut sent, mut came) = (0, [0; 3]);
    while came.iter().sum::<u32>() < MESSAGES {
        // As many at a time as nobody has room for.
        while sent < MESSAGES && sent < came.iter().sum::<u32>() + 200 {
            let qos = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce][sent as usize % 3];
            client.publish(
                ["flood/0", "flood/1", "flood/2"][sent as usize % 3],
                &sent.to_be_bytes().repeat(50),
                qos,
            );
            sent += 1;
        }
        let message = next(&mut client);
        let kind = message.qos as usize;
        let number = u32::from_be_bytes(*message.payload.first_chunk().expect("its number"));
        assert_eq!(number, came[kind] * 3 + kind as u32, "out of order");
        came[kind] += 1;
    }
    assert_eq!((client.flush(), client.connections()), (0, 1));
    client.leave();
}

/// An application that is busy for longer than the broker would wait for a sign of life.
pub fn a_slow_application<A: Adapter>() {
    if !A::RUNS_BY_ITSELF {
        return;
    }
    let road = Road::new();
    let mut slow = A::connect(&Setup::new(road.server.addr(), "slow").impatient());
    slow.subscribe("t", QoS::AtLeastOnce);
    let mut fast = A::connect(&Setup::new(road.server.addr(), "fast"));
    for n in 0..1000u32 {
        fast.publish("t", &n.to_be_bytes(), QoS::AtLeastOnce);
    }
    assert_eq!(fast.flush(), 0);
    thread::sleep(Duration::from_secs(3));
    for n in 0..1000u32 {
        assert_eq!(next(&mut slow).payload, n.to_be_bytes());
    }
    assert_eq!(slow.connections(), 1);
    slow.leave();
    fast.leave();
}

/// Messages much larger than any buffer.
pub fn large_messages<A: Adapter>() {
    let road = Road::new();
    let mut client = A::connect(&Setup::new(road.server.addr(), "large"));
    client.subscribe("t", QoS::ExactlyOnce);
    for qos in [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce] {
        let payload: Vec<u8> = (0..3_000_000u32).map(|n| (n / 7) as u8).collect();
        client.publish("t", &payload, qos);
        client.publish("t", b"behind it", qos);
        assert!(
            next(&mut client).payload == payload,
            "a large message has changed on its way"
        );
        assert_eq!(next(&mut client).payload, b"behind it");
    }
    assert_eq!((client.flush(), client.connections()), (0, 1));
    client.leave();
}
