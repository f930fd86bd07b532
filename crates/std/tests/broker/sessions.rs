//! What is known after a reconnection, and what is not.
use crate::{
    script::{HELLO, HELLO_KEEPING, Hears, NEW, RESUMED, Says, script},
    server,
    support::{AT_ONCE, Caller, SOON, connect, done, next, nothing, options},
};
use motemq_std::{
    Address, Error, Filter, Options, Publish, QoS, RecvTimeoutError, RequestError, SessionState,
};
use std::{
    io::{self, Read, Write},
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

#[test]
fn subscriptions_lost_with_the_session_are_made_again() {
    let server = server();
    let mut client = Caller::connect(options(server.addr(), "a").reconnect(AT_ONCE)).unwrap();
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

#[test]
fn long_subscriptions_are_made_again_in_several_packets() {
    let server = server();
    let mut client = Caller::connect(options(server.addr(), "a").reconnect(AT_ONCE)).unwrap();
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

#[test]
fn in_a_new_session_qos_1_is_sent_again_and_qos_2_is_not() {
    let (addr, broker) = script(vec![
        vec![HELLO, NEW, Hears(b"\x32\x06\0\x01t\0\x011")],
        // A new message: no DUP.
        vec![
            HELLO,
            NEW,
            Hears(b"\x32\x06\0\x01t\0\x021"),
            Says(b"\x40\x02\0\x02"),
            Hears(b"\x34\x06\0\x01t\0\x032"),
        ],
        vec![HELLO, NEW, Hears(b"\xe0\0")],
    ]);
    let client = Caller::connect(options(addr, "a").reconnect(AT_ONCE)).unwrap();
    client
        .publish(&Publish::to("t").payload(b"1").qos(QoS::AtLeastOnce))
        .unwrap();
    let error = client
        .publish(&Publish::to("t").payload(b"2").qos(QoS::ExactlyOnce))
        .unwrap_err();
    assert!(
        matches!(error, Error::Request(RequestError::OutcomeUnknown)),
        "{error:?}"
    );
    client.disconnect().unwrap();
    broker.join().unwrap();
}

#[test]
fn in_a_resumed_session_everything_is_sent_again_in_order() {
    let (addr, broker) = script(vec![
        vec![
            HELLO_KEEPING,
            NEW,
            Hears(b"\x34\x06\0\x01t\0\x011"),
            Hears(b"\x32\x06\0\x01t\0\x022"),
            Hears(b"\x34\x06\0\x01t\0\x033"),
            Says(b"\x50\x02\0\x01"),
        ],
        vec![
            HELLO_KEEPING,
            RESUMED,
            Hears(b"\x62\x02\0\x01"),
            Hears(b"\x3a\x06\0\x01t\0\x022"),
            Hears(b"\x3c\x06\0\x01t\0\x033"),
            Says(b"\x70\x02\0\x01\x40\x02\0\x02\x50\x02\0\x03"),
            Hears(b"\x62\x02\0\x03"),
            Says(b"\x70\x02\0\x03"),
            Hears(b"\xe0\0"),
        ],
    ]);
    let client = Caller::connect(options(addr, "a").keep_session().reconnect(AT_ONCE)).unwrap();
    let receipts = [
        (QoS::ExactlyOnce, b"1"),
        (QoS::AtLeastOnce, b"2"),
        (QoS::ExactlyOnce, b"3"),
    ]
    .map(|(qos, payload)| client.send(&Publish::to("t").payload(payload).qos(qos)));
    for receipt in receipts {
        done(receipt).unwrap();
    }
    client.disconnect().unwrap();
    broker.join().unwrap();
}

#[test]
fn what_was_acknowledged_meanwhile_is_not_sent_again() {
    let (addr, broker) = script(vec![
        vec![HELLO_KEEPING, NEW, Hears(b"\x32\x06\0\x01t\0\x011")],
        vec![
            HELLO_KEEPING,
            Says(b"\x20\x02\x01\0\x40\x02\0\x01"),
            Hears(b"\x34\x06\0\x01t\0\x022"),
        ],
        vec![
            HELLO_KEEPING,
            Says(b"\x20\x02\x01\0\x50\x02\0\x02"),
            Hears(b"\x62\x02\0\x02"),
            Says(b"\x70\x02\0\x02"),
            Hears(b"\xe0\0"),
        ],
    ]);
    let client = Caller::connect(options(addr, "a").keep_session().reconnect(AT_ONCE)).unwrap();
    client
        .publish(&Publish::to("t").payload(b"1").qos(QoS::AtLeastOnce))
        .unwrap();
    client
        .publish(&Publish::to("t").payload(b"2").qos(QoS::ExactlyOnce))
        .unwrap();
    client.disconnect().unwrap();
    broker.join().unwrap();
}

#[test]
fn the_loss_of_a_subscription_is_told() {
    let (addr, broker) = script(vec![
        vec![
            HELLO,
            NEW,
            Hears(b"\x82\x06\0\x01\0\x01s\x01"),
            Says(b"\x90\x03\0\x01\x01"),
        ],
        vec![
            HELLO,
            NEW,
            Hears(b"\x82\x06\0\x02\0\x01s\x01"),
            Says(b"\x90\x03\0\x02\x80"),
            Hears(b"\xe0\0"),
        ],
    ]);
    let client = Caller::connect(options(addr, "a").reconnect(AT_ONCE)).unwrap();
    let mut stream = client
        .clone()
        .subscribe(&[Filter::new("s", QoS::AtLeastOnce)])
        .unwrap();
    // Its stream ends, and the client goes on.
    assert_eq!(
        stream.recv_timeout(SOON).unwrap_err(),
        RecvTimeoutError::Ended
    );
    client.disconnect().unwrap();
    broker.join().unwrap();
}

#[test]
fn what_was_taken_while_there_was_no_connection_does_not_come_again() {
    for in_pieces in [false, true] {
        let (addr, broker) = script(vec![
            vec![
                HELLO_KEEPING,
                NEW,
                Hears(b"\x32\x06\0\x01t\0\x011"),
                Says(b"\x34\x06\0\x01t\0\x052"),
            ],
            vec![
                HELLO_KEEPING,
                Says(b"\x20\x02\x01\0\x3c\x06\0\x01t\0\x052"),
                Hears(b"\x50\x02\0\x05\x3a\x06\0\x01t\0\x011"),
                Says(b"\x40\x02\0\x01\x62\x02\0\x05"),
                Hears(b"\x70\x02\0\x05"),
                Hears(b"\x30\x03\0\x01t\xe0\0"),
            ],
        ]);
        let reachable = Arc::new(AtomicBool::new(true));
        let is_reachable = reachable.clone();
        let dial = move |_: &Address| {
            if is_reachable.load(Ordering::Relaxed) {
                TcpStream::connect(addr)
            } else {
                Err(io::ErrorKind::NotFound.into())
            }
        };
        let options = Options::new("a").keep_session().reconnect(AT_ONCE);
        let mut client = Caller::dialing(options, dial).unwrap();
        reachable.store(false, Ordering::Relaxed);
        let receipt = client.send(&Publish::to("t").payload(b"1").qos(QoS::AtLeastOnce));
        while client.state().is_connected() {
            thread::sleep(Duration::from_millis(1));
        }
        let message = next(&mut client);
        let mut taken = Vec::new();
        if in_pieces {
            message.into_reader().read_to_end(&mut taken).unwrap();
        } else {
            taken = message.payload.to_vec();
        }
        assert_eq!(taken, b"2");
        reachable.store(true, Ordering::Relaxed);
        done(receipt).unwrap();
        nothing(&mut client);
        client.publish(&Publish::to("t")).unwrap();
        assert_eq!(client.counters().connections, 2);
        client.disconnect().unwrap();
        broker.join().unwrap();
    }
}

/// A client was killed before PUBREC came, and its state is gone: the broker holds a QoS 2 message
/// under identifier 1 until PUBREL, and takes any other under it for a repetition.
#[test]
fn after_a_restart_without_state_a_message_is_not_taken_for_an_older_one() {
    let server = server();
    let mut ear = connect(server.addr(), "ear");
    ear.subscribe(&[Filter::new("t", QoS::ExactlyOnce)])
        .unwrap();
    let mut killed = TcpStream::connect(server.addr()).unwrap();
    killed
        .write_all(b"\x10\x10\0\x04MQTT\x04\0\0\0\0\x04kept\x34\x08\0\x01t\0\x01old")
        .unwrap();
    assert_eq!(next(&mut ear).payload, &b"old"[..]);
    drop(killed);
    let client = Caller::connect(options(server.addr(), "kept").keep_session()).unwrap();
    assert_eq!(client.connected(), Ok(SessionState::Unrecognized));
    client
        .publish(&Publish::to("t").payload(b"new").qos(QoS::ExactlyOnce))
        .unwrap();
    assert_eq!(next(&mut ear).payload, &b"new"[..]);
}
