use super::*;
use motemq::ReturnCode;

#[test]
fn connect_is_answered() {
    Table::new()
        .opens(A, connect_a())
        .sends(A, connack())
        .is_open(A)
        .receives(A, pingreq())
        .sends(A, pingresp());
}

#[test]
fn bytes_may_come_one_by_one() {
    let mut table = Table::new();
    table.opens(A, b"");
    for byte in connect_a().to_bytes() {
        table.sends(A, b"").receives(A, [byte]);
    }
    table.sends(A, connack());
}

#[test]
fn packets_may_come_before_connack() {
    let packets = [
        connect_a(),
        subscribe(1, &[("t", 0)]),
        publish("t").qos1(5).payload(b"m"),
    ];
    Table::new().opens(A, packets).sends(
        A,
        [
            connack(),
            suback(1, &[0]),
            publish("t").payload(b"m"),
            puback(5),
        ],
    );
}

#[test]
fn first_packet_is_connect() {
    Table::new().opens(A, pingreq()).sends(A, b"").is_closed(A);
}

#[test]
fn second_connect_closes() {
    Table::new()
        .joins(A, connect_a())
        .receives(A, connect_a())
        .sends(A, b"")
        .is_closed(A);
}

#[test]
fn another_level_is_refused() {
    // MQTT 9, and MQTT 5 at a broker that does not speak it.
    Table::new()
        .opens(A, b"\x10\x0d\0\x04MQTT\x09\x02\0\x3c\0\x01a")
        .sends(A, connack().code(1))
        .is_closed(A);
    Table::with(Config::new().only_3_1_1())
        .opens(A, b"\x10\x0e\0\x04MQTT\x05\x02\0\x3c\0\0\x01a")
        .sends(A, connack().code(1))
        .is_closed(A);
}

#[test]
fn another_level_is_refused_only_to_new_connections() {
    Table::new()
        .joins(A, connect_a())
        .receives(A, b"\x10\x0d\0\x04MQTT\x09\x02\0\x3c\0\x01a")
        .sends(A, b"")
        .is_closed(A);
}

#[test]
fn another_protocol_is_not_answered() {
    for bytes in [
        &b"\x10\x0d\0\x04MQTX\x04\x02\0\x3c\0\x01a"[..],
        b"\x10\x0f\0\x06MQIsdp\x03\x02\0\x3c\0\x01a",
        b"GET / HTTP/1.1\r\n\r\n",
    ] {
        Table::new().opens(A, bytes).sends(A, b"").is_closed(A);
    }
}

#[test]
fn malformed_connect_is_not_answered() {
    // Too short to say a level; what stands behind is another packet, come yet or not.
    Table::new()
        .opens(A, b"\x10\x06\0\x04MQTT\x05")
        .sends(A, b"")
        .is_closed(A);
    Table::new()
        .opens(A, b"\x10\x06\0\x04MQTT")
        .sends(A, b"")
        .is_closed(A);
    // The fixed header's flags, with another level besides.
    Table::new()
        .opens(A, b"\x11\x0d\0\x04MQTT\x09\x02\0\x3c\0\x01a")
        .sends(A, b"")
        .is_closed(A);
    // The reserved flag; a password without a user name; a will QoS without a will.
    for flags in [0x03, 0x42, 0x0a] {
        let mut bytes = connect_a().to_bytes();
        bytes[9] = flags;
        Table::new().opens(A, &bytes).sends(A, b"").is_closed(A);
    }
}

#[test]
fn empty_identifier_with_clean_session() {
    let nameless = b"\x10\x0c\0\x04MQTT\x04\x02\0\x3c\0\0";
    // Two at once: each has an identifier of its own.
    Table::new()
        .joins(A, nameless)
        .joins(B, nameless)
        .is_open(A)
        .is_open(B);
}

#[test]
fn empty_identifier_with_kept_session_is_refused() {
    Table::new()
        .opens(A, connect("").keep_session().keep_alive(60))
        .sends(A, connack().code(2))
        .is_closed(A);
}

#[test]
fn identifier_of_200_bytes() {
    let mut bytes = b"\x10\xd4\x01\0\x04MQTT\x04\x02\0\x3c\0\xc8".to_vec();
    bytes.resize(bytes.len() + 200, b'L');
    Table::new().joins(A, &bytes);
}

#[test]
fn login_is_checked() {
    let config = Config::new().login(|connect| match (connect.user, connect.password) {
        (Some("u"), Some(b"p")) => ReturnCode::ACCEPTED,
        (Some(_), _) => ReturnCode::BAD_USER_NAME_OR_PASSWORD,
        (None, _) => ReturnCode::NOT_AUTHORIZED,
    });
    let mut table = Table::with(config);
    table.joins(A, b"\x10\x13\0\x04MQTT\x04\xc2\0\x3c\0\x01a\0\x01u\0\x01p");
    table
        .opens(B, b"\x10\x13\0\x04MQTT\x04\xc2\0\x3c\0\x01b\0\x01u\0\x01x")
        .sends(B, connack().code(4))
        .is_closed(B);
    // Who is refused takes nothing from anybody, and nothing behind it is read.
    table
        .opens(C, [connect_a(), pingreq()])
        .sends(C, connack().code(5))
        .is_closed(C)
        .is_open(A);
}

