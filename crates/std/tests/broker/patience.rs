//! Answers that come late, or never; and links that take no bytes.
use crate::{
    script::{HELLO, HELLO_KEEPING, Hears, NEW, RESUMED, Says, script},
    server,
    support::{self, AT_ONCE, Caller, LEVELS, SOON, connect, done, nothing, options},
};
use motemq_std::{
    Address, Client, DisconnectReason, Ended, Error, Filter, Options, Packet, Publish,
    PublishError, QoS, Reconnect, RequestError, SubscribeError, Transport, UploadError,
};
use std::{
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// The outcome of a message that was not acknowledged in time.
fn is_not_acknowledged(error: &Error) -> bool {
    matches!(error, Error::Request(RequestError::NotAcknowledged(_)))
}

#[test]
fn what_is_not_acknowledged_in_time_is_given_up_and_not_sent_again() {
    let (addr, broker) = script(vec![
        vec![
            HELLO_KEEPING,
            NEW,
            Hears(b"\x32\x06\0\x01t\0\x011"),
            Hears(b"\x30\x03\0\x01t"),
        ],
        vec![
            HELLO_KEEPING,
            RESUMED,
            Hears(b"\x32\x06\0\x01t\0\x022"),
            Says(b"\x40\x02\0\x02"),
            Hears(b"\xe0\0"),
        ],
    ]);
    let mut client = Caller::connect(
        options(addr, "a")
            .keep_session()
            .reconnect(AT_ONCE)
            .ack_timeout(SHORT),
    )
    .unwrap();
    let error = client
        .publish(&Publish::to("t").payload(b"1").qos(QoS::AtLeastOnce))
        .unwrap_err();
    assert!(is_not_acknowledged(&error), "{error:?}");
    client.publish(&Publish::to("t")).unwrap();
    nothing(&mut client);
    client
        .publish(&Publish::to("t").payload(b"2").qos(QoS::AtLeastOnce))
        .unwrap();
    client.disconnect().unwrap();
    broker.join().unwrap();
}

/// A stream that hears nothing for a while.
struct Deaf {
    stream: TcpStream,
    deaf: Arc<AtomicBool>,
}

impl Read for Deaf {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.deaf.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_millis(1));
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.stream.read(buffer)
    }
}

