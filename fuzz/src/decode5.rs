//! The codec of MQTT 5 against itself.
use motemq::{
    Out, Property, PropertySource,
    packet::v5::{self, Packet},
};

/// Takes any bytes for packets, one behind the other: reading them never panics, a packet is not
/// there before its last byte is, and what can be read is written again in its shortest form.
pub fn decode5(data: &[u8]) {
    let mut rest = data;
    while let Ok(Some((packet, length))) = v5::decode(rest) {
        let (bytes, after) = rest.split_at(length);
        for short in [0, 1, length / 2, length - 1] {
            assert_eq!(
                v5::decode(&bytes[..short]),
                Ok(None),
                "{short} bytes of {packet:?}"
            );
        }
        let written = encode(&packet, length);
        assert_eq!(written, shortest(bytes), "{packet:?}");
        assert_eq!(
            v5::decode(&written),
            Ok(Some((packet, written.len()))),
            "{packet:?}"
        );
        assert_eq!(from_list(&packet, length), written, "{packet:?}");
        rest = after;
    }
}

/// Encodes a packet whose properties are a list, if it is a PUBLISH or a DISCONNECT.
fn from_list(packet: &Packet<'_>, length: usize) -> Vec<u8> {
    match *packet {
        Packet::Publish {
            dup,
            qos,
            retain,
            id,
            topic,
            payload,
            properties,
        } => {
            let list: Vec<Property<'_>> = properties.iter().collect();
            let packet = Packet::Publish {
                dup,
                qos,
                retain,
                id,
                topic,
                payload,
                properties: &list[..],
            };
            encode(&packet, length)
        }
        Packet::Disconnect { code, properties } => {
            let list: Vec<Property<'_>> = properties.iter().collect();
            let properties = &list[..];
            encode(&Packet::Disconnect { code, properties }, length)
        }
        _ => encode(packet, length),
    }
}

fn encode<'a, T: PropertySource<'a> + std::fmt::Debug>(
    packet: &Packet<'a, T>,
    length: usize,
) -> Vec<u8> {
    let mut memory = vec![0; length + 16];
    let mut end = 0;
    let result = packet.encode(&mut Out::new(&mut memory, &mut end));
    assert_eq!(result, Ok(()), "{packet:?}");
    memory.truncate(end);
    memory
}

/// The shortest form of a packet: at the end of some, a property length of 0 and then a reason code
/// of 0 can be left out.
fn shortest(bytes: &[u8]) -> Vec<u8> {
    let code_at = match bytes[0] >> 4 {
        4..=7 => 4,
        14 | 15 => 2,
        _ => return bytes.to_vec(),
    };
    let mut short = bytes.to_vec();
    if short.len() == code_at + 2 && short[code_at + 1] == 0 {
        short.pop();
    }
    if short.len() == code_at + 1 && short[code_at] == 0 {
        short.pop();
    }
    if short.len() < 130 {
        short[1] = (short.len() - 2) as u8;
    }
    short
}
