//! The judge finds each kind of what exceeds a limit, and nothing else.
use motemq_testing::judge::Judge;

/// CONNECT that announces a receive maximum of 1, packets of 30 bytes and no aliases.
const CONNECT: &[u8] = b"\x10\x16\0\x04MQTT\x05\x02\0\x3c\x08\x21\0\x01\x27\0\0\0\x1e\0\x01a";

/// CONNACK that announces these limits, QoS 1 and the alias 1 at most, and lacks everything that a
/// server can lack.
const CONNACK: &[u8] = b"\x20\x18\0\0\x15\x21\0\x01\x27\0\0\0\x1e\x24\x01\x22\0\x01\
    \x25\0\x28\0\x29\0\x2a\0";

fn judge() -> Judge {
    let mut judge = Judge::new();
    judge.client_sends(CONNECT);
    judge.server_sends(CONNACK);
    assert!(judge.findings().is_empty(), "{:?}", judge.findings());
    judge
}

/// A message with QoS 0 whose packet has so many bytes.
fn long(length: usize) -> Vec<u8> {
    let mut packet = vec![0x30, length as u8 - 2, 0, 1, b't', 0];
    packet.resize(length, b'x');
    packet
}

#[test]
fn what_exceeds_a_limit_is_found() {
    let too_long = long(31);
    let of_client: [(&[u8], &str); 11] = [
        (&too_long, "31 bytes, and may send 30"),
        (b"\x31\x04\0\x01t\0", "not supported"),
        (b"\x34\x06\0\x01t\0\x01\0", "not supported"),
        (
            b"\x32\x06\0\x01t\0\x01\0\x32\x06\0\x01t\0\x02\0",
            "2 messages in flight, and may have 1",
        ),
        (
            b"\x32\x06\0\x01t\0\x01\0\x3a\x06\0\x01t\0\x01\0",
            "1 twice on one connection",
        ),
        (b"\x30\x07\0\x01t\x03\x23\0\x02", "alias 2, and may use 1"),
        (
            b"\x30\x06\0\0\x03\x23\0\x01",
            "has not set the topic alias 1",
        ),
        (b"\x82\x07\0\x01\0\0\x01#\0", "subscribes to #"),
        (
            b"\x82\x10\0\x01\0\0\x0a$share/g/t\0",
            "subscribes to $share/g/t",
        ),
        (
            b"\x82\x09\0\x01\x02\x0b\x01\0\x01t\0",
            "subscription identifier",
        ),
        (b"\x82\x02\0\x01", "no packet"),
    ];
    for (bytes, finding) in of_client {
        let mut judge = judge();
        judge.client_sends(bytes);
        let found = judge.findings().first().cloned().unwrap_or_default();
        assert!(
            found.starts_with("the client") && found.contains(finding),
            "{found}: {bytes:x?}"
        );
    }
    let of_server: [(&[u8], &str); 3] = [
        (&too_long, "31 bytes, and may send 30"),
        (
            b"\x32\x06\0\x01t\0\x01\0\x34\x06\0\x01t\0\x02\0",
            "2 messages in flight, and may have 1",
        ),
        (b"\x30\x07\0\x01t\x03\x23\0\x01", "alias 1, and may use 0"),
    ];
    for (bytes, finding) in of_server {
        let mut judge = judge();
        judge.server_sends(bytes);
        let found = judge.findings().first().cloned().unwrap_or_default();
        assert!(
            found.starts_with("the server") && found.contains(finding),
            "{found}"
        );
    }
}

#[test]
fn what_is_allowed_is_not_found() {
    let mut judge = judge();
    judge.client_sends(&long(30));
    judge.client_sends(b"\x30\x07\0\x01t\x03\x23\0\x01\x30\x06\0\0\x03\x23\0\x01");
    judge.client_sends(b"\x82\x07\0\x01\0\0\x01t\0");
    judge.client_sends(b"\x32\x06\0\x01t\0\x02\0");
    judge.server_sends(b"\x40\x02\0\x02\x34\x06\0\x01t\0\x01\0");
    // An acknowledgement completes a message when its code has come, and only once.
    judge.client_sends(b"\x50\x03\0\x01\x97\x32\x06\0\x01t\0\x02\0");
    judge.server_sends(b"\x34\x06\0\x01t\0\x02\0\x40\x0a\0\x02\0\x06\x1f\0");
    judge.client_sends(b"\x32\x06\0\x01t\0\x02\0");
    judge.server_sends(b"\x03yes");
    assert_eq!(judge.in_flight().count(), 1);
    assert!(judge.findings().is_empty(), "{:?}", judge.findings());
}
