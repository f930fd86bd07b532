//! What is kept from one connection to the next.
use super::face::{Client, Error, Filter, Publish, QoS, RequestError, SessionState, run};
use super::support::{
    AT_ONCE, Caller, SOON, accepted, done, next, nothing, options, returning, server,
};
use motemq_testing::{
    line::{Exchange, HELLO, HELLO_KEEPING, NEW, RESUMED},
    script::{hears, play, says},
};

const SUBSCRIBE: &[u8] = b"\x82\x06\0\x01\0\x01t\x02";

fn publish(payload: &[u8], qos: QoS) -> Publish<'_> {
    Publish::to("t").payload(payload).qos(qos)
}

pub fn subscriptions_lost_with_the_session_are_made_again() {
    let server = server();
    let mut client = Caller::connect(returning(server.addr(), "a")).unwrap();
    // More than go into one packet when they are made again.
    let names: Vec<String> = (0..70).map(|n| format!("t/{n}")).collect();
    for name in &names {
        client
            .subscribe(&[Filter::new(name, QoS::AtLeastOnce)])
            .unwrap();
    }
    server.restart(false);
    nothing(&mut client);
    assert_eq!(client.connected(), Ok(SessionState::New));
    assert_eq!(client.counters().connections, 2);
    for name in &names {
        client
            .publish(&Publish::to(name).qos(QoS::AtLeastOnce))
            .unwrap();
        assert_eq!(&*next(&mut client).topic, name);
    }
}

pub fn long_subscriptions_are_made_again_in_several_packets() {
    let server = server();
    let mut client = Caller::connect(returning(server.addr(), "a")).unwrap();
    let names: Vec<String> = ('a'..'l')
        .map(|name| name.to_string().repeat(30_000))
        .collect();
    for name in &names {
        client
            .subscribe(&[Filter::new(name, QoS::AtLeastOnce)])
            .unwrap();
    }
    server.restart(false);
    nothing(&mut client);
    for name in &names {
        client
            .publish(&Publish::to(name).qos(QoS::AtLeastOnce))
            .unwrap();
        assert_eq!(&*next(&mut client).topic, name);
    }
}

pub fn in_a_resumed_session_everything_is_sent_again_in_order() {
    let exchange = Exchange::new();
    let options = returning(exchange.addr(), "a").keep_session();
    let (client, driver) = Client::new(options).unwrap();
    let running = run(driver);
    let mut line = exchange.accepts(HELLO_KEEPING, NEW);
    client.connected().unwrap();
    let receipts = [
        (b"1", QoS::ExactlyOnce),
        (b"2", QoS::AtLeastOnce),
        (b"3", QoS::ExactlyOnce),
    ]
    .map(|(payload, qos)| client.publish(&publish(payload, qos)).unwrap());
    line.hears(b"\x34\x06\0\x01t\0\x011\x32\x06\0\x01t\0\x022\x34\x06\0\x01t\0\x033");
    line.says(b"\x50\x02\0\x01");
    line.hears(b"\x62\x02\0\x01");
    drop(line);
    let mut line = exchange.accepts(HELLO_KEEPING, RESUMED);
    line.hears(b"\x62\x02\0\x01\x3a\x06\0\x01t\0\x022\x3c\x06\0\x01t\0\x033");
    line.says(b"\x70\x02\0\x01\x40\x02\0\x02\x50\x02\0\x03");
    line.hears(b"\x62\x02\0\x03");
    line.says(b"\x70\x02\0\x03");
    for receipt in receipts {
        done(receipt).unwrap();
    }
    client.begin_disconnect(SOON);
    line.hears(b"\xe0\0");
    line.ends();
    running.join().unwrap();
    let counters = client.counters();
    assert_eq!((counters.connections, counters.resent), (2, 2));
}

