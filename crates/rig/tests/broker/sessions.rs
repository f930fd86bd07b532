use super::*;

/// A has subscribed to `t` with QoS 2 in a session that is kept, and B publishes.
fn kept() -> Table {
    let mut table = Table::new();
    table
        .joins(B, CONNECT_B)
        .joins(A, KEEP_A)
        .hears(A, b"\x82\x06\0\x01\0\x01t\x02")
        .says(A, b"\x90\x03\0\x01\x02");
    table
}

#[test]
fn session_present() {
    let mut table = Table::new();
    table
        .joins(A, KEEP_A)
        .hears(A, DISCONNECT)
        .opens(A, KEEP_A)
        .says(A, RESUMED)
        .loses(A);
    // A clean one ends it.
    table.joins(A, CONNECT_A).loses(A).joins(A, KEEP_A);
}

#[test]
fn a_kept_session_takes_messages_while_its_client_is_away() {
    let mut table = kept();
    table.hears(A, DISCONNECT);
    table
        .hears(
            B,
            b"\x30\x04\0\x01t0\x32\x06\0\x01t\0\x011\x34\x06\0\x01t\0\x022",
        )
        .says(B, b"\x40\x02\0\x01\x50\x02\0\x02");
    table.opens(A, KEEP_A).says(
        A,
        b"\x20\x02\x01\0\x32\x06\0\x01t\0\x011\x34\x06\0\x01t\0\x022",
    );
}

#[test]
fn a_clean_session_does_not() {
    let mut table = Table::new();
    table
        .joins(A, CONNECT_A)
        .hears(A, b"\x82\x06\0\x01\0\x01t\x02")
        .loses(A);
    table
        .joins(B, CONNECT_B)
        .hears(B, b"\x32\x06\0\x01t\0\x011")
        .joins(A, CONNECT_A)
        .hears(B, b"\x32\x06\0\x01t\0\x012")
        .says(A, b"");
}

#[test]
fn what_was_not_answered_is_sent_again_in_order() {
    let mut table = kept();
    table.hears(
        B,
        b"\x32\x06\0\x01t\0\x011\x34\x06\0\x01t\0\x022\x32\x06\0\x01t\0\x033\x34\x06\0\x01t\0\x044",
    );
    table.says(
        A,
        b"\x32\x06\0\x01t\0\x011\x34\x06\0\x01t\0\x022\x32\x06\0\x01t\0\x033\x34\x06\0\x01t\0\x044",
    );
    table
        .hears(A, b"\x50\x02\0\x02\x40\x02\0\x03")
        .says(A, b"\x62\x02\0\x02")
        .loses(A);
    // One more that was never sent: no DUP.
    table.hears(B, b"\x32\x06\0\x01t\0\x055");
    table.opens(A, KEEP_A);
    table.says(A, b"\x20\x02\x01\0\x3a\x06\0\x01t\0\x011\x62\x02\0\x02\x3c\x06\0\x01t\0\x044\x32\x06\0\x01t\0\x055");
    table
        .hears(A, b"\x40\x02\0\x01\x70\x02\0\x02\x50\x02\0\x04")
        .says(A, b"\x62\x02\0\x04")
        .hears(A, b"\x70\x02\0\x04\x40\x02\0\x05");
    table.hears(A, DISCONNECT).opens(A, KEEP_A).says(A, RESUMED);
}

#[test]
fn nothing_is_sent_twice_over_one_connection() {
    let mut table = kept();
    table
        .hears(B, b"\x32\x06\0\x01t\0\x011")
        .says(A, b"\x32\x06\0\x01t\0\x011")
        .waits(89_000)
        .says(A, b"")
        .is_open(A);
}

#[test]
fn what_was_not_taken_is_sent_again() {
    let mut table = kept();
    table
        .hears(B, b"\x32\x06\0\x01t\0\x011")
        .loses(A)
        .opens(A, KEEP_A)
        .says(A, b"\x20\x02\x01\0\x3a\x06\0\x01t\0\x011");
}

#[test]
fn a_qos_2_message_half_published_is_remembered() {
    let mut table = Table::new();
    table
        .joins(B, CONNECT_B)
        .hears(B, b"\x82\x06\0\x01\0\x01t\0")
        .says(B, b"\x90\x03\0\x01\0");
    table
        .joins(A, KEEP_A)
        .hears(A, b"\x34\x06\0\x01t\0\x05m")
        .says(A, b"\x50\x02\0\x05")
        .loses(A);
    table
        .opens(A, KEEP_A)
        .says(A, RESUMED)
        .hears(A, b"\x3c\x06\0\x01t\0\x05m")
        .says(A, b"\x50\x02\0\x05");
    table
        .hears(A, b"\x62\x02\0\x05")
        .says(A, b"\x70\x02\0\x05")
        .says(B, b"\x30\x04\0\x01tm");
}

