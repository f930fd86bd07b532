//! What only this face has: threads that write by themselves, batches, and drivers that the caller
//! drives.
#![cfg(unix)]
use motemq_std::{
    Address, Client, Filter, Options, Publish, PublishError, QoS, RecvTimeoutError, Transport,
    WhenFull,
};
use motemq_testing::{broker::Config, server::Server};
use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
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

/// What may not wait in the queue waits for a connection with its caller, in a batch as alone.
#[test]
fn a_batch_of_what_is_larger_than_the_queue_waits_for_a_connection() {
    let server = server();
    let options = options(server.addr()).queue(10, 1000, WhenFull::Wait);
    let (client, driver) = Client::new(options).unwrap();
    let large = [7; 2000];
    let publish = Publish::to("t").payload(&large).qos(QoS::AtLeastOnce);
    thread::scope(|scope| {
        let together = scope.spawn(|| {
            let receipts = client.publish_all(&[publish; 3]).unwrap();
            receipts
                .into_iter()
                .try_for_each(|receipt| receipt.wait().map(drop))
        });
        thread::sleep(Duration::from_millis(50));
        assert!(!together.is_finished());
        scope.spawn(|| driver.run());
        assert_eq!(together.join().unwrap(), Ok(()));
        client.disconnect(SOON).unwrap();
    });
}

/// A thread that waits for room gets it soon, though the broker answers one message at a time.
#[test]
fn a_single_answer_makes_room() {
    const CONNECT: usize = 15;
    const PUBLISH: usize = 8;
    let broker = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let options = options(broker.local_addr().unwrap()).in_flight(4);
    let client = Client::connect(options).unwrap();
    let (mut stream, _) = broker.accept().unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    stream.read_exact(&mut [0; CONNECT]).unwrap();
    stream.write_all(b"\x20\x02\0\0").unwrap();
    client.connected().unwrap();
    let publisher = thread::spawn(move || {
        let message = Publish::to("t").payload(b"x").qos(QoS::AtLeastOnce);
        let receipts: Vec<_> = (0..12).map(|_| client.publish(&message).unwrap()).collect();
        receipts
            .into_iter()
            .for_each(|receipt| drop(receipt.wait().unwrap()));
    });
    let mut identifiers = Vec::new();
    let mut publish = [0; PUBLISH];
    for _ in 0..4 {
        stream.read_exact(&mut publish).unwrap();
        identifiers.push(publish[6]);
    }
    let begun = Instant::now();
    for answered in 0..12 {
        let answer = [0x40, 2, 0, identifiers[answered]];
        stream.write_all(&answer).unwrap();
        if identifiers.len() < 12 {
            stream.read_exact(&mut publish).unwrap();
            identifiers.push(publish[6]);
        }
    }
    assert!(begun.elapsed() < SOON / 10, "{:?}", begun.elapsed());
    publisher.join().unwrap();
}
