//! mqtt-protocol-core: its framer and its packets, without the connection around them.
use ::mqtt_protocol_core::mqtt::{
    common::Cursor,
    connection::{PacketBuildResult, PacketBuilder, PacketData},
    packet::{Qos, SubEntry, SubOpts, v3_1_1},
    result_code::SubackReturnCode,
};
use motemq_benches::{Borrowed, Codec, Given, Seen, Take};

pub struct MqttProtocolCore;

/// Bytes, and what of a packet was gathered.
pub struct Received {
    pub builder: PacketBuilder,
    pub source: Borrowed,
}

/// Its packets have nothing in common but this.
pub enum Any {
    Connect(v3_1_1::Connect),
    Publish(v3_1_1::Publish),
    PubAck(v3_1_1::Puback),
    Subscribe(v3_1_1::Subscribe),
    SubAck(v3_1_1::Suback),
}

pub fn level(number: u8) -> Qos {
    Qos::try_from(number).expect("0 to 2")
}

impl Codec for MqttProtocolCore {
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
            1 => Any::Connect(raw.parse_exact(v3_1_1::Connect::parse).expect("CONNECT")),
            3 => {
                let flags = raw.flags();
                let PacketData::Publish(data) = raw.data else {
                    panic!("PUBLISH without shared data")
                };
                Any::Publish(v3_1_1::Publish::parse(flags, data).expect("PUBLISH").0)
            }
            4 => Any::PubAck(raw.parse_exact(v3_1_1::Puback::parse).expect("PUBACK")),
            8 => Any::Subscribe(
                raw.parse_exact(v3_1_1::Subscribe::parse)
                    .expect("SUBSCRIBE"),
            ),
            9 => Any::SubAck(raw.parse_exact(v3_1_1::Suback::parse).expect("SUBACK")),
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
            Any::SubAck(suback) => {
                seen.number(suback.packet_id());
                for code in suback.return_codes() {
                    seen.number(code as u8);
                }
            }
            Any::PubAck(puback) => seen.number(puback.packet_id()),
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
                let mut publish = v3_1_1::Publish::builder()
                    .topic_name(topic.as_str())
                    .expect("a topic")
                    .qos(level(*qos));
                if *qos > 0 {
                    publish = publish.packet_id(*id);
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
                let connect = v3_1_1::Connect::builder()
                    .client_id(client_id.as_str())
                    .expect("a client identifier")
                    .clean_session(true);
                let connect = connect
                    .will_message(will.topic.as_str(), &will.payload, Qos::AtLeastOnce, true)
                    .expect("a will");
                let connect = connect
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
                    v3_1_1::Subscribe::builder()
                        .packet_id(*id)
                        .entries(entries)
                        .build()
                        .expect("SUBSCRIBE"),
                ))
            }
            Given::SubAck { id, codes } => {
                let codes = codes
                    .iter()
                    .map(|&code| SubackReturnCode::try_from(code).expect("a code"))
                    .collect();
                to.take(Any::SubAck(
                    v3_1_1::Suback::builder()
                        .packet_id(*id)
                        .return_codes(codes)
                        .build()
                        .expect("SUBACK"),
                ))
            }
            Given::PubAck { id } => to.take(Any::PubAck(
                v3_1_1::Puback::builder()
                    .packet_id(*id)
                    .build()
                    .expect("PUBACK"),
            )),
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
            Any::PubAck(packet) => packet.to_buffers(),
            Any::Subscribe(packet) => packet.to_buffers(),
            Any::SubAck(packet) => packet.to_buffers(),
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
