//! Outputs that block or fail, and the acknowledgement of messages that go there.
use crate::{
    broker::{At, scripted},
    process::command,
};
use std::{
    io::{Read, Write},
    net::TcpStream,
    process::{Child, Stdio},
    sync::mpsc::{Receiver, Sender, channel},
    thread,
    time::Duration,
};

/// CONNACK, accepted.
const ACCEPTED: &[u8] = b"\x20\x02\0\0";
const PINGREQ: &[u8] = b"\xc0\0";
const PINGRESP: &[u8] = b"\xd0\0";
const DISCONNECT: &[u8] = b"\xe0\0";
/// Nothing takes longer.
const LIMIT: Duration = Duration::from_secs(20);

/// Reads a short packet, or nothing if the connection is closed.
fn packet(stream: &mut TcpStream) -> Vec<u8> {
    let mut packet = vec![0; 2];
    if stream.read_exact(&mut packet).is_err() {
        return Vec::new();
    }
    packet.resize(2 + usize::from(packet[1]), 0);
    stream.read_exact(&mut packet[2..]).unwrap();
    packet
}

/// A message to `a` with QoS 1 and a payload of 1,000 bytes.
fn publish(id: u16) -> Vec<u8> {
    let [high, low] = id.to_be_bytes();
    let header = [0x32, 0xed, 0x07, 0, 1, b'a', high, low];
    header.into_iter().chain([b'x'; 1000]).collect()
}

/// A broker that grants a subscription and sends this number of messages. It answers pings, and
/// reports each packet that it reads.
fn sending(messages: u16) -> (At, Receiver<Vec<u8>>) {
    let (sender, packets): (Sender<Vec<u8>>, _) = channel();
    let at = scripted(move |stream| {
        let _ = stream.write_all(ACCEPTED);
        let subscribe = packet(stream);
        let _ = stream.write_all(&[0x90, 3, subscribe[2], subscribe[3], 1]);
        let all: Vec<u8> = (1..=messages).flat_map(publish).collect();
        let mut other = stream.try_clone().unwrap();
        thread::spawn(move || other.write_all(&all));
        loop {
            let packet = packet(stream);
            if packet == PINGREQ {
                let _ = stream.write_all(PINGRESP);
            }
            if sender.send(packet.clone()).is_err() || packet.is_empty() {
                return;
            }
        }
    });
    (at, packets)
}

/// Starts a subscriber.
fn subscriber(at: &At, args: &[&str]) -> Child {
    let words = [&["sub", "-t", "a", "-q", "1"], args].concat();
    let mut command = command(&at.with(&words));
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// While nothing reads the output, the client still sends PINGREQ, and it prints the messages later. It
/// acknowledges a message only after it has printed it.
#[test]
fn an_output_that_blocks_stops_neither_pings_nor_acknowledgements() {
    const MESSAGES: u16 = 200;
    let (at, packets) = sending(MESSAGES);
    let mut sub = subscriber(&at, &["-k", "1", "-C", "200"]);
    let mut acknowledged = 0;
    let mut pings = 0;
    while pings < 3 {
        let packet = packets.recv_timeout(LIMIT).unwrap();
        if packet == PINGREQ {
            pings += 1;
        } else {
            assert_eq!(packet[0], 0x40, "{packet:?}");
            acknowledged += 1;
        }
    }
    assert!(acknowledged < MESSAGES, "a pipe holds less than that");
    let mut printed = Vec::new();
    let mut stdout = sub.stdout.take().unwrap();
    stdout.read_to_end(&mut printed).unwrap();
    assert_eq!(printed.len(), usize::from(MESSAGES) * 1001);
    assert!(sub.wait().unwrap().success());
    loop {
        let packet = packets.recv_timeout(LIMIT).unwrap();
        match packet[0] {
            0x40 => acknowledged += 1,
            0xc0 => {}
            _ => {
                assert_eq!(packet, DISCONNECT);
                break;
            }
        }
    }
    assert_eq!(acknowledged, MESSAGES);
}

/// While nothing blocks, a message is printed and acknowledged before the next arrives.
#[test]
fn each_message_is_printed_and_acknowledged_at_once() {
    let at = scripted(|stream| {
        let _ = stream.write_all(ACCEPTED);
        let subscribe = packet(stream);
        let _ = stream.write_all(&[0x90, 3, subscribe[2], subscribe[3], 1]);
        for id in 1..=50 {
            stream.write_all(&publish(id)).unwrap();
            assert_eq!(packet(stream)[..2], [0x40, 2]);
        }
        packet(stream);
    });
    let sub = subscriber(&at, &["-C", "50"]);
    let end = sub.wait_with_output().unwrap();
    assert!(end.status.success(), "{end:?}");
    assert_eq!(end.stdout.len(), 50 * 1001);
}

/// A message that cannot be printed is not acknowledged, so a broker that keeps the session sends it
/// again.
#[cfg(target_os = "linux")]
#[test]
fn messages_that_cannot_be_written_are_not_acknowledged() {
    let (at, packets) = sending(3);
    let sub = subscriber(&at, &["-o", "/dev/full"]);
    let end = sub.wait_with_output().unwrap();
    assert_eq!(end.status.code(), Some(1), "{end:?}");
    let said = String::from_utf8_lossy(&end.stderr);
    assert!(said.contains("cannot write what was received"), "{said}");
    assert_eq!(packets.recv_timeout(LIMIT).unwrap(), DISCONNECT);
}

/// Neither is what a reader did not want any more.
#[cfg(unix)]
#[test]
fn messages_without_a_reader_are_not_acknowledged() {
    let (at, packets) = sending(3);
    let mut sub = subscriber(&at, &[]);
    sub.stdout = None;
    let end = sub.wait_with_output().unwrap();
    assert!(end.status.success(), "{end:?}");
    assert_eq!(packets.recv_timeout(LIMIT).unwrap(), DISCONNECT);
}
