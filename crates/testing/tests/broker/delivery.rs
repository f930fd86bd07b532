use super::*;

/// B publishes; A has subscribed to `t` with QoS 2.
fn pair(config: Config) -> Table {
    let mut table = Table::with(config);
    table
        .joins(B, connect_b())
        .joins(A, connect_a())
        .receives(A, subscribe(1, &[("t", 2)]))
        .sends(A, suback(1, &[2]));
    table
}

#[test]
fn a_qos_2_message_comes_in_once() {
    let mut table = pair(Config::new());
    table
        .receives(B, publish("t").qos2(5).payload(b"m"))
        .sends(B, pubrec(5));
    table
        .receives(B, publish("t").qos2(5).dup().payload(b"m"))
        .sends(B, pubrec(5));
    table.receives(B, pubrel(5)).sends(B, pubcomp(5));
    table.sends(A, publish("t").qos2(1).payload(b"m"));
    // The identifier is free again.
    table
        .receives(B, publish("t").qos2(5).payload(b"n"))
        .sends(B, pubrec(5))
        .sends(A, publish("t").qos2(2).payload(b"n"));
}

#[test]
fn a_qos_1_message_may_come_twice() {
    let mut table = pair(Config::new());
    table
        .receives(
            B,
            [
                publish("t").qos1(5).payload(b"m"),
                publish("t").qos1(5).dup().payload(b"m"),
            ],
        )
        .sends(B, [puback(5), puback(5)]);
    table.sends(
        A,
        [
            publish("t").qos1(1).payload(b"m"),
            publish("t").qos1(2).payload(b"m"),
        ],
    );
}

#[test]
fn pubrel_of_an_unknown_identifier_is_answered() {
    Table::new()
        .joins(A, connect_a())
        .receives(A, pubrel(99))
        .sends(A, pubcomp(99));
}

#[test]
fn stray_answers_are_passed_over() {
    let mut table = Table::new();
    table
        .joins(A, connect_a())
        .receives(A, [puback(9), pubcomp(9)])
        .sends(A, b"")
        .is_open(A);
    table.receives(A, pubrec(9)).sends(A, pubrel(9));
}

#[test]
fn a_qos_2_message_goes_out_once() {
    let mut table = pair(Config::new());
    table
        .receives(B, publish("t").qos2(5).payload(b"m"))
        .sends(A, publish("t").qos2(1).payload(b"m"));
    table.receives(A, pubrec(1)).sends(A, pubrel(1));
    // PUBREC again: the client has not seen PUBREL.
    table.receives(A, pubrec(1)).sends(A, pubrel(1));
    table.receives(A, pubcomp(1)).sends(A, b"").is_open(A);
}

#[test]
fn answers_of_the_wrong_kind_close() {
    for (publish, answer) in [
        (publish("t").qos1(5), pubrec(1)),
        (publish("t").qos1(5), pubcomp(1)),
        (publish("t").qos2(5), puback(1)),
        (publish("t").qos2(5), pubcomp(1)), // before PUBREC
    ] {
        pair(Config::new())
            .receives(B, publish)
            .receives(A, answer)
            .is_closed(A)
            .is_open(B);
    }
}

#[test]
fn both_directions_have_identifiers_of_their_own() {
    let mut table = pair(Config::new());
    table
        .receives(A, publish("t").qos2(1).payload(b"m"))
        .sends(A, [publish("t").qos2(1).payload(b"m"), pubrec(1)]);
    table
        .receives(A, [pubrec(1), pubrel(1)])
        .sends(A, [pubrel(1), pubcomp(1)]);
    table.receives(A, pubcomp(1)).sends(A, b"").is_open(A);
}

#[test]
fn the_window_bounds_what_is_under_way() {
    let mut table = pair(Config::new().window(2));
    for number in 1..=4 {
        table
            .receives(
                B,
                publish("t")
                    .qos1(number)
                    .payload(number.to_string().as_bytes()),
            )
            .sends(B, puback(number));
    }
    table.sends(
        A,
        [
            publish("t").qos1(1).payload(b"1"),
            publish("t").qos1(2).payload(b"2"),
        ],
    );
    // QoS 0 has no window.
    table
        .receives(B, publish("t").payload(b"z"))
        .sends(A, publish("t").payload(b"z"));
    table
        .receives(A, puback(1))
        .sends(A, publish("t").qos1(3).payload(b"3"))
        .receives(A, puback(3))
        .sends(A, publish("t").qos1(4).payload(b"4"));
    table
        .receives(A, [puback(2), puback(4)])
        .sends(A, b"")
        .is_open(A);
}

#[test]
fn a_window_of_20_unless_told_otherwise() {
    let mut table = pair(Config::new());
    for number in 1..=30 {
        table.receives(B, publish("t").qos2(number).payload(b"m"));
    }
    assert_eq!(table.broker.take(A).len(), 20 * 8);
    // PUBREC does not make room, PUBCOMP does.
    table
        .receives(A, pubrec(1))
        .sends(A, pubrel(1))
        .receives(A, pubcomp(1))
        .sends(A, publish("t").qos2(21).payload(b"m"));
}

#[test]
fn an_identifier_under_way_is_passed_over() {
    let mut table = pair(Config::new().window(2));
    table
        .receives(B, publish("t").qos1(1).payload(b"x"))
        .sends(A, publish("t").qos1(1).payload(b"x"));
    for number in (2..=0xffff_u16).chain([2]) {
        table
            .receives(B, publish("t").qos1(1).payload(b"m"))
            .sends(A, publish("t").qos1(number).payload(b"m"))
            .receives(A, puback(number));
    }
}

#[test]
fn a_slow_reader_costs_a_bounded_backlog() {
    let mut table = pair(Config::new().backlog(24));
    for number in 1..=9 {
        table
            .receives(B, publish("t").qos1(number).payload(b"m"))
            .receives(B, publish("t").payload(b"z"));
    }
    // Three rounds of 8 and 6 bytes; all QoS 1 messages come in the end, those with QoS 0 do not.
    table.sends(
        A,
        [
            publish("t").qos1(1).payload(b"m"),
            publish("t").payload(b"z"),
            publish("t").qos1(2).payload(b"m"),
            publish("t").payload(b"z"),
        ],
    );
    assert_eq!(table.broker.dropped(), 7);
    table.sends(
        A,
        [
            publish("t").qos1(3).payload(b"m"),
            publish("t").qos1(4).payload(b"m"),
            publish("t").qos1(5).payload(b"m"),
        ],
    );
    table
        .sends(
            A,
            [
                publish("t").qos1(6).payload(b"m"),
                publish("t").qos1(7).payload(b"m"),
                publish("t").qos1(8).payload(b"m"),
            ],
        )
        .sends(A, publish("t").qos1(9).payload(b"m"));
}

#[test]
fn a_large_payload_passes() {
    let mut table = pair(Config::new());
    let packet = publish("t").payload(&vec![b'x'; 5_315_072]).to_bytes();
    for piece in packet.chunks(60_000) {
        table.receives(B, piece);
    }
    table.sends(A, &packet);
}
