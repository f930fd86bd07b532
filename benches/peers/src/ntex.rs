//! ntex-mqtt's codec: shares memory both ways, and takes what it writes by value.
use motemq_benches::{Codec, Given, Seen, Take};
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

pub fn packet_id(id: u16) -> NonZeroU16 {
    NonZeroU16::new(id).expect("not 0")
}

pub fn level(number: u8) -> QoS {
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
    fn read(packet: &Decoded, seen: &mut Seen) {
        match packet {
            Decoded::Publish(publish, payload, _) => {
                seen.text(&publish.topic);
                seen.bytes(payload);
                seen.number(publish.qos as u8);
                seen.number(publish.packet_id.map_or(0, NonZeroU16::get));
            }
            Decoded::Packet(Packet::Connect(connect), _) => {
                let will = connect.last_will.as_ref().expect("a will");
                seen.text(&connect.client_id);
                seen.number(connect.keep_alive);
                seen.text(&will.topic);
                seen.bytes(&will.message);
                seen.text(connect.username.as_ref().expect("a user"));
                seen.bytes(connect.password.as_ref().expect("a password"));
            }
            Decoded::Packet(
                Packet::Subscribe {
                    packet_id,
                    topic_filters,
                },
                _,
            ) => {
                seen.number(packet_id.get());
                for (filter, qos) in topic_filters {
                    seen.text(filter);
                    seen.number(*qos as u8);
                }
            }
            Decoded::Packet(Packet::SubscribeAck { packet_id, status }, _) => {
                seen.number(packet_id.get());
                for code in status {
                    seen.number(match code {
                        SubscribeReturnCode::Success(qos) => *qos as u8,
                        SubscribeReturnCode::Failure => 0x80,
                    });
                }
            }
            Decoded::Packet(Packet::PublishAck { packet_id }, _) => seen.number(packet_id.get()),
            packet => panic!("{packet:?}"),
        }
    }

    #[inline(always)]
    fn build<'a, T: Take<Self::Built<'a>>>(given: &'a Given, to: T) -> T::Made {
        match given {
            Given::Publish {
                topic,
                payload,
                qos,
                id,
                ..
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
                let payload = Bytes::copy_from_slice(payload);
                to.take(Encoded::Publish(publish, Some(payload)))
            }
            Given::Connect {
                client_id,
                keep_alive,
                will,
                user,
                password,
            } => to.take(Encoded::Packet(Packet::Connect(Box::new(Connect {
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
            })))),
            Given::Subscribe { id, filters } => to.take(Encoded::Packet(Packet::Subscribe {
                packet_id: packet_id(*id),
                topic_filters: filters
                    .iter()
                    .map(|(filter, qos)| (ByteString::from(filter.as_str()), level(*qos)))
                    .collect(),
            })),
            Given::SubAck { id, codes } => {
                let status = codes.iter().map(|code| match code {
                    0x80 => SubscribeReturnCode::Failure,
                    code => SubscribeReturnCode::Success(level(*code)),
                });
                to.take(Encoded::Packet(Packet::SubscribeAck {
                    packet_id: packet_id(*id),
                    status: status.collect(),
                }))
            }
            Given::PubAck { id } => to.take(Encoded::Packet(Packet::PublishAck {
                packet_id: packet_id(*id),
            })),
        }
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
