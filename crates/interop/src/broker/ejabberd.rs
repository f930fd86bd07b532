//! ejabberd, from Debian: a chat server that speaks MQTT too. It sends one message at a time, and
//! chooses its identifiers at random.
use super::{BOTH, Broker, Listener, Place, Started};
use crate::secrets::Secrets;
use motemq_testing::mosquitto::free_port;
use std::process::Command;

pub const BROKER: Broker = Broker {
    name: "ejabberd",
    packages: &[("ejabberdctl", "ejabberd")],
    fetched: None,
    version: |_| {
        let mut command = Command::new("dpkg-query");
        command.args(["--show", "--showformat", "ejabberd ${Version}", "ejabberd"]);
        command
    },
    versions: BOTH,
    start,
    restarts: &[],
    login: Some(("interop", "interop")),
    known: &[
        "accepts an empty client identifier for a kept session",
        "sets the DUP flag on queued messages that it sends for the first time",
    ],
};

/// Without ejabberdctl, which insists on a user of its own, and without Erlang's distribution,
/// which would need one more process.
fn start(place: &Place, secrets: &Secrets) -> Result<Started, String> {
    let [tcp, tls, ws] = [(); 3].map(|()| free_port());
    // Key and certificates in one file.
    let read = |path| std::fs::read_to_string(path).map_err(|error| error.to_string());
    let chain = place.write(
        "chain.pem",
        &[
            read(&secrets.server.1)?,
            read(&secrets.server.0)?,
            read(&secrets.ca)?,
        ]
        .concat(),
    )?;
    let chain = chain.display();
    let config = format!(
        "hosts: [localhost]\nauth_method: [anonymous]\nanonymous_protocol: both\nallow_multiple_connections: true\nlisten:\n\
         \x20 - {{port: {tcp}, ip: \"127.0.0.1\", module: mod_mqtt, backlog: 100}}\n\
         \x20 - {{port: {tls}, ip: \"127.0.0.1\", module: mod_mqtt, backlog: 100, tls: true}}\n\
         \x20 - {{port: {ws}, ip: \"127.0.0.1\", module: ejabberd_http, request_handlers: {{/mqtt: mod_mqtt}}}}\n\
         certfiles: [\"{chain}\"]\nmodules:\n\
         \x20 mod_mqtt: {{access_publish: {{\"#\": [{{allow: all}}]}}, access_subscribe: {{\"#\": [{{allow: all}}]}}}}\n"
    );
    let mut command = Command::new("erl");
    command
        .args(["-noinput", "-mnesia", "dir"])
        .arg(format!("\"{}\"", place.dir.join("data").display()))
        .args(["-s", "ejabberd"]);
    command.env(
        "EJABBERD_CONFIG_PATH",
        place.write("ejabberd.yml", &config)?,
    );
    command.env("EJABBERD_LOG_PATH", place.dir.join("ejabberd.log"));
    command.env("HOME", &place.dir);
    command.env(
        "ERL_LIBS",
        format!("/usr/lib/{}-linux-gnu", std::env::consts::ARCH),
    );
    let listeners = vec![
        Listener::tcp(tcp),
        Listener::tls(tls),
        Listener::websocket(ws, "/mqtt"),
    ];
    Started::one(place, command, listeners)
}
