//! Rule 1: acknowledgements of what is read together leave together, and wait for nothing else.
use crate::common::*;

/// Bytes of a read that has filled its space.
const READ: usize = 64 << 10;

/// A client that has received this many messages, of which all but some were taken, and has written
/// its acknowledgements.
fn taken(count: u16, waiting: u16) -> (Line, Vec<u8>) {
    let bound = if waiting == 0 { 1000 } else { waiting };
    let options = kept().streams(bound.into(), 1 << 20).in_flight(1);
    let (mut line, stream) = Line::subscribed(options, QoS::AtLeastOnce, PRESENT);
    let messages: Vec<u8> = (1..=count).flat_map(|id| message(id, 1, b"m")).collect();
    line.receive(&messages);
    for _ in waiting..count {
        assert_eq!(line.take(stream), Some(b"m".to_vec()));
    }
    // The last one counts as processed when the next is taken.
    let due = if waiting == 0 {
        assert_eq!(line.take(stream), None);
        count
    } else {
        count - waiting - 1
    };
    let mut input = &line.rx[..];
    line.client.on_read(&mut input, line.now);
    line.rx = input.to_vec();
    (line, (1..=due).flat_map(puback).collect())
}

#[test]
fn rule_01_replies_wait_for_what_is_there_to_be_read_and_for_nothing_else() {
    let (mut line, acks) = taken(3, 0);
    assert!(line.client.may_gather(READ));
    line.sends(&acks);
    // There is nothing to be written that would have to wait.
    assert!(line.client.may_gather(READ));
    line.publish(b"p", QoS::AtLeastOnce);
    assert!(!line.client.may_gather(READ));
    assert_eq!(line.sent().len(), 8);
    line.receive(&puback(1));
    assert!(line.client.may_gather(READ));
}

#[test]
fn rule_01_replies_do_not_wait_for_long() {
    let (mut line, acks) = taken(1, 0);
    let reads = (0..).take_while(|_| line.client.may_gather(READ)).count();
    assert_eq!(reads, 8);
    assert!(!line.client.may_gather(1));
    line.sends(&acks);
    assert!(line.client.may_gather(READ));
    for (count, may_wait) in [(256, true), (257, false)] {
        let (mut line, acks) = taken(count, 0);
        assert_eq!(acks.len(), usize::from(4 * count));
        assert_eq!(line.client.may_gather(READ), may_wait);
        line.sends(&acks);
    }
}

#[test]
fn rule_01_replies_do_not_wait_while_nothing_can_be_read() {
    let (mut line, acks) = taken(6, 4);
    assert_eq!(line.client.read_limit(), 0);
    assert!(!line.client.may_gather(READ));
    line.sends(&acks);
}

/// The command would wait longer if the replies waited.
#[test]
fn rule_01_replies_do_not_wait_while_a_command_waits_for_room() {
    let (mut line, acks) = taken(2, 0);
    line.sends(&acks);
    line.publish(b"p", QoS::AtLeastOnce);
    line.sent();
    assert!(line.client.may_gather(READ));
    let publish = Publish::to("t").qos(QoS::AtLeastOnce);
    let refused = line.client.publish(&publish).unwrap_err();
    assert_eq!(refused, PublishError::Full);
    assert!(!line.client.may_gather(READ));
}

#[test]
fn rule_01_replies_do_not_wait_when_the_connection_ends() {
    let (mut line, acks) = taken(1, 0);
    line.client.disconnect(line.now);
    line.client.on_timeout(line.now, || 0);
    assert!(!line.client.may_gather(READ));
    line.sends(&[&acks[..], DISCONNECT].concat());
}
