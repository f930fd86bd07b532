use super::*;
use motemq::ReturnCode;

#[test]
fn connect_is_answered() {
    Table::new()
        .opens(A, CONNECT_A)
        .says(A, b"\x20\x02\0\0")
        .is_open(A)
        .hears(A, PINGREQ)
        .says(A, PINGRESP);
}

#[test]
fn bytes_may_come_one_by_one() {
    let mut table = Table::new();
    table.opens(A, b"");
    for byte in CONNECT_A {
        table.says(A, b"").hears(A, &[*byte]);
    }
    table.says(A, ACCEPTED);
}

#[test]
fn packets_may_come_before_connack() {
    let mut bytes = CONNECT_A.to_vec();
    bytes.extend(b"\x82\x06\0\x01\0\x01t\0\x32\x06\0\x01t\0\x05m");
    Table::new().opens(A, &bytes).says(
        A,
        b"\x20\x02\0\0\x90\x03\0\x01\0\x30\x04\0\x01tm\x40\x02\0\x05",
    );
}

#[test]
fn first_packet_is_connect() {
    Table::new().opens(A, PINGREQ).says(A, b"").is_closed(A);
}

#[test]
fn second_connect_closes() {
    Table::new()
        .joins(A, CONNECT_A)
        .hears(A, CONNECT_A)
        .says(A, b"")
        .is_closed(A);
}

#[test]
fn another_level_is_refused() {
    // MQTT 9, and a CONNECT of MQTT 5.
    Table::new()
        .opens(A, b"\x10\x0d\0\x04MQTT\x09\x02\0\x3c\0\x01a")
        .says(A, b"\x20\x02\0\x01")
        .is_closed(A);
    Table::new()
        .opens(A, b"\x10\x0e\0\x04MQTT\x05\x02\0\x3c\0\0\x01a")
        .says(A, b"\x20\x02\0\x01")
        .is_closed(A);
}

#[test]
fn another_level_is_refused_only_to_new_connections() {
    Table::new()
        .joins(A, CONNECT_A)
        .hears(A, b"\x10\x0d\0\x04MQTT\x09\x02\0\x3c\0\x01a")
        .says(A, b"")
        .is_closed(A);
}

#[test]
fn another_protocol_is_not_answered() {
    for bytes in [
        &b"\x10\x0d\0\x04MQTX\x04\x02\0\x3c\0\x01a"[..],
        b"\x10\x0f\0\x06MQIsdp\x03\x02\0\x3c\0\x01a",
        b"GET / HTTP/1.1\r\n\r\n",
    ] {
        Table::new().opens(A, bytes).says(A, b"").is_closed(A);
    }
}

