use super::*;
use motemq::QoS;

#[test]
fn the_lower_qos_counts() {
    for (granted, published) in
        (0..3).flat_map(|granted| (0..3).map(move |published| (granted, published)))
    {
        let mut table = Table::new();
        table
            .joins(A, CONNECT_A)
            .hears(A, &[0x82, 6, 0, 1, 0, 1, b't', granted])
            .says(A, &[0x90, 3, 0, 1, granted]);
        let (packet, answer): (&[u8], &[u8]) = match published {
            0 => (b"\x30\x04\0\x01tm", b""),
            1 => (b"\x32\x06\0\x01t\0\x07m", b"\x40\x02\0\x07"),
            _ => (b"\x34\x06\0\x01t\0\x07m", b"\x50\x02\0\x07"),
        };
        table.joins(B, CONNECT_B).hears(B, packet).says(B, answer);
        table.says(
            A,
            match granted.min(published) {
                0 => b"\x30\x04\0\x01tm",
                1 => b"\x32\x06\0\x01t\0\x01m",
                _ => b"\x34\x06\0\x01t\0\x01m",
            },
        );
    }
}

#[test]
fn overlapping_filters_give_one_copy_of_the_highest_qos() {
    let mut table = Table::new();
    table
        .joins(A, CONNECT_A)
        .hears(A, b"\x82\x0e\0\x01\0\x03t/a\x01\0\x03t/#\x02")
        .says(A, b"\x90\x04\0\x01\x01\x02");
    table
        .joins(B, CONNECT_B)
        .hears(B, b"\x34\x08\0\x03t/a\0\x09m")
        .says(B, b"\x50\x02\0\x09");
    table.says(A, b"\x34\x08\0\x03t/a\0\x01m");
}

#[test]
fn wildcards() {
    let mut table = Table::new();
    table
        .joins(A, CONNECT_A)
        .hears(A, b"\x82\x10\0\x01\0\x05w/+/x\0\0\x03w/#\0")
        .says(A, b"\x90\x04\0\x01\0\0");
    table.joins(B, CONNECT_B);
    for packet in [
        &b"\x30\x04\0\x01wm"[..],
        b"\x30\x07\0\x04w//xm",
        b"\x30\x09\0\x06w/\xc3\xa9/xm",
    ] {
        table.hears(B, packet).says(A, packet);
    }
    table
        .hears(B, b"\x30\x05\0\x02/wm")
        .hears(B, b"\x30\x04\0\x01Wm")
        .says(A, b"");
}

#[test]
fn dollar_is_not_matched_by_wildcards() {
    let mut table = Table::new();
    table
        .joins(A, CONNECT_A)
        .hears(A, b"\x82\x0c\0\x01\0\x01#\0\0\x03+/x\0")
        .says(A, b"\x90\x04\0\x01\0\0");
    table
        .joins(B, CONNECT_B)
        .hears(B, b"\x30\x07\0\x04$s/xm")
        .says(A, b"");
    table
        .hears(A, b"\x82\x09\0\x02\0\x04$s/#\0")
        .says(A, b"\x90\x03\0\x02\0");
    table
        .hears(B, b"\x30\x07\0\x04$s/xm")
        .says(A, b"\x30\x07\0\x04$s/xm");
}

#[test]
fn unsubscribe_takes_filters_as_they_are_written() {
    let mut table = Table::new();
    table
        .joins(A, CONNECT_A)
        .hears(A, b"\x82\x0e\0\x01\0\x03t/a\x01\0\x03t/+\x01")
        .says(A, b"\x90\x04\0\x01\x01\x01");
    table
        .hears(A, b"\xa2\x0c\0\x09\0\x03t/+\0\x03no!")
        .says(A, b"\xb0\x02\0\x09");
    table
        .hears(A, b"\x30\x06\0\x03t/bm")
        .says(A, b"")
        .hears(A, b"\x30\x06\0\x03t/am")
        .says(A, b"\x30\x06\0\x03t/am");
}

#[test]
fn subscribing_again_replaces_the_qos() {
    let mut table = Table::new();
    table
        .joins(A, CONNECT_A)
        .hears(A, b"\x82\x06\0\x01\0\x01t\x02")
        .says(A, b"\x90\x03\0\x01\x02");
    table
        .hears(A, b"\x82\x06\0\x02\0\x01t\0")
        .says(A, b"\x90\x03\0\x02\0");
    table
        .hears(A, b"\x32\x06\0\x01t\0\x07m")
        .says(A, b"\x30\x04\0\x01tm\x40\x02\0\x07");
}

#[test]
fn filters_can_be_refused() {
    let mut table =
        Table::with(Config::new().admit(|client, filter| client != "a" || filter != "s"));
    table
        .joins(A, CONNECT_A)
        .hears(A, b"\x82\x0a\0\x01\0\x01s\x01\0\x01t\x01")
        .says(A, b"\x90\x04\0\x01\x80\x01")
        .is_open(A);
    table.hears(A, b"\x30\x04\0\x01sm").says(A, b"");
    table
        .joins(B, CONNECT_B)
        .hears(B, b"\x82\x06\0\x01\0\x01s\0")
        .says(B, b"\x90\x03\0\x01\0");
}

