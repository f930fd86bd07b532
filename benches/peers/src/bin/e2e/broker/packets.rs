//! The packets that the broker reads and writes, with both versions of MQTT.
use motemq::{
    Out, PacketId, QoS, ReasonCode, ReturnCode, SendError, Version,
    packet::{self, v5},
    topic::TopicName,
};

/// A packet of a client.
pub enum Request<'a> {
    Connect,
    /// A PUBLISH with QoS 1 or 2, which the broker acknowledges.
    Publish(QoS, PacketId),
    Release(PacketId),
    Acknowledgement,
    Ping,
    Subscribe(PacketId, Vec<(&'a str, QoS)>),
    Other,
}

/// A packet of the broker.
#[derive(Clone, Copy)]
pub enum Reply<'a> {
    Accept,
    Acknowledge(PacketId),
    Receive(PacketId),
    Complete(PacketId),
    Pong,
    Grant(PacketId, &'a [u8]),
    Message {
        qos: QoS,
        id: Option<PacketId>,
        topic: TopicName<'a>,
        payload: &'a [u8],
    },
}

/// Returns the version of the connection that begins so, if the packet is complete.
pub fn version(connect: &[u8]) -> Option<Version> {
    match v5::decode(connect) {
        Ok(packet) => packet.map(|_| Version::Mqtt5),
        Err(_) => Some(Version::Mqtt311),
    }
}

/// Reads a packet. Returns its length, too.
pub fn read(version: Version, bytes: &[u8]) -> Option<(Request<'_>, usize)> {
    match version {
        Version::Mqtt5 => {
            let (packet, length) = v5::decode(bytes).expect("a packet")?;
            Some((of_5(packet), length))
        }
        _ => {
            let (packet, length) = packet::decode(bytes).expect("a packet")?;
            Some((of_311(packet), length))
        }
    }
}

fn of_311(packet: packet::Packet<'_>) -> Request<'_> {
    use packet::Packet;
    match packet {
        Packet::Connect(_) => Request::Connect,
        Packet::Publish { qos, id, .. } => published(qos, id),
        Packet::PubRel(id) => Request::Release(id),
        Packet::PubAck(_) => Request::Acknowledgement,
        Packet::PingReq => Request::Ping,
        Packet::Subscribe { id, filters } => {
            let filters = filters.iter().map(|filter| (filter.filter, filter.qos));
            Request::Subscribe(id, filters.collect())
        }
        _ => Request::Other,
    }
}

fn of_5(packet: v5::Packet<'_>) -> Request<'_> {
    use v5::Packet;
    match packet {
        Packet::Connect(_) => Request::Connect,
        Packet::Publish { qos, id, .. } => published(qos, id),
        Packet::PubRel { id, .. } => Request::Release(id),
        Packet::PubAck { .. } => Request::Acknowledgement,
        Packet::PingReq => Request::Ping,
        Packet::Subscribe { id, filters, .. } => {
            let filters = filters.iter().map(|filter| (filter.filter, filter.qos));
            Request::Subscribe(id, filters.collect())
        }
        _ => Request::Other,
    }
}

fn published<'a>(qos: QoS, id: Option<PacketId>) -> Request<'a> {
    id.map_or(Request::Other, |id| Request::Publish(qos, id))
}

impl Reply<'_> {
    /// Writes the packet.
    pub fn write(self, version: Version, out: &mut Out<'_>) -> Result<(), SendError> {
        match version {
            Version::Mqtt5 => self.write_5(out),
            _ => self.write_311(out),
        }
    }

    fn write_311(self, out: &mut Out<'_>) -> Result<(), SendError> {
        use packet::Packet;
        let packet = match self {
            Reply::Accept => Packet::ConnAck {
                session_present: false,
                code: ReturnCode::from(0),
            },
            Reply::Acknowledge(id) => Packet::PubAck(id),
            Reply::Receive(id) => Packet::PubRec(id),
            Reply::Complete(id) => Packet::PubComp(id),
            Reply::Pong => Packet::PingResp,
            Reply::Grant(id, codes) => Packet::SubAck { id, codes },
            Reply::Message {
                qos,
                id,
                topic,
                payload,
            } => Packet::Publish {
                dup: false,
                qos,
                retain: false,
                id,
                topic,
                payload,
            },
        };
        packet.encode(out)
    }

    fn write_5(self, out: &mut Out<'_>) -> Result<(), SendError> {
        use v5::Packet;
        let (code, properties) = (ReasonCode::SUCCESS, ());
        let packet: Packet<'_, ()> = match self {
            Reply::Accept => Packet::ConnAck {
                session_present: false,
                code,
                properties,
            },
            Reply::Acknowledge(id) => Packet::PubAck {
                id,
                code,
                properties,
            },
            Reply::Receive(id) => Packet::PubRec {
                id,
                code,
                properties,
            },
            Reply::Complete(id) => Packet::PubComp {
                id,
                code,
                properties,
            },
            Reply::Pong => Packet::PingResp,
            Reply::Grant(id, codes) => Packet::SubAck {
                id,
                codes,
                properties,
            },
            Reply::Message {
                qos,
                id,
                topic,
                payload,
            } => Packet::Publish {
                dup: false,
                qos,
                retain: false,
                id,
                topic: Some(topic),
                payload,
                properties,
            },
        };
        packet.encode(out)
    }
}
