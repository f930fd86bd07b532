use super::*;
use motemq::QoS;

#[test]
fn the_lower_qos_counts() {
    for (granted, published) in
        (0..3).flat_map(|granted| (0..3).map(move |published| (granted, published)))
    {
        let mut table = Table::new();
        table
            .joins(A, connect_a())
            .receives(A, subscribe(1, &[("t", granted)]))
            .sends(A, suback(1, &[granted]));
        let message = publish("t").payload(b"m");
        let (packet, answer) = match published {
            0 => (message.clone(), vec![]),
            1 => (message.clone().qos1(7), vec![puback(7)]),
            _ => (message.clone().qos2(7), vec![pubrec(7)]),
        };
        table
            .joins(B, connect_b())
            .receives(B, packet)
            .sends(B, answer);
        table.sends(
            A,
            match granted.min(published) {
                0 => message,
                1 => message.qos1(1),
                _ => message.qos2(1),
            },
        );
    }
}

#[test]
fn overlapping_filters_give_one_copy_of_the_highest_qos() {
    let mut table = Table::new();
    table
        .joins(A, connect_a())
        .receives(A, subscribe(1, &[("t/a", 1), ("t/#", 2)]))
        .sends(A, suback(1, &[1, 2]));
    table
        .joins(B, connect_b())
        .receives(B, publish("t/a").qos2(9).payload(b"m"))
        .sends(B, pubrec(9));
    table.sends(A, publish("t/a").qos2(1).payload(b"m"));
}

#[test]
fn wildcards() {
    let mut table = Table::new();
    table
        .joins(A, connect_a())
        .receives(A, subscribe(1, &[("w/+/x", 0), ("w/#", 0)]))
        .sends(A, suback(1, &[0, 0]));
    table.joins(B, connect_b());
    for topic in ["w", "w//x", "w/é/x"] {
        let packet = publish(topic).payload(b"m");
        table.receives(B, &packet).sends(A, &packet);
    }
    table
        .receives(B, publish("/w").payload(b"m"))
        .receives(B, publish("W").payload(b"m"))
        .sends(A, b"");
}

#[test]
fn dollar_is_not_matched_by_wildcards() {
    let mut table = Table::new();
    table
        .joins(A, connect_a())
        .receives(A, subscribe(1, &[("#", 0), ("+/x", 0)]))
        .sends(A, suback(1, &[0, 0]));
    table
        .joins(B, connect_b())
        .receives(B, publish("$s/x").payload(b"m"))
        .sends(A, b"");
    table
        .receives(A, subscribe(2, &[("$s/#", 0)]))
        .sends(A, suback(2, &[0]));
    table
        .receives(B, publish("$s/x").payload(b"m"))
        .sends(A, publish("$s/x").payload(b"m"));
}

#[test]
fn unsubscribe_takes_filters_as_they_are_written() {
    let mut table = Table::new();
    table
        .joins(A, connect_a())
        .receives(A, subscribe(1, &[("t/a", 1), ("t/+", 1)]))
        .sends(A, suback(1, &[1, 1]));
    table
        .receives(A, unsubscribe(9, &["t/+", "no!"]))
        .sends(A, unsuback(9));
    table
        .receives(A, publish("t/b").payload(b"m"))
        .sends(A, b"")
        .receives(A, publish("t/a").payload(b"m"))
        .sends(A, publish("t/a").payload(b"m"));
}

#[test]
fn subscribing_again_replaces_the_qos() {
    let mut table = Table::new();
    table
        .joins(A, connect_a())
        .receives(A, subscribe(1, &[("t", 2)]))
        .sends(A, suback(1, &[2]));
    table
        .receives(A, subscribe(2, &[("t", 0)]))
        .sends(A, suback(2, &[0]));
    table
        .receives(A, publish("t").qos1(7).payload(b"m"))
        .sends(A, [publish("t").payload(b"m"), puback(7)]);
}

#[test]
fn filters_can_be_refused() {
    let mut table =
        Table::with(Config::new().admit(|client, filter| client != "a" || filter != "s"));
    table
        .joins(A, connect_a())
        .receives(A, subscribe(1, &[("s", 1), ("t", 1)]))
        .sends(A, suback(1, &[0x80, 1]))
        .is_open(A);
    table.receives(A, publish("s").payload(b"m")).sends(A, b"");
    table
        .joins(B, connect_b())
        .receives(B, subscribe(1, &[("s", 0)]))
        .sends(B, suback(1, &[0]));
}

#[test]
fn the_qos_granted_can_be_limited() {
    let mut table = Table::with(Config::new().max_qos(QoS::AtLeastOnce));
    table
        .joins(A, connect_a())
        .receives(A, subscribe(1, &[("t", 2)]))
        .sends(A, suback(1, &[1]));
}

