//! The time that one packet of the broker takes does not depend on how many messages are owed: a
//! hostile broker must not be able to make one packet cost a walk over all of them.
use motemq::{Filter, Publish, QoS, Version};
use motemq_client::*;
use std::{
    cell::RefCell,
    collections::VecDeque,
    time::{Duration, Instant},
};

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
    /// Of messages that the application has in hand, those that arrived last at the end.
    acks: Vec<AckId>,
}

impl Line {
    fn new(in_flight: u16) -> Self {
        Self::connected(Options::new("a"), in_flight, b"\x20\x02\0\0")
    }

    fn connected(options: Options, in_flight: u16, connack: &[u8]) -> Self {
        let options = options
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
            acks: Vec::new(),
        };
        line.receive(connack);
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

/// Checks that packets take about as much time with few messages owed as with many.
#[track_caller]
fn is_flat(
    few: u16,
    many: u16,
    owe: impl Fn(&mut Line, u16),
    packet: impl Fn(u16, u16) -> Vec<u8>,
) {
    steps_are_flat(few, many, owe, |line, n, k| line.receive(&packet(n, k)));
}

/// Checks that steps take about as much time with few messages owed as with many. Other programs
/// run at the same time, so the shortest time of several counts.
#[track_caller]
fn steps_are_flat(
    few: u16,
    many: u16,
    owe: impl Fn(&mut Line, u16),
    step: impl Fn(&mut Line, u16, u16),
) {
    let line = |n| Line::new(if many >= MANY { 20 } else { n });
    are_flat(few, many, line, owe, step);
}

/// Checks the same with these clients.
#[track_caller]
fn are_flat(
    few: u16,
    many: u16,
    line: impl Fn(u16) -> Line,
    owe: impl Fn(&mut Line, u16),
    step: impl Fn(&mut Line, u16, u16),
) {
    let shortest = |n| {
        let times = (0..3).map(|_| {
            let mut line = line(n);
            owe(&mut line, n);
            let begun = Instant::now();
            (0..PACKETS).for_each(|k| step(&mut line, n, k));
            begun.elapsed()
        });
        times.min().unwrap_or_default()
    };
    let (one, other) = (shortest(few), shortest(many));
    println!("{few}: {one:?}, {many}: {other:?}");
    assert!(other < 12 * one, "{few}: {one:?}, {many}: {other:?}");
}

/// Flow control of MQTT 5 does not count the slots for each message.
#[test]
fn a_message_takes_the_same_time_whatever_the_broker_allows() {
    let line = |in_flight| {
        let options = Options::new("a").version(Version::Mqtt5);
        Line::connected(options, in_flight, b"\x20\x06\0\0\x03\x21\0\x0a")
    };
    let in_flight = RefCell::new(VecDeque::new());
    are_flat(
        20,
        16_384,
        line,
        |line, _| {
            in_flight.replace((1..10).map(|_| publish_one(line)).collect());
        },
        |line, _, _| {
            let mut in_flight = in_flight.borrow_mut();
            in_flight.push_back(publish_one(line));
            line.receive(&answer(0x40, in_flight.pop_front().unwrap()));
        },
    );
}

/// Publishes a message, and returns its identifier.
fn publish_one(line: &mut Line) -> u16 {
    let publish = Publish::to("t").qos(QoS::AtLeastOnce);
    line.client.publish(&publish).unwrap();
    line.client.poll_output(&mut line.output);
    let id = [line.output.bytes()[5], line.output.bytes()[6]];
    line.write();
    u16::from_be_bytes(id)
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
fn a_packet_takes_the_same_time_while_every_identifier_is_taken() {
    is_flat(FEW, u16::MAX, take_all, |_, _| b"\xd0\0".to_vec());
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

/// Identifiers that descend are as much out of order as can be.
#[test]
fn a_message_takes_the_same_time_after_others_out_of_order() {
    for (first, new) in [(0x32, 0x3a), (0x34, 0x34)] {
        is_flat(
            FEW,
            MANY,
            |line, n| owe(line, first, (1..=n).rev()),
            |n, k| publish(new, n + 1 + k, "t"),
        );
    }
}

#[test]
fn a_message_that_is_repeated_before_it_was_taken_takes_the_same_time() {
    for (first, again) in [(0x32, 0x3a), (0x34, 0x3c)] {
        is_flat(
            FEW,
            MANY,
            |line, n| owe(line, first, (1..=n).rev()),
            |n, k| publish(again, 1 + k % n, "t"),
        );
    }
}

/// A broker that uses one identifier for everything.
#[test]
fn a_message_takes_the_same_time_after_others_with_its_identifier() {
    for packet in [
        publish(0x32, 1, "t"),
        publish(0x34, 1, "t"),
        publish(0x3c, 1, "t"),
        publish(0x3c, 2, "t"),
    ] {
        is_flat(
            FEW,
            MANY,
            |line, n| owe(line, 0x32, (0..n).map(|_| 1)),
            |_, _| packet.clone(),
        );
    }
}

#[test]
fn an_acknowledgement_by_the_application_takes_the_same_time_in_any_order() {
    for first in [0x32, 0x34] {
        steps_are_flat(
            FEW,
            MANY,
            |line, n| take_in_hand(line, first, (1..=n).rev()),
            |line, _, _| acknowledge_last(line),
        );
    }
}

#[test]
fn an_acknowledgement_takes_the_same_time_among_others_with_its_identifier() {
    steps_are_flat(
        FEW,
        MANY,
        |line, n| take_in_hand(line, 0x32, (0..n).map(|_| 1)),
        |line, _, _| acknowledge_last(line),
    );
}

#[test]
fn suback_takes_the_same_time_in_any_order() {
    for code in [0, 0x80] {
        is_flat(FEW, 16_000, subscribe, |n, k| {
            let [high, low] = (n - k % n).to_be_bytes();
            vec![0x90, 3, high, low, code]
        });
    }
}

/// There are more topics than the cache of the last ones holds.
#[test]
fn a_message_with_another_topic_takes_the_same_time() {
    is_flat(
        FEW,
        MANY,
        |line, n| owe(line, 0x32, 1..=n),
        |n, k| publish(0x32, n + 1 + k, &format!("{k}/t")),
    );
    is_flat(FEW, 16_000, subscribe, |n, k| {
        publish(0x30, 0, &format!("f/{}", n - k % n))
    });
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

/// Receives messages with these identifiers, which the application has in hand.
fn take_in_hand(line: &mut Line, first: u8, ids: impl Iterator<Item = u16>) {
    owe(line, first, ids);
    while let Taken::Message(item) = line.client.take(line.stream, AckMode::Manual) {
        line.acks.extend(item.ack);
    }
}

/// Acknowledges the message that arrived last of those in hand.
fn acknowledge_last(line: &mut Line) {
    let ack = line.acks.pop().expect("there are more than steps");
    line.client.ack(ack);
    line.receive(b"");
}

/// Subscribes to so many topics.
fn subscribe(line: &mut Line, n: u16) {
    for k in 1..=n {
        let filter = format!("f/{k}");
        while line
            .client
            .subscribe(&[Filter::new(&filter, QoS::AtMostOnce)])
            .is_err()
        {
            line.write();
        }
    }
    line.write();
}

fn send(line: &mut Line, qos: QoS, n: u16) {
    for _ in 0..n {
        while line.client.publish(&Publish::to("t").qos(qos)).is_err() {
            line.write();
        }
    }
    line.write();
}
