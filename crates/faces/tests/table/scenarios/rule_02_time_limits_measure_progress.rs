//! Rule 2: a time limit measures progress: it starts after the last byte of the message, and does
//! not run while bytes are being sent.
use super::face::{Client, DisconnectReason, Publish, QoS, UploadError};
use super::support::{Caller, LEVELS, SOON, done, options, returning};
use motemq_testing::adapter_tests::Road;
use motemq_testing::line::{Exchange, HELLO, NEW};
use std::{
    io, thread,
    time::{Duration, Instant},
};

/// A broker that takes no bytes is left after the time limit, and what has a copy goes over the next
/// connection.
pub fn a_broker_that_takes_no_bytes_is_left() {
    for qos in LEVELS {
        let road = Road::new();
        let options =
            returning(road.proxy.addr(), "a").ack_timeout(Some(Duration::from_millis(300)));
        let client = Caller::connect(options).unwrap();
        road.proxy.stall();
        let begun = Instant::now();
        // More than the sockets on the way hold.
        let publish = Publish::to("t").qos(qos).remaining(16 << 20);
        let error = Client::publish_from(&client, &publish, io::repeat(1))
            .map(drop)
            .unwrap_err();
        let UploadError::Lost { reason } = error else {
            panic!("{error:?}");
        };
        // Unless there is another connection already.
        assert!(
            matches!(reason, None | Some(DisconnectReason::Stalled(_))),
            "{reason:?}"
        );
        assert!(begun.elapsed() < Duration::from_secs(5));
        road.proxy.resume();
        let copy = vec![1; 300_000];
        client
            .publish(&Publish::to("t").payload(&copy).qos(qos))
            .unwrap();
        client.disconnect().unwrap();
    }
}

/// Signs of life are no progress: a broker that takes nothing is left although it sends.
pub fn a_broker_that_only_sends_is_left() {
    const LIMIT: Duration = Duration::from_secs(1);
    let exchange = Exchange::new();
    let options = returning(exchange.addr(), "a").ack_timeout(Some(LIMIT));
    let client = Client::connect(options).unwrap();
    let mut line = exchange.accepts(HELLO, NEW);
    client.connected().unwrap();
    let begun = Instant::now();
    let large = vec![7; 16 << 20];
    drop(client.publish(&Publish::to("t").payload(&large)).unwrap());
    let receipt = client
        .publish(&Publish::to("t").payload(b"1").qos(QoS::AtLeastOnce))
        .unwrap();
    while client.state().is_connected() && line.tries_to_say(b"\x30\x04\0\x01t!") {
        assert!(begun.elapsed() < SOON);
        thread::sleep(Duration::from_millis(10));
    }
    assert!(begun.elapsed() >= LIMIT, "{:?}", begun.elapsed());
    // Over the first connection it was behind the large one, with the identifier before.
    let mut next = exchange.accepts(HELLO, NEW);
    next.hears(b"\x32\x06\0\x01t\0\x021");
    next.says(b"\x40\x02\0\x02");
    done(receipt).unwrap();
}

/// What the system holds has not left: over a slow link the time for its answer would begin too
/// early, and be over before it has left. Other systems do not say how much they hold.
pub fn the_system_holds_little_of_a_large_message() {
    if !cfg!(any(target_os = "linux", target_os = "android")) {
        return;
    }
    let exchange = Exchange::new();
    let client = Client::connect(options(exchange.addr(), "a")).unwrap();
    let _line = exchange.accepts(HELLO, NEW);
    client.connected().unwrap();
    let large = vec![7; 8 << 20];
    let publish = Publish::to("t").payload(&large).qos(QoS::AtLeastOnce);
    let _receipt = client.publish(&publish).unwrap();
    // The broker reads nothing more.
    let mut before = 0;
    let handed_over = loop {
        thread::sleep(Duration::from_millis(300));
        let now = client.counters().bytes_out;
        if now > 1000 && now == before {
            break now;
        }
        before = now;
    };
    assert!(handed_over < 1 << 20, "{handed_over}");
}
