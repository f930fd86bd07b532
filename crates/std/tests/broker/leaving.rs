//! How a client leaves, and how it is stopped.
use crate::{
    script::{HELLO, HELLO_KEEPING, Hears, NEW, Says, keep, script},
    server,
    support::{self, connect, next, options},
};
use motemq_std::{Client, Error, Filter, Options, Publish, QoS};
use std::{
    io::{self, Read},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
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
    let mut client = connect(addr, "a");
    client
        .send(&Publish::to("t").payload(b"1").qos(QoS::AtLeastOnce))
        .unwrap();
    let begin = Instant::now();
    let error = client
        .disconnect_within(Duration::from_millis(100))
        .unwrap_err();
    assert!(matches!(error, Error::NotAcknowledged { .. }), "{error:?}");
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
        Client::connect(&options(addr, "a").ack_timeout(Some(Duration::from_millis(100)))).unwrap();
    let error = client
        .subscribe(&[Filter::new("t", QoS::AtMostOnce)])
        .unwrap_err();
    assert!(matches!(error, Error::NotAcknowledged { .. }), "{error:?}");
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
    let mut client = Client::connect(&options(addr, "a").keep_session()).unwrap();
    client
        .send(&Publish::to("t").payload(b"x").qos(QoS::AtLeastOnce))
        .unwrap();
    next(&mut client);
    client.disconnect().unwrap();
    broker.join().unwrap();
}

#[test]
fn the_stop_flag_ends_any_wait() {
    let server = server();
    let flag = Arc::new(AtomicBool::new(false));
    let mut client = Client::connect(&options(server.addr(), "a").stop_flag(flag.clone())).unwrap();
    client
        .subscribe(&[Filter::new("t", QoS::AtLeastOnce)])
        .unwrap();
    let other = thread::spawn(move || {
        thread::sleep(Duration::from_millis(50));
        flag.store(true, Ordering::Relaxed);
    });
    let begin = Instant::now();
    assert!(matches!(client.recv(None), Err(Error::Stopped)));
    assert!(begin.elapsed() < Duration::from_secs(5));
    other.join().unwrap();
    assert!(matches!(
        client.publish(&Publish::to("t").qos(QoS::AtLeastOnce)),
        Err(Error::Stopped)
    ));
    // It leaves in good order all the same.
    client.disconnect().unwrap();
}

#[test]
fn a_stream_that_is_stopped_ends_the_connection() {
    let server = server();
    let mut to = connect(server.addr(), "to");
    to.subscribe(&[Filter::new("t", QoS::ExactlyOnce)]).unwrap();
    let flag = Arc::new(AtomicBool::new(false));
    let options = options(server.addr(), "a").stop_flag(flag.clone());
    let (mut client, _) =
        support::cut_client(server.addr(), &options, support::Cut::Clogged(100_000)).unwrap();
    struct Raises(Arc<AtomicBool>, usize);
    impl Read for Raises {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.1 += buffer.len();
            self.0.store(self.1 > 100_000, Ordering::Relaxed);
            Ok(buffer.len())
        }
    }
    let error = client
        .publish_from(
            "t",
            QoS::AtLeastOnce,
            false,
            300_000,
            Raises(flag.clone(), 0),
        )
        .unwrap_err();
    assert!(matches!(error, Error::Stopped), "{error:?}");
    flag.store(false, Ordering::Relaxed);
    client
        .publish(&Publish::to("t").payload(b"next").qos(QoS::AtLeastOnce))
        .unwrap();
    assert_eq!(next(&mut to).payload, b"next");
    assert_eq!(client.connections(), 2);
}

#[test]
fn a_client_can_move_to_another_thread() {
    fn is_send<T: Send>() {}
    is_send::<Client>();
    is_send::<Options>();
    is_send::<Error>();
}
