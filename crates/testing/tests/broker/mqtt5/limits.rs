//! The limits that the broker announces, and those of the client.
use super::*;
use motemq::QoS;

fn with(limits: Limits) -> Table {
    Table::with(Config::new().limits(limits))
}

#[test]
fn limits_are_announced() {
    let mut table = with(Limits {
        receive_maximum: 2,
        maximum_packet_size: 300,
        maximum_qos: QoS::AtLeastOnce,
        topic_alias_maximum: 3,
        retain_available: false,
        wildcards_available: false,
        identifiers_available: false,
        shared_available: false,
        server_keep_alive: Some(10),
        session_expiry_maximum: 5,
    });
    let connack = b"\x20\x20\0\0\x1d\x21\0\x02\x24\x01\x25\0\x27\0\0\x01\x2c\x22\0\x03\
        \x28\0\x29\0\x2a\0\x13\0\x0a\x11\0\0\0\x05";
    table.opens(A, keep5("a", 6)).sends(A, connack);
    // The keep alive of the server counts.
    table.waits(14_999).is_open(A).waits(1).is_closed(A);
    // A client of MQTT 3.1.1 knows none of it.
    table
        .joins(B, connect_b())
        .receives(B, publish("t").qos2(1).retain())
        .sends(B, pubrec(1));
}

#[test]
fn limits_can_change_between_connections() {
    let mut table = with(Limits::NONE);
    table.joins5(A, "a");
    table.broker.set_limits(Limits {
        receive_maximum: 1,
        topic_alias_maximum: 0,
        ..Limits::NONE
    });
    table
        .opens(B, connect5("b", b""))
        .sends(B, b"\x20\x06\0\0\x03\x21\0\x01");
    // What was announced to a connection holds for it.
    let aliased = publish5("t", b"\x23\0\x05", b"");
    table.receives(A, aliased.clone()).is_open(A);
    table.receives(B, aliased).sends(B, disconnect5(0x94));
}

#[test]
fn what_exceeds_a_limit_closes_the_connection() {
    let narrow = Limits {
        receive_maximum: 1,
        maximum_packet_size: 40,
        maximum_qos: QoS::ExactlyOnce,
        topic_alias_maximum: 2,
        retain_available: false,
        wildcards_available: false,
        identifiers_available: false,
        shared_available: false,
        ..Limits::NONE
    };
    let cases: [(Vec<u8>, u8); 10] = [
        (publish5_qos(0x31, "t", 1, b""), 0x9a),
        (publish5("t", b"", &[0; 35]), 0x95),
        (publish5("t", b"\x23\0\x03", b""), 0x94),
        (publish5("", b"\x23\0\x01", b""), 0x94),
        (subscribe5("a/+", 0, b""), 0xa2),
        (subscribe5("#", 0, b""), 0xa2),
        (subscribe5("a", 0, b"\x0b\x01"), 0xa1),
        (subscribe5("$share/g/a", 0, b""), 0x9e),
        (
            [
                publish5_qos(0x34, "t", 1, b""),
                publish5_qos(0x32, "t", 2, b""),
            ]
            .concat(),
            0x93,
        ),
        // The beginning of a packet is too long already.
        (publish5("t", b"", &[0; 200])[..41].to_vec(), 0x95),
    ];
    for (bytes, code) in cases {
        let mut table = with(narrow);
        table.opens(A, connect5("a", b"")).broker.take(A);
        table.receives(A, &bytes).is_closed(A);
        let last = table.broker.take(A);
        assert!(last.ends_with(&disconnect5(code)), "{bytes:x?}: {last:x?}");
        assert_eq!(table.broker.objections(), [(A, code.into())]);
    }
    // What does not exceed one is taken.
    let mut table = with(narrow);
    table.opens(A, connect5("a", b"")).broker.take(A);
    table
        .receives(A, publish5("t", b"", &[0; 34]))
        .receives(A, publish5("t", b"\x23\0\x02", b""))
        .receives(A, publish5("", b"\x23\0\x02", b""))
        .receives(A, publish5_qos(0x34, "t", 1, b""))
        .sends(A, b"\x50\x03\0\x01\x10")
        .receives(A, b"\x62\x02\0\x01")
        .sends(A, b"\x70\x02\0\x01")
        .receives(A, publish5_qos(0x32, "t", 2, b""))
        .sends(A, b"\x40\x03\0\x02\x10")
        .is_open(A);
    assert!(table.broker.objections().is_empty());
}

