//! How connections begin, or do not.
use crate::{
    script::{HELLO, Hears, NEW, Says, keep, script},
    server,
    support::{AT_ONCE, Caller, LEVELS, SOON, connect, options},
};
use motemq_std::{
    Address, Client, DisconnectReason, Ended, Error, Filter, Options, OptionsError, Publish,
    PublishError, QoS, Reconnect, ReturnCode, SubscribeError, TransportErrorKind, UploadError,
};
use std::{
    io, mem,
    net::{SocketAddr, TcpListener, TcpStream},
    sync::mpsc,
    time::Duration,
};

#[test]
fn a_broker_that_refuses_says_why() {
    for (code, advice) in [
        (1, "use a broker that"),
        (2, "use another one"),
        (4, "check user name"),
        (5, "check user name"),
        (7, "broker's log"),
    ] {
        let (addr, broker) = script(vec![vec![HELLO, Says(keep(vec![0x20, 2, 0, code]))]]);
        let client = Client::connect(options(addr, "a").reconnect(AT_ONCE)).unwrap();
        let ended = client.connected().unwrap_err();
        let reason = DisconnectReason::Refused(ReturnCode::from(code));
        assert_eq!(ended, Ended::GaveUp(reason));
        assert!(ended.to_string().contains(advice), "{ended}");
        broker.join().unwrap();
    }
}

#[test]
fn an_unavailable_broker_is_asked_again() {
    let (addr, broker) = script(vec![
        vec![HELLO, Says(b"\x20\x02\0\x03")],
        vec![HELLO, NEW, Hears(b"\xe0\0")],
    ]);
    let client = Client::connect(options(addr, "a").reconnect(AT_ONCE)).unwrap();
    client.connected().unwrap();
    client.disconnect(SOON).unwrap();
    broker.join().unwrap();
}

/// After a good connection, only what cannot change without other options ends the client (rule 7).
#[test]
fn a_refusal_ends_reconnection_unless_it_may_pass() {
    let (addr, broker) = script(vec![
        vec![HELLO, NEW],
        vec![HELLO, Says(b"\x20\x02\0\x03")],
        vec![HELLO, NEW],
        vec![HELLO, Says(b"\x20\x02\0\x05")],
        vec![HELLO, NEW],
        vec![HELLO, Says(b"\x20\x02\0\x02")],
    ]);
    let client = Client::connect(options(addr, "a").reconnect(AT_ONCE)).unwrap();
    let mut messages = client.messages();
    assert!(messages.recv().is_none());
    let reason = DisconnectReason::Refused(ReturnCode::IDENTIFIER_REJECTED);
    assert_eq!(client.connected(), Err(Ended::GaveUp(reason)));
    assert_eq!(client.counters().connections, 3);
    broker.join().unwrap();
}

fn kind_of(options: Options) -> (TransportErrorKind, String) {
    let client = Client::connect(options.reconnect(Reconnect::Never)).unwrap();
    match client.connected() {
        Err(Ended::GaveUp(DisconnectReason::Transport(error))) => (error.kind(), error.to_string()),
        other => panic!("{other:?}"),
    }
}

/// Returns an address at which nothing listens.
fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

#[test]
fn nobody_to_connect_to() {
    let free = free_address();
    let (kind, text) = kind_of(options(free, "a"));
    assert_eq!(kind, TransportErrorKind::Connect);
    assert!(text.contains(&free.to_string()), "{text}");
    let (kind, text) = kind_of(Options::new("a").broker("no.such.host.invalid", 1883));
    assert_eq!(kind, TransportErrorKind::Resolve, "{text}");
}

