//! How long sessions and wills last.
use super::*;

#[test]
fn a_session_lasts_as_long_as_asked_for() {
    let mut table = Table::new();
    table.opens(A, keep5("a", 10)).sends(A, accepts(b""));
    table.loses(A).waits(9_999);
    table.opens(A, keep5("a", 10)).sends(A, resumes());
    table.loses(A).waits(10_000);
    table.opens(A, keep5("a", 0)).sends(A, accepts(b""));
    // It ends with its connection, although the client has not asked for Clean Start.
    table
        .loses(A)
        .opens(A, keep5("a", u32::MAX))
        .sends(A, accepts(b""));
    table.loses(A).waits(u64::from(u32::MAX) * 1000);
    table.opens(A, keep5("a", 0)).sends(A, resumes());
}

#[test]
fn clean_start_begins_anew_and_the_session_lasts() {
    let mut table = Table::new();
    table
        .opens(A, connect5("a", b"\x11\0\0\0\x05"))
        .sends(A, accepts(b""))
        .loses(A)
        .opens(A, keep5("a", 5))
        .sends(A, resumes())
        .loses(A)
        .opens(A, connect5("a", b"\x11\0\0\0\x05"))
        .sends(A, accepts(b""));
}

#[test]
fn disconnect_changes_how_long_it_lasts() {
    let mut table = Table::new();
    table.opens(A, keep5("a", 10)).sends(A, accepts(b""));
    table
        .receives(A, b"\xe0\x07\0\x05\x11\0\0\0\0")
        .is_closed(A);
    table.opens(B, keep5("a", 10)).sends(B, accepts(b""));
    // But a session that was to end with its connection does so [MQTT-3.14.2-2].
    table.joins5(C, "c");
    table
        .receives(C, b"\xe0\x07\0\x05\x11\0\0\0\x01")
        .sends(C, disconnect5(0x82));
}

#[test]
fn both_versions_share_a_session() {
    let mut table = Table::new();
    table.joins(A, keep_a()).loses(A);
    table.opens(A, keep5("a", 10)).sends(A, resumes()).loses(A);
    table
        .opens(A, keep_a())
        .sends(A, connack().session_present());
    table.loses(A).waits(100_000);
    table
        .opens(A, keep_a())
        .sends(A, connack().session_present());
}

fn with_delayed_will(session: u8, delay: u8) -> Table {
    let mut table = Table::new();
    table.joins5(B, "b").subscribes5(B, "w", 0);
    let connect = will5("a", &[0x11, 0, 0, 0, session], &[0x18, 0, 0, 0, delay]);
    table.opens(A, connect).sends(A, accepts(b"")).loses(A);
    table
}

#[test]
fn a_will_is_delayed() {
    let mut table = with_delayed_will(60, 10);
    assert_eq!(table.broker.tick(table.now), Some(10_000));
    table.waits(9_999).sends(B, b"").waits(1);
    table.sends(B, publish5("w", b"", b"gone"));
    table.waits(60_000).sends(B, b"");
}

#[test]
fn a_client_that_comes_back_takes_its_will_with_it() {
    let mut table = with_delayed_will(60, 10);
    table
        .waits(9_999)
        .opens(A, keep5("a", 60))
        .sends(A, resumes());
    table.waits(60_000).sends(B, b"");
}

#[test]
fn a_will_waits_no_longer_than_its_session() {
    with_delayed_will(5, 10)
        .waits(5_000)
        .sends(B, publish5("w", b"", b"gone"));
    with_delayed_will(0, 10).sends(B, publish5("w", b"", b"gone"));
    // A clean start ends the session.
    with_delayed_will(60, 10)
        .opens(A, connect5("a", b""))
        .sends(B, publish5("w", b"", b"gone"));
}

#[test]
fn the_same_input_gives_the_same_output() {
    let run = || {
        let mut table = with_delayed_will(60, 10);
        for connection in [A, C] {
            table.opens(connection, connect5("", b"\x22\0\x05"));
            table.receives(connection, subscribe5("$share/g/+", 1, b"\x0b\x05"));
        }
        for id in 1..9 {
            table.receives(B, publish5_qos(0x32, "w", id, b"x"));
        }
        table.waits(10_000);
        [A, B, C].map(|connection| table.broker.take(connection))
    };
    assert_eq!(run(), run());
}