#[test]
fn a_clean_session_forgets_it() {
    let mut table = Table::new();
    table
        .joins(B, CONNECT_B)
        .hears(B, b"\x82\x06\0\x01\0\x01t\0")
        .says(B, b"\x90\x03\0\x01\0");
    table
        .joins(A, CONNECT_A)
        .hears(A, b"\x34\x06\0\x01t\0\x05m")
        .loses(A)
        .joins(A, CONNECT_A);
    table
        .hears(A, b"\x34\x06\0\x01t\0\x05m")
        .says(B, b"\x30\x04\0\x01tm\x30\x04\0\x01tm");
}

#[test]
fn a_session_is_taken_over_with_its_messages() {
    let mut table = kept();
    table
        .hears(B, b"\x32\x06\0\x01t\0\x011")
        .says(A, b"\x32\x06\0\x01t\0\x011");
    table
        .opens(C, KEEP_A)
        .is_closed(A)
        .says(C, b"\x20\x02\x01\0\x3a\x06\0\x01t\0\x011");
    // What the older connection still says, or that it is lost, means nothing.
    table
        .hears(A, b"\x40\x02\0\x01")
        .loses(A)
        .is_open(C)
        .hears(C, b"\x40\x02\0\x01")
        .hears(C, PINGREQ)
        .says(C, PINGRESP);
}

#[test]
fn the_queue_has_a_limit() {
    let mut table = Table::with(Config::new().queue(2));
    table
        .joins(B, CONNECT_B)
        .joins(A, KEEP_A)
        .hears(A, b"\x82\x06\0\x01\0\x01t\x01")
        .loses(A);
    table.hears(
        B,
        b"\x32\x06\0\x01t\0\x011\x32\x06\0\x01t\0\x022\x32\x06\0\x01t\0\x033",
    );
    table.says(B, b"\x40\x02\0\x01\x40\x02\0\x02\x40\x02\0\x03");
    assert_eq!(table.broker.dropped(), 1);
    table.opens(A, KEEP_A).says(
        A,
        b"\x20\x02\x01\0\x32\x06\0\x01t\0\x011\x32\x06\0\x01t\0\x022",
    );
}

#[test]
fn after_unsubscribing_what_is_under_way_is_completed() {
    let mut table = kept();
    table
        .hears(B, b"\x34\x06\0\x01t\0\x01m")
        .says(A, b"\x34\x06\0\x01t\0\x01m")
        .hears(A, b"\xa2\x05\0\x02\0\x01t")
        .says(A, b"\xb0\x02\0\x02");
    table
        .hears(A, b"\x50\x02\0\x01")
        .says(A, b"\x62\x02\0\x01")
        .hears(A, b"\x70\x02\0\x01")
        .is_open(A);
}

#[test]
fn restart_keeps_sessions_or_not() {
    let mut table = kept();
    table.hears(B, b"\x33\x06\0\x01t\0\x01R");
    table.broker.restart(table.now, true);
    table
        .is_closed(A)
        .is_closed(B)
        .opens(A, KEEP_A)
        .says(A, b"\x20\x02\x01\0\x3a\x06\0\x01t\0\x01R");
    table.broker.restart(table.now, false);
    table
        .is_closed(A)
        .joins(A, KEEP_A)
        .hears(A, b"\x82\x06\0\x01\0\x01t\x01")
        .says(A, b"\x90\x03\0\x01\x01");
}

#[test]
fn the_same_input_gives_the_same_output_however_it_is_cut() {
    let bytes = [CONNECT_A, b"\x82\x06\0\x01\0\x01t\x02\x35\x06\0\x01t\0\x05m\x50\x02\0\x01\x62\x02\0\x05\x70\x02\0\x01", PINGREQ].concat();
    let mut whole = Table::new();
    whole.opens(A, &bytes);
    let expected = whole.broker.take(A);
    assert!(expected.ends_with(PINGRESP));
    for first in 0..bytes.len() {
        for second in first..bytes.len() {
            let mut table = Table::new();
            table
                .opens(A, &bytes[..first])
                .hears(A, &bytes[first..second])
                .hears(A, &bytes[second..])
                .says(A, &expected);
        }
    }
}
