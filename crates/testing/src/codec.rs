//! Packets of both versions of MQTT in one type, for brokers that speak both: that of MQTT 5, which
//! can say everything that MQTT 3.1.1 can.
use motemq::{
    Connect, Filter, Out, Properties, Property, PropertySource, Publish, ReasonCode, SendError,
    SubscriptionOptions, Version,
    packet::{self, Filters, v5},
};
use std::fmt::Debug;

/// A packet that was received.
pub type Packet<'a> = v5::Packet<'a>;

/// A packet that is sent.
pub type Sent<'a> = v5::Packet<'a, &'a [Property<'a>]>;

/// Memory for what a packet of MQTT 3.1.1 has in another form as one of MQTT 5.
#[derive(Default)]
pub struct Scratch<'a> {
    filters: Vec<Filter<'a, SubscriptionOptions>>,
    connect: Vec<u8>,
}

/// Decodes the packet at the beginning of `bytes`.
///
/// # Errors
/// The reason code with which the connection is closed.
pub fn decode<'a>(
    version: Version,
    bytes: &'a [u8],
    scratch: &'a mut Scratch<'a>,
) -> Result<Option<(Packet<'a>, usize)>, ReasonCode> {
    match version {
        Version::Mqtt5 => v5::decode(bytes).map_err(|error| error.reason_code()),
        _ => match packet::decode(bytes) {
            Ok(Some((packet, length))) => Ok(Some((raise(packet, scratch), length))),
            Ok(None) => Ok(None),
            Err(_) => Err(ReasonCode::MALFORMED_PACKET),
        },
    }
}

/// Returns a packet of MQTT 3.1.1 as one of MQTT 5.
fn raise<'a>(packet: packet::Packet<'a>, scratch: &'a mut Scratch<'a>) -> Packet<'a> {
    let code = ReasonCode::SUCCESS;
    let properties = Properties::default();
    let mut options = |filters: Filters<'a>| {
        scratch.filters.extend(
            filters
                .iter()
                .map(|filter| filter.options(SubscriptionOptions::default())),
        );
    };
    match packet {
        packet::Packet::Connect(connect) => {
            append(
                Version::Mqtt5,
                &v5::Packet::Connect(connect),
                &mut scratch.connect,
            );
            let raised = v5::decode(&scratch.connect);
            raised.ok().flatten().expect("it has just been encoded").0
        }
        packet::Packet::ConnAck {
            session_present,
            code,
        } => Packet::ConnAck {
            session_present,
            code: code.get().into(),
            properties,
        },
        packet::Packet::Publish {
            dup,
            qos,
            retain,
            id,
            topic,
            payload,
        } => Packet::Publish {
            dup,
            qos,
            retain,
            id,
            topic: Some(topic),
            payload,
            properties,
        },
        packet::Packet::PubAck(id) => Packet::PubAck {
            id,
            code,
            properties,
        },
        packet::Packet::PubRec(id) => Packet::PubRec {
            id,
            code,
            properties,
        },
        packet::Packet::PubRel(id) => Packet::PubRel {
            id,
            code,
            properties,
        },
        packet::Packet::PubComp(id) => Packet::PubComp {
            id,
            code,
            properties,
        },
        packet::Packet::Subscribe { id, filters } => {
            options(filters);
            Packet::Subscribe {
                id,
                filters: scratch.filters[..].into(),
                properties,
            }
        }
        packet::Packet::SubAck { id, codes } => Packet::SubAck {
            id,
            codes,
            properties,
        },
        packet::Packet::Unsubscribe { id, filters } => {
            options(filters);
            Packet::Unsubscribe {
                id,
                filters: scratch.filters[..].into(),
                properties,
            }
        }
        packet::Packet::UnsubAck(id) => Packet::UnsubAck {
            id,
            codes: &[],
            properties,
        },
        packet::Packet::PingReq => Packet::PingReq,
        packet::Packet::PingResp => Packet::PingResp,
        packet::Packet::Disconnect => Packet::Disconnect { code, properties },
    }
}

