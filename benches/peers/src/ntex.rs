//! ntex-mqtt's codec: shares memory both ways, and takes what it writes by value.
use motemq_benches::{Codec, Given};
use ntex_bytes::{BytePages, ByteString, Bytes, BytesMut};
use ntex_codec::{Decoder, Encoder};
use ntex_mqtt::{
    QoS,
    v3::codec::{self, Connect, Decoded, Encoded, LastWill, Packet, Publish, SubscribeReturnCode},
};
use std::{hint::black_box, num::NonZeroU16};

pub struct Ntex;

/// Bytes, and how far they were read.
pub struct Received {
    codec: codec::Codec,
    bytes: BytesMut,
}

/// Pages, and what was begun.
pub struct Written {
    codec: codec::Codec,
    pages: BytePages,
}

fn packet_id(id: u16) -> NonZeroU16 {
    NonZeroU16::new(id).expect("not 0")
}

fn level(number: u8) -> QoS {
    QoS::try_from(number).expect("0 to 2")
}

impl Codec for Ntex {
    type Input = Received;
    type Output = Written;
    type Read<'a> = Decoded;
    type Built<'a> = Encoded;

    fn input(bytes: &[u8]) -> Received {
        Received {
            codec: codec::Codec::new(),
            bytes: BytesMut::copy_from_slice(bytes),
        }
    }

    #[inline]
    fn append(input: &mut Received, piece: &[u8]) {
        input.bytes.extend_from_slice(piece);
    }

    #[inline]
    fn decode(input: &mut Received) -> Option<Decoded> {
        loop {
            match input.codec.decode(&mut input.bytes).expect("a packet")? {
                // More of a message that came in pieces.
                Decoded::PayloadChunk(chunk, _) => drop(black_box(chunk)),
                packet => return Some(packet),
            }
        }
    }

    #[inline]
    fn build(given: &Given) -> Encoded {
        Encoded::Packet(match given {
            Given::Publish {
                topic,
                payload,
                qos,
                id,
            } => {
                let publish = Publish {
                    dup: false,
                    retain: false,
                    qos: level(*qos),
                    topic: ByteString::from(topic.as_str()),
                    packet_id: if *qos == 0 {
                        None
                    } else {
                        Some(packet_id(*id))
                    },
                    payload_size: payload.len() as u32,
                };
                return Encoded::Publish(publish, Some(Bytes::copy_from_slice(payload)));
            }
            Given::Connect {
                client_id,
                keep_alive,
                will,
                user,
                password,
            } => Packet::Connect(Box::new(Connect {
                clean_session: true,
                keep_alive: *keep_alive,
                last_will: Some(LastWill {
                    qos: QoS::AtLeastOnce,
                    retain: true,
                    topic: ByteString::from(will.topic.as_str()),
                    message: Bytes::copy_from_slice(&will.payload),
                }),
                client_id: ByteString::from(client_id.as_str()),
                username: Some(ByteString::from(user.as_str())),
                password: Some(Bytes::copy_from_slice(password.as_bytes())),
            })),
            Given::Subscribe { id, filters } => Packet::Subscribe {
                packet_id: packet_id(*id),
                topic_filters: filters
                    .iter()
                    .map(|(filter, qos)| (ByteString::from(filter.as_str()), level(*qos)))
                    .collect(),
            },
            Given::SubAck { id, codes } => {
                let status = codes.iter().map(|code| match code {
                    0x80 => SubscribeReturnCode::Failure,
                    code => SubscribeReturnCode::Success(level(*code)),
                });
                Packet::SubscribeAck {
                    packet_id: packet_id(*id),
                    status: status.collect(),
                }
            }
            Given::PubAck { id } => Packet::PublishAck {
                packet_id: packet_id(*id),
            },
        })
    }

    fn output(_capacity: usize) -> Written {
        Written {
            codec: codec::Codec::new(),
            pages: BytePages::default(),
        }
    }

    fn clear(output: &mut Written) {
        output.pages.clear();
    }

    #[inline]
    fn encode(packet: &Encoded, output: &mut Written) {
        Self::encode_once(packet.clone(), output);
    }

    #[inline]
    fn encode_once(packet: Encoded, output: &mut Written) {
        output
            .codec
            .encode(packet, &mut output.pages)
            .expect("a packet");
    }

    fn written(output: &Written) -> Vec<u8> {
        output.pages.iter().flatten().copied().collect()
    }

    fn again<'a>(packet: Self::Read<'a>) -> Self::Built<'a> {
        match packet {
            Decoded::Packet(packet, _) => Encoded::Packet(packet),
            Decoded::Publish(publish, payload, _) => Encoded::Publish(publish, Some(payload)),
            Decoded::PayloadChunk(chunk, _) => Encoded::PayloadChunk(chunk),
        }
    }
}
