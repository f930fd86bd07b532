//! Rule 7: after its first successful connection the client recovers from every failure that may be
//! temporary.
use super::face::{
    Attempt, Client, DisconnectReason, Ended, Options, Publish, PublishError, QoS, ReturnCode,
    State, TransportErrorKind, credentials, run,
};
use super::support::{Caller, SLOWLY, SOON, accepted, options, returning, server, until};
use motemq_testing::{
    line::{Exchange, HELLO, HELLO_KEEPING, NEW, RESUMED},
    script::{hears, play, says},
};
use std::{
    error::Error,
    panic::resume_unwind,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

pub fn a_first_refusal_is_the_end() {
    for (code, advice) in [
        (1, "use a broker that"),
        (2, "use another one"),
        (4, "check user name"),
        (5, "check user name"),
        (7, "broker's log"),
    ] {
        let exchange = Exchange::new();
        let (client, driver) = Client::new(returning(exchange.addr(), "a")).unwrap();
        let running = run(driver);
        drop(exchange.accepts(HELLO, &[0x20, 2, 0, code]));
        let reason = DisconnectReason::Refused(ReturnCode::from(code));
        let ended = Ended::GaveUp(reason);
        assert_eq!(client.connected(), Err(ended.clone()));
        let error = running.join().unwrap_err();
        assert!(error.to_string().contains(advice), "{error}");
        let refused = client.publish(&Publish::to("t")).map(drop);
        assert_eq!(refused, Err(PublishError::Ended(ended.clone())));
        assert_eq!(client.disconnect(SOON), Err(ended));
    }
}

pub fn an_unavailable_broker_is_asked_again() {
    let (addr, broker) = play(vec![
        vec![hears(HELLO), says(b"\x20\x02\0\x03")],
        vec![hears(HELLO), says(NEW), hears(b"\xe0\0")],
    ]);
    let client = Client::connect(returning(addr, "a")).unwrap();
    client.connected().unwrap();
    client.disconnect(SOON).unwrap();
    broker.join().unwrap();
}

/// After a good connection, only what cannot change without other options ends the client.
pub fn a_later_refusal_is_the_end_unless_it_may_pass() {
    let (addr, broker) = play(vec![
        vec![hears(HELLO), says(NEW)],
        vec![hears(HELLO), says(b"\x20\x02\0\x03")],
        vec![hears(HELLO), says(NEW)],
        vec![hears(HELLO), says(b"\x20\x02\0\x05")],
        vec![hears(HELLO), says(NEW)],
        vec![hears(HELLO), says(b"\x20\x02\0\x02")],
    ]);
    let client = Client::connect(returning(addr, "a")).unwrap();
    let mut messages = client.messages();
    assert!(messages.recv().is_none());
    let reason = DisconnectReason::Refused(ReturnCode::IDENTIFIER_REJECTED);
    assert_eq!(client.connected(), Err(Ended::GaveUp(reason)));
    assert_eq!(client.counters().connections, 3);
    broker.join().unwrap();
}

/// As Azure IoT Hub does, the broker hangs up at each message with QoS 2. It is sent until the
/// client leaves, and the state says why.
pub fn a_message_that_ends_each_connection_is_sent_until_the_client_leaves() {
    let exchange = Exchange::new();
    let options = returning(exchange.addr(), "a")
        .keep_session()
        .ack_timeout(Some(Duration::from_millis(500)));
    let client = Client::connect(options).unwrap();
    let mut line = exchange.accepts(HELLO_KEEPING, NEW);
    let publish = Publish::to("t").payload(b"1").qos(QoS::ExactlyOnce);
    let mut receipt = client.publish(&publish).unwrap();
    line.hears(b"\x34\x06\0\x01t\0\x011");
    for _ in 0..3 {
        drop(line);
        line = exchange.accepts(HELLO_KEEPING, RESUMED);
        line.hears(b"\x3c\x06\0\x01t\0\x011");
    }
    assert_eq!(client.counters().connections, 4);
    assert_eq!(receipt.poll(), None);
    client.begin_disconnect(Duration::from_millis(200));
    line.hears(b"\xe0\0");
    line.ends();
    assert!(client.disconnect(SOON).is_err());
    assert!(receipt.wait().is_err());
}

/// CONNECT with the user name `u` and the password `0` or another digit.
fn hello(password: u8) -> Vec<u8> {
    let mut hello = b"\x10\x13\0\x04MQTT\x04\xc2\0\x3c\0\x01a\0\x01u\0\x01".to_vec();
    hello.push(password);
    hello
}

/// Tokens expire: each attempt has its own, and one that cannot be had is told.
pub fn each_attempt_has_its_own_login() {
    let exchange = Exchange::new();
    let asked = AtomicU32::new(0);
    let options = options(exchange.addr(), "a").reconnect(SLOWLY);
    let options = credentials(options, move |attempt: Attempt| {
        match asked.fetch_add(1, Ordering::Relaxed) {
            1 => Err("the vault is closed".into()),
            n => Ok(attempt.login("u", n.to_string())),
        }
    });
    let (client, driver) = Client::new(options).unwrap();
    let mut states = client.states();
    run(driver);
    let line = exchange.accepts(&hello(b'0'), NEW);
    client.connected().unwrap();
    drop(line);
    loop {
        let state = states.changed_timeout(SOON).expect("another state");
        if let State::Waiting { reason, .. } = state
            && let DisconnectReason::Transport(error) = reason
        {
            assert_eq!(error.kind(), TransportErrorKind::Credentials, "{error}");
            assert!(error.to_string().contains("the vault is closed"), "{error}");
            assert!(error.source().is_some());
            break;
        }
    }
    let _line = exchange.accepts(&hello(b'2'), NEW);
    client.connected().unwrap();
}

/// The hook may send an attempt elsewhere.
pub fn the_way_may_change_with_each_attempt() {
    let server = server();
    let port = server.addr().port();
    let options = Options::new("a").broker("nowhere.invalid", 1);
    let options = credentials(options, move |mut attempt| {
        assert_eq!(attempt.route.host, "nowhere.invalid");
        attempt.route.host = "127.0.0.1".into();
        attempt.route.port = Some(port);
        Ok(attempt)
    });
    let client = Client::connect(options).unwrap();
    client.connected().unwrap();
    client.disconnect(SOON).unwrap();
}

/// An attempt is not the program: a panic in it is told, and is no end.
pub fn an_attempt_that_panics_is_told_and_made_again() {
    let server = server();
    let asked = Arc::new(AtomicU32::new(0));
    let count = asked.clone();
    let options = options(server.addr(), "a")
        .reconnect(SLOWLY)
        .connect_timeout(SOON * 4);
    let options = credentials(options, move |attempt| {
        let n = count.fetch_add(1, Ordering::Relaxed);
        if n == 0 {
            // Without a backtrace, which takes seconds where much is compiled in.
            resume_unwind(Box::new("the first one panics"));
        }
        Ok(attempt)
    });
    let begun = Instant::now();
    let (client, driver) = Client::new(options).unwrap();
    let mut states = client.states();
    run(driver);
    let reason = loop {
        let state = states.changed_timeout(SOON).expect("another state");
        if let Some(reason) = state.reason() {
            break reason.to_string();
        }
    };
    assert!(reason.contains("panicked"), "{reason}");
    assert!(client.connected_timeout(SOON).unwrap().is_some());
    // Not only when the time for an attempt is up.
    assert!(begun.elapsed() < SOON * 2);
}

/// A connection that is lost again and again is made again and again.
pub fn a_client_comes_back_from_each_loss() {
    let (client, _running, exchange, mut line) = accepted(|options| options);
    for round in 2..30 {
        drop(line);
        line = exchange.accepts(HELLO, NEW);
        until(|| client.counters().connections == round);
    }
}

/// Without a connection a call that may not wait says so, and one that waits may be told how long.
pub fn waiting_for_a_connection_is_limited() {
    let free = super::support::unused_address();
    let client = Client::connect(returning(free, "a")).unwrap();
    let limit = Duration::from_millis(100);
    assert_eq!(client.connected_timeout(limit), Ok(None));
    let refused = client.try_publish(&Publish::to("t")).map(drop);
    assert_eq!(refused, Err(PublishError::Offline));
    assert!(Caller::connect(options(free, "a")).is_err());
}
