//! rumqttc-v4-next: reads from a `BytesMut` and gives `Bytes` that share its memory.
use ::rumqttc_next::{
    Connect, ConnectAuth, LastWill, Packet, PubAck, Publish, QoS, SubAck, Subscribe,
    SubscribeFilter, SubscribeReasonCode, qos,
};
use bytes::BytesMut;
use motemq_benches::{Codec, Given, Seen, Take};

/// No packet is longer.
const MOST: usize = 1 << 28;

pub struct RumqttcNext;

fn level(number: u8) -> QoS {
    qos(number).expect("0 to 2")
}

impl Codec for RumqttcNext {
    type Input = BytesMut;
    type Output = BytesMut;
    type Read<'a> = Packet;
    type Built<'a> = Packet;

    fn input(bytes: &[u8]) -> BytesMut {
        BytesMut::from(bytes)
    }

    #[inline]
    fn append(input: &mut BytesMut, piece: &[u8]) {
        input.extend_from_slice(piece);
    }

    #[inline]
    fn decode(input: &mut BytesMut) -> Option<Packet> {
        match Packet::read(input, MOST) {
            Ok(packet) => Some(packet),
            Err(::rumqttc_next::Error::InsufficientBytes(_)) => None,
            Err(error) => panic!("{error}"),
        }
    }

    #[inline]
    fn read(packet: &Packet, seen: &mut Seen) {
        match packet {
            Packet::Publish(publish) => {
                seen.bytes(&publish.topic);
                seen.bytes(&publish.payload);
                seen.number(publish.qos as u8);
                seen.number(publish.pkid);
            }
            Packet::Connect(connect) => {
                let will = connect.last_will.as_ref().expect("a will");
                seen.text(&connect.client_id);
                seen.number(connect.keep_alive);
                seen.text(&will.topic);
                seen.bytes(&will.message);
                let ConnectAuth::UsernamePassword { username, password } = &connect.auth else {
                    panic!("a login");
                };
                seen.text(username);
                seen.bytes(password);
            }
            Packet::Subscribe(subscribe) => {
                seen.number(subscribe.pkid);
                for filter in &subscribe.filters {
                    seen.text(&filter.path);
                    seen.number(filter.qos as u8);
                }
            }
            Packet::SubAck(suback) => {
                seen.number(suback.pkid);
                for code in &suback.return_codes {
                    seen.number(match code {
                        SubscribeReasonCode::Success(qos) => *qos as u8,
                        SubscribeReasonCode::Failure => 0x80,
                    });
                }
            }
            Packet::PubAck(puback) => seen.number(puback.pkid),
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
                let mut publish = Publish::new(topic, level(*qos), &payload[..]);
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
                connect.set_credentials(user, password.clone());
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
            Given::SubAck { id, codes } => {
                let codes = codes.iter().map(|code| match code {
                    0x80 => SubscribeReasonCode::Failure,
                    code => SubscribeReasonCode::Success(level(*code)),
                });
                to.take(Packet::SubAck(SubAck::new(*id, codes.collect())))
            }
            Given::PubAck { id } => to.take(Packet::PubAck(PubAck::new(*id))),
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
        packet.write(output, MOST).expect("a packet");
    }

    fn written(output: &BytesMut) -> Vec<u8> {
        output.to_vec()
    }

    fn again<'a>(packet: Self::Read<'a>) -> Self::Built<'a> {
        packet
    }
}
