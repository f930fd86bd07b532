//! Motemq's `packet`: the bare codec.
use crate::{Borrowed, Codec, Given, Seen, Take};
use motemq::{
    Connect, Filter, Out, PacketId, Publish, QoS,
    packet::{Filters, Packet, decode},
    topic::TopicName,
};

/// `motemq::packet`.
pub struct MotemqPacket;

/// A packet, and the list it may borrow.
pub enum Built<'a> {
    /// Everything but SUBSCRIBE from a list.
    Packet(Packet<'a>),
    /// SUBSCRIBE.
    Subscribe(PacketId, [Filter<'a>; 8]),
}

/// Memory, and how much of it is written.
pub struct Fill {
    /// Memory.
    pub memory: Vec<u8>,
    /// How much of it is written.
    pub taken: usize,
}

pub fn qos(number: u8) -> QoS {
    QoS::try_from(number).expect("0 to 2")
}

pub fn filters(given: &[(String, u8)]) -> [Filter<'_>; 8] {
    let mut list = [Filter::new("", QoS::AtMostOnce); 8];
    for (filter, (text, number)) in list.iter_mut().zip(given) {
        *filter = Filter::new(text, qos(*number));
    }
    list
}

pub fn connect(given: &Given) -> Option<Connect<'_>> {
    let Given::Connect {
        client_id,
        keep_alive,
        will,
        user,
        password,
    } = given
    else {
        return None;
    };
    let will = Publish::to(&will.topic)
        .payload(&will.payload)
        .qos(QoS::AtLeastOnce)
        .retain();
    Some(
        Connect::new(client_id)
            .keep_alive(*keep_alive)
            .login(user, password.as_bytes())
            .will(will),
    )
}

pub fn packet_id(id: u16) -> PacketId {
    PacketId::new(id).expect("not 0")
}

impl Codec for MotemqPacket {
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
                ..
            } => {
                seen.bytes(topic.as_bytes());
                seen.bytes(payload);
                seen.number(qos as u8);
                seen.number(id.map_or(0, PacketId::get));
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
            Packet::Subscribe { id, filters } => {
                seen.number(id.get());
                for filter in filters.iter() {
                    seen.text(filter.filter);
                    seen.number(filter.qos as u8);
                }
            }
            Packet::SubAck { id, codes } => {
                seen.number(id.get());
                codes.iter().for_each(|&code| seen.number(code));
            }
            Packet::PubAck(id) => seen.number(id.get()),
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
                ..
            } => {
                let id = if *number == 0 {
                    None
                } else {
                    Some(packet_id(*id))
                };
                let topic = TopicName::new(topic).expect("a topic name");
                to.take(Built::Packet(Packet::Publish {
                    dup: false,
                    qos: qos(*number),
                    retain: false,
                    id,
                    topic,
                    payload,
                }))
            }
            Given::Connect { .. } => to.take(Built::Packet(Packet::Connect(
                connect(given).expect("CONNECT"),
            ))),
            Given::Subscribe { id, filters: list } => {
                to.take(Built::Subscribe(packet_id(*id), filters(list)))
            }
            Given::SubAck { id, codes } => to.take(Built::Packet(Packet::SubAck {
                id: packet_id(*id),
                codes,
            })),
            Given::PubAck { id } => to.take(Built::Packet(Packet::PubAck(packet_id(*id)))),
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
            Built::Subscribe(id, list) => Packet::Subscribe {
                id: *id,
                filters: Filters::from(&list[..]),
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
