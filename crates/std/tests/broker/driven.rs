//! Drivers that the caller drives, late at times, and calls that do not wait.
use crate::{SOON, connect, server};
use motemq_std::{Address, Client, Options, Packet, Publish, QoS, TracedPacket, Transport};
use motemq_testing::{
    line::NEW,
    script::{hears, play, says},
};
use std::{
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Barrier,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

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
    let (addr, broker) = play(vec![vec![
        hears(b"\x10\x0d\0\x04MQTT\x04\x02\0\x01\0\x01a"),
        says(NEW),
        hears(b"\xc0\0"),
        says(b"\xd0\0"),
        hears(b"\x30\x03\0\x01t"),
        says(b"\x30\x03\0\x01t"),
        hears(b"\xe0\0"),
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
            if matches!(packet, TracedPacket::Mqtt311(Packet::PingReq)) {
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

/// A driver that had nothing to do sleeps on when it is driven again, but not longer than a command
/// in between allows.
#[test]
fn a_command_between_two_drives_has_its_time_limit() {
    let limit = Duration::from_millis(300);
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let addr = listener.local_addr().unwrap();
    let broker = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.read_exact(&mut [0; 15]).unwrap();
        stream.write_all(NEW).unwrap();
        io::copy(&mut stream, &mut io::sink()).unwrap()
    });
    let options = Options::new("a").broker(addr.ip().to_string(), addr.port());
    let (client, mut driver) = Client::new(options.ack_timeout(Some(limit))).unwrap();
    driver.drive_until(SOON, || client.state().is_connected());
    assert!(driver.drive(limit / 10).is_none());
    let begun = Instant::now();
    let publish = Publish::to("t").qos(QoS::AtLeastOnce);
    let mut receipt = client.try_publish(&publish).unwrap();
    driver.drive_until(SOON, || receipt.poll().is_some());
    assert!(matches!(receipt.poll(), Some(Err(_))));
    let lasted = begun.elapsed();
    assert!((limit..limit * 10).contains(&lasted), "{lasted:?}");
    drop(driver);
    assert!(broker.join().unwrap() > 0);
}

/// A thread gets the room that there is, though the driver is not driven any more.
#[test]
fn a_thread_that_waits_for_room_does_not_wait_for_the_next_drive() {
    const CONNECT: usize = 15;
    const PUBLISH: usize = 7;
    const WINDOW: usize = 4;
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let addr = listener.local_addr().unwrap();
    let broker = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.read_exact(&mut [0; CONNECT]).unwrap();
        stream.write_all(NEW).unwrap();
        stream.read_exact(&mut [0; WINDOW * PUBLISH]).unwrap();
        // Until the thread waits.
        thread::sleep(SOON / 20);
        stream.write_all(b"\x40\x02\0\x01").unwrap();
        stream.read_exact(&mut [0; PUBLISH]).unwrap();
    });
    let options = Options::new("a").broker(addr.ip().to_string(), addr.port());
    let (client, mut driver) = Client::new(options.in_flight(WINDOW)).unwrap();
    driver.drive_until(SOON, || client.state().is_connected());
    let publisher = client.clone();
    let publisher = thread::spawn(move || {
        let publish = Publish::to("t").qos(QoS::AtLeastOnce);
        let receipts = (0..=WINDOW).map(|_| publisher.publish(&publish).unwrap());
        receipts.collect::<Vec<_>>().len()
    });
    driver.drive_until(SOON, || client.counters().acknowledged > 0);
    let begun = Instant::now();
    while !publisher.is_finished() {
        assert!(begun.elapsed() < SOON);
        thread::sleep(Duration::from_millis(1));
    }
    broker.join().unwrap();
}

/// A line for which the system cannot wait, and which takes its time.
struct Slow {
    stream: TcpStream,
    written: Arc<AtomicUsize>,
}

impl Read for Slow {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.read(buffer)
    }
}