impl Write for Deaf {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

impl Transport for Deaf {
    fn set_read_timeout(&mut self, limit: Duration) -> io::Result<()> {
        Transport::set_read_timeout(&mut self.stream, limit)
    }
}

#[test]
fn who_comes_late_finds_the_answer_to_the_ping() {
    let (addr, broker) = script(vec![vec![
        Hears(b"\x10\x0d\0\x04MQTT\x04\x02\0\x01\0\x01a"),
        NEW,
        Hears(b"\xc0\0"),
        Says(b"\xd0\0"),
        Hears(b"\x30\x03\0\x01t"),
        Says(b"\x30\x03\0\x01t"),
        Hears(b"\xe0\0"),
    ]]);
    let deaf = Arc::new(AtomicBool::new(false));
    let is_sent = deaf.clone();
    // Not to hear the answer to the ping before the nap stands for an answer that comes during it.
    let second = Duration::from_secs(1);
    let mut first = true;
    let options = Options::new("a")
        .keep_alive(1)
        .connect_timeout(second)
        .trace(move |_, packet| {
            if matches!(packet, Packet::PingReq) {
                is_sent.store(std::mem::take(&mut first), Ordering::Relaxed);
            }
        });
    let hearing = deaf.clone();
    let dial = move |_: &Address| {
        let stream = TcpStream::connect(addr)?;
        let deaf = hearing.clone();
        Ok(Deaf { stream, deaf })
    };
    // The caller drives, and is late.
    let (client, mut driver) = Client::dialing(options, dial).unwrap();
    let mut messages = client.messages();
    driver.drive_until(SOON, || client.state().is_connected());
    driver.drive_until(SOON, || deaf.load(Ordering::Relaxed));
    assert!(deaf.swap(false, Ordering::Relaxed));
    thread::sleep(second);
    let _ = client.try_publish(&Publish::to("t")).unwrap();
    let mut message = None;
    driver.drive_until(SOON, || {
        message = messages.recv_timeout(Duration::ZERO).ok();
        message.is_some()
    });
    assert!(message.is_some());
    client.begin_disconnect(SOON);
    driver.run().unwrap();
    broker.join().unwrap();
}

#[test]
fn a_broker_that_takes_no_bytes_is_given_up() {
    let server = server();
    for qos in LEVELS {
        let options = options(server.addr(), "a").ack_timeout(Some(Duration::from_millis(300)));
        let (client, _) = support::cutting::cut_client(
            server.addr(),
            &options,
            support::cutting::Cut::Clogged(100_000),
        );
        let begin = Instant::now();
        let publish = Publish::to("t").qos(qos).remaining(300_000);
        let error = client.publish_from(&publish, io::repeat(1)).unwrap_err();
        let Error::Upload(UploadError::Lost { reason }) = error else {
            panic!("{error:?}");
        };
        // Unless there is another connection already.
        assert!(
            matches!(reason, None | Some(DisconnectReason::Stalled(_))),
            "{reason:?}"
        );
        assert!(begin.elapsed() < Duration::from_secs(5));
        // A copy can be sent again.
        client
            .publish(&Publish::to("t").payload(&[1; 300_000]).qos(qos))
            .unwrap();
        client.disconnect().unwrap();
    }
}

/// What cannot be sent without a connection is refused at once, waits, or ends when the client
/// leaves, and each says why.
#[test]
fn waiting_for_a_connection_can_be_limited() {
    let server = server();
    let slow = Reconnect::BackOff {
        first: Duration::from_secs(3600),
        cap: Duration::from_secs(3600),
        max_tries: None,
    };
    let client =
        Client::clone(&Caller::connect(options(server.addr(), "a").reconnect(slow)).unwrap());
    server.cut_all();
    while client.state().is_connected() {
        thread::sleep(Duration::from_millis(1));
    }
    assert!(client.state().reason().is_some());
    let refused = client.try_publish(&Publish::to("t")).map(drop);
    assert_eq!(refused, Err(PublishError::Offline));
    let mut receipts: Vec<_> = [QoS::AtLeastOnce, QoS::ExactlyOnce]
        .map(|qos| client.publish(&Publish::to("t").qos(qos)).unwrap())
        .into();
    for receipt in &mut receipts {
        assert_eq!(receipt.wait_timeout(Duration::from_millis(50)), None);
    }
    let ended = client.disconnect(Duration::from_millis(50)).unwrap_err();
    assert_eq!(ended, Ended::Unfinished);
    for receipt in receipts {
        assert_eq!(receipt.wait(), Err(RequestError::Ended(ended.clone())));
    }
}

#[test]
fn a_broker_that_does_not_answer_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = Client::connect(
        options(listener.local_addr().unwrap(), "a").connect_timeout(Duration::from_millis(300)),
    )
    .unwrap();
    let begun = Instant::now();
    let ended = client.connected().unwrap_err();
    assert!(begun.elapsed() < Duration::from_secs(5));
    let limit = Duration::from_secs(1);
    let reason = DisconnectReason::ConnackTimeout(limit);
    assert_eq!(ended, Ended::GaveUp(reason));
    let text = "connected, but no answer to CONNECT within 1 s: check";
    assert!(ended.to_string().starts_with(text), "{ended}");
}

const SHORT: Option<Duration> = Some(Duration::from_millis(200));

