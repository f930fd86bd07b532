//! What the application is asked for at each attempt, and where attempts lead.
use crate::{
    script::{Hears, NEW, keep, script},
    server,
    support::{AT_ONCE, SOON, options},
};
use motemq_std::{
    Attempt, Client, DisconnectReason, Filter, Options, Publish, QoS, State, TransportErrorKind,
    publish_once,
};
use std::{
    error::Error,
    io,
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

/// CONNECT with the user name `u` and the password `1` or another digit.
fn hello(password: u8) -> crate::script::Step {
    let mut hello = b"\x10\x13\0\x04MQTT\x04\xc2\0\x3c\0\x01a\0\x01u\0\x01".to_vec();
    hello.push(password);
    Hears(keep(hello))
}

/// Tokens expire: each attempt has its own, and one that cannot be had is told.
#[test]
fn each_attempt_has_its_own_login() {
    static ASKED: AtomicU32 = AtomicU32::new(0);
    fn ask(attempt: Attempt) -> Result<Attempt, String> {
        match ASKED.fetch_add(1, Ordering::Relaxed) {
            1 => Err("the vault is closed".into()),
            n => Ok(attempt.login("u", n.to_string())),
        }
    }
    let (addr, broker) = script(vec![
        vec![hello(b'0'), NEW],
        vec![hello(b'2'), NEW, Hears(b"\xe0\0")],
    ]);
    let slow = motemq_std::Reconnect::BackOff {
        first: Duration::from_millis(100),
        cap: Duration::from_millis(100),
        max_tries: None,
    };
    let options = options(addr, "a").reconnect(slow).credentials(ask);
    let (client, mut driver) = Client::new(options).unwrap();
    let mut states = client.states();
    let driver = thread::spawn(
        move || {
            while driver.drive(Duration::from_millis(100)).is_none() {}
        },
    );
    loop {
        if let State::Waiting { reason, .. } = states.changed()
            && let DisconnectReason::Transport(error) = reason
        {
            assert_eq!(error.kind(), TransportErrorKind::Credentials, "{error}");
            assert!(error.to_string().contains("the vault is closed"), "{error}");
            assert!(error.source().is_some());
            break;
        }
    }
    client.connected().unwrap();
    client.disconnect(SOON).unwrap();
    broker.join().unwrap();
    driver.join().unwrap();
}

/// A hook may take its time: nothing else waits for it.
#[test]
fn a_slow_hook_bars_nothing() {
    let server = server();
    let options = options(server.addr(), "a")
        .reconnect(AT_ONCE)
        .credentials(|attempt| {
            thread::sleep(Duration::from_millis(500));
            io::Result::Ok(attempt)
        });
    let client = Client::connect(options).unwrap();
    let begun = Instant::now();
    for _ in 0..100 {
        assert!(!client.state().is_connected());
        let publish = Publish::to("t").qos(QoS::AtLeastOnce);
        let _ = client.publish(&publish).unwrap();
    }
    assert!(begun.elapsed() < Duration::from_millis(400));
    client.connected().unwrap();
    client.disconnect(SOON).unwrap();
    assert_eq!(client.counters().acknowledged, 100);
}

/// The hook may send an attempt elsewhere.
#[test]
fn the_way_may_change_with_each_attempt() {
    let server = server();
    let port = server.addr().port();
    let options = Options::new("a")
        .broker("nowhere.invalid", 1)
        .credentials(move |mut attempt| {
            assert_eq!(attempt.route.host, "nowhere.invalid");
            attempt.route.host = "127.0.0.1".into();
            attempt.route.port = Some(port);
            io::Result::Ok(attempt)
        });
    let client = Client::connect(options).unwrap();
    client.connected().unwrap();
    client.disconnect(SOON).unwrap();
}

/// A broker that cannot be reached leaves the turn to the next at once, and so does a name without
/// an address.
#[test]
fn a_broker_that_is_not_there_leaves_the_turn_to_the_next() {
    let server = server();
    let options = Options::new("a")
        .broker("nowhere.invalid", 1)
        .broker("127.0.0.1", 1)
        .broker("localhost", server.addr().port());
    let client = Client::connect(options).unwrap();
    client.connected().unwrap();
    client.disconnect(SOON).unwrap();
}

/// A stream keeps its client from leaving, as other handles do.
#[test]
fn a_stream_is_a_handle() {
    let server = server();
    let client = Client::connect(options(server.addr(), "a")).unwrap();
    let mut stream = client
        .subscribe(&[Filter::new("t", QoS::AtMostOnce)])
        .unwrap();
    drop(client);
    let hello = Publish::to("t").payload(b"hello");
    publish_once(options(server.addr(), "b"), &hello, SOON).unwrap();
    assert_eq!(stream.recv_timeout(SOON).unwrap().payload, "hello");
}

/// One message, and why it could not be published.
#[test]
fn publish_once_says_why() {
    let error = publish_once(
        Options::new("a").broker("127.0.0.1", 1).reconnect(AT_ONCE),
        &Publish::to("t"),
        Duration::from_millis(300),
    )
    .unwrap_err();
    let text = error.to_string();
    assert!(text.contains("cannot connect to 127.0.0.1:1"), "{text}");
    let error = publish_once(
        Options::new("a")
            .broker("127.0.0.1", 1)
            .reconnect(motemq_std::Reconnect::Never),
        &Publish::to("t").qos(QoS::ExactlyOnce),
        SOON,
    )
    .unwrap_err();
    let text = error.to_string();
    assert!(text.contains("cannot connect to 127.0.0.1:1"), "{text}");
    let error = publish_once(Options::new("a"), &Publish::to("t/#"), SOON).unwrap_err();
    assert!(error.to_string().contains("not a topic name"), "{error}");
}

/// The thread of an attempt is not the program's: a panic in it is told, and is no end.
#[test]
fn an_attempt_that_panics_is_told_and_made_again() {
    static ASKED: AtomicU32 = AtomicU32::new(0);
    fn ask(attempt: Attempt) -> Result<Attempt, String> {
        assert_ne!(
            ASKED.fetch_add(1, Ordering::Relaxed),
            0,
            "the first one panics"
        );
        Ok(attempt)
    }
    let server = server();
    let options = options(server.addr(), "a")
        .reconnect(AT_ONCE)
        .credentials(ask);
    let begun = Instant::now();
    let (client, driver) = Client::new(options).unwrap();
    let mut states = client.states();
    thread::spawn(move || driver.run());
    let reason = loop {
        if let Some(reason) = states.changed().reason() {
            break reason.to_string();
        }
    };
    assert!(reason.contains("panicked"), "{reason}");
    assert!(client.connected_timeout(SOON).unwrap().is_some());
    // Not only when the time for an attempt is up.
    assert!(begun.elapsed() < SOON / 2);
}
