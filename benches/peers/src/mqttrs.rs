//! mqttrs: borrows from the bytes, and does not say how many of them a packet had, so its length is
//! read here, too.
use ::mqttrs::{
    Connect, LastWill, Packet, Pid, Protocol, Publish, QoS, QosPid, Suback, Subscribe,
    SubscribeReturnCodes, SubscribeTopic, decode_slice, encode_slice,
};
use motemq_benches::{Borrowed, Codec, Given, Seen, Take};

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
    fn read(packet: &Packet<'_>, seen: &mut Seen) {
        match packet {
            Packet::Publish(publish) => {
                let (qos, id) = match publish.qospid {
                    QosPid::AtMostOnce => (0u8, 0),
                    QosPid::AtLeastOnce(pid) => (1, pid.get()),
                    QosPid::ExactlyOnce(pid) => (2, pid.get()),
                };
                seen.text(publish.topic_name);
                seen.bytes(publish.payload);
                seen.number(qos);
                seen.number(id);
            }
            Packet::Connect(connect) => {
                let will = connect.last_will.as_ref().expect("a will");
                seen.text(connect.client_id);
                seen.number(connect.keep_alive);
                seen.text(will.topic);
                seen.bytes(will.message);
                seen.text(connect.username.expect("a user"));
                seen.bytes(connect.password.expect("a password"));
            }
            Packet::Subscribe(subscribe) => {
                seen.number(subscribe.pid.get());
                for topic in &subscribe.topics {
                    seen.text(&topic.topic_path);
                    seen.number(topic.qos as u8);
                }
            }
            Packet::Suback(suback) => {
                seen.number(suback.pid.get());
                for code in &suback.return_codes {
                    seen.number(match code {
                        SubscribeReturnCodes::Success(qos) => *qos as u8,
                        SubscribeReturnCodes::Failure => 0x80,
                    });
                }
            }
            Packet::Puback(pid) => seen.number(pid.get()),
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
            } => to.take(Packet::Publish(Publish {
                dup: false,
                qospid: if *qos == 0 {
                    QosPid::AtMostOnce
                } else {
                    QosPid::AtLeastOnce(pid(*id))
                },
                retain: false,
                topic_name: topic,
                payload,
            })),
            Given::Connect {
                client_id,
                keep_alive,
                will,
                user,
                password,
            } => to.take(Packet::Connect(Connect {
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
            })),
            Given::Subscribe { id, filters } => {
                let topics = filters.iter().map(|(filter, qos)| SubscribeTopic {
                    topic_path: filter.as_str().into(),
                    qos: level(*qos),
                });
                to.take(Packet::Subscribe(Subscribe::new(
                    pid(*id),
                    topics.collect(),
                )))
            }
            Given::SubAck { id, codes } => {
                let codes = codes.iter().map(|code| match code {
                    0x80 => SubscribeReturnCodes::Failure,
                    code => SubscribeReturnCodes::Success(level(*code)),
                });
                to.take(Packet::Suback(Suback::new(pid(*id), codes.collect())))
            }
            Given::PubAck { id } => to.take(Packet::Puback(pid(*id))),
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
