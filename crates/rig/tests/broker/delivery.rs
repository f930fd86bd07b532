use super::*;

/// B publishes; A has subscribed to `t` with QoS 2.
fn pair(config: Config) -> Table {
    let mut table = Table::with(config);
    table
        .joins(B, CONNECT_B)
        .joins(A, CONNECT_A)
        .hears(A, b"\x82\x06\0\x01\0\x01t\x02")
        .says(A, b"\x90\x03\0\x01\x02");
    table
}

#[test]
fn a_qos_2_message_comes_in_once() {
    let mut table = pair(Config::new());
    table
        .hears(B, b"\x34\x06\0\x01t\0\x05m")
        .says(B, b"\x50\x02\0\x05");
    table
        .hears(B, b"\x3c\x06\0\x01t\0\x05m")
        .says(B, b"\x50\x02\0\x05");
    table.hears(B, b"\x62\x02\0\x05").says(B, b"\x70\x02\0\x05");
    table.says(A, b"\x34\x06\0\x01t\0\x01m");
    // The identifier is free again.
    table
        .hears(B, b"\x34\x06\0\x01t\0\x05n")
        .says(B, b"\x50\x02\0\x05")
        .says(A, b"\x34\x06\0\x01t\0\x02n");
}

#[test]
fn a_qos_1_message_may_come_twice() {
    let mut table = pair(Config::new());
    table
        .hears(B, b"\x32\x06\0\x01t\0\x05m\x3a\x06\0\x01t\0\x05m")
        .says(B, b"\x40\x02\0\x05\x40\x02\0\x05");
    table.says(A, b"\x32\x06\0\x01t\0\x01m\x32\x06\0\x01t\0\x02m");
}

#[test]
fn pubrel_of_an_unknown_identifier_is_answered() {
    Table::new()
        .joins(A, CONNECT_A)
        .hears(A, b"\x62\x02\0\x63")
        .says(A, b"\x70\x02\0\x63");
}

#[test]
fn stray_answers_are_passed_over() {
    let mut table = Table::new();
    table
        .joins(A, CONNECT_A)
        .hears(A, b"\x40\x02\0\x09\x70\x02\0\x09")
        .says(A, b"")
        .is_open(A);
    table.hears(A, b"\x50\x02\0\x09").says(A, b"\x62\x02\0\x09");
}

#[test]
fn a_qos_2_message_goes_out_once() {
    let mut table = pair(Config::new());
    table
        .hears(B, b"\x34\x06\0\x01t\0\x05m")
        .says(A, b"\x34\x06\0\x01t\0\x01m");
    table.hears(A, b"\x50\x02\0\x01").says(A, b"\x62\x02\0\x01");
    // PUBREC again: the client has not seen PUBREL.
    table.hears(A, b"\x50\x02\0\x01").says(A, b"\x62\x02\0\x01");
    table.hears(A, b"\x70\x02\0\x01").says(A, b"").is_open(A);
}

#[test]
fn answers_of_the_wrong_kind_close() {
    for (publish, answer) in [
        (&b"\x32\x06\0\x01t\0\x05m"[..], &b"\x50\x02\0\x01"[..]), // QoS 1: PUBREC
        (b"\x32\x06\0\x01t\0\x05m", b"\x70\x02\0\x01"),           // QoS 1: PUBCOMP
        (b"\x34\x06\0\x01t\0\x05m", b"\x40\x02\0\x01"),           // QoS 2: PUBACK
        (b"\x34\x06\0\x01t\0\x05m", b"\x70\x02\0\x01"),           // QoS 2: PUBCOMP before PUBREC
    ] {
        pair(Config::new())
            .hears(B, publish)
            .hears(A, answer)
            .is_closed(A)
            .is_open(B);
    }
}

