//! ntex-mqtt's codec of MQTT 5: shares memory both ways, and takes what it writes by value.
use crate::ntex::{level, packet_id};
use motemq_benches::{Codec, Five, Given, Seen, Take};
use ntex_bytes::{BytePages, ByteString, Bytes, BytesMut};
use ntex_codec::{Decoder, Encoder};
use ntex_mqtt::{
    QoS,
    v5::codec::{
        self, Connect, Decoded, Encoded, LastWill, Packet, Publish, PublishProperties, Subscribe,
        SubscriptionOptions,
    },
};
use std::{hint::black_box, num::NonZeroU16};

pub struct Ntex5;

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

fn properties(five: &Five) -> PublishProperties {
    PublishProperties {
        is_utf8_payload: five.is_text,
        message_expiry_interval: Some(five.expiry),
        content_type: Some(ByteString::from(five.content_type.as_str())),
        correlation_data: Some(Bytes::copy_from_slice(&five.correlation)),
        user_properties: vec![(
            ByteString::from(five.user.0.as_str()),
            ByteString::from(five.user.1.as_str()),
        )],
        ..PublishProperties::default()
    }
}

impl Codec for Ntex5 {
    type Input = Received;
    type Output = Written;
    type Read<'a> = Decoded;
    type Built<'a> = Encoded;

    const KEEPS_ORDER: bool = false;

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
                let properties = &publish.properties;
                seen.number(properties.is_utf8_payload);
                seen.number(properties.message_expiry_interval.unwrap_or_default());
                if let Some(text) = &properties.content_type {
                    seen.text(text);
                }
                if let Some(data) = &properties.correlation_data {
                    seen.bytes(data);
                }
                for (name, value) in &properties.user_properties {
                    seen.text(name);
                    seen.text(value);
                }
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
            Decoded::Packet(Packet::Subscribe(subscribe), _) => {
                seen.number(subscribe.packet_id.get());
                for (filter, options) in &subscribe.topic_filters {
                    seen.text(filter);
                    seen.number(options.qos as u8);
                }
            }
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
                properties: five,
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
                    properties: five.as_ref().map(properties).unwrap_or_default(),
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
                clean_start: true,
                keep_alive: *keep_alive,
                last_will: Some(LastWill {
                    qos: QoS::AtLeastOnce,
                    retain: true,
                    topic: ByteString::from(will.topic.as_str()),
                    message: Bytes::copy_from_slice(&will.payload),
                    will_delay_interval_sec: None,
                    correlation_data: None,
                    message_expiry_interval: None,
                    content_type: None,
                    user_properties: Vec::new(),
                    is_utf8_payload: None,
                    response_topic: None,
                }),
                client_id: ByteString::from(client_id.as_str()),
                username: Some(ByteString::from(user.as_str())),
                password: Some(Bytes::copy_from_slice(password.as_bytes())),
                ..Connect::default()
            })))),
            Given::Subscribe { id, filters } => {
                let filter = |(filter, qos): &(String, u8)| {
                    let options = SubscriptionOptions {
                        qos: level(*qos),
                        ..SubscriptionOptions::default()
                    };
                    (ByteString::from(filter.as_str()), options)
                };
                to.take(Encoded::Packet(Packet::Subscribe(Subscribe {
                    packet_id: packet_id(*id),
                    id: None,
                    user_properties: Vec::new(),
                    topic_filters: filters.iter().map(filter).collect(),
                })))
            }
            given => panic!("{given:?}"),
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
