//! Rule 5: each affected request and call reports the reason for a failure, and reports it once.
use super::face::{
    Client, DisconnectReason, Ended, Error, Fault, Filter, Options, Publish, PublishError, QoS,
    Reconnect, RecvTimeoutError, RequestError, Stage, State, SubscribeError, TransportErrorKind,
    UploadError, publish_once, run,
};
use super::support::{
    Caller, LEVELS, SOON, accepted, connect, done, options, returning, server, until,
    unused_address,
};
use motemq_testing::{
    line::{Exchange, HELLO, HELLO_KEEPING, NEW, RESUMED},
    script::{Step, hears, play, says},
};
use std::{
    io,
    net::TcpListener,
    thread,
    time::{Duration, Instant},
};

fn kind_of(options: Options) -> (TransportErrorKind, String) {
    let client = Client::connect(options.reconnect(Reconnect::Never)).unwrap();
    match client.connected() {
        Err(Ended::GaveUp(DisconnectReason::Transport(error))) => (error.kind(), error.to_string()),
        other => panic!("{other:?}"),
    }
}

pub fn a_missing_broker_is_named() {
    let free = unused_address();
    let (kind, text) = kind_of(options(free, "a"));
    assert_eq!(kind, TransportErrorKind::Connect);
    assert!(text.contains(&free.to_string()), "{text}");
    let (kind, text) = kind_of(Options::new("a").broker("no.such.host.invalid", 1883));
    assert_eq!(kind, TransportErrorKind::Resolve, "{text}");
}

pub fn a_broker_that_does_not_answer_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let options = options(addr, "a").connect_timeout(Duration::from_millis(300));
    let client = Client::connect(options).unwrap();
    let begun = Instant::now();
    let ended = client.connected().unwrap_err();
    assert!(begun.elapsed() < Duration::from_secs(5));
    let reason = DisconnectReason::ConnackTimeout(Duration::from_secs(1));
    assert_eq!(ended, Ended::GaveUp(reason));
    let text = "connected, but no answer to CONNECT within 1 s: check";
    assert!(ended.to_string().starts_with(text), "{ended}");
}

/// A server that expects something else than CONNECT may reset the connection, since it leaves
/// CONNECT unread.
pub fn a_connection_that_is_reset_before_an_answer_says_what_to_check() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let options = options(listener.local_addr().unwrap(), "a");
    let resetting = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        // There is something to be read.
        stream.peek(&mut [0]).unwrap();
    });
    let ended = Client::connect(options).unwrap().connected().unwrap_err();
    resetting.join().unwrap();
    let reason = DisconnectReason::Closed(Stage::Connecting);
    assert_eq!(ended, Ended::GaveUp(reason));
    assert!(ended.to_string().contains("TLS or a WebSocket"), "{ended}");
}

pub fn without_another_attempt_the_reason_is_told_by_every_call() {
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
        let error = client.try_publish(&Publish::to("t").qos(qos)).map(drop);
        assert_eq!(error, Err(PublishError::Ended(ended.clone())));
    }
    let error = client.subscribe(&[Filter::new("t", QoS::AtMostOnce)]);
    assert_eq!(error.map(drop), Err(SubscribeError::Ended(ended.clone())));
    assert_eq!(
        client.unsubscribe(&["t"]),
        Err(SubscribeError::Ended(ended.clone()))
    );
    assert_eq!(client.state(), State::Ended(ended.clone()));
    assert_eq!(stream.count(), 0);
    assert_eq!(client.disconnect(SOON), Err(ended));
}

pub fn without_another_attempt_the_loss_is_the_end() {
    let (client, running, _exchange, mut line) =
        accepted(|options| options.reconnect(Reconnect::Never));
    let receipt = client
        .publish(&Publish::to("t").qos(QoS::AtLeastOnce))
        .unwrap();
    line.hears(b"\x32\x05\0\x01t\0\x01");
    drop(line);
    let lost = Ended::GaveUp(DisconnectReason::Closed(Stage::Connected));
    let unknown = RequestError::OutcomeUnknownAtEnd(lost.clone());
    assert_eq!(done(receipt), Err(unknown));
    assert_eq!(running.join(), Err(lost));
}

