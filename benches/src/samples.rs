//! Packets that the benches read and write, as applications know them.
use crate::{Codec, codec::Write, limits::Slices, limits5::Slices5};

/// What a packet says.
#[derive(Clone, Debug)]
pub enum Given {
    /// PUBLISH; with QoS 0 the identifier does not matter.
    Publish {
        /// Where to.
        topic: String,
        /// What it says.
        payload: Vec<u8>,
        /// 0 or 1.
        qos: u8,
        /// Not 0.
        id: u16,
        /// Only MQTT 5 has them.
        properties: Option<Five>,
    },
    /// CONNECT with everything, and a clean session.
    Connect {
        /// The client identifier.
        client_id: String,
        /// Seconds.
        keep_alive: u16,
        /// Published when the connection is lost.
        will: Will,
        /// Who it is.
        user: String,
        /// Text, since one of the others takes nothing else.
        password: String,
    },
    /// SUBSCRIBE.
    Subscribe {
        /// Not 0.
        id: u16,
        /// Each with its QoS.
        filters: Vec<(String, u8)>,
    },
    /// SUBACK.
    SubAck {
        /// Not 0.
        id: u16,
        /// QoS, or 0x80.
        codes: Vec<u8>,
    },
    /// PUBACK.
    PubAck {
        /// Not 0.
        id: u16,
    },
}

/// Five properties of a PUBLISH, which the client and the server can send, in the order in which the
/// limit writes them.
#[derive(Clone, Debug)]
pub struct Five {
    /// Whether the payload is text.
    pub is_text: bool,
    /// Seconds.
    pub expiry: u32,
    /// The kind of payload.
    pub content_type: String,
    /// What an answer repeats.
    pub correlation: Vec<u8>,
    /// Name and value.
    pub user: (String, String),
}

/// A will with QoS 1 that is kept.
#[derive(Clone, Debug)]
pub struct Will {
    /// Where to.
    pub topic: String,
    /// What it says.
    pub payload: Vec<u8>,
}

/// Packets to be read or written one behind the other.
pub struct Sample {
    /// What a figure is called.
    pub name: &'static str,
    /// What each says.
    pub given: Vec<Given>,
    /// The same on the wire.
    pub bytes: Vec<u8>,
    /// Each is written into an empty buffer: CONNECT is always the first, and one of the others
    /// counts on it.
    pub alone: bool,
}

/// Identifiers of the PUBACKs in [`stream`]: 1 to this.
pub const PUBACKS: u16 = 100;
/// Identifiers of the SUBACKs in [`stream`] follow, as many as this.
pub const SUBACKS: u16 = 50;

impl Sample {
    /// Written by the limit, which knows nothing of Motemq.
    pub fn new(name: &'static str, given: Vec<Given>) -> Self {
        Self::written_by::<Slices>(name, given)
    }

    fn written_by<C: Codec>(name: &'static str, given: Vec<Given>) -> Self {
        let mut output = C::output(2 << 20);
        for packet in &given {
            C::build(packet, Write::<C>(&mut output));
        }
        let alone = matches!(given[0], Given::Connect { .. });
        Sample {
            name,
            bytes: C::written(&output),
            given,
            alone,
        }
    }

    /// Packets of MQTT 5, each kind by itself.
    pub fn singles_5() -> Vec<Self> {
        let many = |name, given: fn(u16) -> Given| {
            Sample::written_by::<Slices5>(name, (1..=500).map(given).collect())
        };
        vec![
            many("publish_16B", |id| publish(0, id, 16)),
            many("publish_256B_qos1", |id| publish(1, id, 256)),
            many("publish_16B_properties", with_properties),
            many("connect", |_| connect()),
            many("subscribe_8", subscribe),
        ]
    }

    /// Each kind of packet by itself, often enough that starting and stopping a clock does not
    /// matter.
    pub fn singles() -> Vec<Self> {
        let many =
            |name, given: fn(u16) -> Given| Sample::new(name, (1..=500).map(given).collect());
        vec![
            many("publish_16B", |id| publish(0, id, 16)),
            many("publish_256B_qos1", |id| publish(1, id, 256)),
            Sample::new(
                "publish_64KiB_qos1",
                (1..=4).map(|id| publish(1, id, 0x1_0000)).collect(),
            ),
            many("connect", |_| connect()),
            many("subscribe_8", subscribe),
            many("suback_8", suback),
            many("puback", |id| Given::PubAck { id }),
        ]
    }

    /// One long message.
    pub fn message(name: &'static str, kib: usize) -> Self {
        Sample::new(name, vec![publish(1, 1, kib << 10)])
    }

    /// What a broker sends to a busy client: 1,000 packets, mixed.
    pub fn stream() -> Self {
        Sample::new("stream_1000", stream(1000))
    }
}

/// `packets` of them, a multiple of 20: of 20 seventeen are PUBLISH, seven of these with QoS 1, two
/// PUBACK, and one SUBACK.
pub fn stream(packets: u16) -> Vec<Given> {
    (0..packets)
        .map(|at| match at % 20 {
            3 | 13 => Given::PubAck {
                id: (at / 10) % PUBACKS + 1,
            },
            19 => suback(PUBACKS + (at / 20) % SUBACKS + 1),
            kind => publish(
                u8::from(kind % 5 > 2 || kind == 0),
                at + 1,
                16 + usize::from(at % 7) * 40,
            ),
        })
        .collect()
}

fn publish(qos: u8, id: u16, size: usize) -> Given {
    let payload = (0..size).map(|at| at as u8).collect();
    Given::Publish {
        topic: "plant/7/line/2/temperature".into(),
        payload,
        qos,
        id,
        properties: None,
    }
}

fn with_properties(id: u16) -> Given {
    let mut given = publish(0, id, 16);
    if let Given::Publish { properties, .. } = &mut given {
        *properties = Some(Five {
            is_text: true,
            expiry: 3600,
            content_type: "application/json".into(),
            correlation: b"request-0042".to_vec(),
            user: ("unit".into(), "celsius".into()),
        });
    }
    given
}

fn connect() -> Given {
    let will = Will {
        topic: "plant/7/line/2/state".into(),
        payload: b"offline".to_vec(),
    };
    Given::Connect {
        client_id: "plant-7-line-2-node-0042".into(),
        keep_alive: 30,
        will,
        user: "line-2".into(),
        password: "correct horse".into(),
    }
}

fn subscribe(id: u16) -> Given {
    let filters = [
        "plant/7/#",
        "plant/+/alarm",
        "cmd/node-0042/+",
        "cmd/all",
        "+/+/state",
        "config/node-0042/#",
        "time",
        "plant/7/line/+/speed",
    ];
    Given::Subscribe {
        id,
        filters: filters
            .iter()
            .zip([0, 1].into_iter().cycle())
            .map(|(filter, qos)| ((*filter).into(), qos))
            .collect(),
    }
}

fn suback(id: u16) -> Given {
    Given::SubAck {
        id,
        codes: vec![0, 1, 0, 1, 0, 1, 0x80, 2],
    }
}
