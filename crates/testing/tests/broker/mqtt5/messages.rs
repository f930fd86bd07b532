//! What happens to messages and their properties.
use super::*;

/// All properties that are passed on.
const ALL: &[u8] =
    b"\x01\x01\x03\0\x04text\x08\0\x02re\x09\0\x02\x00\xff\x26\0\x01a\0\x01b\x26\0\x01a\0\x01c";

#[test]
fn properties_are_passed_on() {
    let mut table = Table::new();
    table.joins5(A, "a").subscribes5(A, "t", 0);
    table.joins(B, connect_b());
    table
        .receives(B, subscribe(1, &[("t", 0)]))
        .sends(B, suback(1, &[0]));
    table.joins5(C, "c").receives(C, publish5("t", ALL, b"x"));
    table.sends(A, publish5("t", ALL, b"x"));
    // A client of MQTT 3.1.1 gets the message without them.
    table.sends(B, publish("t").payload(b"x"));
    table.receives(B, publish("t").payload(b"y"));
    table.sends(A, publish5("t", b"", b"y"));
}

#[test]
fn retained_messages_keep_their_properties() {
    let mut table = Table::new();
    let mut message = publish5("t", ALL, b"x");
    message[0] |= 1;
    table.joins5(A, "a").receives(A, &message);
    table.receives(A, subscribe5("t", 0, b"\x0b\x07")).sends(
        A,
        (suback5(0), {
            let mut with_identifier = publish5("t", &[ALL, b"\x0b\x07"].concat(), b"x");
            with_identifier[0] |= 1;
            with_identifier
        }),
    );
}

#[test]
fn aliases_of_the_client() {
    let mut table = Table::new();
    table.joins5(A, "a").subscribes5(A, "#", 0);
    table.receives(A, publish5("t", b"\x23\0\x10", b"1"));
    table.receives(A, publish5("", b"\x23\0\x10", b"2"));
    table.receives(A, publish5("u", b"\x23\0\x10", b"3"));
    table.receives(A, publish5("", b"\x23\0\x10", b"4"));
    let sent = [("t", b"1"), ("t", b"2"), ("u", b"3"), ("u", b"4")];
    let sent = sent.map(|(topic, payload)| publish5(topic, b"", payload));
    table.sends(A, sent.concat());
}

#[test]
fn messages_expire_where_they_wait() {
    let mut table = Table::new();
    table.opens(A, keep5("a", 1000)).sends(A, accepts(b""));
    table.subscribes5(A, "t", 1).loses(A).joins5(B, "b");
    let message = |first_byte, id: u8, seconds: u8| {
        let expiry = [2, 0, 0, 0, seconds];
        whole(first_byte, &[&text("t"), &[0, id], &list(&expiry)])
    };
    table
        .receives(B, message(0x32, 1, 10))
        .receives(B, message(0x32, 2, 20));
    table.sends(B, b"\x40\x02\0\x01\x40\x02\0\x02");
    table.waits(10_000).opens(A, keep5("a", 1000));
    // Of the second one ten seconds are left.
    table.sends(A, (resumes(), message(0x32, 2, 10)));
    // What has been sent is sent again, and has no time left.
    table.loses(A).waits(30_000).opens(A, keep5("a", 1000));
    table.sends(A, (resumes(), message(0x3a, 2, 0)));
}

#[test]
fn retained_messages_expire() {
    let mut table = Table::new();
    let mut message = publish5("t", b"\x02\0\0\0\x05", b"x");
    message[0] |= 1;
    table.joins5(A, "a").receives(A, &message).waits(4_999);
    let mut late = publish5("t", b"\x02\0\0\0\0", b"x");
    late[0] |= 1;
    table
        .receives(A, subscribe5("t", 0, b""))
        .sends(A, (suback5(0), late))
        .waits(1)
        .subscribes5(A, "t", 0);
}

#[test]
fn the_sender_is_told_that_nobody_wants_it() {
    let mut table = Table::new();
    table.joins5(A, "a");
    table
        .receives(A, publish5_qos(0x32, "t", 1, b""))
        .sends(A, b"\x40\x03\0\x01\x10")
        .receives(A, publish5_qos(0x34, "t", 2, b""))
        .sends(A, b"\x50\x03\0\x02\x10");
    table
        .receives(A, b"\x62\x02\0\x02\x62\x02\0\x02")
        .sends(A, b"\x70\x02\0\x02\x70\x03\0\x02\x92");
}

#[test]
fn a_message_that_the_client_refuses_ends() {
    let mut table = Table::new();
    table.joins5(A, "a").subscribes5(A, "t", 2);
    table.receives(A, publish5_qos(0x34, "t", 1, b""));
    table.sends(A, (publish5_qos(0x34, "t", 1, b""), b"\x50\x02\0\x01"));
    // PUBREC with 0x97, and no PUBREL.
    table
        .receives(A, b"\x50\x03\0\x01\x97")
        .sends(A, b"")
        .is_open(A);
    // PUBREC for a message that is unknown.
    table
        .receives(A, b"\x50\x02\0\x09")
        .sends(A, b"\x62\x03\0\x09\x92");
    table.receives(A, b"\x50\x03\0\x09\x97").sends(A, b"");
    table
        .receives(A, b"\x62\x02\0\x01")
        .sends(A, b"\x70\x02\0\x01");
    assert!(table.broker.is_idle("a"));
}
