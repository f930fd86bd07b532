//! Drivers that the caller drives, late at times, and calls that do not wait.
use crate::{SOON, connect, server};
use motemq_std::{Address, Client, Options, Packet, Publish, Transport};
use motemq_testing::{
    line::NEW,
    script::{hears, play, says},
};
use std::{
    io::{self, Read, Write},
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
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