#[test]
fn takeover_closes_the_older_connection() {
    Table::new()
        .joins(A, connect_a())
        .joins(B, connect_a())
        .is_closed(A)
        .is_open(B)
        .receives(B, pingreq())
        .sends(B, pingresp());
}

#[test]
fn disconnect_closes() {
    Table::new()
        .joins(A, connect_a())
        .receives(A, [disconnect(), pingreq()])
        .sends(A, b"")
        .is_closed(A);
}

#[test]
fn silence_closes_after_one_and_a_half_keep_alives() {
    let mut table = Table::new();
    table
        .joins(A, connect_a())
        .waits(89_999)
        .is_open(A)
        .receives(A, pingreq())
        .sends(A, pingresp());
    // Half a packet is no sign of life.
    table
        .waits(89_999)
        .is_open(A)
        .receives(A, b"\xc0")
        .waits(1)
        .is_closed(A);
}

#[test]
fn tick_tells_the_next_deadline() {
    let mut table = Table::new();
    assert_eq!(table.broker.tick(table.now), None);
    table.joins(A, connect_a());
    assert_eq!(table.broker.tick(table.now + 1), Some(89_999));
}

#[test]
fn no_keep_alive_no_deadline() {
    let mut table = Table::new();
    table.joins(A, connect("a")).waits(1 << 40).is_open(A);
    assert_eq!(table.broker.tick(table.now), None);
}

#[test]
fn who_does_not_connect_is_closed() {
    Table::with(Config::new().connect_timeout(500))
        .opens(A, b"\x10")
        .waits(499)
        .is_open(A)
        .waits(1)
        .sends(A, b"")
        .is_closed(A);
}

#[test]
fn malformed_packets_close() {
    let packets: [&[u8]; 12] = [
        b"\x36\x06\0\x01t\0\x01m",      // QoS 3
        b"\x38\x04\0\x01tm",            // DUP with QoS 0
        b"\x32\x06\0\x01t\0\0m",        // identifier 0
        b"\x30\x04\0\x01+m",            // a wildcard in a topic name
        b"\x30\x03\0\0m",               // no topic name
        b"\x80\x06\0\x01\0\x01t\0",     // SUBSCRIBE's flags
        b"\x82\x07\0\x01\0\x02a#\0",    // a misplaced wildcard
        b"\x82\x06\0\x01\0\x01t\x03",   // QoS 3
        b"\x82\x02\0\x01",              // no filter
        b"\x60\x02\0\x01",              // PUBREL's flags
        b"\xc0\x80\x80\x80\x80\x01",    // a remaining length of five bytes
        b"\x30\x06\0\x03\xed\xa0\x80m", // a surrogate
    ];
    for packet in packets {
        Table::new()
            .joins(A, connect_a())
            .receives(A, packet)
            .sends(A, b"")
            .is_closed(A);
    }
}

#[test]
fn packets_that_only_brokers_send_close() {
    for packet in [connack(), suback(1, &[0]), unsuback(1), pingresp()] {
        Table::new()
            .joins(A, connect_a())
            .receives(A, packet)
            .is_closed(A);
    }
}

#[test]
fn packets_have_a_limit() {
    let mut table = Table::with(Config::new().max_packet(20));
    table
        .joins(A, connect_a())
        .receives(A, publish("t").payload(b"234567890123456"))
        .receives(A, pingreq())
        .sends(A, pingresp());
    table
        .receives(A, publish("t").payload(b"2345678901234567"))
        .is_closed(A);
    // It is not waited for the end of a larger one.
    table
        .joins(B, connect_b())
        .receives(B, b"\x30\xff\xff\xff\x7f\0\x01t2345678901234")
        .is_closed(B);
}

#[test]
fn the_limit_holds_for_one_packet_not_for_many_at_once() {
    let mut table = Table::with(Config::new().max_packet(20));
    table
        .joins(A, connect_a())
        .receives(A, vec![pingreq(); 30])
        .sends(A, vec![pingresp(); 30]);
}

#[test]
fn what_is_ready_is_told_once() {
    let mut table = Table::new();
    table.opens(A, connect_a());
    assert_eq!(
        (table.broker.next_ready(), table.broker.next_ready()),
        (Some(A), None)
    );
    table.receives(A, disconnect());
    assert_eq!(
        (table.broker.next_ready(), table.broker.next_ready()),
        (Some(A), None)
    );
    table.loses(A);
    assert_eq!(table.broker.next_ready(), None);
}

#[test]
fn nothing_is_left_of_a_lost_connection() {
    let mut table = Table::new();
    table
        .joins(A, connect_a())
        .receives(A, [pingreq(), disconnect()])
        .loses(A)
        .sends(A, b"");
    while let Some(ready) = table.broker.next_ready() {
        assert_ne!(ready, A);
    }
}
