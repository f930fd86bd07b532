//! What only this face has: threads that write by themselves, batches, and drivers that the caller
//! drives.
#![cfg(unix)]
use motemq_rig::{broker::Config, server::Server};
use motemq_std::{
    Address, Client, Ended, Filter, Options, Publish, PublishError, QoS, Reconnect,
    RecvTimeoutError, RequestError, State, Transport, WhenFull,
};
use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    os::fd::BorrowedFd,
    sync::{Arc, Mutex},
    thread::{self, ThreadId},
    time::{Duration, Instant},
};

const SOON: Duration = Duration::from_secs(20);

fn server() -> Server {
    Server::start(Config::new()).unwrap()
}

fn options(addr: SocketAddr) -> Options {
    Options::new("a").broker(addr.ip().to_string(), addr.port())
}

/// The writes of a transport: by which thread, and of how many bytes.
type Writes = Arc<Mutex<Vec<(ThreadId, usize)>>>;

/// A transport that notes its writes.
struct Noting {
    stream: TcpStream,
    writes: Writes,
}

impl Read for Noting {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.read(buffer)
    }
}

impl Write for Noting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.stream.write(bytes)?;
        let mut writes = self.writes.lock().unwrap();
        writes.push((thread::current().id(), written));
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

impl Transport for Noting {
    fn set_read_timeout(&mut self, limit: Duration) -> io::Result<()> {
        Transport::set_read_timeout(&mut self.stream, limit)
    }

    fn finish(&mut self) -> io::Result<()> {
        self.stream.finish()
    }

    fn source(&self) -> Option<BorrowedFd<'_>> {
        self.stream.source()
    }
}

/// Returns a connected client, and its writes from now on.
fn noting(options: Options) -> (Client, Writes) {
    let writes = Writes::default();
    let noted = writes.clone();
    let dial = move |broker: &Address| {
        let stream = TcpStream::connect((&*broker.host, broker.port))?;
        let writes = noted.clone();
        Ok(Noting { stream, writes })
    };
    let client = Client::connect_dialing(options, dial).unwrap();
    client.connected_timeout(SOON).unwrap().unwrap();
    writes.lock().unwrap().clear();
    (client, writes)
}

