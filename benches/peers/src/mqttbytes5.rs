//! mqttbytes' MQTT 5: reads from a `BytesMut` and gives `Bytes` that share its memory.
use ::mqttbytes::{
    Error, QoS, qos,
    v5::{Connect, LastWill, Packet, Publish, PublishProperties, Subscribe, SubscribeFilter, read},
};
use bytes::{Bytes, BytesMut};
use motemq_benches::{Codec, Five, Given, Seen, Take};

/// No packet is longer.
const MOST: usize = 1 << 28;

pub struct Mqttbytes5;

fn level(number: u8) -> QoS {
    qos(number).expect("0 to 2")
}

fn properties(five: &Five) -> PublishProperties {
    PublishProperties {
        payload_format_indicator: Some(five.is_text.into()),
        message_expiry_interval: Some(five.expiry),
        content_type: Some(five.content_type.clone()),
        correlation_data: Some(Bytes::copy_from_slice(&five.correlation)),
        user_properties: vec![five.user.clone()],
        topic_alias: None,
        response_topic: None,
        subscription_identifiers: Vec::new(),
    }
}

impl Codec for Mqttbytes5 {
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
        match read(input, MOST) {
            Ok(packet) => Some(packet),
            Err(Error::InsufficientBytes(_)) => None,
            Err(error) => panic!("{error}"),
        }
    }

    #[inline]
    fn read(packet: &Packet, seen: &mut Seen) {
        match packet {
            Packet::Publish(publish) => {
                seen.bytes(publish.topic.as_bytes());
                seen.bytes(&publish.payload);
                seen.number(publish.qos as u8);
                seen.number(publish.pkid);
                let Some(properties) = &publish.properties else {
                    return;
                };
                seen.number(properties.payload_format_indicator.expect("a format"));
                seen.number(properties.message_expiry_interval.expect("an interval"));
                seen.text(properties.content_type.as_ref().expect("a type"));
                seen.bytes(properties.correlation_data.as_ref().expect("data"));
                for (name, value) in &properties.user_properties {
                    seen.text(name);
                    seen.text(value);
                }
            }
            Packet::Connect(connect) => {
                let will = connect.last_will.as_ref().expect("a will");
                seen.text(&connect.client_id);
                seen.number(connect.keep_alive);
                seen.text(&will.topic);
                seen.bytes(&will.message);
                let login = connect.login.as_ref().expect("a login");
                seen.text(&login.username);
                seen.text(&login.password);
            }
            Packet::Subscribe(subscribe) => {
                seen.number(subscribe.pkid);
                for filter in &subscribe.filters {
                    seen.text(&filter.path);
                    seen.number(filter.qos as u8);
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
                let mut publish = Publish::new(topic, level(*qos), payload.clone());
                publish.properties = five.as_ref().map(properties);
                publish.pkid = if *qos == 0 { 0 } else { *id };
                to.take(Packet::Publish(publish))
            }
            Given::Connect {
                client_id,
                keep_alive,
                will,
                user,
                password,
            } => {
                let mut connect = Connect::new(client_id);
                connect.keep_alive = *keep_alive;
                connect.clean_session = true;
                connect.last_will = Some(LastWill::new(
                    &will.topic,
                    &will.payload[..],
                    QoS::AtLeastOnce,
                    true,
                ));
                connect.set_login(user, password);
                to.take(Packet::Connect(connect))
            }
            Given::Subscribe { id, filters } => {
                let filters = filters
                    .iter()
                    .map(|(filter, qos)| SubscribeFilter::new(filter.clone(), level(*qos)));
                let mut subscribe = Subscribe::new_many(filters);
                subscribe.pkid = *id;
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
            Packet::Publish(packet) => packet.write(output),
            Packet::Connect(packet) => packet.write(output),
            Packet::Subscribe(packet) => packet.write(output),
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
