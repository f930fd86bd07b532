//! Rule 10: disconnecting sends DISCONNECT on a live connection, whatever is unfinished.
use super::face::{
    Client, Ended, Error, Filter, Publish, PublishError, QoS, Reconnect, RequestError,
    SubscribeError, UploadError, Will, publish_once, run,
};
use super::support::{
    Caller, SOON, accepted, connect, done, next, options, returning, server, until,
};
use motemq_testing::{adapter_tests::Road, broker::Config, server::Server};
use motemq_testing::{
    line::{HELLO, NEW},
    script::{hears, play, says},
};
use std::{
    io::{self, Read},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

pub fn leaving_has_a_limit() {
    let (client, running, _exchange, mut line) = accepted(|options| options);
    let publish = |payload, qos| Publish::to("t").payload(payload).qos(qos);
    let receipt = client.publish(&publish(b"1", QoS::ExactlyOnce)).unwrap();
    line.hears(b"\x34\x06\0\x01t\0\x011");
    let begun = Instant::now();
    client.begin_disconnect(Duration::from_millis(100));
    line.hears(b"\xe0\0");
    line.ends();
    assert_eq!(client.disconnect(SOON), Err(Ended::Unfinished));
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(
        receipt.wait(),
        Err(RequestError::OutcomeUnknownAtEnd(Ended::Unfinished))
    );
    assert!(running.join().is_err());
    let refused = client.publish(&publish(b"2", QoS::AtLeastOnce)).map(drop);
    assert_eq!(refused, Err(PublishError::Ended(Ended::Unfinished)));
}

pub fn leaving_does_not_wait_for_subscriptions() {
    let (addr, broker) = play(vec![vec![
        hears(HELLO),
        says(NEW),
        hears(b"\x82\x06\0\x01\0\x01t\0\xe0\0"),
    ]]);
    let limit = Some(Duration::from_millis(100));
    let mut client = Caller::connect(options(addr, "a").ack_timeout(limit)).unwrap();
    let error = client
        .subscribe(&[Filter::new("t", QoS::AtMostOnce)])
        .unwrap_err();
    assert!(
        matches!(error, SubscribeError::Failed(RequestError::NotAnswered(_))),
        "{error:?}"
    );
    client.disconnect().unwrap();
    broker.join().unwrap();
}

pub fn leaving_ends_any_wait() {
    let server = server();
    let client = Client::clone(&connect(server.addr(), "a"));
    let mut stream = client
        .subscribe(&[Filter::new("t", QoS::AtLeastOnce)])
        .unwrap();
    let other = client.clone();
    let other = thread::spawn(move || {
        thread::sleep(Duration::from_millis(50));
        other.begin_disconnect(SOON);
    });
    let begun = Instant::now();
    assert!(stream.recv().is_none());
    assert!(begun.elapsed() < Duration::from_secs(5));
    other.join().unwrap();
    let refused = client.publish(&Publish::to("t").qos(QoS::AtLeastOnce));
    assert_eq!(refused.map(drop), Err(PublishError::Ended(Ended::Closed)));
    // It leaves in good order all the same.
    client.disconnect(SOON).unwrap();
}

/// The last handle is gone: what is under way is waited for, then the client leaves.
pub fn a_client_without_handles_leaves() {
    let (client, running, _exchange, mut line) = accepted(|options| options);
    let publish = Publish::to("t").payload(b"1").qos(QoS::AtLeastOnce);
    drop(client.publish(&publish).unwrap());
    drop(client);
    line.hears(b"\x32\x06\0\x01t\0\x011");
    line.is_silent(Duration::from_millis(300));
    line.says(b"\x40\x02\0\x01");
    line.hears(b"\xe0\0");
    line.ends();
    running.join().unwrap();
}

/// It has no will then; one whose driver is dropped has.
pub fn wills_are_for_clients_that_do_not_leave() {
    let (tells, wills) = mpsc::channel();
    let config = Config::new().on_will(move |client, _, _| tells.send(client.to_owned()).unwrap());
    let server = Server::start(config).unwrap();
    let start = |name: &str| {
        let options = options(server.addr(), name).will(Will::new("gone"));
        let (client, driver) = Client::new(options).unwrap();
        let running = run(driver);
        client.connected().unwrap();
        (client, running)
    };
    let (leaving, running) = start("leaving");
    leaving.disconnect(SOON).unwrap();
    running.join().unwrap();
    let (dropped, running) = start("dropped");
    drop(dropped);
    running.join().unwrap();
    let (_dying, running) = start("dying");
    running.stop();
    // It is the first that the broker publishes, and the only one.
    assert_eq!(wills.recv_timeout(SOON).unwrap(), "dying");
    until(|| server.connections() == 0);
    assert!(wills.try_recv().is_err());
}

/// A stream keeps its client from leaving, as other handles do.
pub fn a_stream_is_a_handle() {
    let server = server();
    let (client, driver) = Client::new(options(server.addr(), "a")).unwrap();
    let running = run(driver);
    let mut stream = client
        .subscribe(&[Filter::new("t", QoS::AtMostOnce)])
        .unwrap();
    drop(client);
    let hello = Publish::to("t").payload(b"hello");
    publish_once(options(server.addr(), "b"), &hello, SOON).unwrap();
    assert_eq!(stream.recv_timeout(SOON).unwrap().payload, "hello");
    drop(stream);
    running.join().unwrap();
}

/// What cannot be sent without a connection is refused at once, waits, or ends when the client
/// leaves, and each says why.
pub fn leaving_without_a_connection_tells_what_was_not_sent() {
    let server = server();
    let slow = Reconnect::BackOff {
        first: Duration::from_secs(3600),
        cap: Duration::from_secs(3600),
        max_tries: None,
    };
    let client =
        Client::clone(&Caller::connect(options(server.addr(), "a").reconnect(slow)).unwrap());
    server.cut_all();
    until(|| !client.state().is_connected());
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
        assert_eq!(done(receipt), Err(RequestError::Ended(ended.clone())));
    }
}

/// An application that decides against an upload half-way, while no more bytes are taken.
pub fn an_upload_that_is_given_up_ends_the_connection() {
    struct GivesUp(usize);
    impl Read for GivesUp {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0 += buffer.len();
            if self.0 > 100_000 {
                return Err(io::ErrorKind::Other.into());
            }
            Ok(buffer.len())
        }
    }
    let road = Road::new();
    let mut to = connect(road.server.addr(), "to");
    to.subscribe(&[Filter::new("t", QoS::ExactlyOnce)]).unwrap();
    let client = Caller::connect(returning(road.proxy.addr(), "a")).unwrap();
    road.proxy.stall();
    let publish = Publish::to("t").qos(QoS::AtLeastOnce).remaining(300_000);
    let error = client.publish_from(&publish, GivesUp(0)).unwrap_err();
    assert!(
        matches!(error, Error::Upload(UploadError::Source(_))),
        "{error:?}"
    );
    road.proxy.resume();
    client
        .publish(&Publish::to("t").payload(b"next").qos(QoS::AtLeastOnce))
        .unwrap();
    assert_eq!(next(&mut to).payload, &b"next"[..]);
    assert_eq!(client.counters().connections, 2);
}
