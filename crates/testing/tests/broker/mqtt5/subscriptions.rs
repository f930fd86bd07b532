//! The options of subscriptions, their identifiers, and shared ones.
use super::*;

#[test]
fn no_local() {
    let mut table = Table::new();
    table.joins5(A, "a").subscribes5(A, "t", 4).joins5(B, "b");
    table.receives(A, publish5("t", b"", b"x")).sends(A, b"");
    table.receives(B, publish5("t", b"", b"x"));
    table.sends(A, publish5("t", b"", b"x"));
}

#[test]
fn retain_as_published() {
    let mut table = Table::new();
    table.joins5(A, "a").subscribes5(A, "t", 8);
    table.joins5(B, "b").subscribes5(B, "t", 0);
    let mut retained = publish5("t", b"", b"x");
    retained[0] |= 1;
    table.receives(B, &retained);
    table.sends(A, &retained).sends(B, publish5("t", b"", b"x"));
    table.receives(B, publish5("t", b"", b"x"));
    table.sends(A, publish5("t", b"", b"x"));
}

#[test]
fn retain_handling() {
    let mut retained = publish5("t", b"", b"x");
    retained[0] |= 1;
    // The options of a first and of a second SUBSCRIBE, and whether each gets the message.
    let cases = [
        (0x00, 0x00, true, true),
        (0x10, 0x10, true, false),
        (0x20, 0x20, false, false),
        (0x20, 0x10, false, false),
        (0x20, 0x00, false, true),
    ];
    for (first, second, at_first, at_second) in cases {
        let mut table = Table::new();
        table.joins5(A, "a").receives(A, &retained);
        for (options, comes) in [(first, at_first), (second, at_second)] {
            let message = if comes { &retained[..] } else { b"" };
            table.receives(A, subscribe5("t", options, b""));
            table.sends(A, (suback5(0), message));
        }
    }
}

#[test]
fn identifiers_of_all_subscriptions_that_match() {
    let mut table = Table::new();
    table.joins5(A, "a");
    for (filter, identifier) in [("t", &b"\x0b\x07"[..]), ("+", b"\x0b\x80\x01"), ("#", b"")] {
        table
            .receives(A, subscribe5(filter, 1, identifier))
            .sends(A, suback5(1));
    }
    table.receives(A, publish5("t", b"", b"x"));
    table.sends(A, publish5("t", b"\x0b\x80\x01\x0b\x07", b"x"));
    // Without an identifier the subscription has none any more.
    table
        .subscribes5(A, "+", 1)
        .receives(A, publish5("u", b"", b"x"));
    table.sends(A, publish5("u", b"", b"x"));
}

#[test]
fn unsubscribing_tells_what_there_was() {
    let mut table = Table::new();
    table.joins5(A, "a").subscribes5(A, "t", 0);
    table
        .receives(A, b"\xa2\x09\0\x02\0\0\x01t\0\x01u")
        .sends(A, b"\xb0\x05\0\x02\0\0\x11");
}

#[test]
fn shared_subscriptions_take_turns() {
    let mut table = Table::new();
    for (connection, name) in [(A, "a"), (B, "b")] {
        table
            .joins5(connection, name)
            .subscribes5(connection, "$share/g/t/+", 0);
    }
    // One that is not shared gets all of them, and its copy besides the shared one.
    table.subscribes5(B, "t/1", 0).joins5(C, "c");
    let message = |payload| publish5("t/1", b"", payload);
    for payload in [b"1", b"2", b"3"] {
        table.receives(C, message(payload));
    }
    table.sends(A, [message(b"1"), message(b"3")].concat());
    table.sends(
        B,
        [message(b"1"), message(b"2"), message(b"2"), message(b"3")].concat(),
    );
}

#[test]
fn shared_subscriptions_prefer_who_is_there() {
    let mut table = Table::new();
    table.opens(A, keep5("a", 1000)).sends(A, accepts(b""));
    table.subscribes5(A, "$share/g/t", 1).loses(A);
    table.joins5(B, "b").subscribes5(B, "$share/g/t", 1);
    table.joins(C, connect("c"));
    for id in 1..=2 {
        table
            .receives(C, publish("t").qos1(id))
            .sends(C, puback(id));
    }
    table.sends(
        B,
        [1, 2].map(|id| publish5_qos(0x32, "t", id, b"")).concat(),
    );
    // Nobody is there: it waits for one of them.
    table.loses(B).receives(C, publish("t").qos1(3));
    table.opens(A, keep5("a", 1000));
    table.sends(A, (resumes(), publish5_qos(0x32, "t", 1, b"")));
}

/// Retained messages are not sent to shared subscriptions, which MQTT 3.1.1 does not know.
#[test]
fn a_share_is_a_topic_of_3_1_1() {
    let mut table = Table::new();
    table.joins5(A, "a").joins(B, connect_b());
    table.receives(B, publish("t").retain());
    table.subscribes5(A, "$share/g/t", 0).sends(A, b"");
    table
        .receives(B, subscribe(1, &[("$share/g/t", 0)]))
        .sends(B, suback(1, &[0]))
        .receives(B, publish("$share/g/t"))
        .sends(B, publish("$share/g/t"))
        .receives(B, publish("t"))
        .sends(B, b"")
        .sends(A, publish5("t", b"", b""));
}
