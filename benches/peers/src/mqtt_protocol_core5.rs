//! mqtt-protocol-core's MQTT 5: its framer and its packets, without the connection around them.
use crate::mqtt_protocol_core::{Received, level};
use ::mqtt_protocol_core::mqtt::{
    common::Cursor,
    connection::{PacketBuildResult, PacketBuilder, PacketData},
    packet::{
        ContentType, CorrelationData, MessageExpiryInterval, PayloadFormat, PayloadFormatIndicator,
        Property, Qos, SubEntry, SubOpts, UserProperty, v5_0,
    },
};
use motemq_benches::{Borrowed, Codec, Five, Given, Seen, Take};

pub struct MqttProtocolCore5;

/// Its packets have nothing in common but this.
pub enum Any {
    Connect(v5_0::Connect),
    Publish(v5_0::Publish),
    Subscribe(v5_0::Subscribe),
}

fn properties(five: &Five) -> Vec<Property> {
    let format = if five.is_text {
        PayloadFormat::String
    } else {
        PayloadFormat::Binary
    };
    vec![
        Property::PayloadFormatIndicator(PayloadFormatIndicator::new(format).expect("a format")),
        Property::MessageExpiryInterval(
            MessageExpiryInterval::new(five.expiry).expect("an interval"),
        ),
        Property::ContentType(ContentType::new(five.content_type.as_str()).expect("a type")),
        Property::CorrelationData(CorrelationData::new(five.correlation.clone()).expect("data")),
        Property::UserProperty(
            UserProperty::new(five.user.0.as_str(), five.user.1.as_str()).expect("text"),
        ),
    ]
}

impl Codec for MqttProtocolCore5 {
    type Input = Received;
    type Output = Vec<u8>;
    type Read<'a> = Any;
    type Built<'a> = Any;

    fn input(bytes: &[u8]) -> Received {
        Received {
            builder: PacketBuilder::new(),
            source: Borrowed::new(bytes),
        }
    }

    fn append(input: &mut Received, piece: &[u8]) {
        input.source.append(piece);
    }

    #[inline]
    fn decode(input: &mut Received) -> Option<Any> {
        let mut cursor = Cursor::new(&input.source.bytes[input.source.at..]);
        let built = input.builder.feed(&mut cursor);
        input.source.at += cursor.position() as usize;
        let raw = match built {
            PacketBuildResult::Complete(raw) => raw,
            PacketBuildResult::Incomplete => return None,
            PacketBuildResult::Error(error) => panic!("{error}"),
        };
        Some(match raw.packet_type() {
            1 => Any::Connect(raw.parse_exact(v5_0::Connect::parse).expect("CONNECT")),
            3 => {
                let flags = raw.flags();
                let PacketData::Publish(data) = raw.data else {
                    panic!("PUBLISH without shared data")
                };
                Any::Publish(v5_0::Publish::parse(flags, data).expect("PUBLISH").0)
            }
            8 => Any::Subscribe(raw.parse_exact(v5_0::Subscribe::parse).expect("SUBSCRIBE")),
            kind => panic!("packet type {kind}"),
        })
    }

    #[inline]
    fn read(packet: &Any, seen: &mut Seen) {
        match packet {
            Any::Publish(publish) => {
                seen.text(publish.topic_name());
                seen.bytes(publish.payload().as_slice());
                seen.number(publish.qos() as u8);
                seen.number(publish.packet_id().unwrap_or(0));
                for property in publish.props().iter() {
                    match property {
                        Property::PayloadFormatIndicator(format) => {
                            seen.number(format.val());
                        }
                        Property::MessageExpiryInterval(seconds) => seen.number(seconds.val()),
                        Property::ContentType(text) => seen.text(text.val()),
                        Property::CorrelationData(data) => seen.bytes(data.val()),
                        Property::UserProperty(pair) => {
                            seen.text(pair.key());
                            seen.text(pair.val());
                        }
                        property => panic!("{property:?}"),
                    }
                }
            }
            Any::Connect(connect) => {
                seen.text(connect.client_id());
                seen.number(connect.keep_alive());
                seen.text(connect.will_topic().expect("a will"));
                seen.bytes(connect.will_payload().expect("a will"));
                seen.text(connect.user_name().expect("a user"));
                seen.bytes(connect.password().expect("a password"));
            }
            Any::Subscribe(subscribe) => {
                seen.number(subscribe.packet_id());
                for entry in subscribe.entries() {
                    seen.text(entry.topic_filter());
                    seen.number(entry.sub_opts().qos() as u8);
                }
            }
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
                let mut publish = v5_0::Publish::builder()
                    .topic_name(topic.as_str())
                    .expect("a topic")
                    .qos(level(*qos));
                if *qos > 0 {
                    publish = publish.packet_id(*id);
                }
                if let Some(five) = five {
                    publish = publish.props(properties(five));
                }
                to.take(Any::Publish(
                    publish.payload(&payload[..]).build().expect("PUBLISH"),
                ))
            }
            Given::Connect {
                client_id,
                keep_alive,
                will,
                user,
                password,
            } => {
                let connect = v5_0::Connect::builder()
                    .client_id(client_id.as_str())
                    .expect("a client identifier")
                    .clean_start(true)
                    .will_message(will.topic.as_str(), &will.payload, Qos::AtLeastOnce, true)
                    .expect("a will")
                    .user_name(user.as_str())
                    .expect("a user")
                    .password(password.as_bytes().to_vec())
                    .expect("a password");
                to.take(Any::Connect(
                    connect.keep_alive(*keep_alive).build().expect("CONNECT"),
                ))
            }
            Given::Subscribe { id, filters } => {
                let entry = |(filter, qos): &(String, u8)| {
                    SubEntry::new(filter.as_str(), SubOpts::new().set_qos(level(*qos)))
                };
                let entries = filters
                    .iter()
                    .map(entry)
                    .collect::<Result<Vec<_>, _>>()
                    .expect("filters");
                to.take(Any::Subscribe(
                    v5_0::Subscribe::builder()
                        .packet_id(*id)
                        .entries(entries)
                        .build()
                        .expect("SUBSCRIBE"),
                ))
            }
            given => panic!("{given:?}"),
        }
    }

    fn output(capacity: usize) -> Vec<u8> {
        Vec::with_capacity(capacity)
    }

    fn clear(output: &mut Vec<u8>) {
        output.clear();
    }

    #[inline]
    fn encode(packet: &Any, output: &mut Vec<u8>) {
        let slices = match packet {
            Any::Connect(packet) => packet.to_buffers(),
            Any::Publish(packet) => packet.to_buffers(),
            Any::Subscribe(packet) => packet.to_buffers(),
        };
        slices
            .iter()
            .for_each(|slice| output.extend_from_slice(slice));
    }

    fn written(output: &Vec<u8>) -> Vec<u8> {
        output.clone()
    }

    fn again<'a>(packet: Self::Read<'a>) -> Self::Built<'a> {
        packet
    }
}
