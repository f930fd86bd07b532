//! A client of HiveMQ Cloud: `cargo run -p motemq-std --example hivemq_cloud --
//! mqtts://CLUSTER.hivemq.cloud USER PASSWORD`.
//!
//! Sends itself a message with each QoS.
use motemq_std::{Client, Filter, Options, Publish, QoS, profile::HIVEMQ_CLOUD};
use std::{env, error::Error, time::Duration};

fn main() -> Result<(), Box<dyn Error>> {
    run(env::args().skip(1))
}

/// The same with other arguments, for tests.
pub fn run(mut args: impl Iterator<Item = String>) -> Result<(), Box<dyn Error>> {
    let (Some(url), Some(user), Some(password)) = (args.next(), args.next(), args.next()) else {
        return Err(
            "say where and who: hivemq_cloud mqtts://CLUSTER.hivemq.cloud USER PASSWORD".into(),
        );
    };
    // Without a client identifier the broker makes one.
    let options = Options::from_url(&url)?
        .login(user, password)
        .profile(&HIVEMQ_CLOUD);
    let client = Client::connect(options)?;
    let mut messages = client.subscribe(&[Filter::new("motemq/example", QoS::ExactlyOnce)])?;
    for qos in [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce] {
        let text = format!("{qos:?}");
        let publish = Publish::to("motemq/example").payload(text.as_bytes());
        client.publish(&publish.qos(qos))?.wait()?;
        let message = messages.recv_timeout(Duration::from_secs(10))?;
        println!(
            "{}: {}",
            message.topic,
            String::from_utf8_lossy(&message.payload)
        );
    }

    // Refused here, where it costs nothing: the broker would hang up.
    let error = client
        .publish(&Publish::to("motemq/example").payload(&vec![0; 6 << 20]))
        .expect_err("a limit");
    println!("{error}");
    Ok(client.disconnect(Duration::from_secs(10))?)
}
