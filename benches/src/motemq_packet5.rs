//! Motemq's `packet::v5`: the bare codec of MQTT 5.
use crate::{
    Borrowed, Codec, Five, Given, Seen, Take,
    motemq_packet::{Fill, packet_id, qos},
};
use motemq::{
    Connect, Filter, Out, PacketId, Properties, Property, Publish, QoS, SubscriptionOptions,
    packet::{
        Filters,
        v5::{Packet, decode},
    },
    topic::TopicName,
};

/// `motemq::packet::v5`.
pub struct MotemqPacket5;

/// A packet, and the list it may borrow.
pub enum Built<'a> {
    /// A packet that was decoded.
    Packet(Packet<'a>),
    /// A packet without properties.
    Bare(Packet<'a, ()>),
    /// PUBLISH, and its properties.
    Publish(Packet<'a, ()>, [Property<'a>; 5]),
    /// SUBSCRIBE.
    Subscribe(PacketId, [Filter<'a, SubscriptionOptions>; 8]),
}

#[inline(always)]
pub fn properties(five: &Five) -> [Property<'_>; 5] {
    [
        Property::PayloadFormatIndicator(five.is_text),
        Property::MessageExpiryInterval(five.expiry),
        Property::ContentType(five.content_type.as_str().into()),
        Property::CorrelationData(&five.correlation),
        Property::UserProperty {
            name: five.user.0.as_str().into(),
            value: five.user.1.as_str().into(),
        },
    ]
}

#[inline(always)]
pub fn filters(given: &[(String, u8)]) -> [Filter<'_, SubscriptionOptions>; 8] {
    let none = Filter::new("", QoS::AtMostOnce).options(SubscriptionOptions::default());
    let mut list = [none; 8];
    for (filter, (text, number)) in list.iter_mut().zip(given) {
        *filter = Filter::new(text, qos(*number)).options(SubscriptionOptions::default());
    }
    list
}

/// Reads all properties of a PUBLISH.
#[inline(always)]
pub fn read_properties(properties: Properties<'_>, seen: &mut Seen) {
    for property in properties.iter() {
        match property {
            Property::PayloadFormatIndicator(is_text) => seen.number(is_text),
            Property::MessageExpiryInterval(seconds) => seen.number(seconds),
            Property::ContentType(text) => seen.bytes(text.as_bytes()),
            Property::CorrelationData(data) => seen.bytes(data),
            Property::UserProperty { name, value } => {
                seen.bytes(name.as_bytes());
                seen.bytes(value.as_bytes());
            }
            property => panic!("{property:?}"),
        }
    }
}

impl Codec for MotemqPacket5 {
    type Input = Borrowed;
    type Output = Fill;
    type Read<'a> = Packet<'a>;
    type Built<'a> = Built<'a>;

    fn input(bytes: &[u8]) -> Borrowed {
        Borrowed::new(bytes)
    }

    fn append(input: &mut Borrowed, piece: &[u8]) {
        input.append(piece);
    }

    #[inline]
    fn decode(input: &mut Borrowed) -> Option<Packet<'_>> {
        let (packet, length) = decode(&input.bytes[input.at..]).expect("a packet")?;
        input.at += length;
        Some(packet)
    }

    #[inline]
    fn read(packet: &Packet<'_>, seen: &mut Seen) {
        match *packet {
            Packet::Publish {
                qos,
                id,
                topic,
                payload,
                properties,
                ..
            } => {
                seen.bytes(topic.map_or(&[], TopicName::as_bytes));
                seen.bytes(payload);
                seen.number(qos as u8);
                seen.number(id.map_or(0, PacketId::get));
                read_properties(properties, seen);
            }
            Packet::Connect(ref connect) => {
                let will = connect.will.expect("a will");
                seen.text(connect.client_id);
                seen.number(connect.keep_alive);
                seen.text(will.topic());
                seen.bytes(will.payload);
                seen.text(connect.user.expect("a user"));
                seen.bytes(connect.password.expect("a password"));
            }
            Packet::Subscribe { id, filters, .. } => {
                seen.number(id.get());
                for filter in filters.iter() {
                    seen.text(filter.filter);
                    seen.number(filter.qos as u8);
                }
            }
            _ => panic!("a packet of no sample"),
        }
    }

    #[inline(always)]
    fn build<'a, T: Take<Self::Built<'a>>>(given: &'a Given, to: T) -> T::Made {
        match given {
            Given::Publish {
                topic,
                payload,
                qos: number,
                id,
                properties: five,
            } => {
                let id = if *number == 0 {
                    None
                } else {
                    Some(packet_id(*id))
                };
                let publish = Packet::Publish {
                    dup: false,
                    qos: qos(*number),
                    retain: false,
                    id,
                    topic: Some(TopicName::new(topic).expect("a topic name")),
                    payload,
                    properties: (),
                };
                match five {
                    Some(five) => to.take(Built::Publish(publish, properties(five))),
                    None => to.take(Built::Bare(publish)),
                }
            }
            Given::Connect {
                client_id,
                keep_alive,
                will,
                user,
                password,
            } => {
                let will = Publish::to(&will.topic)
                    .payload(&will.payload)
                    .qos(QoS::AtLeastOnce)
                    .retain();
                let connect = Connect::new(client_id)
                    .keep_alive(*keep_alive)
                    .login(user, password.as_bytes())
                    .will(will);
                to.take(Built::Bare(Packet::Connect(connect)))
            }
            Given::Subscribe { id, filters: list } => {
                to.take(Built::Subscribe(packet_id(*id), filters(list)))
            }
            given => panic!("{given:?}"),
        }
    }

    fn output(capacity: usize) -> Fill {
        Fill {
            memory: vec![0; capacity],
            taken: 0,
        }
    }

    fn clear(output: &mut Fill) {
        output.taken = 0;
    }

    #[inline(always)]
    fn encode(packet: &Built<'_>, output: &mut Fill) {
        let mut out = Out::new(&mut output.memory, &mut output.taken);
        match packet {
            Built::Packet(packet) => packet.encode(&mut out),
            Built::Bare(packet) => packet.encode(&mut out),
            Built::Publish(
                Packet::Publish {
                    dup,
                    qos,
                    retain,
                    id,
                    topic,
                    payload,
                    ..
                },
                list,
            ) => Packet::Publish {
                dup: *dup,
                qos: *qos,
                retain: *retain,
                id: *id,
                topic: *topic,
                payload,
                properties: &list[..],
            }
            .encode(&mut out),
            Built::Publish(packet, _) => panic!("{packet:?}"),
            Built::Subscribe(id, list) => Packet::Subscribe {
                id: *id,
                filters: Filters::from(&list[..]),
                properties: (),
            }
            .encode(&mut out),
        }
        .expect("room");
    }

    fn written(output: &Fill) -> Vec<u8> {
        output.memory[..output.taken].to_vec()
    }

    fn again<'a>(packet: Self::Read<'a>) -> Self::Built<'a> {
        Built::Packet(packet)
    }
}