#[test]
fn the_highest_qos_holds_for_messages_and_wills() {
    let mut table = with(Limits {
        maximum_qos: QoS::AtMostOnce,
        ..Limits::NONE
    });
    table.opens(A, connect5("a", b"")).broker.take(A);
    // A subscription may ask for more.
    table
        .subscribes5(A, "t", 2)
        .receives(A, publish5_qos(0x32, "t", 1, b""))
        .sends(A, disconnect5(0x9b));
    let mut with_will = will5("b", b"", b"");
    with_will[9] |= 0x08;
    table
        .opens(B, with_will)
        .sends(B, refuses(0x9b))
        .is_closed(B);
}

#[test]
fn the_window_of_the_client() {
    let mut table = Table::new();
    table
        .opens(A, connect5("a", b"\x21\0\x02"))
        .sends(A, accepts(b""))
        .subscribes5(A, "t", 2);
    table.joins(B, connect_b());
    for id in 1..=3 {
        table.receives(B, publish("t").qos1(id)).broker.take(B);
    }
    let message = |id| publish5_qos(0x32, "t", id, b"");
    table.sends(A, (message(1), message(2)));
    table.receives(A, b"\x40\x02\0\x02").sends(A, message(3));
}

#[test]
fn a_window_that_shrinks_holds_for_what_is_sent_again() {
    let mut table = Table::new();
    let mut wide = keep5("a", 100);
    table.opens(A, &wide).sends(A, accepts(b""));
    table.subscribes5(A, "t", 2).joins(B, connect_b());
    for id in 1..=3 {
        table.receives(B, publish("t").qos2(id)).broker.take(B);
    }
    table.broker.take(A);
    // PUBREC for the second one.
    table
        .receives(A, b"\x50\x02\0\x02")
        .sends(A, b"\x62\x02\0\x02");
    table.loses(A);
    // A receive maximum of 1.
    wide.splice(12..13, [8, 0x21, 0, 1]);
    wide[1] += 3;
    let again = |id| publish5_qos(0x3c, "t", id, b"");
    table.opens(A, &wide).sends(A, (resumes(), again(1)));
    table
        .receives(A, b"\x50\x02\0\x01")
        .sends(A, b"\x62\x02\0\x01")
        .receives(A, b"\x70\x02\0\x01")
        .sends(A, b"\x62\x02\0\x02")
        .receives(A, b"\x70\x02\0\x02")
        .sends(A, again(3));
}

#[test]
fn the_longest_packet_of_the_client() {
    let mut table = Table::new();
    table
        .opens(A, connect5("a", b"\x27\0\0\0\x14"))
        .sends(A, accepts(b""))
        .subscribes5(A, "t", 1)
        .joins(B, connect_b());
    // With 13 bytes of payload the packet has 20, with 14 it has 21.
    table.receives(B, publish("t").qos1(1).payload(&[b'x'; 14]));
    table.receives(B, publish("t").payload(&[b'x'; 16]));
    table.sends(A, b"");
    table.receives(B, publish("t").qos1(2).payload(&[b'x'; 12]));
    table.sends(A, publish5_qos(0x32, "t", 2, &[b'x'; 12]));
}

#[test]
fn aliases_for_the_client() {
    let mut table = Table::new();
    table
        .opens(A, connect5("a", b"\x22\0\x01"))
        .sends(A, accepts(b""))
        .subscribes5(A, "#", 0)
        .joins(B, connect_b());
    for topic in ["t", "u", "t"] {
        table.receives(B, publish(topic).payload(b"x"));
    }
    table.sends(
        A,
        (
            publish5("t", b"\x23\0\x01", b"x"),
            (publish5("u", b"", b"x"), publish5("", b"\x23\0\x01", b"x")),
        ),
    );
    // They belong to the connection.
    table.opens(A, connect5("a", b"\x22\0\x01"));
    table.sends(A, accepts(b"")).subscribes5(A, "#", 0);
    table.receives(B, publish("t"));
    table.sends(A, publish5("t", b"\x23\0\x01", b""));
}
