//! What is known after a reconnection, and what is not.
use crate::{
    script::{HELLO, HELLO_KEEPING, Hears, NEW, RESUMED, Says, script},
    server,
    support::{AT_ONCE, SOON, next, nothing, options},
};
use motemq_std::{Client, Error, ErrorKind, Filter, Options, Publish, QoS, SessionState};
use std::{
    io::{self, Write},
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

#[test]
fn subscriptions_lost_with_the_session_are_made_again() {
    let server = server();
    let mut client = Client::connect(&options(server.addr(), "a").reconnect(AT_ONCE)).unwrap();
    // More than go into one packet when they are made again.
    let names: Vec<String> = (0..70).map(|n| format!("t/{n}")).collect();
    for name in &names {
        client
            .subscribe(&[Filter::new(name, QoS::AtLeastOnce)])
            .unwrap();
    }
    server.restart(false);
    nothing(&mut client);
    assert_eq!(
        (client.session(), client.connections()),
        (SessionState::New, 2)
    );
    for name in &names {
        client
            .publish(&Publish::to(name).qos(QoS::AtLeastOnce))
            .unwrap();
        assert_eq!(next(&mut client).topic, *name);
    }
}

#[test]
fn long_subscriptions_are_made_again_in_several_packets() {
    let server = server();
    let mut client = Client::connect(&options(server.addr(), "a").reconnect(AT_ONCE)).unwrap();
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
        assert_eq!(next(&mut client).topic, *name);
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
    let mut client = Client::connect(&options(addr, "a").reconnect(AT_ONCE)).unwrap();
    client
        .publish(&Publish::to("t").payload(b"1").qos(QoS::AtLeastOnce))
        .unwrap();
    let error = client
        .publish(&Publish::to("t").payload(b"2").qos(QoS::ExactlyOnce))
        .unwrap_err();
    assert!(matches!(error, Error::OutcomeUnknown), "{error:?}");
    assert_eq!(error.kind(), ErrorKind::NotAcknowledged);
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
    let mut client =
        Client::connect(&options(addr, "a").keep_session().reconnect(AT_ONCE)).unwrap();
    for (qos, payload) in [
        (QoS::ExactlyOnce, b"1"),
        (QoS::AtLeastOnce, b"2"),
        (QoS::ExactlyOnce, b"3"),
    ] {
        client
            .send(&Publish::to("t").payload(payload).qos(qos))
            .unwrap();
    }
    client.flush().unwrap();
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
    let mut client =
        Client::connect(&options(addr, "a").keep_session().reconnect(AT_ONCE)).unwrap();
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
    let mut client = Client::connect(&options(addr, "a").reconnect(AT_ONCE)).unwrap();
    client
        .subscribe(&[Filter::new("s", QoS::AtLeastOnce)])
        .unwrap();
    let error = client.recv(SOON).unwrap_err();
    assert!(
        matches!(&error, Error::SubscriptionLost { filter } if filter == "s"),
        "{error:?}"
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
                Hears(b"\x50\x02\0\x05\x30\x03\0\x01t"),
                Says(b"\x62\x02\0\x05"),
                Hears(b"\x70\x02\0\x05\xe0\0"),
            ],
        ]);
        let reachable = Arc::new(AtomicBool::new(true));
        let is_reachable = reachable.clone();
        let dial = move || {
            let stream = if is_reachable.load(Ordering::Relaxed) {
                TcpStream::connect(addr)
            } else {
                Err(io::ErrorKind::NotFound.into())
            };
            stream.map_err(|source| Error::Connect {
                address: addr.to_string(),
                source: Arc::new(source),
            })
        };
        let options = Options::new("a")
            .keep_session()
            .reconnect(AT_ONCE)
            .ack_timeout(Some(Duration::from_millis(500)));
        let mut client = Client::dialing(dial, &options).unwrap();
        reachable.store(false, Ordering::Relaxed);
        let error = client
            .publish(&Publish::to("t").payload(b"1").qos(QoS::AtLeastOnce))
            .unwrap_err();
        assert!(matches!(error, Error::NotAcknowledged { .. }), "{error:?}");
        let mut taken = Vec::new();
        if in_pieces {
            client.recv_into(SOON, |_| &mut taken).unwrap().unwrap();
        } else {
            taken = next(&mut client).payload;
        }
        assert_eq!(taken, b"2");
        // Not a request for the next message, but enough to be connected again.
        reachable.store(true, Ordering::Relaxed);
        client.publish(&Publish::to("t")).unwrap();
        nothing(&mut client);
        assert_eq!(client.connections(), 2);
        client.disconnect().unwrap();
        broker.join().unwrap();
    }
}

/// A client was killed before PUBREC came, and its state is gone: the broker holds a QoS 2 message
/// under identifier 1 until PUBREL, and takes any other under it for a repetition.
#[test]
fn after_a_restart_without_state_a_message_is_not_taken_for_an_older_one() {
    let server = server();
    let mut ear = Client::connect(&options(server.addr(), "ear")).unwrap();
    ear.subscribe(&[Filter::new("t", QoS::ExactlyOnce)])
        .unwrap();
    let mut killed = TcpStream::connect(server.addr()).unwrap();
    killed
        .write_all(b"\x10\x10\0\x04MQTT\x04\0\0\0\0\x04kept\x34\x08\0\x01t\0\x01old")
        .unwrap();
    assert_eq!(next(&mut ear).payload, b"old");
    drop(killed);
    let mut client = Client::connect(&options(server.addr(), "kept").keep_session()).unwrap();
    assert_eq!(client.session(), SessionState::Unrecognized);
    client
        .publish(&Publish::to("t").payload(b"new").qos(QoS::ExactlyOnce))
        .unwrap();
    assert_eq!(next(&mut ear).payload, b"new");
}
