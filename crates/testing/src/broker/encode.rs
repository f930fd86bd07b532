//! Packets into vectors: the codec writes into memory of a given size, so this gives it more until
//! the packet fits.
use motemq::{Out, packet::Packet};

/// Appends `packet` to `bytes`. The broker makes packets of checked parts only, so that the codec
/// finds nothing wrong with them.
pub(super) fn append(packet: &Packet<'_>, bytes: &mut Vec<u8>) {
    let mut guess = match packet {
        Packet::Publish { topic, payload, .. } => topic.as_bytes().len() + payload.len() + 16,
        Packet::SubAck { codes, .. } => codes.len() + 16,
        _ => 16,
    };
    let mut end = bytes.len();
    loop {
        bytes.resize(end + guess, 0);
        if packet.encode(&mut Out::new(bytes, &mut end)).is_ok() {
            return bytes.truncate(end);
        }
        assert!(guess < 1 << 29, "no packet of MQTT 3.1.1: {packet:?}");
        guess *= 2;
    }
}