/// Returns a CONNECT without its properties.
pub fn lower_connect<'a>(connect: &Connect<'a, Properties<'a>>) -> Connect<'a> {
    Connect {
        client_id: connect.client_id,
        will: connect.will.map(|will| {
            let mut lowered = Publish::to(will.topic())
                .payload(will.payload)
                .qos(will.qos);
            lowered.retain = will.retain;
            lowered
        }),
        user: connect.user,
        password: connect.password,
        keep_alive: connect.keep_alive,
        timeout: connect.timeout,
        clean: connect.clean,
        identifier_offset: connect.identifier_offset,
        properties: (),
    }
}

/// Appends `packet` to `bytes`, or nothing if the version has no such packet.
///
/// # Panics
/// If the standard does not allow the packet: brokers make packets of checked parts only.
pub fn append<'a, T: PropertySource<'a> + Debug>(
    version: Version,
    packet: &v5::Packet<'a, T>,
    bytes: &mut Vec<u8>,
) {
    let mut guess = match packet {
        v5::Packet::Publish { topic, payload, .. } => {
            topic.map_or(0, |topic| topic.as_bytes().len()) + payload.len() + 16
        }
        v5::Packet::SubAck { codes, .. } => codes.len() + 16,
        _ => 16,
    };
    let mut end = bytes.len();
    loop {
        bytes.resize(end + guess, 0);
        let out = &mut Out::new(bytes, &mut end);
        let written = match version {
            Version::Mqtt5 => packet.encode(out),
            _ => lower(packet).map_or(Ok(()), |packet| packet.encode(out)),
        };
        match written {
            Ok(()) => return bytes.truncate(end),
            Err(SendError::Invalid) => panic!("no packet of the standard: {packet:?}"),
            Err(_) => guess *= 2,
        }
        assert!(guess < 1 << 29, "no packet of the standard: {packet:?}");
    }
}

/// Returns a packet as one of MQTT 3.1.1, or `None` if that version has none: servers of it send
/// neither DISCONNECT nor AUTH.
fn lower<'a, T: Copy>(packet: &v5::Packet<'a, T>) -> Option<packet::Packet<'a>> {
    Some(match *packet {
        v5::Packet::ConnAck {
            session_present,
            code,
            ..
        } => packet::Packet::ConnAck {
            session_present,
            code: code.get().into(),
        },
        v5::Packet::Publish {
            dup,
            qos,
            retain,
            id,
            topic,
            payload,
            ..
        } => packet::Packet::Publish {
            dup,
            qos,
            retain,
            id,
            topic: topic?,
            payload,
        },
        v5::Packet::PubAck { id, .. } => packet::Packet::PubAck(id),
        v5::Packet::PubRec { id, .. } => packet::Packet::PubRec(id),
        v5::Packet::PubRel { id, .. } => packet::Packet::PubRel(id),
        v5::Packet::PubComp { id, .. } => packet::Packet::PubComp(id),
        v5::Packet::SubAck { id, codes, .. } => packet::Packet::SubAck { id, codes },
        v5::Packet::UnsubAck { id, .. } => packet::Packet::UnsubAck(id),
        v5::Packet::PingResp => packet::Packet::PingResp,
        _ => return None,
    })
}

/// Returns the level of the protocol in the CONNECT at the beginning of `bytes`. It looks at none
/// behind the packet: those may not have come yet.
pub fn level(bytes: &[u8]) -> Option<u8> {
    let Some((0x10, rest)) = bytes.split_first() else {
        return None;
    };
    // A remaining length of four bytes at most, and not longer than need be.
    let last = rest
        .iter()
        .take(4)
        .position(|&byte| byte < 0x80)
        .filter(|&last| last == 0 || rest.get(last) != Some(&0))?;
    let (digits, behind) = rest.split_at(last + 1);
    let length = digits
        .iter()
        .rev()
        .fold(0, |length, &digit| length << 7 | usize::from(digit & 0x7f));
    let body = behind.get(..length).unwrap_or_default();
    body.strip_prefix(b"\0\x04MQTT")
        .and_then(|after| after.first())
        .copied()
}
