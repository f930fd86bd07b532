//! The in-process broker, which tests and the demo run against.
use motemq::packet::{self, v5};
use motemq_testing::broker::{Broker, Config, Connection};

/// Takes any bytes for what three clients send: the first byte of each piece says who (its two
/// lowest bits; 3: the connection is lost) and how long the piece is (the others). What the broker
/// answers are packets, and where bytes are cut makes no difference to it.
pub fn broker(data: &[u8]) {
    let mut whole = Broker::new(
        Config::new()
            .window(2)
            .queue(8)
            .backlog(1 << 12)
            .max_packet(1 << 12),
    );
    let mut bytewise = whole.clone();
    let mut rest = data;
    let (mut now, mut opened) = (0, [Connection(0), Connection(1), Connection(2)]);
    for connection in opened {
        whole.opened(now, connection);
        bytewise.opened(now, connection);
    }
    while let Some((&byte, after)) = rest.split_first() {
        now += u64::from(byte);
        let at = usize::from(byte & 3);
        if at == 3 {
            let from = &mut opened[usize::from(byte >> 2) % 3];
            for broker in [&mut whole, &mut bytewise] {
                broker.lost(now, *from);
                broker.tick(now);
            }
            from.0 += 3;
            whole.opened(now, *from);
            bytewise.opened(now, *from);
            rest = after;
            continue;
        }
        let (piece, after) = after.split_at(after.len().min(usize::from(byte >> 2)));
        rest = after;
        whole.received(now, opened[at], piece);
        piece
            .iter()
            .for_each(|byte| bytewise.received(now, opened[at], std::slice::from_ref(byte)));
        for connection in opened {
            let (said, bit_by_bit) = (whole.take(connection), bytewise.take(connection));
            assert_eq!(said, bit_by_bit);
            // A connection speaks one version.
            let are_packets = is_whole(&said, |bytes| packet::decode(bytes).ok()?.map(|it| it.1));
            let are_packets_5 = || is_whole(&said, |bytes| v5::decode(bytes).ok()?.map(|it| it.1));
            assert!(are_packets || are_packets_5(), "the broker says {said:x?}");
        }
    }
}

/// Returns whether the bytes are whole packets, of which `length` returns the length of the first.
fn is_whole(mut bytes: &[u8], length: impl Fn(&[u8]) -> Option<usize>) -> bool {
    while !bytes.is_empty() {
        let Some(length) = length(bytes) else {
            return false;
        };
        bytes = &bytes[length..];
    }
    true
}
