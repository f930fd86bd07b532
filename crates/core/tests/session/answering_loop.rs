//! The loop that the guide shows in its chapter about transports, against a broker that sends a
//! burst: thirty messages that are all answered with QoS 1, through eight slots.
use motemq::{Buffer, Connect, Event, Filter, Publish, QoS, Session, Slot, packet};
use std::{
    io::{
        ErrorKind::{Interrupted, TimedOut, WouldBlock},
        Read, Write,
    },
    net::{TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

fn run(mut socket: TcpStream) -> Result<(), Box<dyn std::error::Error>> {
    let started = Instant::now();
    let mut session = Session::<[Slot; 8]>::new();
    let mut rx = Buffer::<[u8; 256]>::new();
    let mut tx = Buffer::<[u8; 256]>::new();
    let mut answers = 0; // answers that wait for a free slot
    session.connect(&Connect::new("node-7").keep_alive(30), &mut rx, &mut tx)?;
    loop {
        // 1. Process events. A command needs room in tx, and with QoS 1 and 2 a free slot. The
        // acknowledgement that frees a slot may follow further messages, so answers wait while
        // the loop reads on.
        while tx.room() >= 128 {
            if answers > 0 && session.has_free_slot() {
                let answer = Publish::to("reply").payload(b"ok").qos(QoS::AtLeastOnce);
                session.publish(&answer, &mut tx)?;
                answers -= 1;
                continue;
            }
            let Some(event) = session.next_event(&mut rx, &mut tx)? else {
                break;
            };
            match event {
                Event::Connected { .. } => {
                    session.subscribe(&[Filter::new("cmd/#", QoS::AtLeastOnce)], &mut tx)?;
                }
                Event::Message(m) if m.topic == "cmd/quit" => session.disconnect(&mut tx)?,
                Event::Message(m) if m.remaining == 0 => answers += 1,
                Event::Payload { remaining: 0, .. } => answers += 1,
                _ => {} // pieces of a message larger than rx, except the last
            }
        }
        // 2. Pass the current time, and get the time to sleep.
        let sleep = session.tick(started.elapsed().as_millis() as u32, &mut tx)?;
        // 3. Write. If a time limit has passed, read first, since an answer may have arrived.
        if !tx.is_empty() && (sleep != Some(0) || rx.space().is_empty()) {
            let n = socket.write(tx.bytes())?;
            tx.consume(n);
            continue;
        }
        if session.is_closed() {
            return Ok(());
        }
        // 4. Read, and wait no longer than the time to sleep.
        socket.set_read_timeout(sleep.map(|ms| Duration::from_millis(ms.max(1).into())))?;
        match socket.read(rx.space()) {
            Ok(0) => session.on_connection_lost(),
            Ok(n) => rx.commit(n),
            Err(e) if matches!(e.kind(), Interrupted | TimedOut | WouldBlock) => {}
            Err(e) => return Err(e.into()),
        }
    }
}

const CHAPTER: &str = include_str!("../../../../docs/guide/src/own-transport.md");
const THIS: &str = include_str!("answering_loop.rs");

/// The guide shows the loop that is tested here.
#[test]
fn the_guide_shows_this_loop() {
    let begin = "    let mut answers = 0;";
    let (_, here) = THIS.split_once(begin).unwrap();
    let (here, _) = here.split_once("\n}\n").unwrap();
    let (_, there) = CHAPTER.split_once(begin).expect("the chapter has the loop");
    assert!(there.starts_with(here), "{here}");
}

#[test]
fn a_burst_of_messages_is_answered_through_few_slots() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let client = thread::spawn(move || {
        run(TcpStream::connect(address).unwrap()).map_err(|error| error.to_string())
    });
    let (mut socket, _) = listener.accept().unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    socket.write_all(b"\x20\x02\0\0\x90\x03\0\x01\x01").unwrap();
    for number in 1..=30 {
        socket
            .write_all(&[0x32, 9, 0, 5, b'c', b'm', b'd', b'/', b'a', 0, number])
            .unwrap();
    }
    // The broker answers only now, when all messages are in flight.
    let (mut held, mut replies, mut acknowledged) = (Vec::new(), 0, 0);
    while replies < 30 || acknowledged < 30 {
        let mut bytes = [0; 1024];
        let n = socket.read(&mut bytes).expect("the client goes on");
        assert_ne!(n, 0, "the client goes on");
        held.extend_from_slice(&bytes[..n]);
        while let Some((read, length)) = packet::decode(&held).unwrap() {
            match read {
                packet::Packet::Publish {
                    id: Some(id),
                    topic,
                    ..
                } if topic == "reply" => {
                    replies += 1;
                    let [high, low] = id.get().to_be_bytes();
                    socket.write_all(&[0x40, 2, high, low]).unwrap();
                }
                packet::Packet::PubAck(_) => acknowledged += 1,
                _ => {}
            }
            held.drain(..length);
        }
    }
    socket.write_all(b"\x30\x0a\0\x08cmd/quit").unwrap();
    assert_eq!(client.join().unwrap(), Ok(()));
    assert_eq!((replies, acknowledged), (30, 30));
}
