//! mqtt5-protocol: reads from `Bytes` and gives `Bytes` that share their memory, and properties in
//! a map.
use ::mqtt5_protocol::{
    ConnectOptions, FixedHeader, Packet, PropertyValue, QoS, WillMessage,
    packet::{
        MqttPacket, connect::ConnectPacket, publish::PublishPacket, subscribe::SubscribePacket,
    },
};
use bytes::{Buf, BytesMut};
use motemq_benches::{Codec, Five, Given, Seen, Take};
use std::time::Duration;

pub struct Mqtt5Protocol;

fn level(number: u8) -> QoS {
    match number {
        0 => QoS::AtMostOnce,
        1 => QoS::AtLeastOnce,
        _ => QoS::ExactlyOnce,
    }
}

fn with_properties(publish: PublishPacket, five: &Five) -> PublishPacket {
    publish
        .with_payload_format_indicator(five.is_text)
        .with_message_expiry_interval(five.expiry)
        .with_content_type(five.content_type.clone())
        .with_correlation_data(five.correlation.clone())
        .with_user_property(five.user.0.clone(), five.user.1.clone())
}

/// Returns the length of the packet at the beginning, with its fixed header, if it is whole.
fn whole(bytes: &[u8]) -> Option<usize> {
    let (mut length, mut at) = (0, 1);
    loop {
        let byte = *bytes.get(at)?;
        length |= usize::from(byte & 0x7f) << (7 * (at - 1));
        at += 1;
        if byte < 0x80 {
            return (bytes.len() >= at + length).then_some(at + length);
        }
    }
}

impl Codec for Mqtt5Protocol {
    type Input = BytesMut;
    type Output = BytesMut;
    type Read<'a> = Packet;
    type Built<'a> = Packet;

    const KEEPS_ORDER: bool = false;

    fn input(bytes: &[u8]) -> BytesMut {
        BytesMut::from(bytes)
    }

    #[inline]
    fn append(input: &mut BytesMut, piece: &[u8]) {
        input.extend_from_slice(piece);
    }

    #[inline]
    fn decode(input: &mut BytesMut) -> Option<Packet> {
        let length = whole(input)?;
        let mut bytes = input.split_to(length).freeze();
        let header = FixedHeader::decode(&mut bytes).expect("a fixed header");
        let packet = Packet::decode_from_body(header.packet_type, &header, &mut bytes);
        assert!(!bytes.has_remaining(), "a whole packet");
        Some(packet.expect("a packet"))
    }

    #[inline]
    fn read(packet: &Packet, seen: &mut Seen) {
        match packet {
            Packet::Publish(publish) => {
                seen.text(&publish.topic_name);
                seen.bytes(&publish.payload);
                seen.number(publish.qos as u8);
                seen.number(publish.packet_id.unwrap_or_default());
                for (_, value) in publish.properties.iter() {
                    match value {
                        PropertyValue::Byte(number) => seen.number(*number),
                        PropertyValue::FourByteInteger(number) => seen.number(*number),
                        PropertyValue::Utf8String(text) => seen.text(text),
                        PropertyValue::BinaryData(data) => seen.bytes(data),
                        PropertyValue::Utf8StringPair(name, value) => {
                            seen.text(name);
                            seen.text(value);
                        }
                        value => panic!("{value:?}"),
                    }
                }
            }
            Packet::Connect(connect) => {
                let will = connect.will.as_ref().expect("a will");
                seen.text(&connect.client_id);
                seen.number(connect.keep_alive);
                seen.text(&will.topic);
                seen.bytes(&will.payload);
                seen.text(connect.username.as_ref().expect("a user"));
                seen.bytes(connect.password.as_ref().expect("a password"));
            }
            Packet::Subscribe(subscribe) => {
                seen.number(subscribe.packet_id);
                for filter in &subscribe.filters {
                    seen.text(&filter.filter);
                    seen.number(filter.options.qos as u8);
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
                let mut publish = PublishPacket::new(topic, payload.clone(), level(*qos));
                if let Some(five) = five {
                    publish = with_properties(publish, five);
                }
                publish.packet_id = (*qos != 0).then_some(*id);
                to.take(Packet::Publish(publish))
            }
            Given::Connect {
                client_id,
                keep_alive,
                will,
                user,
                password,
            } => {
                let will = WillMessage::new(&will.topic, &will.payload[..])
                    .with_qos(QoS::AtLeastOnce)
                    .with_retain(true);
                let options = ConnectOptions::new(client_id)
                    .with_keep_alive(Duration::from_secs((*keep_alive).into()))
                    .with_credentials(user, password)
                    .with_will(will);
                to.take(Packet::Connect(Box::new(ConnectPacket::new(options))))
            }
            Given::Subscribe { id, filters } => {
                let mut subscribe = SubscribePacket::new(*id);
                for (filter, qos) in filters {
                    subscribe = subscribe.add_filter(filter, level(*qos));
                }
                to.take(Packet::Subscribe(subscribe))
            }
            given => panic!("{given:?}"),
        }
    }

    fn output(capacity: usize) -> BytesMut {
        BytesMut::with_capacity(capacity)
    }

    fn clear(output: &mut BytesMut) {
        output.clear();
    }

    #[inline]
    fn encode(packet: &Packet, output: &mut BytesMut) {
        match packet {
            Packet::Publish(packet) => packet.encode(output),
            Packet::Connect(packet) => packet.encode(output),
            Packet::Subscribe(packet) => packet.encode(output),
            packet => panic!("{packet:?}"),
        }
        .expect("a packet");
    }

    fn written(output: &BytesMut) -> Vec<u8> {
        output.to_vec()
    }

    fn again<'a>(packet: Self::Read<'a>) -> Self::Built<'a> {
        packet
    }
}
