//! What others take on the same processor, measured the same way: every entry point reached, inputs
//! opaque, the transport a stub.
use crate::plot::{Kind, bars};
use std::fmt::Write;

/// A client for a Cortex-M4.
struct Peer {
    name: &'static str,
    version: &'static str,
    /// The protocol it speaks.
    mqtt: &'static str,
    /// Bytes of its code and constants, without transport, C library and `mem*`.
    code: u32,
    /// The same of those in C, compiled file by file and without optimization by the linker.
    plain: Option<u32>,
    /// Bytes of its context, without the buffers that ours does not count either.
    context: &'static str,
    /// What has to be known to compare it.
    note: &'static str,
}

/// C built by gcc 12.2 with `-Os -flto`, Rust by rustc 1.96 with `opt-level = "z"`, fat LTO, in
/// November 2026. The first is its vendor's word.
const PEERS: [Peer; 11] = [
    peer(
        "emMQTT",
        "its product page",
        "3.1.1",
        2400,
        Some(2400),
        "76, and 8 static",
        "the vendor's figure; the compiler and the linked functions are not stated",
    ),
    peer(
        "lwIP apps/mqtt",
        "2.2.1+34",
        "3.1.1",
        2953,
        Some(2965),
        "112",
        "clean sessions only, may deliver QoS 2 messages twice, never sends a message again, one TCP stack",
    ),
    peer(
        "paho embedded C",
        "1.1.0+21",
        "3.1.1",
        3200,
        Some(3996),
        "96",
        "blocking, may deliver QoS 2 messages twice, never sends a message again",
    ),
    peer(
        "lwmqtt",
        "0.9.0+3",
        "3.1.1",
        3337,
        Some(4285),
        "72, and 40 static",
        "blocking, may deliver QoS 2 messages twice, never sends a message again",
    ),
    peer(
        "MQTT-C",
        "1.1.6+19",
        "3.1.1",
        4225,
        Some(4325),
        "96 + 20 a message",
        "a copy of each packet in flight; needs 900 more bytes for floating point",
    ),
    peer(
        "coreMQTT",
        "2.3.1",
        "3.1.1",
        4629,
        Some(5269),
        "80 + 4 a message",
        "all QoS both ways, sends messages again with the application's help; no UTF-8 check",
    ),
    peer(
        "wolfMQTT",
        "2.1.0",
        "3.1.1",
        5909,
        Some(6475),
        "212",
        "the application chooses packet identifiers, may deliver QoS 2 messages twice",
    ),
    peer(
        "coreMQTT",
        "5.0.2",
        "5.0",
        12_329,
        Some(14_143),
        "140 + 4 a message",
        "all QoS both ways, sends messages again with the application's help; no UTF-8 check",
    ),
    peer("minimq", "0.13.5", "5.0", 17_594, None, "696", "async"),
    peer(
        "mqttrust",
        "1.0.0",
        "3.1.1",
        22_652,
        None,
        "800 and the buffers",
        "async",
    ),
    peer(
        "mqtt-protocol-core",
        "0.7.9",
        "3.1.1 and 5.0",
        51_312,
        None,
        "488 and a heap",
        "both versions, client and broker",
    ),
];

const fn peer(
    name: &'static str,
    version: &'static str,
    mqtt: &'static str,
    code: u32,
    plain: Option<u32>,
    context: &'static str,
    note: &'static str,
) -> Peer {
    Peer {
        name,
        version,
        mqtt,
        code,
        plain,
        context,
        note,
    }
}

/// The others as a table, ours with them in its place: the name, the bytes, the version of MQTT
/// and the bytes of the session.
pub fn markdown(ours: &[(String, u64, &str, u64)]) -> String {
    let mut text = String::from(
        "| client | version | MQTT | code and constants | context | notes |\n| --- | --- | --- | ---: | --- | --- |\n",
    );
    let mut ours: Vec<_> = ours.iter().collect();
    ours.sort_by_key(|(_, code, ..)| *code);
    let mut ours = ours.into_iter().peekable();
    for peer in &PEERS {
        while let Some((name, code, mqtt, session)) =
            ours.next_if(|(_, code, ..)| *code < u64::from(peer.code))
        {
            let _ = writeln!(
                text,
                "| **{name}** | this | {mqtt} | **{code}** | {session} with 8 slots | delivers QoS 2 messages once, checks all text, messages in pieces, includes glue for C |"
            );
        }
        let Peer {
            name,
            version,
            mqtt,
            code,
            context,
            note,
            ..
        } = peer;
        let _ = writeln!(
            text,
            "| {name} | {version} | {mqtt} | {code} | {context} | {note} |"
        );
    }
    text
}

/// Those in C as rows of a table, each with its bytes compiled file by file: the name with its
/// version, the version of MQTT, these bytes, those after optimization by the linker, the context,
/// and what has to be known.
pub fn in_c() -> impl Iterator<Item = (u64, String)> {
    PEERS.iter().filter_map(|peer| {
        let plain = peer.plain?;
        let Peer {
            name,
            version,
            mqtt,
            code,
            context,
            note,
            ..
        } = peer;
        let row =
            format!("| {name} ({version}) | {mqtt} | {plain} | {code} | {context} | {note} |");
        Some((plain.into(), row))
    })
}

/// The same as a chart: of those that speak 3.1.1.
pub fn chart(ours: &[(String, u64)]) -> String {
    let mut all: Vec<(String, f64, Kind)> = ours
        .iter()
        .map(|(name, code)| (format!("Motemq {name}"), *code as f64, Kind::Ours))
        .collect();
    let peers = PEERS.iter().filter(|peer| peer.mqtt == "3.1.1");
    all.extend(peers.map(|peer| {
        (
            format!("{} {}", peer.name, peer.version),
            f64::from(peer.code),
            Kind::Peer,
        )
    }));
    all.sort_by(|a, b| a.1.total_cmp(&b.1));
    let all: Vec<_> = all
        .iter()
        .map(|(label, value, kind)| (label.as_str(), *value, *kind))
        .collect();
    bars(
        "MQTT 3.1.1 clients on a Cortex-M4",
        "bytes of code and constants",
        &all,
    )
}