/// Waits until so many bytes were written.
fn written(writes: &Writes, bytes: usize) -> Vec<(ThreadId, usize)> {
    let begun = Instant::now();
    loop {
        let writes = writes.lock().unwrap().clone();
        if writes.iter().map(|(_, n)| n).sum::<usize>() >= bytes {
            return writes;
        }
        assert!(begun.elapsed() < SOON, "{writes:?}");
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_message_published_alone_is_written_by_its_thread_with_one_call() {
    const ROUNDS: usize = 20;
    let server = server();
    for qos in [QoS::AtMostOnce, QoS::AtLeastOnce] {
        let (client, writes) = noting(options(server.addr()));
        let len = if qos == QoS::AtMostOnce { 6 } else { 8 };
        for round in 1..=ROUNDS {
            let publish = Publish::to("t").payload(b"1").qos(qos);
            client.publish(&publish).unwrap().wait().unwrap();
            // The driver writes it if it is at work just then, with one call, too.
            let written = written(&writes, round * len);
            assert_eq!(written.len(), round, "{qos:?}: {written:?}");
            thread::sleep(Duration::from_millis(5));
        }
        let me = thread::current().id();
        let writes = writes.lock().unwrap();
        let mine = writes.iter().filter(|(thread, _)| *thread == me).count();
        assert!(mine > ROUNDS / 2, "{qos:?}: {writes:?}");
    }
}

#[test]
fn a_batch_is_written_with_few_calls() {
    const MESSAGES: usize = 1000;
    let server = server();
    for (qos, len) in [
        (QoS::AtMostOnce, 6),
        (QoS::AtLeastOnce, 8),
        (QoS::ExactlyOnce, 8),
    ] {
        let (client, writes) = noting(options(server.addr()).in_flight(MESSAGES));
        let messages = [Publish::to("t").payload(b"1").qos(qos); MESSAGES];
        let receipts = client.publish_all(&messages).unwrap();
        let written = written(&writes, MESSAGES * len);
        // With QoS 2, PUBREL is among them, which answers what the broker sends.
        let large = written.iter().filter(|(_, n)| *n > 1000).count();
        assert!((1..10).contains(&large), "{qos:?}: {written:?}");
        assert_eq!(receipts.len(), MESSAGES);
        for receipt in receipts {
            receipt.wait().unwrap();
        }
        let bad = [messages[0], Publish::to("t/+"), messages[0]];
        let (accepted, error) = client.publish_all(&bad).unwrap_err();
        assert_eq!(accepted, 1);
        assert!(matches!(error, PublishError::Topic { .. }), "{error:?}");
        client.disconnect(SOON).unwrap();
    }
}

#[test]
fn a_batch_that_is_dropped_is_written() {
    let server = server();
    let client = Client::connect(options(server.addr())).unwrap();
    let mut stream = client
        .subscribe(&[Filter::new("t", QoS::AtMostOnce)])
        .unwrap();
    // The driver writes what is there when it has something to do; now it has nothing more.
    thread::sleep(Duration::from_millis(100));
    let mut batch = client.batch();
    let _ = batch.publish(&Publish::to("t")).unwrap();
    assert_eq!(
        stream.recv_timeout(Duration::from_millis(50)).unwrap_err(),
        RecvTimeoutError::Timeout
    );
    drop(batch);
    stream.recv_timeout(SOON).unwrap();
}

#[test]
fn many_threads_use_one_client() {
    fn is_shared<T: Clone + Send + Sync>() {}
    is_shared::<Client>();
    const MESSAGES: usize = 500;
    let server = server();
    let client = Client::connect(options(server.addr())).unwrap();
    let mut stream = client
        .subscribe(&[Filter::new("t/#", QoS::ExactlyOnce)])
        .unwrap();
    thread::scope(|scope| {
        for qos in [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce] {
            let client = client.clone();
            scope.spawn(move || {
                let topic = format!("t/{}", qos as u8);
                for n in 0..MESSAGES {
                    let payload = n.to_string();
                    let publish = Publish::to(&topic).payload(payload.as_bytes()).qos(qos);
                    let _ = client.publish(&publish).unwrap();
                }
            });
        }
        let mut next = [0; 3];
        while next != [MESSAGES; 3] {
            let message = stream.recv_timeout(SOON).unwrap();
            let text = std::str::from_utf8(&message.payload).unwrap();
            let level = message.qos as usize;
            assert_eq!(text, next[level].to_string(), "{}", message.topic);
            next[level] += 1;
        }
    });
    client.disconnect(SOON).unwrap();
}

#[test]
fn everything_that_waits_ends_with_the_driver() {
    let server = server();
    let (client, mut driver) = Client::new(options(server.addr()).in_flight(1)).unwrap();
    let mut stream = client.messages();
    driver.drive_until(SOON, || client.state().is_connected());
    // Nothing drives it from here on, so nothing is acknowledged.
    let publish = Publish::to("t").qos(QoS::AtLeastOnce);
    let receipt = client.publish(&publish).unwrap();
    thread::scope(|scope| {
        let (other, again) = (client.clone(), client.clone());
        let receives = scope.spawn(move || stream.recv_timeout(SOON));
        let publishes = scope.spawn(move || other.publish(&publish).map(drop));
        let watches = scope.spawn(move || again.states().changed_timeout(SOON));
        let waits = scope.spawn(move || receipt.wait());
        thread::sleep(Duration::from_millis(100));
        drop(driver);
        let stopped = Ended::DriverStopped;
        let received = receives.join().unwrap();
        assert_eq!(received.unwrap_err(), RecvTimeoutError::Ended);
        let published = publishes.join().unwrap();
        assert_eq!(published, Err(PublishError::Ended(stopped.clone())));
        let state = watches.join().unwrap();
        assert_eq!(state, Some(State::Ended(stopped.clone())));
        let outcome = waits.join().unwrap();
        assert_eq!(
            outcome,
            Err(RequestError::OutcomeUnknownAtEnd(stopped.clone()))
        );
        assert_eq!(client.disconnect(SOON), Err(stopped));
    });
}

#[test]
fn a_state_is_watched_while_there_is_no_connection() {
    // Nothing listens there.
    let client = Client::connect(options(([127, 0, 0, 1], 1).into())).unwrap();
    let mut states = client.states();
    let begun = Instant::now();
    loop {
        assert!(begun.elapsed() < SOON);
        if let State::Waiting { reason, .. } = states.changed() {
            let text = reason.to_string();
            assert!(text.contains("cannot connect to 127.0.0.1:1"), "{text}");
            break;
        }
    }
    assert_eq!(client.connected_timeout(Duration::ZERO), Ok(None));
    client.disconnect(SOON).unwrap();
    assert_eq!(client.connected(), Err(Ended::Closed));
}

#[test]
fn without_another_attempt_the_reason_is_told_to_all() {
    let client =
        Client::connect(options(([127, 0, 0, 1], 1).into()).reconnect(Reconnect::Never)).unwrap();
    let Err(Ended::GaveUp(reason)) = client.connected() else {
        panic!("{:?}", client.state());
    };
    let publish = Publish::to("t").qos(QoS::AtLeastOnce);
    let error = client.publish(&publish).map(drop).unwrap_err();
    assert_eq!(error, PublishError::Ended(Ended::GaveUp(reason)));
}

#[test]
fn a_client_whose_last_handle_is_dropped_leaves() {
    let server = server();
    let mut witness = Client::connect(options(server.addr()).client_id("b"))
        .unwrap()
        .subscribe(&[Filter::new("#", QoS::ExactlyOnce)])
        .unwrap();
    let will = motemq_std::Will::new("gone");
    let client = Client::connect(options(server.addr()).will(will)).unwrap();
    let _ = client
        .publish(&Publish::to("t").qos(QoS::ExactlyOnce))
        .unwrap();
    drop(client);
    assert_eq!(&*witness.recv_timeout(SOON).unwrap().topic, "t");
    let more = witness.recv_timeout(Duration::from_millis(300));
    assert_eq!(more.unwrap_err(), RecvTimeoutError::Timeout);
}

/// What may not wait in the queue waits for a connection with its caller, as it does in a batch.
#[test]
fn a_message_larger_than_the_queue_waits_for_a_connection() {
    let server = server();
    let options = options(server.addr()).queue(10, 1000, WhenFull::Wait);
    let (client, driver) = Client::new(options).unwrap();
    let large = [7; 2000];
    let publish = Publish::to("t").payload(&large).qos(QoS::AtLeastOnce);
    let refused = client.try_publish(&publish).unwrap_err();
    assert!(
        matches!(refused, PublishError::LargerThanQueue { .. }),
        "{refused}"
    );
    thread::scope(|scope| {
        let alone = scope.spawn(|| client.publish(&publish).unwrap().wait());
        let together = scope.spawn(|| {
            let receipts = client.publish_all(&[publish; 3]).unwrap();
            receipts.into_iter().try_for_each(motemq_std::Receipt::wait)
        });
        thread::sleep(Duration::from_millis(50));
        assert!(!alone.is_finished() && !together.is_finished());
        scope.spawn(|| driver.run());
        assert_eq!(alone.join().unwrap(), Ok(()));
        assert_eq!(together.join().unwrap(), Ok(()));
        client.disconnect(SOON).unwrap();
    });
}
