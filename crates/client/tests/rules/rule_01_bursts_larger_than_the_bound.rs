//! Rule 1 where the broker sends more again at once than may wait: each connection ends with
//! `Overrun`, and yet each brings something.
use crate::common::*;

const MESSAGES: u16 = 30;

/// A broker that sends what is not acknowledged again, at the beginning of each connection. An
/// answer is awaited behind it, so that reading goes on although the stream is full; it never comes.
struct Burst {
    line: Line,
    stream: StreamId,
    /// The identifier of a message that awaits PUBCOMP.
    awaited: u16,
    qos: u8,
    packets: Vec<(u16, Vec<u8>)>,
    came: Vec<u8>,
}

impl Burst {
    fn new(qos: u8) -> Self {
        let options = kept()
            .streams(2, 1 << 20)
            .ack_timeout(None)
            .backlog(1000, Overflow::Disconnect);
        let (mut line, stream) = Line::subscribed(options, QoS::ExactlyOnce, PRESENT);
        line.publish(b"x", QoS::ExactlyOnce);
        let awaited = id_of(&line.sent());
        line.receive(&pubrec(awaited));
        line.sends(&pubrel(awaited));
        let packets = (1..=MESSAGES).map(|id| (id, message(id, qos, &[id as u8])));
        Burst {
            line,
            stream,
            awaited,
            qos,
            packets: packets.collect(),
            came: Vec::new(),
        }
    }

    /// The broker sends everything.
    fn send(&mut self) {
        let all = self.packets.iter().map(|(_, packet)| &packet[..]);
        self.line.receive(&all.collect::<Vec<_>>().concat());
        self.read();
    }

    /// The broker takes note of what is acknowledged.
    fn read(&mut self) {
        let sent = self.line.sent();
        let qos = self.qos;
        self.packets.retain(|&(id, _)| {
            let answer = if qos == 1 { puback(id) } else { pubrec(id) };
            !sent.chunks(4).any(|packet| packet == answer)
        });
        for (_, packet) in &mut self.packets {
            packet[0] |= 8;
        }
    }

    /// The connection ends, and the next one begins. Returns `false` if it holds.
    fn reconnect(&mut self) -> bool {
        // As long as an answer is awaited.
        self.line.pass(secs(10));
        if self.line.poll_transport() == Transport::Keep {
            return false;
        }
        self.line.closed();
        self.line.pass(secs(60));
        // There is no other attempt before there is room.
        while self.line.client.counters().backlog > 500 {
            self.take();
        }
        self.line.connect(PRESENT);
        self.line.sends(&pubrel(self.awaited));
        true
    }

    fn take(&mut self) {
        let payload = self.line.take(self.stream);
        self.came.extend(payload.iter().flatten().next());
    }

    #[track_caller]
    fn all_came(&self) {
        let all: Vec<_> = (1..=MESSAGES as u8).collect();
        assert_eq!(self.came, all, "QoS {}", self.qos);
        assert!(self.packets.is_empty());
    }
}

/// Everything is in hand while a connection ends, and acknowledged when the next one has begun.
#[test]
fn rule_01_acknowledgements_over_the_next_connection_are_progress() {
    for qos in [1, 2] {
        let mut burst = Burst::new(qos);
        for _ in 0..20 {
            burst.send();
            let mut acks = Vec::new();
            while let Taken::Message(item) = burst.line.client.take(burst.stream, AckMode::Manual) {
                burst.came.extend(item.message.payload.first());
                acks.extend(item.ack);
            }
            let has_next = burst.reconnect();
            while let Some(ack) = acks.pop() {
                burst.line.client.ack(ack);
            }
            burst.read();
            if !has_next {
                break;
            }
        }
        burst.all_came();
    }
}