pub fn in_a_new_session_qos_1_is_sent_again_and_qos_2_is_not() {
    let (addr, broker) = play(vec![
        vec![hears(HELLO), says(NEW), hears(b"\x32\x06\0\x01t\0\x011")],
        // A new message: no DUP.
        vec![
            hears(HELLO),
            says(NEW),
            hears(b"\x32\x06\0\x01t\0\x021"),
            says(b"\x40\x02\0\x02"),
            hears(b"\x34\x06\0\x01t\0\x032"),
        ],
        vec![hears(HELLO), says(NEW), hears(b"\xe0\0")],
    ]);
    let client = Caller::connect(returning(addr, "a")).unwrap();
    client.publish(&publish(b"1", QoS::AtLeastOnce)).unwrap();
    let error = client
        .publish(&publish(b"2", QoS::ExactlyOnce))
        .unwrap_err();
    assert!(
        matches!(error, Error::Request(RequestError::OutcomeUnknown)),
        "{error:?}"
    );
    client.disconnect().unwrap();
    broker.join().unwrap();
}

/// Subscriptions come first, then what was under way, then what is new.
pub fn a_lost_session_begins_anew() {
    let (client, _running, exchange, mut line) = accepted(|options| options);
    let subscribing = client
        .begin_subscribe(&[Filter::new("t", QoS::ExactlyOnce)])
        .unwrap();
    line.hears(SUBSCRIBE);
    line.says(b"\x90\x03\0\x01\x02");
    let _stream = subscribing.wait().unwrap();
    let least = client.publish(&publish(b"1", QoS::AtLeastOnce)).unwrap();
    let exactly = client.publish(&publish(b"2", QoS::ExactlyOnce)).unwrap();
    line.hears(b"\x32\x06\0\x01t\0\x021\x34\x06\0\x01t\0\x032");
    drop(line);
    let mut line = exchange.accepts(HELLO, NEW);
    assert_eq!(done(exactly), Err(RequestError::OutcomeUnknown));
    line.hears(b"\x82\x06\0\x04\0\x01t\x02\x32\x06\0\x01t\0\x051");
    line.says(b"\x90\x03\0\x04\x02\x40\x02\0\x05");
    done(least).unwrap();
}

pub fn what_was_acknowledged_meanwhile_is_not_sent_again() {
    let (addr, broker) = play(vec![
        vec![
            hears(HELLO_KEEPING),
            says(NEW),
            hears(b"\x32\x06\0\x01t\0\x011"),
        ],
        vec![
            hears(HELLO_KEEPING),
            says(b"\x20\x02\x01\0\x40\x02\0\x01"),
            hears(b"\x34\x06\0\x01t\0\x022"),
        ],
        vec![
            hears(HELLO_KEEPING),
            says(b"\x20\x02\x01\0\x50\x02\0\x02"),
            hears(b"\x62\x02\0\x02"),
            says(b"\x70\x02\0\x02"),
            hears(b"\xe0\0"),
        ],
    ]);
    let client = Caller::connect(returning(addr, "a").keep_session()).unwrap();
    client.publish(&publish(b"1", QoS::AtLeastOnce)).unwrap();
    client.publish(&publish(b"2", QoS::ExactlyOnce)).unwrap();
    client.disconnect().unwrap();
    broker.join().unwrap();
}

/// What the broker has held for a kept session comes when the client is back.
pub fn what_was_held_meanwhile_comes() {
    let server = server();
    let kept = || {
        options(server.addr(), "kept")
            .keep_session()
            .reconnect(AT_ONCE)
    };
    let mut client = Caller::connect(kept()).unwrap();
    client
        .subscribe(&[Filter::new("t", QoS::ExactlyOnce)])
        .unwrap();
    client.disconnect().unwrap();
    let other = Caller::connect(options(server.addr(), "other")).unwrap();
    for n in 0..50 {
        other.publish(&publish(&[n], QoS::ExactlyOnce)).unwrap();
    }
    let mut client = Caller::connect(kept()).unwrap();
    for n in 0..50 {
        assert_eq!(next(&mut client).payload[..], [n]);
    }
    nothing(&mut client);
    client.disconnect().unwrap();
}
