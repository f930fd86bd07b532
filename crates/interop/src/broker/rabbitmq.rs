//! RabbitMQ, from Debian: it answers QoS 2 with PUBACK.
use super::{Broker, Listener, ONLY_311, Place, Started};
use crate::secrets::Secrets;
use motemq_testing::mosquitto::free_port;
use std::process::Command;

const SERVER: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";

pub const BROKER: Broker = Broker {
    name: "RabbitMQ",
    packages: &[(SERVER, "rabbitmq-server")],
    fetched: None,
    version: |_| {
        let mut command = Command::new("dpkg-query");
        command.args([
            "--show",
            "--showformat",
            "RabbitMQ ${Version}",
            "rabbitmq-server",
        ]);
        command
    },
    versions: ONLY_311,
    start,
    // SIGKILL reaches the script that starts Erlang, and not Erlang.
    restarts: &[],
    login: Some(("guest", "guest")),
    known: &[
        "answers QoS 2 with PUBACK: the client closes the connection, and reports that the message may have arrived",
        "grants QoS 1 for subscriptions with QoS 2",
        "reports no session if the session has no subscriptions",
        "ignores PUBREL for unknown identifiers",
        "sends messages with topics that begin with `$` to subscribers of `#`",
        "publishes the will over WebSocket if the connection is closed immediately after DISCONNECT",
    ],
};

fn start(place: &Place, secrets: &Secrets) -> Result<Started, String> {
    let [mqtt, tls, ws, distribution, mapper] = [(); 5].map(|()| free_port());
    let config = format!(
        "listeners.tcp = none\nmqtt.listeners.tcp.default = 127.0.0.1:{mqtt}\nmqtt.listeners.ssl.default = 127.0.0.1:{tls}\n\
         web_mqtt.tcp.ip = 127.0.0.1\nweb_mqtt.tcp.port = {ws}\n\
         ssl_options.cacertfile = {}\nssl_options.certfile = {}\nssl_options.keyfile = {}\n\
         ssl_options.verify = verify_peer\nssl_options.fail_if_no_peer_cert = true\n",
        secrets.ca.display(),
        secrets.server.0.display(),
        secrets.server.1.display()
    );
    let mut command = Command::new(SERVER);
    command
        .env("HOME", &place.dir)
        .env("RABBITMQ_NODENAME", "interop@localhost");
    command.env(
        "RABBITMQ_CONFIG_FILE",
        place.write("rabbitmq.conf", &config)?,
    );
    command.env(
        "RABBITMQ_ENABLED_PLUGINS_FILE",
        place.write("plugins", "[rabbitmq_mqtt,rabbitmq_web_mqtt].\n")?,
    );
    command
        .env("RABBITMQ_MNESIA_BASE", place.dir.join("data"))
        .env("RABBITMQ_LOG_BASE", place.dir.join("logs"));
    command
        .env("RABBITMQ_PID_FILE", place.dir.join("pid"))
        .env("RABBITMQ_DIST_PORT", distribution.to_string());
    command.env(
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
        "-kernel inet_dist_use_interface {127,0,0,1}",
    );
    // Erlang's port mapper is a process that stays; so this one is ours alone.
    command
        .env("ERL_EPMD_PORT", mapper.to_string())
        .env("ERL_EPMD_ADDRESS", "127.0.0.1");
    let mut afterwards = Command::new("epmd");
    afterwards.args(["-port", &mapper.to_string(), "-kill"]);
    let listeners = vec![
        Listener::tcp(mqtt),
        Listener::mutual(tls),
        Listener::websocket(ws, "/ws"),
    ];
    let started = Started::one(place, command, listeners)?;
    Ok(Started {
        afterwards: Some(afterwards),
        ..started
    })
}