#[test]
fn malformed_connect_is_not_answered() {
    // Too short to say a level; what stands behind is another packet, come yet or not.
    Table::new()
        .opens(A, b"\x10\x06\0\x04MQTT\x05")
        .says(A, b"")
        .is_closed(A);
    Table::new()
        .opens(A, b"\x10\x06\0\x04MQTT")
        .says(A, b"")
        .is_closed(A);
    // The fixed header's flags, with another level besides.
    Table::new()
        .opens(A, b"\x11\x0d\0\x04MQTT\x09\x02\0\x3c\0\x01a")
        .says(A, b"")
        .is_closed(A);
    // The reserved flag; a password without a user name; a will QoS without a will.
    for flags in [0x03, 0x42, 0x0a] {
        let mut bytes = CONNECT_A.to_vec();
        bytes[9] = flags;
        Table::new().opens(A, &bytes).says(A, b"").is_closed(A);
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
        .opens(A, b"\x10\x0c\0\x04MQTT\x04\x00\0\x3c\0\0")
        .says(A, b"\x20\x02\0\x02")
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
        .says(B, b"\x20\x02\0\x04")
        .is_closed(B);
    // Who is refused takes nothing from anybody, and nothing behind it is read.
    let mut pipelined = CONNECT_A.to_vec();
    pipelined.extend(PINGREQ);
    table
        .opens(C, &pipelined)
        .says(C, b"\x20\x02\0\x05")
        .is_closed(C)
        .is_open(A);
}

#[test]
fn takeover_closes_the_older_connection() {
    Table::new()
        .joins(A, CONNECT_A)
        .joins(B, CONNECT_A)
        .is_closed(A)
        .is_open(B)
        .hears(B, PINGREQ)
        .says(B, PINGRESP);
}

#[test]
fn disconnect_closes() {
    let mut last = DISCONNECT.to_vec();
    last.extend(PINGREQ);
    Table::new()
        .joins(A, CONNECT_A)
        .hears(A, &last)
        .says(A, b"")
        .is_closed(A);
}

#[test]
fn silence_closes_after_one_and_a_half_keep_alives() {
    let mut table = Table::new();
    table
        .joins(A, CONNECT_A)
        .waits(89_999)
        .is_open(A)
        .hears(A, PINGREQ)
        .says(A, PINGRESP);
    // Half a packet is no sign of life.
    table
        .waits(89_999)
        .is_open(A)
        .hears(A, b"\xc0")
        .waits(1)
        .is_closed(A);
}

#[test]
fn tick_tells_the_next_deadline() {
    let mut table = Table::new();
    assert_eq!(table.broker.tick(table.now), None);
    table.joins(A, CONNECT_A);
    assert_eq!(table.broker.tick(table.now + 1), Some(89_999));
}

#[test]
fn no_keep_alive_no_deadline() {
    let mut table = Table::new();
    table
        .joins(A, b"\x10\x0d\0\x04MQTT\x04\x02\0\0\0\x01a")
        .waits(1 << 40)
        .is_open(A);
    assert_eq!(table.broker.tick(table.now), None);
}

#[test]
fn who_does_not_connect_is_closed() {
    Table::with(Config::new().connect_timeout(500))
        .opens(A, b"\x10")
        .waits(499)
        .is_open(A)
        .waits(1)
        .says(A, b"")
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
            .joins(A, CONNECT_A)
            .hears(A, packet)
            .says(A, b"")
            .is_closed(A);
    }
}

#[test]
fn packets_that_only_brokers_send_close() {
    for packet in [
        &b"\x20\x02\0\0"[..],
        b"\x90\x03\0\x01\0",
        b"\xb0\x02\0\x01",
        b"\xd0\0",
    ] {
        Table::new()
            .joins(A, CONNECT_A)
            .hears(A, packet)
            .is_closed(A);
    }
}

#[test]
fn packets_have_a_limit() {
    let mut table = Table::with(Config::new().max_packet(20));
    table
        .joins(A, CONNECT_A)
        .hears(A, b"\x30\x12\0\x01t234567890123456")
        .hears(A, PINGREQ)
        .says(A, PINGRESP);
    table
        .hears(A, b"\x30\x13\0\x01t2345678901234567")
        .is_closed(A);
    // It is not waited for the end of a larger one.
    table
        .joins(B, CONNECT_B)
        .hears(B, b"\x30\xff\xff\xff\x7f\0\x01t2345678901234")
        .is_closed(B);
}

#[test]
fn the_limit_holds_for_one_packet_not_for_many_at_once() {
    let mut table = Table::with(Config::new().max_packet(20));
    table
        .joins(A, CONNECT_A)
        .hears(A, &PINGREQ.repeat(30))
        .says(A, &PINGRESP.repeat(30));
}

#[test]
fn what_is_ready_is_told_once() {
    let mut table = Table::new();
    table.opens(A, CONNECT_A);
    assert_eq!(
        (table.broker.next_ready(), table.broker.next_ready()),
        (Some(A), None)
    );
    table.hears(A, DISCONNECT);
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
        .joins(A, CONNECT_A)
        .hears(A, b"\xc0\0\xe0\0")
        .loses(A)
        .says(A, b"");
    while let Some(ready) = table.broker.next_ready() {
        assert_ne!(ready, A);
    }
}
