//! The codec against itself.
use motemq::{
    Connect, Out, SendError,
    packet::{self, Packet},
};

/// Takes any bytes for packets, one behind the other: reading them never panics, a packet is not
/// there before its last byte is, and what can be read is written again as the same bytes, since
/// there is one way only to write a packet.
pub fn decode(data: &[u8]) {
    let mut rest = data;
    while let Ok(Some((packet, length))) = packet::decode(rest) {
        let (bytes, after) = rest.split_at(length);
        for short in [0, 1, length / 2, length - 1] {
            assert_eq!(
                packet::decode(&bytes[..short]),
                Ok(None),
                "{short} bytes of {packet:?}"
            );
        }
        let mut memory = vec![0; length + 16];
        let mut end = 0;
        let written = packet.encode(&mut Out::new(&mut memory, &mut end));
        if let Packet::Connect(Connect {
            client_id: "",
            clean: false,
            ..
        }) = packet
        {
            // A broker reads it to refuse it by return code 2; no client may say it [MQTT-3.1.3-7]
            // [MQTT-3.1.3-8].
            assert_eq!((written, end), (Err(SendError::Invalid), 0));
            rest = after;
            continue;
        }
        assert_eq!(written, Ok(()), "{packet:?}");
        assert_eq!(&memory[..end], bytes, "{packet:?}");
        rest = after;
    }
}