/// All that waits ends with the driver, and says so.
pub fn everything_that_waits_ends_with_the_driver() {
    let (client, running, _exchange, _line) = accepted(|options| options.in_flight(1));
    let mut stream = client.messages();
    let publish = Publish::to("t").qos(QoS::AtLeastOnce);
    let receipt = client.publish(&publish).unwrap();
    let subscribing = client
        .begin_subscribe(&[Filter::new("t", QoS::AtMostOnce)])
        .unwrap();
    let stopped = Ended::DriverStopped;
    thread::scope(|scope| {
        let (other, mut states) = (client.clone(), client.states());
        let receives = scope.spawn(move || stream.recv_timeout(SOON).map(drop));
        let publishes = scope.spawn(move || other.publish(&publish).map(drop));
        let watches = scope.spawn(move || states.changed_timeout(SOON));
        let waits = scope.spawn(move || receipt.wait());
        let subscribes = scope.spawn(move || subscribing.wait().map(drop));
        thread::sleep(Duration::from_millis(100));
        running.stop();
        let unknown = RequestError::OutcomeUnknownAtEnd(stopped.clone());
        assert_eq!(receives.join().unwrap(), Err(RecvTimeoutError::Ended));
        assert_eq!(
            publishes.join().unwrap(),
            Err(PublishError::Ended(stopped.clone()))
        );
        assert_eq!(watches.join().unwrap(), Some(State::Ended(stopped.clone())));
        assert_eq!(waits.join().unwrap(), Err(unknown));
        let subscribed = subscribes.join().unwrap();
        assert!(
            matches!(subscribed, Err(SubscribeError::Failed(_))),
            "{subscribed:?}"
        );
    });
    let error = client.publish(&Publish::to("t")).map(drop);
    assert_eq!(error, Err(PublishError::Ended(stopped.clone())));
    assert_eq!(client.disconnect(SOON), Err(stopped));
}

/// A subscription of which one filter is refused is an error, though others are granted.
pub fn filters_that_are_refused_are_named() {
    let (client, _running, _exchange, mut line) = accepted(|options| options);
    let filters = [
        Filter::new("a", QoS::AtMostOnce),
        Filter::new("b", QoS::AtMostOnce),
    ];
    let subscribing = client.begin_subscribe(&filters).unwrap();
    line.hears(b"\x82\x0a\0\x01\0\x01a\0\0\x01b\0");
    line.says(b"\x90\x04\0\x01\0\x80");
    let error = subscribing.wait().map(drop).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("\"b\"") && !text.contains("\"a\""), "{text}");
    let SubscribeError::Failed(RequestError::Refused { filters, codes, .. }) = error else {
        panic!("{error:?}");
    };
    assert_eq!((&filters[..], &codes[..]), ("\"b\"", &[0, 0x80][..]));
}

/// A subscription that is not granted again ends, and the client goes on.
pub fn the_loss_of_a_subscription_is_told() {
    let (addr, broker) = play(vec![
        vec![
            hears(HELLO),
            says(NEW),
            hears(b"\x82\x06\0\x01\0\x01s\x01"),
            says(b"\x90\x03\0\x01\x01"),
        ],
        vec![
            hears(HELLO),
            says(NEW),
            hears(b"\x82\x06\0\x02\0\x01s\x01"),
            says(b"\x90\x03\0\x02\x80"),
            hears(b"\xe0\0"),
        ],
    ]);
    let client = Client::connect(returning(addr, "a")).unwrap();
    let mut stream = client
        .subscribe(&[Filter::new("s", QoS::AtLeastOnce)])
        .unwrap();
    assert_eq!(client.subscriptions(), ["s"]);
    assert_eq!(
        stream.recv_timeout(SOON).map(drop),
        Err(RecvTimeoutError::Ended)
    );
    client.disconnect(SOON).unwrap();
    broker.join().unwrap();
}

pub fn an_upload_that_is_cut_says_why() {
    let (client, _running, _exchange, mut line) = accepted(|options| options);
    let uploading = thread::spawn(move || {
        let publish = Publish::to("t").remaining(16 << 20);
        client.publish_from(&publish, io::repeat(7)).map(drop)
    });
    line.hears(b"\x30\x83\x80\x80\x08\0\x01t");
    line.hears(&[7; 100_000]);
    drop(line);
    let error = uploading.join().unwrap().unwrap_err();
    assert!(matches!(error, UploadError::Lost { .. }), "{error}");
}

