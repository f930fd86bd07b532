//! Payloads and topics that look like packets, cut at any place: they are still read as payload and
//! topic.

use crate::script::*;

/// Returns bytes that look like messages with QoS 0 and 1, behind `shift` other bytes.
fn disguised(shift: usize) -> Vec<u8> {
    [
        &b"x".repeat(shift)[..],
        &b"\x30\x05\0\x01tno\x32\x06\0\x01t\0\x05!".repeat(4),
    ]
    .concat()
}

#[test]
fn a_payload_that_looks_like_packets_is_a_payload() {
    for shift in 0..16 {
        let payload = disguised(shift);
        let bytes = [&[0x30, payload.len() as u8 + 3, 0, 1, b't'], &payload[..]].concat();
        let mut d = Dialogue::<2, 16>::open_kept();
        d.tx.clear();
        assert_eq!(
            joined(&d.feed(&bytes)),
            [message("t", &payload)],
            "behind {shift} bytes"
        );
        d.sends_nothing();
    }
}

#[test]
fn a_skipped_topic_that_looks_like_packets_is_skipped() {
    for shift in 0..16 {
        let topic = disguised(shift);
        let bytes = [
            &[0x32, topic.len() as u8 + 4, 0, topic.len() as u8],
            &topic[..],
            &[0, 9],
        ]
        .concat();
        let mut d = Dialogue::<2, 16>::open_kept();
        d.tx.clear();
        assert_eq!(
            d.feed(&bytes),
            [Emitted::Skipped(0)],
            "behind {shift} bytes"
        );
        d.sends(puback(9));
    }
}