impl Write for Slow {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        thread::sleep(Duration::from_millis(2));
        let n = self.stream.write(&bytes[..bytes.len().min(4096)])?;
        self.written.fetch_add(n, Ordering::Relaxed);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Transport for Slow {
    fn set_read_timeout(&mut self, limit: Duration) -> io::Result<()> {
        TcpStream::set_read_timeout(&self.stream, Some(limit.max(Duration::from_millis(1))))
    }
}

/// Neither a thread that writes a long message nor the driver forgets to read.
#[test]
fn messages_arrive_while_a_long_one_is_written_slowly() {
    const LONG: usize = 1 << 20;
    for is_upload in [false, true] {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let addr = listener.local_addr().unwrap();
        let broker = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.read_exact(&mut [0; 15]).unwrap();
            stream.write_all(NEW).unwrap();
            stream.read_exact(&mut [0; LONG / 8]).unwrap();
            stream.write_all(b"\x30\x03\0\x01t").unwrap();
            io::copy(&mut stream, &mut io::sink()).unwrap();
        });
        let written = Arc::new(AtomicUsize::new(0));
        let count = written.clone();
        let dial = move |_: &Address| {
            let stream = TcpStream::connect(addr)?;
            let written = count.clone();
            Ok(Slow { stream, written })
        };
        let client = Client::connect_dialing(Options::new("a"), dial).unwrap();
        let mut messages = client.messages();
        client.connected().unwrap();
        let publisher = client.clone();
        thread::spawn(move || {
            let payload = vec![0; LONG];
            let publish = Publish::to("t").payload(&payload).qos(QoS::AtLeastOnce);
            if is_upload {
                let publish = publish.payload(&[]).remaining(LONG as u32);
                drop(publisher.publish_from(&publish, &payload[..]));
            } else {
                drop(publisher.publish(&publish));
            }
        });
        messages.recv_timeout(SOON).unwrap();
        let written = written.load(Ordering::Relaxed);
        assert!(written < LONG * 3 / 4, "{is_upload}: {written}");
        let begun = Instant::now();
        let _ = client.disconnect(SOON / 20);
        assert!(begun.elapsed() < SOON / 4, "{:?}", begun.elapsed());
        broker.join().unwrap();
    }
}

/// A broker that accepts a client and waits for it. Then it sends a burst of messages with QoS 1
/// that is longer than two reads, is waited for, and goes on.
fn bursting(
    go_on: impl FnOnce(&mut TcpStream) + Send + 'static,
) -> (Options, Arc<Barrier>, JoinHandle<()>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let addr = listener.local_addr().unwrap();
    let barrier = Arc::new(Barrier::new(2));
    let wait = barrier.clone();
    let broker = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        stream.read_exact(&mut [0; 15]).unwrap();
        stream.write_all(NEW).unwrap();
        let burst = (1..=30).flat_map(|id| {
            let header = [0x32, 0xe8, 0x07, 0, 1, b't', 0, id];
            header.into_iter().chain([b'x'; 995])
        });
        wait.wait();
        stream.write_all(&burst.collect::<Vec<_>>()).unwrap();
        wait.wait();
        go_on(&mut stream);
    });
    let options = Options::new("a").broker(addr.ip().to_string(), addr.port());
    (options, barrier, broker)
}

/// Reads a short packet.
fn packet(stream: &mut TcpStream) -> Vec<u8> {
    let mut packet = vec![0; 2];
    stream.read_exact(&mut packet).unwrap();
    packet.resize(2 + usize::from(packet[1]), 0);
    stream.read_exact(&mut packet[2..]).unwrap();
    packet
}

/// Acknowledgements leave together while more is to be read, but not after that.
#[test]
fn acknowledgements_do_not_wait_for_the_next_drive() {
    let (options, barrier, broker) = bursting(|stream| {
        assert_eq!(packet(stream), b"\x40\x02\0\x01");
    });
    let (client, mut driver) = Client::new(options).unwrap();
    let mut messages = client.messages();
    driver.drive_until(SOON, || client.state().is_connected());
    barrier.wait();
    barrier.wait();
    let mut received = 0;
    driver.drive_until(SOON, || {
        while messages.recv_timeout(Duration::ZERO).is_ok() {
            received += 1;
        }
        // The first read has brought four of them.
        received > 4
    });
    assert!(received < 30);
    broker.join().unwrap();
}

/// A change that a command makes just before a drive returns is stored by the next drive.
#[cfg(feature = "store")]
#[test]
fn changes_at_the_end_of_a_drive_are_stored() {
    let (options, barrier, broker) = bursting(|stream| {
        let id = loop {
            if let [0x32, .., high, low] = packet(stream)[..] {
                break [high, low];
            }
        };
        stream.write_all(&[0x40, 2, id[0], id[1]]).unwrap();
        let _ = io::copy(stream, &mut io::sink());
    });
    let directory = tempfile::tempdir().unwrap();
    let options = options.keep_session().store(directory.path().join("store"));
    let (client, mut driver) = Client::new(options).unwrap();
    let mut messages = client.messages();
    driver.drive_until(SOON, || client.state().is_connected());
    barrier.wait();
    barrier.wait();
    let mut receipt = None;
    driver.drive_until(SOON, || {
        if messages.recv_timeout(Duration::ZERO).is_ok() {
            receipt = client
                .try_publish(&Publish::to("t").qos(QoS::AtLeastOnce))
                .ok();
        }
        receipt.is_some()
    });
    let mut receipt = receipt.unwrap();
    driver.drive_until(SOON, || receipt.poll().is_some());
    assert!(matches!(receipt.poll(), Some(Ok(_))));
    drop(driver);
    broker.join().unwrap();
}