#[test]
fn the_qos_granted_can_be_limited() {
    let mut table = Table::with(Config::new().max_qos(QoS::AtLeastOnce));
    table
        .joins(A, CONNECT_A)
        .hears(A, b"\x82\x06\0\x01\0\x01t\x02")
        .says(A, b"\x90\x03\0\x01\x01");
}

#[test]
fn retained_messages() {
    let mut table = Table::new();
    table
        .joins(B, CONNECT_B)
        .joins(A, CONNECT_A)
        .hears(A, b"\x82\x06\0\x01\0\x01t\x01")
        .says(A, b"\x90\x03\0\x01\x01");
    // Live traffic has RETAIN 0.
    table
        .hears(B, b"\x35\x06\0\x01t\0\x07R")
        .says(B, b"\x50\x02\0\x07")
        .says(A, b"\x32\x06\0\x01t\0\x01R");
    // A new subscription has it with RETAIN 1, after SUBACK; the same one again, too.
    table
        .hears(A, b"\x82\x06\0\x02\0\x01t\x01")
        .says(A, b"\x90\x03\0\x02\x01\x33\x06\0\x01t\0\x02R");
    table
        .hears(A, b"\x82\x06\0\x03\0\x01+\0")
        .says(A, b"\x90\x03\0\x03\0\x31\x04\0\x01tR");
    // What is not retained leaves it alone; what is replaces it, with QoS 0, too.
    table
        .hears(B, b"\x30\x04\0\x01tx")
        .says(A, b"\x30\x04\0\x01tx")
        .hears(B, b"\x31\x04\0\x01tS")
        .says(A, b"\x30\x04\0\x01tS");
    table
        .hears(A, b"\x82\x06\0\x04\0\x01t\x01")
        .says(A, b"\x90\x03\0\x04\x01\x31\x04\0\x01tS");
    // An empty one is passed on and ends it.
    table
        .hears(B, b"\x31\x03\0\x01t")
        .says(A, b"\x30\x03\0\x01t");
    table
        .hears(A, b"\x82\x06\0\x05\0\x01t\x01")
        .says(A, b"\x90\x03\0\x05\x01");
}

#[test]
fn retained_messages_outlive_the_session() {
    let mut table = Table::new();
    table
        .joins(B, CONNECT_B)
        .hears(B, b"\x31\x04\0\x01tR")
        .hears(B, DISCONNECT)
        .is_closed(B);
    table
        .joins(A, CONNECT_A)
        .hears(A, b"\x82\x06\0\x01\0\x01t\0")
        .says(A, b"\x90\x03\0\x01\0\x31\x04\0\x01tR");
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
        .joins(B, b"\x10\x0d\0\x04MQTT\x04\x02\0\0\0\x01b")
        .hears(B, b"\x82\x06\0\x01\0\x01w\x01")
        .says(B, b"\x90\x03\0\x01\x01");
    table.joins(A, &with_will(flags));
    table
}

#[test]
fn will_of_a_lost_connection() {
    will_table(0x0e).loses(A).says(B, b"\x32\x06\0\x01w\0\x01W");
}

#[test]
fn will_of_a_silent_connection() {
    will_table(0x06)
        .waits(90_000)
        .is_closed(A)
        .says(B, b"\x30\x04\0\x01wW");
}

#[test]
fn will_of_a_connection_closed_for_an_error() {
    will_table(0x0e)
        .hears(A, b"\0\0")
        .says(B, b"\x32\x06\0\x01w\0\x01W")
        .loses(A)
        .says(B, b"");
}

#[test]
fn will_of_a_connection_taken_over() {
    will_table(0x0e)
        .joins(C, CONNECT_A)
        .says(B, b"\x32\x06\0\x01w\0\x01W");
}

#[test]
fn no_will_after_disconnect() {
    will_table(0x0e).hears(A, DISCONNECT).loses(A).says(B, b"");
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
        .joins(B, CONNECT_B)
        .hears(B, b"\x82\x06\0\x01\0\x01w\x01")
        .says(B, b"\x90\x03\0\x01\x01");
    table
        .opens(A, &with_will(0x0e))
        .says(A, b"\x20\x02\0\x05")
        .loses(A)
        .says(B, b"");
}

#[test]
fn retained_will() {
    let mut table = will_table(0x36);
    table.loses(A).says(B, b"\x32\x06\0\x01w\0\x01W");
    table
        .joins(C, CONNECT_A)
        .hears(C, b"\x82\x06\0\x01\0\x01w\x02")
        .says(C, b"\x90\x03\0\x01\x02\x35\x06\0\x01w\0\x01W");
}
