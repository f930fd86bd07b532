//! mqttrs: borrows from the bytes, and does not say how many of them a packet had, so its length is
//! read here, too.
use ::mqttrs::{
    Connect, LastWill, Packet, Pid, Protocol, Publish, QoS, QosPid, Suback, Subscribe,
    SubscribeReturnCodes, SubscribeTopic, decode_slice, encode_slice,
};
use motemq_benches::{Borrowed, Codec, Given};

pub struct Mqttrs;

/// Memory, and how much of it is written.
pub struct Fill {
    memory: Vec<u8>,
    taken: usize,
}

fn pid(id: u16) -> Pid {
    Pid::try_from(id).expect("not 0")
}

fn level(number: u8) -> QoS {
    match number {
        0 => QoS::AtMostOnce,
        1 => QoS::AtLeastOnce,
        _ => QoS::ExactlyOnce,
    }
}

impl Codec for Mqttrs {
    type Input = Borrowed;
    type Output = Fill;
    type Read<'a> = Packet<'a>;
    type Built<'a> = Packet<'a>;

    fn input(bytes: &[u8]) -> Borrowed {
        Borrowed::new(bytes)
    }

    fn append(input: &mut Borrowed, piece: &[u8]) {
        input.append(piece);
    }

    #[inline]
    fn decode(input: &mut Borrowed) -> Option<Packet<'_>> {
        let bytes = &input.bytes[input.at..];
        let packet = decode_slice(bytes).expect("a packet")?;
        let (mut length, mut at) = (0, 1);
        loop {
            length |= usize::from(bytes[at] & 0x7f) << (7 * (at - 1));
            at += 1;
            if bytes[at - 1] < 0x80 {
                break;
            }
        }
        input.at += at + length;
        Some(packet)
    }

    #[inline]
    fn build(given: &Given) -> Packet<'_> {
        match given {
            Given::Publish {
                topic,
                payload,
                qos,
                id,
            } => Packet::Publish(Publish {
                dup: false,
                qospid: if *qos == 0 {
                    QosPid::AtMostOnce
                } else {
                    QosPid::AtLeastOnce(pid(*id))
                },
                retain: false,
                topic_name: topic,
                payload,
            }),
            Given::Connect {
                client_id,
                keep_alive,
                will,
                user,
                password,
            } => Packet::Connect(Connect {
                protocol: Protocol::MQTT311,
                keep_alive: *keep_alive,
                client_id,
                clean_session: true,
                last_will: Some(LastWill {
                    topic: &will.topic,
                    message: &will.payload,
                    qos: QoS::AtLeastOnce,
                    retain: true,
                }),
                username: Some(user),
                password: Some(password.as_bytes()),
            }),
            Given::Subscribe { id, filters } => {
                let topics = filters.iter().map(|(filter, qos)| SubscribeTopic {
                    topic_path: filter.as_str().into(),
                    qos: level(*qos),
                });
                Packet::Subscribe(Subscribe::new(pid(*id), topics.collect()))
            }
            Given::SubAck { id, codes } => {
                let codes = codes.iter().map(|code| match code {
                    0x80 => SubscribeReturnCodes::Failure,
                    code => SubscribeReturnCodes::Success(level(*code)),
                });
                Packet::Suback(Suback::new(pid(*id), codes.collect()))
            }
            Given::PubAck { id } => Packet::Puback(pid(*id)),
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

    #[inline]
    fn encode(packet: &Packet<'_>, output: &mut Fill) {
        output.taken += encode_slice(packet, &mut output.memory[output.taken..]).expect("room");
    }

    fn written(output: &Fill) -> Vec<u8> {
        output.memory[..output.taken].to_vec()
    }

    fn again<'a>(packet: Self::Read<'a>) -> Self::Built<'a> {
        packet
    }
}