#[test]
fn both_directions_have_identifiers_of_their_own() {
    let mut table = pair(Config::new());
    table
        .hears(A, b"\x34\x06\0\x01t\0\x01m")
        .says(A, b"\x34\x06\0\x01t\0\x01m\x50\x02\0\x01");
    table
        .hears(A, b"\x50\x02\0\x01\x62\x02\0\x01")
        .says(A, b"\x62\x02\0\x01\x70\x02\0\x01");
    table.hears(A, b"\x70\x02\0\x01").says(A, b"").is_open(A);
}

#[test]
fn the_window_bounds_what_is_under_way() {
    let mut table = pair(Config::new().window(2));
    for number in 1..=4 {
        table
            .hears(B, &[0x32, 6, 0, 1, b't', 0, number, b'0' + number])
            .says(B, &[0x40, 2, 0, number]);
    }
    table.says(A, b"\x32\x06\0\x01t\0\x011\x32\x06\0\x01t\0\x022");
    // QoS 0 has no window.
    table
        .hears(B, b"\x30\x04\0\x01tz")
        .says(A, b"\x30\x04\0\x01tz");
    table
        .hears(A, b"\x40\x02\0\x01")
        .says(A, b"\x32\x06\0\x01t\0\x033")
        .hears(A, b"\x40\x02\0\x03")
        .says(A, b"\x32\x06\0\x01t\0\x044");
    table
        .hears(A, b"\x40\x02\0\x02\x40\x02\0\x04")
        .says(A, b"")
        .is_open(A);
}

#[test]
fn a_window_of_20_unless_told_otherwise() {
    let mut table = pair(Config::new());
    for number in 1..=30 {
        table.hears(B, &[0x34, 6, 0, 1, b't', 0, number, b'm']);
    }
    assert_eq!(table.broker.take(A).len(), 20 * 8);
    // PUBREC does not make room, PUBCOMP does.
    table
        .hears(A, b"\x50\x02\0\x01")
        .says(A, b"\x62\x02\0\x01")
        .hears(A, b"\x70\x02\0\x01")
        .says(A, b"\x34\x06\0\x01t\0\x15m");
}

#[test]
fn an_identifier_under_way_is_passed_over() {
    let mut table = pair(Config::new().window(2));
    table
        .hears(B, b"\x32\x06\0\x01t\0\x01x")
        .says(A, b"\x32\x06\0\x01t\0\x01x");
    for number in (2..=0xffff_u16).chain([2]) {
        let [high, low] = number.to_be_bytes();
        table
            .hears(B, b"\x32\x06\0\x01t\0\x01m")
            .says(A, &[0x32, 6, 0, 1, b't', high, low, b'm'])
            .hears(A, &[0x40, 2, high, low]);
    }
}

#[test]
fn a_slow_reader_costs_a_bounded_backlog() {
    let mut table = pair(Config::new().backlog(24));
    for number in 1..=9 {
        table
            .hears(B, &[0x32, 6, 0, 1, b't', 0, number, b'm'])
            .hears(B, b"\x30\x04\0\x01tz");
    }
    // Three rounds of 8 and 6 bytes; all QoS 1 messages come in the end, those with QoS 0 do not.
    table.says(
        A,
        b"\x32\x06\0\x01t\0\x01m\x30\x04\0\x01tz\x32\x06\0\x01t\0\x02m\x30\x04\0\x01tz",
    );
    assert_eq!(table.broker.dropped(), 7);
    table.says(
        A,
        b"\x32\x06\0\x01t\0\x03m\x32\x06\0\x01t\0\x04m\x32\x06\0\x01t\0\x05m",
    );
    table
        .says(
            A,
            b"\x32\x06\0\x01t\0\x06m\x32\x06\0\x01t\0\x07m\x32\x06\0\x01t\0\x08m",
        )
        .says(A, b"\x32\x06\0\x01t\0\x09m");
}

#[test]
fn a_large_payload_passes() {
    let mut table = pair(Config::new());
    let mut packet = b"\x30\x83\xb4\xc4\x02\0\x01t".to_vec();
    packet.resize(packet.len() + 5_315_072, b'x');
    for piece in packet.chunks(60_000) {
        table.hears(B, piece);
    }
    table.says(A, &packet);
}
