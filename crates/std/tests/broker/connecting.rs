//! How connections begin, or do not.
use crate::{
    script::{HELLO, NEW, Says, keep, script},
    server,
    support::{AT_ONCE, LEVELS, SOON, connect, options},
};
use motemq_std::{Client, Error, ErrorKind, Filter, Options, Publish, QoS, Reconnect, ReturnCode};
use std::{
    io::{self},
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

#[test]
fn a_broker_that_refuses_says_why() {
    for (code, kind, advice) in [
        (1, ErrorKind::Refused, "use a broker that does"),
        (2, ErrorKind::Refused, "use another one"),
        (3, ErrorKind::Refused, "try again later"),
        (4, ErrorKind::NotAuthorized, "check user name"),
        (5, ErrorKind::NotAuthorized, "check user name"),
        (7, ErrorKind::Refused, "broker's log"),
    ] {
        let (addr, broker) = script(vec![vec![HELLO, Says(keep(vec![0x20, 2, 0, code]))]]);
        let error = Client::connect(&options(addr, "a").reconnect(AT_ONCE)).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(advice), "{error}");
        if let Error::Refused(given) | Error::NotAuthorized(given) = error {
            assert_eq!(given, ReturnCode::from(code));
        }
        broker.join().unwrap();
    }
}

#[test]
fn a_refusal_ends_reconnection_unless_it_may_pass() {
    let (addr, broker) = script(vec![
        vec![HELLO, NEW],
        vec![HELLO, Says(b"\x20\x02\0\x03")],
        vec![HELLO, NEW],
        vec![HELLO, Says(b"\x20\x02\0\x05")],
    ]);
    let mut client = Client::connect(&options(addr, "a").reconnect(AT_ONCE)).unwrap();
    assert_eq!(
        client.recv(SOON).unwrap_err().kind(),
        ErrorKind::NotAuthorized
    );
    assert_eq!(client.messages(SOON).count(), 1);
    assert_eq!(client.connections(), 4);
    broker.join().unwrap();
}

#[test]
fn nobody_to_connect_to() {
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let error = Client::connect(&options(free, "a").reconnect(AT_ONCE)).unwrap_err();
    assert!(matches!(error, Error::Connect { .. }), "{error:?}");
    assert!(error.to_string().contains(&free.to_string()), "{error}");
    let error = Client::connect(&Options::new("a").host("no.such.host.invalid")).unwrap_err();
    assert!(matches!(error, Error::Resolve { .. }), "{error:?}");
    assert_eq!(error.kind(), ErrorKind::CannotConnect);
}

#[test]
fn arguments_are_checked_before_anything_is_sent() {
    let server = server();
    let mut client = connect(server.addr(), "a");
    let nothing_said = |error: Error| assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    nothing_said(client.publish(&Publish::to("a/+")).unwrap_err());
    nothing_said(
        client
            .publish(&Publish::to("").qos(QoS::AtLeastOnce))
            .unwrap_err(),
    );
    nothing_said(client.publish(&Publish::to("t").remaining(1)).unwrap_err());
    nothing_said(
        client
            .publish_from("t", QoS::AtMostOnce, false, 1 << 40, io::empty())
            .unwrap_err(),
    );
    nothing_said(
        client
            .publish_from("t", QoS::AtLeastOnce, false, 268_435_455, io::empty())
            .unwrap_err(),
    );
    nothing_said(client.subscribe(&[]).unwrap_err());
    nothing_said(
        client
            .subscribe(&[Filter::new("a#", QoS::AtMostOnce)])
            .unwrap_err(),
    );
    nothing_said(
        client
            .subscribe(&[Filter::new("a", QoS::AtMostOnce); 256])
            .unwrap_err(),
    );
    nothing_said(client.unsubscribe(&[]).unwrap_err());
    nothing_said(Client::connect(&options(server.addr(), "").keep_session()).unwrap_err());
    nothing_said(Options::from_url("http://h").unwrap_err());
    client
        .publish(&Publish::to("t").qos(QoS::AtLeastOnce))
        .unwrap();
}

#[test]
fn a_stopped_attempt_to_connect_is_not_a_failed_one() {
    let server = server();
    let stop = Arc::new(AtomicBool::new(false));
    let raised = stop.clone();
    let address = options(server.addr(), "a");
    let mut dialed = 0;
    // As if the flag had been raised while it was dialing for the second time.
    let dial = move || {
        dialed += 1;
        if dialed == 2 {
            raised.store(true, Ordering::Relaxed);
            return Err(Error::Stopped);
        }
        address.dial()
    };
    let once = Reconnect::BackOff {
        first: Duration::ZERO,
        cap: Duration::ZERO,
        max_tries: Some(1),
    };
    let mut client = Client::dialing(
        dial,
        &options(server.addr(), "a")
            .reconnect(once)
            .stop_flag(stop.clone()),
    )
    .unwrap();
    server.cut_all();
    assert!(matches!(client.recv(SOON), Err(Error::Stopped)));
    stop.store(false, Ordering::Relaxed);
    client
        .publish(&Publish::to("t").qos(QoS::AtLeastOnce))
        .unwrap();
    client.disconnect().unwrap();
}

#[test]
fn a_loss_without_reconnection_is_told_by_every_call() {
    let server = server();
    let mut client = connect(server.addr(), "a");
    client
        .subscribe(&[Filter::new("t", QoS::AtMostOnce)])
        .unwrap();
    server.cut_all();
    assert!(matches!(client.recv(SOON), Err(Error::ConnectionLost(_))));
    assert!(matches!(client.recv(SOON), Err(Error::ConnectionLost(_))));
    for qos in LEVELS {
        assert!(matches!(
            client.publish(&Publish::to("t").qos(qos)),
            Err(Error::ConnectionLost(_))
        ));
    }
    assert!(matches!(
        client.subscribe(&[Filter::new("t", QoS::AtMostOnce)]),
        Err(Error::ConnectionLost(_))
    ));
    assert!(matches!(
        client.flush(),
        Ok(()) | Err(Error::ConnectionLost(_))
    ));
    assert_eq!(client.messages(SOON).count(), 1);
    assert!(matches!(client.disconnect(), Err(Error::ConnectionLost(_))));
}