/// One message, and why it could not be published.
pub fn publish_once_says_why() {
    let free = unused_address();
    let once = |options: Options, publish: &Publish<'_>, limit| {
        publish_once(options, publish, limit)
            .unwrap_err()
            .to_string()
    };
    let text = once(
        returning(free, "a"),
        &Publish::to("t"),
        Duration::from_millis(300),
    );
    assert!(
        text.contains(&format!("cannot connect to {free}")),
        "{text}"
    );
    let publish = Publish::to("t").qos(QoS::ExactlyOnce);
    let text = once(options(free, "a"), &publish, SOON);
    assert!(
        text.contains(&format!("cannot connect to {free}")),
        "{text}"
    );
    let text = once(Options::new("a"), &Publish::to("t/#"), SOON);
    assert!(text.contains("not a topic name"), "{text}");
}

/// The time limit passes while the client waits for a broker that does not hang up.
pub fn publish_once_tells_of_an_acknowledgement_although_leaving_takes_long() {
    let exchange = Exchange::new();
    let options = options(exchange.addr(), "a");
    let once = thread::spawn(move || {
        let publish = Publish::to("t").payload(b"1").qos(QoS::AtLeastOnce);
        publish_once(options, &publish, Duration::from_millis(500))
    });
    let mut line = exchange.accepts(HELLO, NEW);
    line.hears(b"\x32\x06\0\x01t\0\x011");
    line.says(b"\x40\x02\0\x01");
    line.hears(b"\xe0\0");
    once.join().unwrap().unwrap();
}

pub fn a_message_over_which_the_broker_goes_wrong_twice_is_abandoned() {
    // RabbitMQ 3.10 answers QoS 2 with PUBACK.
    let (addr, broker) = play(vec![
        vec![
            hears(HELLO_KEEPING),
            says(NEW),
            hears(b"\x34\x06\0\x01t\0\x011"),
            says(b"\x40\x02\0\x01"),
            Step::Ends,
        ],
        vec![
            hears(HELLO_KEEPING),
            says(RESUMED),
            hears(b"\x3c\x06\0\x01t\0\x011"),
            says(b"\x40\x02\0\x01"),
            Step::Ends,
        ],
        vec![
            hears(HELLO_KEEPING),
            says(RESUMED),
            hears(b"\x62\x02\0\x01"),
            says(b"\x70\x02\0\x01"),
            hears(b"\x32\x06\0\x01t\0\x022"),
            says(b"\x40\x02\0\x02"),
            hears(b"\xe0\0"),
        ],
    ]);
    let client = Caller::connect(returning(addr, "a").keep_session()).unwrap();
    let error = client
        .publish(&Publish::to("t").payload(b"1").qos(QoS::ExactlyOnce))
        .unwrap_err();
    assert!(
        matches!(
            error,
            Error::Request(RequestError::Abandoned(Fault::Unexpected))
        ),
        "{error:?}"
    );
    client
        .publish(&Publish::to("t").payload(b"2").qos(QoS::AtLeastOnce))
        .unwrap();
    client.disconnect().unwrap();
    broker.join().unwrap();
}

/// A client that is told to leave while it connects has left; the attempt has not failed.
pub fn a_stopped_attempt_to_connect_is_not_a_failed_one() {
    use super::face::{Address, dialing};
    use std::{
        net::TcpStream,
        sync::{
            Mutex,
            atomic::{AtomicBool, Ordering},
            mpsc,
        },
    };
    let server = server();
    let addr = server.addr();
    let (dials, dialed) = mpsc::channel();
    let (fail, failing) = mpsc::channel::<()>();
    let (dials, failing) = (Mutex::new(dials), Mutex::new(failing));
    let is_first = AtomicBool::new(true);
    let dial = move |_: &Address| {
        if is_first.swap(false, Ordering::Relaxed) {
            return TcpStream::connect(addr);
        }
        dials.lock().unwrap().send(()).unwrap();
        // Until the client was told to leave.
        let _ = failing.lock().unwrap().recv();
        Err(io::ErrorKind::ConnectionRefused.into())
    };
    let once = Reconnect::BackOff {
        first: Duration::ZERO,
        cap: Duration::ZERO,
        max_tries: Some(1),
    };
    let (client, driver) = dialing(options(addr, "a").reconnect(once), dial).unwrap();
    run(driver);
    client.connected().unwrap();
    let mut stream = client.messages();
    until(|| server.cut_all() > 0);
    dialed.recv_timeout(SOON).unwrap();
    client.begin_disconnect(SOON);
    drop(fail);
    assert!(stream.recv().is_none());
    assert_eq!(client.connected(), Err(Ended::Closed));
    let refused = client.try_publish(&Publish::to("t")).map(drop);
    assert_eq!(refused, Err(PublishError::Ended(Ended::Closed)));
}
