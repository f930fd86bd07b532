//! Rule 0: a message is acknowledged only after the application has processed it.
use super::face::{
    Address, Client, Filter, Publish, QoS, RecvTimeoutError, SessionState, Subscription, dialing,
    run,
};
use super::support::{
    Caller, SOON, accepted, connect, done, next, options, returning, server, until,
};
use motemq_testing::{
    line::{Exchange, HELLO_KEEPING, NEW, RESUMED},
    script::{hears, play, says},
};
use std::{
    io::{self, Read},
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

#[track_caller]
fn payload(stream: &mut Subscription) -> Vec<u8> {
    stream.recv_timeout(SOON).unwrap().payload.to_vec()
}

/// A message is acknowledged when the next is asked for, and by nothing else.
pub fn asking_for_the_next_acknowledges() {
    let (client, _running, _exchange, mut line) = accepted(|options| options);
    let mut stream = client.messages();
    line.says(b"\x32\x06\0\x01t\0\x071\x32\x06\0\x01t\0\x082");
    assert_eq!(payload(&mut stream), b"1");
    // Publishing in between does not.
    drop(client.publish(&Publish::to("t")).unwrap());
    line.hears(b"\x30\x03\0\x01t");
    assert_eq!(payload(&mut stream), b"2");
    line.hears(b"\x40\x02\0\x07");
    drop(client.publish(&Publish::to("t")).unwrap());
    line.hears(b"\x30\x03\0\x01t");
    // There is none, but it was asked for.
    let none = stream.recv_timeout(Duration::ZERO).map(drop);
    assert_eq!(none, Err(RecvTimeoutError::Timeout));
    line.hears(b"\x40\x02\0\x08");
}

/// Acknowledgements are given in any order, and leave in that of arrival; pings go on.
pub fn acknowledgements_by_hand_leave_in_order() {
    const HELLO_IN_A_SECOND: &[u8] = b"\x10\x0d\0\x04MQTT\x04\0\0\x01\0\x01a";
    let exchange = Exchange::new();
    let options = returning(exchange.addr(), "a").keep_session().keep_alive(1);
    let (client, driver) = Client::new(options).unwrap();
    let mut stream = client.messages();
    run(driver);
    let mut line = exchange.accepts(HELLO_IN_A_SECOND, NEW);
    line.says(b"\x32\x06\0\x01t\0\x071\x34\x06\0\x01t\0\x082\x32\x06\0\x01t\0\x093");
    let mut unacked = || stream.recv_unacked_timeout(SOON).unwrap();
    let (first, second, third) = (unacked().1, unacked().1, unacked().1);
    second.ack();
    // Nothing but a ping in three quarters of a second.
    line.hears(b"\xc0\0");
    line.says(b"\xd0\0");
    first.ack();
    line.hears(b"\x40\x02\0\x07\x50\x02\0\x08");
    drop(line);
    // What is in hand is acknowledged when it has come again, and not delivered.
    let mut line = exchange.accepts(HELLO_IN_A_SECOND, RESUMED);
    client.connected().unwrap();
    third.ack();
    line.hears(b"\xc0\0");
    line.says(b"\xd0\0\x3a\x06\0\x01t\0\x093\x32\x06\0\x01t\0\x0a4");
    line.hears(b"\x40\x02\0\x09");
    let (message, fourth) = unacked();
    assert_eq!(&message.payload[..], b"4");
    // What is given back is delivered again.
    drop(fourth);
    drop(line);
    let mut line = exchange.accepts(HELLO_IN_A_SECOND, RESUMED);
    line.says(b"\x3a\x06\0\x01t\0\x0a4");
    let (message, fourth) = unacked();
    assert_eq!((&message.payload[..], message.dup), (&b"4"[..], true));
    fourth.ack();
    line.hears(b"\x40\x02\0\x0a");
}

/// What was taken is not delivered again with QoS 2; what was not taken is.
pub fn what_was_taken_when_the_link_broke_does_not_come_again() {
    let exchange = Exchange::new();
    let options = returning(exchange.addr(), "a").keep_session();
    let (client, driver) = Client::new(options).unwrap();
    let mut stream = client.messages();
    run(driver);
    let mut line = exchange.accepts(HELLO_KEEPING, NEW);
    line.says(b"\x34\x06\0\x01t\0\x071\x34\x06\0\x01t\0\x082");
    assert_eq!(payload(&mut stream), b"1");
    drop(line);
    let mut line = exchange.accepts(HELLO_KEEPING, RESUMED);
    until(|| client.counters().connections == 2);
    assert_eq!(client.connected(), Ok(SessionState::Resumed));
    line.says(b"\x3c\x06\0\x01t\0\x071\x3c\x06\0\x01t\0\x082");
    // Accepted before: acknowledged, and not told again.
    line.hears(b"\x50\x02\0\x07");
    assert_eq!(payload(&mut stream), b"2");
    drop(stream);
    line.hears(b"\x50\x02\0\x08");
}

pub fn what_was_taken_while_there_was_no_connection_does_not_come_again() {
    for in_pieces in [false, true] {
        let (addr, broker) = play(vec![
            vec![
                hears(HELLO_KEEPING),
                says(NEW),
                hears(b"\x32\x06\0\x01t\0\x011"),
                says(b"\x34\x06\0\x01t\0\x052"),
            ],
            vec![
                hears(HELLO_KEEPING),
                says(b"\x20\x02\x01\0\x3c\x06\0\x01t\0\x052"),
                hears(b"\x50\x02\0\x05\x3a\x06\0\x01t\0\x011"),
                says(b"\x40\x02\0\x01\x62\x02\0\x05"),
                hears(b"\x70\x02\0\x05"),
                hears(b"\x30\x03\0\x01t\xe0\0"),
            ],
        ]);
        let is_reachable = Arc::new(AtomicBool::new(true));
        let reachable = is_reachable.clone();
        let dial = move |_: &Address| {
            if reachable.load(Ordering::Relaxed) {
                TcpStream::connect(addr)
            } else {
                Err(io::ErrorKind::NotFound.into())
            }
        };
        let options = returning(addr, "a").keep_session();
        let mut client = Caller::connected(dialing(options, dial).unwrap()).unwrap();
        is_reachable.store(false, Ordering::Relaxed);
        let receipt = client.send(&Publish::to("t").payload(b"1").qos(QoS::AtLeastOnce));
        until(|| !client.state().is_connected());
        let message = next(&mut client);
        let mut taken = Vec::new();
        if in_pieces {
            message.into_reader().read_to_end(&mut taken).unwrap();
        } else {
            taken = message.payload.to_vec();
        }
        assert_eq!(taken, b"2");
        is_reachable.store(true, Ordering::Relaxed);
        done(receipt).unwrap();
        client.publish(&Publish::to("t")).unwrap();
        assert_eq!(client.counters().connections, 2);
        assert_eq!(client.counters().received, 1);
        client.disconnect().unwrap();
        broker.join().unwrap();
    }
}

/// What was not taken is left to the broker.
pub fn leaving_acknowledges_what_was_taken_only() {
    let messages: Vec<u8> = (1..=200)
        .flat_map(|id| [0x34, 6, 0, 1, b't', 0, id, b'x'])
        .collect();
    let (addr, broker) = play(vec![vec![
        hears(HELLO_KEEPING),
        says(NEW),
        hears(b"\x32\x06\0\x01t\0\x01x"),
        says(messages),
        // It is waited for behind them all.
        says(b"\x40\x02\0\x01"),
        hears(b"\x50\x02\0\x01\xe0\0"),
    ]]);
    let mut client = Caller::connect(options(addr, "a").keep_session()).unwrap();
    let publish = Publish::to("t").payload(b"x").qos(QoS::AtLeastOnce);
    drop(client.send(&publish));
    next(&mut client);
    client.disconnect().unwrap();
    broker.join().unwrap();
}

/// A stream exists from the moment it is asked for.
pub fn what_comes_before_the_answer_to_a_subscription_finds_its_stream() {
    let exchange = Exchange::new();
    let options = returning(exchange.addr(), "a").keep_session();
    let (client, driver) = Client::new(options).unwrap();
    // Its stream is there before the driver runs.
    let subscribing = client
        .begin_subscribe(&[Filter::new("t", QoS::AtLeastOnce)])
        .unwrap();
    run(driver);
    let mut line = exchange.accepts(HELLO_KEEPING, b"\x20\x02\x01\0\x32\x06\0\x01t\0\x071");
    // The session is not one that this client knows, so its identifiers begin anywhere.
    let [high, low] = line.hears_subscribe(b"\0\x01t\x01");
    line.says(&[0x90, 3, high, low, 1]);
    let mut stream = subscribing.wait().unwrap();
    assert_eq!(payload(&mut stream), b"1");
}

/// Every stream with a filter that matches gets a message, and those for the rest what no other
/// takes.
pub fn messages_find_their_streams() {
    let server = server();
    let client = Client::connect(options(server.addr(), "a")).unwrap();
    let mut rest = client.messages();
    let subscribe = |filters: &[Filter<'_>]| client.subscribe(filters).unwrap();
    let mut all = subscribe(&[Filter::new("a/#", QoS::AtLeastOnce)]);
    let mut one = subscribe(&[
        Filter::new("a/1", QoS::AtLeastOnce),
        Filter::new("b", QoS::AtMostOnce),
    ]);
    drop(subscribe(&[Filter::new("c", QoS::AtMostOnce)]));
    let publish = |topic: &str| {
        let publish = Publish::to(topic).payload(topic.as_bytes());
        done(client.publish(&publish.qos(QoS::AtLeastOnce)).unwrap()).unwrap();
    };
    ["a/1", "a/2", "b", "c"].into_iter().for_each(publish);
    // The broker sends a message once, whatever overlaps.
    assert_eq!(
        (payload(&mut all), payload(&mut all)),
        (b"a/1".to_vec(), b"a/2".to_vec())
    );
    assert_eq!(
        (payload(&mut one), payload(&mut one)),
        (b"a/1".to_vec(), b"b".to_vec())
    );
    // Nobody else is there for it any more.
    assert_eq!(payload(&mut rest), b"c");
    one.unsubscribe().unwrap();
    publish("b");
    client.disconnect(SOON).unwrap();
    assert!(all.recv().is_none() && rest.recv().is_none());
    assert_eq!(client.counters().received, 4);
}

/// In a kept session a message for which there is no stream waits for one, unacknowledged; in a
/// clean one it is dropped, and each may be told otherwise.
pub fn unclaimed_messages_wait_where_they_could_come_again() {
    for (is_kept, discards) in [
        (true, None),
        (true, Some(true)),
        (false, None),
        (false, Some(false)),
    ] {
        let server = server();
        let mut options = options(server.addr(), "a");
        if is_kept {
            options = options.keep_session();
        }
        if let Some(discards) = discards {
            options = options.discard_unclaimed(discards);
        }
        let client = Client::connect(options).unwrap();
        let filters = [Filter::new("t", QoS::AtLeastOnce)];
        drop(client.subscribe(&filters).unwrap());
        let from = connect(server.addr(), "from");
        let publish = |payload: &[u8]| {
            let publish = Publish::to("t").payload(payload).qos(QoS::AtLeastOnce);
            from.publish(&publish).unwrap();
        };
        publish(b"1");
        until(|| client.counters().received == 1);
        let mut stream = client.subscribe(&filters).unwrap();
        publish(b"2");
        let waits = discards.map_or(is_kept, |discards| !discards);
        if waits {
            assert_eq!(payload(&mut stream), b"1", "kept: {is_kept}");
        }
        assert_eq!(payload(&mut stream), b"2", "kept: {is_kept}");
        client.disconnect(SOON).unwrap();
    }
}