/// A message that is given up costs nothing else: the connection stays (rule 4).
#[test]
fn silence_about_a_message_ends_the_message_only() {
    // AWS IoT says nothing about QoS 2, and answers all else.
    let (addr, broker) = script(vec![vec![
        HELLO_KEEPING,
        NEW,
        Hears(b"\x34\x06\0\x01t\0\x011"),
        Hears(b"\x32\x06\0\x01t\0\x022"),
        Says(b"\x40\x02\0\x02"),
        Hears(b"\x32\x06\0\x01t\0\x033"),
        Says(b"\x40\x02\0\x03"),
        Hears(b"\xe0\0"),
    ]]);
    let client = Caller::connect(
        options(addr, "a")
            .keep_session()
            .reconnect(AT_ONCE)
            .ack_timeout(SHORT),
    )
    .unwrap();
    let silent = client.send(&Publish::to("t").payload(b"1").qos(QoS::ExactlyOnce));
    client
        .publish(&Publish::to("t").payload(b"2").qos(QoS::AtLeastOnce))
        .unwrap();
    let outcome = done(silent);
    assert!(
        matches!(outcome, Err(RequestError::NotAcknowledged(_))),
        "{outcome:?}"
    );
    client
        .publish(&Publish::to("t").payload(b"3").qos(QoS::AtLeastOnce))
        .unwrap();
    assert_eq!(client.counters().connections, 1);
    client.disconnect().unwrap();
    broker.join().unwrap();
}

/// So does a subscription.
#[test]
fn silence_about_a_subscription_ends_the_subscription_only() {
    let (addr, broker) = script(vec![vec![
        HELLO,
        NEW,
        Hears(b"\x82\x06\0\x01\0\x01s\x02"),
        Hears(b"\x32\x06\0\x01t\0\x021"),
        Says(b"\x40\x02\0\x02"),
        Hears(b"\xe0\0"),
    ]]);
    let mut client =
        Caller::connect(options(addr, "a").reconnect(AT_ONCE).ack_timeout(SHORT)).unwrap();
    let error = client
        .subscribe(&[Filter::new("s", QoS::ExactlyOnce)])
        .unwrap_err();
    assert!(
        matches!(error, SubscribeError::Failed(RequestError::NotAnswered(_))),
        "{error:?}"
    );
    client
        .publish(&Publish::to("t").payload(b"1").qos(QoS::AtLeastOnce))
        .unwrap();
    client.disconnect().unwrap();
    broker.join().unwrap();
}

#[test]
fn without_another_connection_silence_is_borne() {
    let (addr, broker) = script(vec![vec![
        HELLO,
        NEW,
        Hears(b"\x34\x06\0\x01t\0\x011"),
        Hears(b"\xe0\0"),
    ]]);
    let mut client = Caller::connect(options(addr, "a").ack_timeout(SHORT)).unwrap();
    let error = client
        .publish(&Publish::to("t").payload(b"1").qos(QoS::ExactlyOnce))
        .unwrap_err();
    assert!(is_not_acknowledged(&error), "{error:?}");
    assert!(client.recv(Duration::from_millis(1500)).unwrap().is_none());
    // The outcome was told: nothing is unfinished.
    client.disconnect().unwrap();
    broker.join().unwrap();
}

#[test]
fn who_only_looks_does_not_wait() {
    let server = server();
    let client = connect(server.addr(), "a");
    let mut stream = client.messages();
    let began = Instant::now();
    for _ in 0..1000 {
        assert!(stream.recv_timeout(Duration::ZERO).is_err());
    }
    // A time-out of the system's is a millisecond at least.
    assert!(
        began.elapsed() < Duration::from_secs(1),
        "{:?}",
        began.elapsed()
    );
}

/// What the system holds has not left: over a slow link the time for its answer would begin too
/// early, and be over before it has left.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[test]
fn the_system_holds_little_of_a_large_message() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let options = options(listener.local_addr().unwrap(), "a");
    let client = Client::connect(options).unwrap();
    let (mut broker, _) = listener.accept().unwrap();
    broker.read_exact(&mut [0; 15]).unwrap();
    broker.write_all(b"\x20\x02\0\0").unwrap();
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
