//! HiveMQ Community Edition, embedded in a program of a few lines: `brokers/hivemq`.
use super::{BOTH, Broker, Fetched, Listener, Place, Started, java};
use crate::{process::Signal, secrets::Secrets};
use motemq_testing::mosquitto::free_port;

pub const BROKER: Broker = Broker {
    name: "HiveMQ CE",
    packages: java::PACKAGES,
    fetched: Some(Fetched {
        program: "classes/HiveMq.class",
        from: "HiveMQ from Maven",
        get: |dir| java::maven("hivemq", dir),
    }),
    version: |place| super::jar_version(place, "hivemq-community-edition-embedded-"),
    versions: BOTH,
    start,
    restarts: &[Signal::Terminate, Signal::Kill],
    login: None,
    known: &[
        "forgets the identifiers of received QoS 2 messages at a restart, so that a message that is sent again is delivered twice",
        "sends QoS 2 messages again after SIGKILL if it had received their PUBCOMP shortly before",
        "closes connections of other protocol versions without CONNACK",
        "closes the connection instead of refusing filters such as `a#`",
        "keeps at most 1,000 messages for a disconnected client, unless `max-queue-size` allows more; it acknowledges further messages and drops them",
    ],
};

fn start(place: &Place, secrets: &Secrets) -> Result<Started, String> {
    let [tcp, tls, mutual, ws, wss] = [(); 5].map(|()| free_port());
    let (keys, trust) = (
        java::key_store(place, secrets)?,
        java::trust_store(place, secrets)?,
    );
    let password = java::PASSWORD;
    let store = format!(
        "<keystore><path>{}</path><password>{password}</password><private-key-password>{password}</private-key-password></keystore>",
        keys.display()
    );
    let secure = format!("<tls>{store}</tls>");
    let both = format!(
        "<tls>{store}<truststore><path>{}</path><password>{password}</password></truststore>\
         <client-authentication-mode>REQUIRED</client-authentication-mode></tls>",
        trust.display()
    );
    let at = |port| format!("<port>{port}</port><bind-address>127.0.0.1</bind-address>");
    let web = "<path>/mqtt</path><subprotocols><subprotocol>mqtt</subprotocol></subprotocols>";
    let listeners = [
        ("tcp-listener", at(tcp)),
        ("tls-tcp-listener", at(tls) + &secure),
        ("tls-tcp-listener", at(mutual) + &both),
        ("websocket-listener", at(ws) + web),
        ("tls-websocket-listener", at(wss) + web + &secure),
    ]
    .map(|(tag, inner)| format!("    <{tag}>{inner}</{tag}>\n"));
    let config = format!(
        "<?xml version=\"1.0\"?>\n<hivemq>\n  <listeners>\n{}  </listeners>\n\
         \x20 <mqtt><queued-messages><max-queue-size>100000</max-queue-size></queued-messages></mqtt>\n\
         \x20 <persistence><mode>file</mode></persistence>\n\
         \x20 <anonymous-usage-statistics><enabled>false</enabled></anonymous-usage-statistics>\n</hivemq>\n",
        listeners.concat()
    );
    place.write("conf/config.xml", &config)?;
    let mut command = java::java(place, "HiveMq");
    command.arg(&place.dir);
    Started::one(
        place,
        command,
        vec![
            Listener::tcp(tcp),
            Listener::tls(tls),
            Listener::mutual(mutual),
            Listener::websocket(ws, "/mqtt"),
            Listener::secure_websocket(wss, "/mqtt"),
        ],
    )
}
