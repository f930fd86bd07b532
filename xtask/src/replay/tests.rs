//! Files as `motemq record --raw` writes them.
use super::*;

/// Returns a file of these pieces.
fn file(pieces: &[(u64, &str, &[u8])]) -> String {
    let line = |&(connection, direction, bytes): &(u64, &str, &[u8])| {
        let bytes = STANDARD.encode(bytes);
        format!(
            "{{\"timestamp\":\"T\",\"connection\":{connection},\"direction\":\"{direction}\",\"bytes_base64\":\"{bytes}\"}}\n"
        )
    };
    pieces.iter().map(line).collect()
}

const CONNECT: &[u8] = b"\x10\x0d\0\x04MQTT\x04\x02\0\x3c\0\x01a";

#[test]
fn each_event_of_a_connection_is_shown() {
    let text = file(&[
        (1, "out", CONNECT),
        (1, "in", b"\x20\x02"),
        (1, "in", b"\0\0"),
        (1, "out", b"\x82\x06\0\x01\0\x01t\x01\x32\x06\0\x01t\0"),
        (1, "out", b"\x02x"),
        (1, "in", b"\x90\x03\0\x01\x01\x40\x02\0\x02\x30\x04\0\x01th"),
        (1, "out", b"\xe0\0"),
    ]);
    let (shown, fault) = replay(&text).unwrap();
    assert_eq!(fault, None, "{shown}");
    let mut lines = shown.lines();
    for words in [
        "-> CONNECT",
        "<- Connected",
        "-> SUBSCRIBE",
        "-> PUBLISH",
        "<- Subscribed",
        "<- Acked",
        "<- Message",
        "-> DISCONNECT",
    ] {
        let line = lines.next().unwrap();
        assert!(line.starts_with(&format!("T 1 {words}")), "{words}: {line}");
    }
    assert_eq!(lines.next(), None);
}

#[test]
fn both_versions_are_replayed_one_after_the_other() {
    let text = file(&[
        (1, "out", b"\x10\x0e\0\x04MQTT\x05\x02\0\x3c\0\0\x01a"),
        (1, "in", b"\x20\x03\0\0\0"),
        (2, "out", CONNECT),
        (2, "in", b"\x20\x02\0\0"),
    ]);
    let (shown, fault) = replay(&text).unwrap();
    assert_eq!(fault, None, "{shown}");
    assert_eq!(shown.matches("<- Connected").count(), 2, "{shown}");
}

#[test]
fn a_fault_is_found_where_it_is() {
    let text = file(&[
        (1, "out", CONNECT),
        (1, "in", b"\x20\x02\0\0"),
        // A message with QoS 3.
        (1, "in", b"\x36\x06\0\x01t\0\x01x"),
    ]);
    let (shown, fault) = replay(&text).unwrap();
    assert!(
        fault.is_some() && shown.lines().last().unwrap().contains("FAULT"),
        "{shown}"
    );
}

#[test]
fn a_torn_last_line_is_left_out() {
    let whole = file(&[(1, "out", CONNECT)]);
    assert!(replay(&format!("{whole}{{\"time")).is_ok());
    assert!(replay(&format!("{{\"time\n{whole}")).is_err());
}