/// The application takes one message for each connection, which is in hand when it ends.
#[test]
fn rule_01_a_slow_application_gets_on_with_each_connection() {
    for qos in [1, 2] {
        let mut burst = Burst::new(qos);
        // Large enough that nothing else has room besides a few of them.
        for (id, packet) in &mut burst.packets {
            *packet = message(*id, qos, &[*id as u8; 300]);
        }
        let (mut is_new, mut connections) = (true, 0);
        while !burst.packets.is_empty() {
            if is_new {
                burst.send();
            }
            burst.take();
            burst.read();
            is_new = burst.reconnect();
            connections += u32::from(is_new);
            assert!(connections < 100, "QoS {qos}: {:?}", burst.came);
        }
        burst.all_came();
    }
}

/// A message longer than memory comes before a burst. The connection does not end before it was
/// read to its end and acknowledged; else all of it would come again over each connection.
#[test]
fn rule_01_a_payload_before_a_burst_is_read_and_acknowledged_first() {
    payload_before_a_burst(1000, false);
    // The stream is full, so that nothing is read when the answer is there.
    payload_before_a_burst(5, true);
}

fn payload_before_a_burst(most: usize, awaits_answer: bool) {
    let options = kept().max_message(100).backlog(2000, Overflow::Disconnect);
    let options = options.streams(most, 1 << 20);
    let (mut line, stream) = Line::subscribed(options, QoS::AtLeastOnce, PRESENT);
    let packet = message(1, 1, &[1; 100_000]);
    line.receive(&packet[..80_000]);
    let Taken::Message(item) = line.client.take(stream, AckMode::OnNext) else {
        panic!()
    };
    let rest = item.message.rest.unwrap();
    let mut read = item.message.payload.len();
    let mut left = &packet[80_000..];
    while read < 100_000 {
        match line.client.read_payload(rest) {
            PayloadRead::Data(piece) => read += piece.len(),
            PayloadRead::Pending => line.receive(std::mem::take(&mut left)),
            other => panic!("{other:?}"),
        }
    }
    let awaited = awaits_answer.then(|| {
        line.publish(b".", QoS::AtLeastOnce);
        id_of(&line.sent())
    });
    for id in 2..60 {
        line.receive(&message(id, 1, &[3; 90]));
    }
    if let Some(id) = awaited {
        line.receive(&puback(id));
        assert_eq!(line.client.read_limit(), 0);
    }
    assert_eq!(line.poll_transport(), Transport::Keep);
    assert_eq!(line.client.read_payload(rest), PayloadRead::End);
    line.sends(&puback(1));
    assert_eq!(line.poll_transport(), Transport::Close);
    line.closed();
    let reasons = line.reasons();
    assert!(
        matches!(reasons[..], [DisconnectReason::Overrun { .. }]),
        "{reasons:?}"
    );
}

/// A message that arrives in pieces may be one that waits already. Others are refused as soon as
/// they begin.
#[test]
fn rule_01_a_message_for_which_there_is_no_room_is_refused_at_its_beginning() {
    for is_awaited in [false, true] {
        let options = kept().backlog(100_000, Overflow::Discard);
        let (mut line, stream) = Line::subscribed(options, QoS::AtLeastOnce, PRESENT);
        line.receive(&message(1, 1, &[7; 50_000]));
        if is_awaited {
            line.closed();
            line.pass(secs(1));
            line.connect(PRESENT);
        }
        let other = message(2, 1, &[7; 90_000]);
        line.receive(&other[..80_000]);
        assert_eq!(line.client.counters().discarded, 1);
        line.receive(&other[80_000..]);
        assert_eq!(line.take_all(stream).len(), 1);
        assert_eq!(line.client.counters().discarded, 1);
    }
}

/// The bound holds for another message under the identifier of one that waits, too.
#[test]
fn rule_01_another_message_under_the_same_identifier_needs_room() {
    let options = kept().backlog(1000, Overflow::Discard);
    let (mut line, stream) = Line::subscribed(options, QoS::AtLeastOnce, PRESENT);
    line.receive(&message(1, 1, &[7; 600]));
    line.closed();
    line.pass(secs(1));
    line.connect(PRESENT);
    line.receive(&dup(message(1, 1, &[8; 600])));
    assert_eq!(line.client.counters().discarded, 1);
    assert_eq!(line.take_all(stream), [[7; 600]]);
}
