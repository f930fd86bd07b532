//! ActiveMQ, from Debian: it sends PUBLISH again after PUBREC.
use super::{Broker, Listener, ONLY_311, Place, Started};
use crate::{
    process::{Signal, read},
    secrets::Secrets,
};
use motemq_testing::mosquitto::free_port;
use std::process::Command;

const SERVER: &str = "/usr/share/activemq/bin/activemq.jar";
/// Without these it listens, and answers nobody.
const CODEC: [&str; 4] = [
    "mqtt-client",
    "hawtbuf",
    "hawtdispatch",
    "hawtdispatch-transport",
];

pub const BROKER: Broker = Broker {
    name: "ActiveMQ",
    packages: &[
        (SERVER, "activemq"),
        ("/usr/share/java/mqtt-client.jar", "libmqtt-client-java"),
        ("openssl", "openssl"),
    ],
    fetched: None,
    version: |_| {
        let mut command = Command::new("dpkg-query");
        command.args(["--show", "--showformat", "ActiveMQ ${Version}", "activemq"]);
        command
    },
    versions: ONLY_311,
    start,
    restarts: &[Signal::Terminate, Signal::Kill],
    login: None,
    known: &[
        "sends PUBLISH again instead of PUBREL, if the connection was lost after PUBREC",
        "can send retained messages before SUBACK",
        "can deliver messages of different QoS in an order different from that of publishing",
        "reports that no session is present, and then resumes the old one",
    ],
};

fn start(place: &Place, secrets: &Secrets) -> Result<Started, String> {
    let [tcp, tls] = [(); 2].map(|()| free_port());
    let dir = place.dir.display();
    let config = format!(
        r#"<beans xmlns="http://www.springframework.org/schema/beans" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xsi:schemaLocation="http://www.springframework.org/schema/beans http://www.springframework.org/schema/beans/spring-beans.xsd
    http://activemq.apache.org/schema/core http://activemq.apache.org/schema/core/activemq-core.xsd">
  <broker xmlns="http://activemq.apache.org/schema/core" brokerName="interop" dataDirectory="{dir}/data" useJmx="false">
    <sslContext><sslContext keyStore="file:{dir}/server.p12" keyStorePassword="interop" keyStoreType="pkcs12"/></sslContext>
    <transportConnectors>
      <transportConnector name="mqtt" uri="mqtt://127.0.0.1:{tcp}"/>
      <transportConnector name="mqtts" uri="mqtt+ssl://127.0.0.1:{tls}"/>
    </transportConnectors>
  </broker>
</beans>
"#
    );
    let mut pack = Command::new("openssl");
    pack.args(["pkcs12", "-export", "-passout", "pass:interop", "-in"])
        .arg(&secrets.server.0)
        .arg("-inkey")
        .arg(&secrets.server.1);
    pack.arg("-out").arg(place.dir.join("server.p12"));
    read(pack)?;
    let config = place.write("conf/activemq.xml", &config)?;
    for jar in CODEC {
        let name = format!("{jar}.jar");
        let copied = std::fs::create_dir_all(place.dir.join("lib")).and_then(|()| {
            std::fs::copy(
                format!("/usr/share/java/{name}"),
                place.dir.join("lib").join(&name),
            )
        });
        copied.map_err(|error| format!("cannot copy {name}: {error}"))?;
    }
    let mut command = Command::new("java");
    command
        .arg("-Xmx512m")
        .arg("-Dactivemq.home=/usr/share/activemq")
        .arg(format!("-Dactivemq.base={dir}"));
    command
        .arg(format!("-Dactivemq.conf={dir}/conf"))
        .arg(format!("-Dactivemq.data={dir}/data"));
    command
        .args(["-jar", SERVER, "start"])
        .arg(format!("xbean:file:{}", config.display()));
    Started::one(place, command, vec![Listener::tcp(tcp), Listener::tls(tls)])
}
