//! How a client leaves, and how it is stopped.
use crate::{
    script::{HELLO, HELLO_KEEPING, Hears, NEW, Says, keep, script},
    server,
    support::{self, Caller, SOON, connect, next, options},
};
use motemq_std::{
    Client, Driver, Ended, Error, Filter, Options, Publish, PublishError, QoS, Receipt,
    RequestError, SubscribeError, Subscription, UploadError,
};
use std::{
    io::{self, Read},
    thread,
    time::{Duration, Instant},
};

#[test]
fn leaving_does_not_wait_longer_than_it_may() {
    let (addr, broker) = script(vec![vec![
        HELLO,
        NEW,
        Hears(b"\x32\x06\0\x01t\0\x011\xe0\0"),
    ]]);
    let client = connect(addr, "a");
    let receipt = client.send(&Publish::to("t").payload(b"1").qos(QoS::AtLeastOnce));
    let begin = Instant::now();
    let left = Client::clone(&client).disconnect(Duration::from_millis(100));
    assert_eq!(left, Err(Ended::Unfinished));
    assert_eq!(
        receipt.wait(),
        Err(RequestError::OutcomeUnknownAtEnd(Ended::Unfinished))
    );
    assert!(
        begin.elapsed() < Duration::from_secs(5),
        "{:?}",
        begin.elapsed()
    );
    broker.join().unwrap();
}

#[test]
fn leaving_does_not_wait_for_subscriptions() {
    let (addr, broker) = script(vec![vec![
        HELLO,
        NEW,
        Hears(b"\x82\x06\0\x01\0\x01t\0\xe0\0"),
    ]]);
    let mut client =
        Caller::connect(options(addr, "a").ack_timeout(Some(Duration::from_millis(100)))).unwrap();
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

#[test]
fn leaving_waits_for_what_is_behind_many_messages() {
    let messages: Vec<u8> = (1..=200)
        .flat_map(|id| [0x34, 6, 0, 1, b't', 0, id, b'x'])
        .collect();
    let (addr, broker) = script(vec![vec![
        HELLO_KEEPING,
        NEW,
        Hears(b"\x32\x06\0\x01t\0\x01x"),
        Says(keep(messages)),
        Says(b"\x40\x02\0\x01"),
        // None but the one that was taken is acknowledged.
        Hears(b"\x50\x02\0\x01\xe0\0"),
    ]]);
    let mut client = Caller::connect(options(addr, "a").keep_session()).unwrap();
    let _ = client.send(&Publish::to("t").payload(b"x").qos(QoS::AtLeastOnce));
    next(&mut client);
    client.disconnect().unwrap();
    broker.join().unwrap();
}

#[test]
fn leaving_ends_any_wait() {
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
    let begin = Instant::now();
    assert!(stream.recv().is_none());
    assert!(begin.elapsed() < Duration::from_secs(5));
    other.join().unwrap();
    let refused = client.publish(&Publish::to("t").qos(QoS::AtLeastOnce));
    assert_eq!(refused.map(drop), Err(PublishError::Ended(Ended::Closed)));
    // It leaves in good order all the same.
    client.disconnect(SOON).unwrap();
}

#[test]
fn an_upload_that_is_given_up_ends_the_connection() {
    let server = server();
    let mut to = connect(server.addr(), "to");
    to.subscribe(&[Filter::new("t", QoS::ExactlyOnce)]).unwrap();
    let (client, _) = support::cutting::cut_client(
        server.addr(),
        &options(server.addr(), "a"),
        support::cutting::Cut::Clogged(100_000),
    );
    /// The application decides against it half-way.
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
    let publish = Publish::to("t").qos(QoS::AtLeastOnce).remaining(300_000);
    let error = client.publish_from(&publish, GivesUp(0)).unwrap_err();
    assert!(
        matches!(error, Error::Upload(UploadError::Source(_))),
        "{error:?}"
    );
    client
        .publish(&Publish::to("t").payload(b"next").qos(QoS::AtLeastOnce))
        .unwrap();
    assert_eq!(next(&mut to).payload, &b"next"[..]);
    assert_eq!(client.counters().connections, 2);
}

#[test]
fn a_client_can_move_to_another_thread() {
    fn is_send<T: Send>() {}
    is_send::<Client>();
    is_send::<Driver>();
    is_send::<Subscription>();
    is_send::<Receipt>();
    is_send::<Options>();
    is_send::<Error>();
}
