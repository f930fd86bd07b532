//! Requests that are answered with a code and a reason that the test chooses.
use super::*;
use motemq::{ReasonCode, packet::v5::Packet as Received};

/// Answers each packet for which `is_it` with `answer`.
fn answering(
    is_it: impl Fn(&Received<'_>) -> bool + Send + Sync + 'static,
    answer: Answer,
) -> Table {
    let config = Config::new();
    Table::with(config.answer(move |_, packet| is_it(packet).then(|| answer.clone())))
}

fn busy() -> Answer {
    Answer::new(ReasonCode::QUOTA_EXCEEDED).reason("full")
}

#[test]
fn connect() {
    answering(|packet| matches!(packet, Received::Connect(_)), busy())
        .opens(A, connect5("a", b""))
        .sends(A, b"\x20\x0a\0\x97\x07\x1f\0\x04full")
        .is_closed(A);
}

#[test]
fn publish() {
    let mut table = answering(|packet| matches!(packet, Received::Publish { .. }), busy());
    table.joins5(A, "a").subscribes5(A, "t", 0);
    // Nothing is passed on.
    table
        .receives(A, publish5_qos(0x32, "t", 1, b""))
        .sends(A, b"\x40\x0b\0\x01\x97\x07\x1f\0\x04full")
        .receives(A, publish5_qos(0x34, "t", 2, b""))
        .sends(A, b"\x50\x0b\0\x02\x97\x07\x1f\0\x04full");
    assert!(table.broker.is_idle("a"));
}

#[test]
fn a_success_with_a_reason() {
    let answer = Answer::new(ReasonCode::SUCCESS).reason("ok");
    let mut table = answering(|packet| matches!(packet, Received::Publish { .. }), answer);
    table.joins5(A, "a").subscribes5(A, "t", 0);
    table.receives(A, publish5_qos(0x32, "t", 1, b"x"));
    table.sends(
        A,
        (
            publish5("t", b"", b"x"),
            b"\x40\x09\0\x01\0\x05\x1f\0\x02ok",
        ),
    );
}

/// Holds the acknowledgements of messages with an empty payload back for a second.
fn late() -> Table {
    let config = Config::new().answer(|_, packet| match packet {
        Received::Publish { payload: b"", .. } => Some(Answer::default().after(1000)),
        Received::PubRel { .. } => Some(Answer::default().after(500)),
        _ => None,
    });
    let limits = Limits {
        receive_maximum: 2,
        ..Limits::NONE
    };
    let mut table = Table::with(config.limits(limits));
    let mut connack = accepts(b"");
    connack.splice(5..5, [0x21, 0, 2]);
    connack[1] += 3;
    connack[4] += 3;
    table.opens(A, keep5("a", 100)).sends(A, connack);
    table.subscribes5(A, "t", 0);
    table
}

#[test]
fn acknowledgements_that_are_held_back() {
    let mut table = late();
    // The message is passed on at once. What is behind it waits, too.
    table
        .receives(A, publish5_qos(0x32, "t", 1, b""))
        .receives(A, publish5_qos(0x34, "t", 2, b"x"))
        .sends(A, (publish5("t", b"", b""), publish5("t", b"", b"x")));
    assert_eq!(table.broker.tick(table.now), Some(1000));
    table.waits(999).sends(A, b"").waits(1);
    assert_eq!(table.broker.next_ready(), Some(A));
    table.sends(A, b"\x40\x02\0\x01\x50\x02\0\x02");
    table.receives(A, b"\x62\x02\0\x02").sends(A, b"");
    table.waits(500).sends(A, b"\x70\x02\0\x02");
}

/// [MQTT-3.3.4-7] [MQTT-4.9.0-2]
#[test]
fn what_is_held_back_is_in_flight() {
    let mut table = late();
    table
        .receives(A, publish5_qos(0x32, "t", 1, b""))
        .receives(A, publish5_qos(0x34, "u", 2, b""))
        .waits(1000)
        .sends(
            A,
            (publish5("t", b"", b""), b"\x40\x02\0\x01\x50\x03\0\x02\x10"),
        )
        // PUBREC does not end it, nor does a PUBCOMP that is held back.
        .receives(A, b"\x62\x02\0\x02")
        .receives(A, publish5_qos(0x32, "u", 3, b"x"))
        .is_open(A)
        .receives(A, publish5_qos(0x32, "u", 4, b"x"))
        .sends(A, disconnect5(0x93));
    // They end with their connection.
    table.waits(5000).opens(A, keep5("a", 100)).broker.take(A);
    table
        .receives(A, publish5_qos(0x32, "u", 5, b"x"))
        .receives(A, publish5_qos(0x32, "u", 6, b"x"))
        .sends(A, b"\x40\x03\0\x05\x10\x40\x03\0\x06\x10")
        .is_open(A);
}

#[test]
fn pubrel() {
    let answer = Answer::new(ReasonCode::PACKET_IDENTIFIER_NOT_FOUND);
    let mut table = answering(|packet| matches!(packet, Received::PubRel { .. }), answer);
    table
        .joins5(A, "a")
        .receives(A, publish5_qos(0x34, "t", 1, b""))
        .sends(A, b"\x50\x03\0\x01\x10")
        .receives(A, b"\x62\x02\0\x01")
        .sends(A, b"\x70\x03\0\x01\x92");
}

#[test]
fn subscribe_and_unsubscribe() {
    let answer = Answer::new(ReasonCode::NOT_AUTHORIZED).reason("no");
    let mut table = answering(
        |packet| {
            matches!(
                packet,
                Received::Subscribe { .. } | Received::Unsubscribe { .. }
            )
        },
        answer,
    );
    table
        .joins5(A, "a")
        .receives(A, b"\x82\x0b\0\x01\0\0\x01t\0\0\x01u\0")
        .sends(A, b"\x90\x0a\0\x01\x05\x1f\0\x02no\x87\x87")
        .receives(A, b"\xa2\x06\0\x02\0\0\x01t")
        .sends(A, b"\xb0\x09\0\x02\x05\x1f\0\x02no\x87")
        .receives(A, publish5("t", b"", b""))
        .sends(A, b"");
}

#[test]
fn disconnect_in_place_of_an_answer() {
    let answer = Answer::disconnect(ReasonCode::SERVER_BUSY).reason("no");
    let mut table = answering(|packet| matches!(packet, Received::PingReq), answer);
    table
        .joins5(A, "a")
        .receives(A, pingreq())
        .sends(A, b"\xe0\x07\x89\x05\x1f\0\x02no")
        .is_closed(A);
    assert!(table.broker.objections().is_empty());
}

#[test]
fn reasons_are_left_out_where_the_client_does_not_take_them() {
    // No problem information; packets of 10 bytes at most.
    for properties in [&b"\x17\0"[..], b"\x27\0\0\0\x0a"] {
        let mut table = answering(|packet| matches!(packet, Received::Publish { .. }), busy());
        table
            .opens(A, connect5("a", properties))
            .sends(A, accepts(b""))
            .receives(A, publish5_qos(0x32, "t", 1, b""))
            .sends(A, b"\x40\x03\0\x01\x97");
    }
}

#[test]
fn clients_of_3_1_1_are_answered_as_usual() {
    let mut table = answering(|_| true, busy());
    table
        .joins(B, connect_b())
        .receives(B, motemq_testing::packets::publish("t").qos1(1))
        .sends(B, puback(1));
}
