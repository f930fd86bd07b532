use super::*;

/// A has subscribed to `t` with QoS 2 in a session that is kept, and B publishes.
fn kept() -> Table {
    let mut table = Table::new();
    table
        .joins(B, connect_b())
        .joins(A, keep_a())
        .receives(A, subscribe(1, &[("t", 2)]))
        .sends(A, suback(1, &[2]));
    table
}

#[test]
fn session_present() {
    let mut table = Table::new();
    table
        .joins(A, keep_a())
        .receives(A, disconnect())
        .opens(A, keep_a())
        .sends(A, connack().session_present())
        .loses(A);
    // A clean one ends it.
    table.joins(A, connect_a()).loses(A).joins(A, keep_a());
}

#[test]
fn a_kept_session_takes_messages_while_its_client_is_away() {
    let mut table = kept();
    table.receives(A, disconnect());
    table
        .receives(
            B,
            [
                publish("t").payload(b"0"),
                publish("t").qos1(1).payload(b"1"),
                publish("t").qos2(2).payload(b"2"),
            ],
        )
        .sends(B, [puback(1), pubrec(2)]);
    table.opens(A, keep_a()).sends(
        A,
        [
            connack().session_present(),
            publish("t").qos1(1).payload(b"1"),
            publish("t").qos2(2).payload(b"2"),
        ],
    );
}

#[test]
fn a_clean_session_does_not() {
    let mut table = Table::new();
    table
        .joins(A, connect_a())
        .receives(A, subscribe(1, &[("t", 2)]))
        .loses(A);
    table
        .joins(B, connect_b())
        .receives(B, publish("t").qos1(1).payload(b"1"))
        .joins(A, connect_a())
        .receives(B, publish("t").qos1(1).payload(b"2"))
        .sends(A, b"");
}

#[test]
fn what_was_not_answered_is_sent_again_in_order() {
    let mut table = kept();
    table.receives(
        B,
        [
            publish("t").qos1(1).payload(b"1"),
            publish("t").qos2(2).payload(b"2"),
            publish("t").qos1(3).payload(b"3"),
            publish("t").qos2(4).payload(b"4"),
        ],
    );
    table.sends(
        A,
        [
            publish("t").qos1(1).payload(b"1"),
            publish("t").qos2(2).payload(b"2"),
            publish("t").qos1(3).payload(b"3"),
            publish("t").qos2(4).payload(b"4"),
        ],
    );
    table
        .receives(A, [pubrec(2), puback(3)])
        .sends(A, pubrel(2))
        .loses(A);
    // One more that was never sent: no DUP.
    table.receives(B, publish("t").qos1(5).payload(b"5"));
    table.opens(A, keep_a());
    table.sends(
        A,
        [
            connack().session_present(),
            publish("t").qos1(1).dup().payload(b"1"),
            pubrel(2),
            publish("t").qos2(4).dup().payload(b"4"),
            publish("t").qos1(5).payload(b"5"),
        ],
    );
    table
        .receives(A, [puback(1), pubcomp(2), pubrec(4)])
        .sends(A, pubrel(4))
        .receives(A, [pubcomp(4), puback(5)]);
    table
        .receives(A, disconnect())
        .opens(A, keep_a())
        .sends(A, connack().session_present());
}

#[test]
fn nothing_is_sent_twice_over_one_connection() {
    let mut table = kept();
    table
        .receives(B, publish("t").qos1(1).payload(b"1"))
        .sends(A, publish("t").qos1(1).payload(b"1"))
        .waits(89_000)
        .sends(A, b"")
        .is_open(A);
}

#[test]
fn what_was_not_taken_is_sent_again() {
    let mut table = kept();
    table
        .receives(B, publish("t").qos1(1).payload(b"1"))
        .loses(A)
        .opens(A, keep_a())
        .sends(
            A,
            [
                connack().session_present(),
                publish("t").qos1(1).dup().payload(b"1"),
            ],
        );
}

#[test]
fn a_qos_2_message_half_published_is_remembered() {
    let mut table = Table::new();
    table
        .joins(B, connect_b())
        .receives(B, subscribe(1, &[("t", 0)]))
        .sends(B, suback(1, &[0]));
    table
        .joins(A, keep_a())
        .receives(A, publish("t").qos2(5).payload(b"m"))
        .sends(A, pubrec(5))
        .loses(A);
    table
        .opens(A, keep_a())
        .sends(A, connack().session_present())
        .receives(A, publish("t").qos2(5).dup().payload(b"m"))
        .sends(A, pubrec(5));
    table
        .receives(A, pubrel(5))
        .sends(A, pubcomp(5))
        .sends(B, publish("t").payload(b"m"));
}

