//! ActiveMQ Artemis, from Maven.
use super::{BOTH, Broker, Fetched, Listener, Place, Started, java};
use crate::{
    process::{Signal, read},
    secrets::Secrets,
};
use motemq_testing::mosquitto::free_port;
use std::process::Command;

const RELEASE: &str = "2.44.0";
const PROGRAM: &str = "apache-artemis-2.44.0/bin/artemis";

pub const BROKER: Broker = Broker {
    name: "ActiveMQ Artemis",
    packages: java::PACKAGES,
    fetched: Some(Fetched {
        program: PROGRAM,
        from: "Artemis from Maven",
        get: |dir| {
            let mut command = Command::new("mvn");
            command
                .args(["--quiet", "--batch-mode", "dependency:unpack"])
                .arg(format!(
                    "-Dartifact=org.apache.activemq:apache-artemis:{RELEASE}:tar.gz:bin"
                ))
                .arg(format!("-DoutputDirectory={}", dir.display()))
                .current_dir(dir);
            command
        },
    }),
    version: |place| {
        let mut command = Command::new("ls");
        command.current_dir(place.fetched.join("apache-artemis-2.44.0/lib"));
        command.arg(format!("artemis-server-{RELEASE}.jar"));
        command
    },
    versions: BOTH,
    start,
    restarts: &[Signal::Terminate, Signal::Kill],
    login: None,
    known: &[
        "sends an unlimited number of messages without an acknowledgement, unless the client sets a limit with MQTT 5",
        "can deliver messages of one topic in the wrong order to subscriptions with wildcards",
        "sends messages again under new identifiers and without DUP after the connection was lost, and does not send PUBREL again",
        "publishes the will if the connection is closed immediately after DISCONNECT",
        "grants filters such as `a#`",
    ],
};

fn start(place: &Place, secrets: &Secrets) -> Result<Started, String> {
    let [tcp, tls, mutual] = [(); 3].map(|()| free_port());
    let base = place.dir.join("broker");
    let mut create = Command::new("sh");
    create.arg(place.fetched.join(PROGRAM)).arg("create");
    create.arg(&base).args([
        "--silent",
        "--user=interop",
        "--password=interop",
        "--allow-anonymous",
        "--no-web",
        "--no-autotune",
        "--no-amqp-acceptor",
        "--no-hornetq-acceptor",
        "--no-stomp-acceptor",
        "--no-mqtt-acceptor",
        "--host=127.0.0.1",
    ]);
    create.arg(format!("--default-port={}", free_port()));
    read(create)?;
    let (keys, trust) = (
        java::key_store(place, secrets)?,
        java::trust_store(place, secrets)?,
    );
    let password = java::PASSWORD;
    let secure = format!(
        ";sslEnabled=true;keyStorePath={};keyStorePassword={password};keyStoreType=PKCS12",
        keys.display()
    );
    let both = format!(
        "{secure};needClientAuth=true;trustStorePath={};trustStorePassword={password};trustStoreType=PKCS12",
        trust.display()
    );
    let acceptors = [
        ("tcp", tcp, ""),
        ("tls", tls, &secure),
        ("mutual", mutual, &both),
    ]
    .map(|(name, port, more)| {
        format!(
            "<acceptor name=\"{name}\">tcp://127.0.0.1:{port}?protocols=MQTT{more}</acceptor>\n"
        )
    });
    let file = "broker/etc/broker.xml";
    let config =
        std::fs::read_to_string(place.dir.join(file)).map_err(|error| error.to_string())?;
    // On a disk that is nearly full it would take no message.
    let config = config.replace(">90</max-disk-usage>", ">-1</max-disk-usage>");
    let (begin, end) = config
        .split_once("</acceptors>")
        .ok_or("no acceptors in broker.xml")?;
    place.write(
        file,
        &format!("{begin}{}</acceptors>{end}", acceptors.concat()),
    )?;
    let mut command = Command::new("sh");
    command.arg(base.join("bin/artemis")).arg("run");
    // Each acceptor speaks WebSocket as well.
    Started::one(
        place,
        command,
        vec![
            Listener::tcp(tcp),
            Listener::tls(tls),
            Listener::mutual(mutual),
            Listener::websocket(tcp, "/mqtt"),
            Listener::secure_websocket(tls, "/mqtt"),
        ],
    )
}