#[test]
fn retained_messages() {
    let mut table = Table::new();
    table
        .joins(B, connect_b())
        .joins(A, connect_a())
        .receives(A, subscribe(1, &[("t", 1)]))
        .sends(A, suback(1, &[1]));
    // Live traffic has RETAIN 0.
    table
        .receives(B, publish("t").qos2(7).retain().payload(b"R"))
        .sends(B, pubrec(7))
        .sends(A, publish("t").qos1(1).payload(b"R"));
    // A new subscription has it with RETAIN 1, after SUBACK; the same one again, too.
    table.receives(A, subscribe(2, &[("t", 1)])).sends(
        A,
        [suback(2, &[1]), publish("t").qos1(2).retain().payload(b"R")],
    );
    table
        .receives(A, subscribe(3, &[("+", 0)]))
        .sends(A, [suback(3, &[0]), publish("t").retain().payload(b"R")]);
    // What is not retained leaves it alone; what is replaces it, with QoS 0, too.
    table
        .receives(B, publish("t").payload(b"x"))
        .sends(A, publish("t").payload(b"x"))
        .receives(B, publish("t").retain().payload(b"S"))
        .sends(A, publish("t").payload(b"S"));
    table
        .receives(A, subscribe(4, &[("t", 1)]))
        .sends(A, [suback(4, &[1]), publish("t").retain().payload(b"S")]);
    // An empty one is passed on and ends it.
    table
        .receives(B, publish("t").retain())
        .sends(A, publish("t"));
    table
        .receives(A, subscribe(5, &[("t", 1)]))
        .sends(A, suback(5, &[1]));
}

#[test]
fn retained_messages_outlive_the_session() {
    let mut table = Table::new();
    table
        .joins(B, connect_b())
        .receives(B, publish("t").retain().payload(b"R"))
        .receives(B, disconnect())
        .is_closed(B);
    table
        .joins(A, connect_a())
        .receives(A, subscribe(1, &[("t", 0)]))
        .sends(A, [suback(1, &[0]), publish("t").retain().payload(b"R")]);
}

/// CONNECT of a client `a` with the will `W` to `w`.
fn with_will(flags: u8) -> Vec<u8> {
    [
        b"\x10\x13\0\x04MQTT\x04",
        &[flags][..],
        b"\0\x3c\0\x01a\0\x01w\0\x01W",
    ]
    .concat()
}

/// A table at which B listens to `w` with QoS 1, and A has a will.
fn will_table(flags: u8) -> Table {
    let mut table = Table::new();
    table
        .joins(B, connect("b"))
        .receives(B, subscribe(1, &[("w", 1)]))
        .sends(B, suback(1, &[1]));
    table.joins(A, with_will(flags));
    table
}

#[test]
fn will_of_a_lost_connection() {
    will_table(0x0e)
        .loses(A)
        .sends(B, publish("w").qos1(1).payload(b"W"));
}

#[test]
fn will_of_a_silent_connection() {
    will_table(0x06)
        .waits(90_000)
        .is_closed(A)
        .sends(B, publish("w").payload(b"W"));
}

#[test]
fn will_of_a_connection_closed_for_an_error() {
    will_table(0x0e)
        .receives(A, b"\0\0")
        .sends(B, publish("w").qos1(1).payload(b"W"))
        .loses(A)
        .sends(B, b"");
}

#[test]
fn will_of_a_connection_taken_over() {
    will_table(0x0e)
        .joins(C, connect_a())
        .sends(B, publish("w").qos1(1).payload(b"W"));
}

#[test]
fn no_will_after_disconnect() {
    will_table(0x0e)
        .receives(A, disconnect())
        .loses(A)
        .sends(B, b"");
}

#[test]
fn no_will_of_a_connection_refused() {
    let mut table = Table::with(Config::new().login(|connect| {
        if connect.will.is_some() {
            5.into()
        } else {
            0.into()
        }
    }));
    table
        .joins(B, connect_b())
        .receives(B, subscribe(1, &[("w", 1)]))
        .sends(B, suback(1, &[1]));
    table
        .opens(A, with_will(0x0e))
        .sends(A, connack().code(5))
        .loses(A)
        .sends(B, b"");
}

#[test]
fn retained_will() {
    let mut table = will_table(0x36);
    table.loses(A).sends(B, publish("w").qos1(1).payload(b"W"));
    table
        .joins(C, connect_a())
        .receives(C, subscribe(1, &[("w", 2)]))
        .sends(
            C,
            [suback(1, &[2]), publish("w").qos2(1).retain().payload(b"W")],
        );
}