#[test]
fn a_clean_session_forgets_it() {
    let mut table = Table::new();
    table
        .joins(B, connect_b())
        .receives(B, subscribe(1, &[("t", 0)]))
        .sends(B, suback(1, &[0]));
    table
        .joins(A, connect_a())
        .receives(A, publish("t").qos2(5).payload(b"m"))
        .loses(A)
        .joins(A, connect_a());
    table
        .receives(A, publish("t").qos2(5).payload(b"m"))
        .sends(B, [publish("t").payload(b"m"), publish("t").payload(b"m")]);
}

#[test]
fn a_session_is_taken_over_with_its_messages() {
    let mut table = kept();
    table
        .receives(B, publish("t").qos1(1).payload(b"1"))
        .sends(A, publish("t").qos1(1).payload(b"1"));
    table.opens(C, keep_a()).is_closed(A).sends(
        C,
        [
            connack().session_present(),
            publish("t").qos1(1).dup().payload(b"1"),
        ],
    );
    // What the older connection still says, or that it is lost, means nothing.
    table
        .receives(A, puback(1))
        .loses(A)
        .is_open(C)
        .receives(C, puback(1))
        .receives(C, pingreq())
        .sends(C, pingresp());
}

#[test]
fn the_queue_has_a_limit() {
    let mut table = Table::with(Config::new().queue(2));
    table
        .joins(B, connect_b())
        .joins(A, keep_a())
        .receives(A, subscribe(1, &[("t", 1)]))
        .loses(A);
    table.receives(
        B,
        [
            publish("t").qos1(1).payload(b"1"),
            publish("t").qos1(2).payload(b"2"),
            publish("t").qos1(3).payload(b"3"),
        ],
    );
    table.sends(B, [puback(1), puback(2), puback(3)]);
    assert_eq!(table.broker.dropped(), 1);
    table.opens(A, keep_a()).sends(
        A,
        [
            connack().session_present(),
            publish("t").qos1(1).payload(b"1"),
            publish("t").qos1(2).payload(b"2"),
        ],
    );
}

#[test]
fn after_unsubscribing_what_is_under_way_is_completed() {
    let mut table = kept();
    table
        .receives(B, publish("t").qos2(1).payload(b"m"))
        .sends(A, publish("t").qos2(1).payload(b"m"))
        .receives(A, unsubscribe(2, &["t"]))
        .sends(A, unsuback(2));
    table
        .receives(A, pubrec(1))
        .sends(A, pubrel(1))
        .receives(A, pubcomp(1))
        .is_open(A);
}

#[test]
fn restart_keeps_sessions_or_not() {
    let mut table = kept();
    table.receives(B, publish("t").qos1(1).retain().payload(b"R"));
    table.broker.restart(table.now, true);
    table.is_closed(A).is_closed(B).opens(A, keep_a()).sends(
        A,
        [
            connack().session_present(),
            publish("t").qos1(1).dup().payload(b"R"),
        ],
    );
    table.broker.restart(table.now, false);
    table
        .is_closed(A)
        .joins(A, keep_a())
        .receives(A, subscribe(1, &[("t", 1)]))
        .sends(A, suback(1, &[1]));
}

#[test]
fn the_same_input_gives_the_same_output_however_it_is_cut() {
    let bytes = [
        connect_a(),
        subscribe(1, &[("t", 2)]),
        publish("t").qos2(5).retain().payload(b"m"),
        pubrec(1),
        pubrel(5),
        pubcomp(1),
        pingreq(),
    ]
    .to_bytes();
    let mut whole = Table::new();
    whole.opens(A, &bytes);
    let expected = whole.broker.take(A);
    assert!(expected.ends_with(&pingresp().to_bytes()));
    for first in 0..bytes.len() {
        for second in first..bytes.len() {
            let mut table = Table::new();
            table
                .opens(A, &bytes[..first])
                .receives(A, &bytes[first..second])
                .receives(A, &bytes[second..])
                .sends(A, &expected);
        }
    }
}