#[test]
fn arguments_are_checked_before_anything_is_sent() {
    let server = server();
    let client = connect(server.addr(), "a");
    let topic = client.publish(&Publish::to("a/+")).unwrap_err();
    assert!(
        matches!(topic, Error::Publish(PublishError::Topic { .. })),
        "{topic:?}"
    );
    let topic = client
        .publish(&Publish::to("").qos(QoS::AtLeastOnce))
        .unwrap_err();
    assert!(
        matches!(topic, Error::Publish(PublishError::Topic { .. })),
        "{topic:?}"
    );
    let incomplete = client.publish(&Publish::to("t").remaining(1)).unwrap_err();
    assert!(
        matches!(
            incomplete,
            Error::Publish(PublishError::Incomplete { remaining: 1 })
        ),
        "{incomplete:?}"
    );
    let long = Publish::to("t")
        .qos(QoS::AtLeastOnce)
        .remaining(268_435_455);
    let long = client.publish_from(&long, io::empty()).unwrap_err();
    assert!(
        matches!(
            long,
            Error::Upload(UploadError::Publish(PublishError::TooLong { .. }))
        ),
        "{long:?}"
    );
    let client = Client::clone(&client);
    let subscribe = |filters: &[Filter<'_>]| client.subscribe(filters).unwrap_err();
    assert_eq!(subscribe(&[]), SubscribeError::Count { count: 0 });
    assert!(matches!(
        subscribe(&[Filter::new("a#", QoS::AtMostOnce)]),
        SubscribeError::Filter { .. }
    ));
    assert_eq!(
        subscribe(&[Filter::new("a", QoS::AtMostOnce); 256]),
        SubscribeError::Count { count: 256 }
    );
    assert_eq!(
        client.unsubscribe(&[]),
        Err(SubscribeError::Count { count: 0 })
    );
    let error = Client::connect(options(server.addr(), "").keep_session()).unwrap_err();
    assert!(
        matches!(error, Error::Options(OptionsError::ClientIdMissing)),
        "{error:?}"
    );
    Options::from_url("http://h").unwrap_err();
    let receipt = client
        .publish(&Publish::to("t").qos(QoS::AtLeastOnce))
        .unwrap();
    receipt.wait().unwrap();
}

/// Whoever tells a client to leave while it connects finds out that it left, not that the attempt
/// failed.
#[test]
fn a_stopped_attempt_to_connect_is_not_a_failed_one() {
    let server = server();
    let addr = server.addr();
    let (dialing, dialed) = mpsc::channel();
    let (fail, failing) = mpsc::channel::<()>();
    let mut is_first = true;
    let dial = move |_: &Address| {
        if mem::take(&mut is_first) {
            return TcpStream::connect(addr);
        }
        dialing.send(()).unwrap();
        // Until the client was told to leave.
        let _ = failing.recv();
        Err(io::ErrorKind::ConnectionRefused.into())
    };
    let once = Reconnect::BackOff {
        first: Duration::ZERO,
        cap: Duration::ZERO,
        max_tries: Some(1),
    };
    let client = Caller::dialing(options(addr, "a").reconnect(once), dial).unwrap();
    let mut stream = client.messages();
    server.cut_all();
    dialed.recv_timeout(SOON).unwrap();
    client.begin_disconnect(SOON);
    drop(fail);
    assert!(stream.recv().is_none());
    assert_eq!(client.connected(), Err(Ended::Closed));
    let refused = client.try_publish(&Publish::to("t")).map(drop);
    assert_eq!(refused, Err(PublishError::Ended(Ended::Closed)));
}

#[test]
fn a_loss_without_reconnection_is_told_by_every_call() {
    let server = server();
    let client = Client::clone(&connect(server.addr(), "a"));
    let mut stream = client
        .subscribe(&[Filter::new("t", QoS::AtMostOnce)])
        .unwrap();
    server.cut_all();
    assert!(stream.recv().is_none());
    assert!(stream.recv().is_none());
    let Err(ended @ Ended::GaveUp(_)) = client.connected() else {
        panic!("{:?}", client.state());
    };
    for qos in LEVELS {
        let error = client.publish(&Publish::to("t").qos(qos)).map(drop);
        assert_eq!(error, Err(PublishError::Ended(ended.clone())));
    }
    let error = client.subscribe(&[Filter::new("t", QoS::AtMostOnce)]);
    assert_eq!(error.map(drop), Err(SubscribeError::Ended(ended.clone())));
    assert_eq!(
        client.unsubscribe(&["t"]),
        Err(SubscribeError::Ended(ended.clone()))
    );
    assert_eq!(stream.count(), 0);
    assert_eq!(client.disconnect(SOON), Err(ended));
}

#[test]
fn waiting_for_a_connection_is_limited() {
    let free = free_address();
    let client = Client::connect(options(free, "a").reconnect(AT_ONCE)).unwrap();
    let limit = Duration::from_millis(100);
    assert_eq!(client.connected_timeout(limit), Ok(None));
    assert!(Caller::connect(options(free, "a")).is_err());
}
