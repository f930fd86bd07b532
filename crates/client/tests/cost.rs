//! The time that one packet of the broker takes does not depend on how many messages are owed: a
//! hostile broker must not be able to make one packet cost a walk over all of them.
use motemq::{Publish, QoS};
use motemq_client::*;
use std::time::{Duration, Instant};

const NOW: Duration = Duration::ZERO;
/// The packets whose time is measured.
const PACKETS: u16 = 500;
/// Numbers of messages that are owed.
const FEW: u16 = 1_000;
const MANY: u16 = 60_000;

fn publish(first: u8, id: u16, topic: &str) -> Vec<u8> {
    let mut packet = vec![first, 2 + topic.len() as u8 + 2];
    packet.extend((topic.len() as u16).to_be_bytes());
    packet.extend(topic.as_bytes());
    packet.extend(id.to_be_bytes());
    packet
}

fn answer(first: u8, id: u16) -> Vec<u8> {
    let [high, low] = id.to_be_bytes();
    vec![first, 2, high, low]
}

struct Line {
    client: Client,
    stream: StreamId,
    output: WriteBuf,
}

impl Line {
    fn new(in_flight: u16) -> Self {
        let options = Options::new("a")
            .keep_session()
            .in_flight(in_flight.into())
            .streams(usize::MAX, usize::MAX)
            .backlog(usize::MAX, Overflow::Disconnect);
        let mut client = Client::new(options).unwrap();
        let stream = client.messages();
        loop {
            match client.poll_transport(NOW, 0) {
                Transport::Resolve { attempt, .. } => client.on_resolved(attempt, 1, NOW),
                Transport::Dial { attempt, .. } => {
                    client.on_opened(attempt, NOW);
                    break;
                }
                _ => {}
            }
        }
        let output = WriteBuf::new();
        let mut line = Line {
            client,
            stream,
            output,
        };
        line.receive(b"\x20\x02\0\0");
        line
    }

    fn receive(&mut self, mut bytes: &[u8]) {
        while self.client.on_read(&mut bytes, NOW) || !bytes.is_empty() {
            self.write();
        }
        self.write();
        while self.client.poll_event().is_some() {}
    }

    fn write(&mut self) {
        self.client.poll_output(&mut self.output);
        let n = self.output.len();
        self.output.consume(n);
        self.client.on_written(n, NOW);
    }
}

/// Returns the time of the packets that `packet` makes, each received by itself.
fn time(line: &mut Line, packet: impl Fn(u16) -> Vec<u8>) -> Duration {
    let packets: Vec<_> = (0..PACKETS).map(packet).collect();
    let begun = Instant::now();
    for packet in &packets {
        line.receive(packet);
    }
    begun.elapsed()
}

/// Checks that packets take about as much time with few messages owed as with many. Other programs
/// run at the same time, so the shortest time of several counts.
#[track_caller]
fn is_flat(
    few: u16,
    many: u16,
    owe: impl Fn(&mut Line, u16),
    packet: impl Fn(u16, u16) -> Vec<u8>,
) {
    let shortest = |n| {
        let times = (0..3).map(|_| {
            let in_flight = if many == MANY { 20 } else { n };
            let mut line = Line::new(in_flight);
            owe(&mut line, n);
            time(&mut line, |k| packet(n, k))
        });
        times.min().unwrap_or_default()
    };
    let (one, other) = (shortest(few), shortest(many));
    assert!(other < 12 * one, "{few}: {one:?}, {many}: {other:?}");
}

#[test]
fn a_message_with_qos_1_takes_the_same_time() {
    is_flat(
        FEW,
        MANY,
        |line, n| owe(line, 0x32, 1..=n),
        |n, k| publish(0x32, n + 1 + k, "t"),
    );
}

#[test]
fn a_message_with_qos_2_takes_the_same_time() {
    is_flat(
        FEW,
        MANY,
        |line, n| owe(line, 0x34, 1..=n),
        |n, k| publish(0x34, n + 1 + k, "t"),
    );
}

#[test]
fn a_message_takes_the_same_time_while_others_are_not_released() {
    is_flat(FEW, MANY, take_all, |n, k| publish(0x34, n + 1 + k, "t"));
}

#[test]
fn a_message_that_is_repeated_takes_the_same_time() {
    is_flat(FEW, MANY, take_all, |n, k| publish(0x3c, n - k % n, "t"));
}

#[test]
fn pubrel_takes_the_same_time() {
    is_flat(FEW, MANY, take_all, |n, k| answer(0x62, n - k % n));
}

#[test]
fn pubrel_of_nothing_takes_the_same_time() {
    is_flat(FEW, MANY, take_all, |_, k| answer(0x62, 65_000 + k));
}

#[test]
fn puback_and_pubrec_take_the_same_time_in_any_order() {
    for (qos, first) in [(QoS::AtLeastOnce, 0x40), (QoS::ExactlyOnce, 0x50)] {
        is_flat(
            FEW,
            16_000,
            |line, n| send(line, qos, n),
            |n, k| answer(first, n - k % n),
        );
    }
}

/// Receives messages, which the application takes.
fn take_all(line: &mut Line, n: u16) {
    owe(line, 0x34, 1..=n);
    while let Taken::Message(_) = line.client.take(line.stream, AckMode::OnNext) {}
    line.receive(b"");
}

/// Receives messages with these identifiers, and takes none.
fn owe(line: &mut Line, first: u8, ids: impl Iterator<Item = u16>) {
    let all: Vec<u8> = ids.flat_map(|id| publish(first, id, "t")).collect();
    line.receive(&all);
}

fn send(line: &mut Line, qos: QoS, n: u16) {
    for _ in 0..n {
        while line.client.publish(&Publish::to("t").qos(qos)).is_err() {
            line.write();
        }
    }
    line.write();
}
