//! A thing at AWS IoT Core: `cargo run -p motemq-std --example aws_iot --
//! mqtts://ENDPOINT-ats.iot.REGION.amazonaws.com THING CERTIFICATE KEY`.
//!
//! Says how it is, waits for one command, and leaves. The policy of its certificate has to let it
//! connect as THING, publish to and subscribe to `things/THING/#`.
use motemq_std::{Client, Filter, Options, Publish, QoS, RecvTimeoutError, Will, profile::AWS_IOT};
use std::{env, error::Error, time::Duration};

fn main() -> Result<(), Box<dyn Error>> {
    run(env::args().skip(1))
}

/// The same with other arguments, for tests.
pub fn run(mut args: impl Iterator<Item = String>) -> Result<(), Box<dyn Error>> {
    let (Some(url), Some(thing)) = (args.next(), args.next()) else {
        return Err("say where and who: aws_iot mqtts://ENDPOINT-ats.iot.REGION.amazonaws.com THING CERTIFICATE KEY".into());
    };
    let topic = |last| format!("things/{thing}/{last}");
    let options = Options::from_url(&url)?
        .client_id(&thing)
        .profile(&AWS_IOT)
        // Without traffic the connection is free; the network between may forget it, though.
        .keep_alive(300)
        .will(Will {
            payload: b"gone".to_vec(),
            qos: QoS::AtLeastOnce,
            ..Will::new(topic("state"))
        });
    // The files as the console gives them. On port 443 the profile asks for MQTT.
    #[cfg(feature = "_tls")]
    let options = match (args.next(), args.next()) {
        (Some(certificate), Some(key)) => {
            options.tls(motemq_std::Tls::new().identity_files(certificate, key, None)?)
        }
        _ => options,
    };
    let client = Client::connect(options)?;
    let mut commands = client.subscribe(&[Filter::new(&topic("command"), QoS::AtLeastOnce)])?;
    let state = topic("state");
    let here = Publish::to(&state).payload(b"here").qos(QoS::AtLeastOnce);
    client.publish(&here)?.wait()?;

    // Refused here, where it costs nothing: the broker would not answer, and the call would wait in
    // vain.
    let error = client
        .publish(&Publish::to(&topic("state")).qos(QoS::ExactlyOnce))
        .expect_err("a limit");
    println!("{error}");
    match commands.recv_timeout(Duration::from_secs(10)) {
        Ok(message) => println!(
            "{}: {}",
            message.topic,
            String::from_utf8_lossy(&message.payload)
        ),
        Err(RecvTimeoutError::Timeout) => println!(
            "no command within 10 s: publish one to {}",
            topic("command")
        ),
        Err(error) => return Err(error.into()),
    }
    Ok(client.disconnect(Duration::from_secs(10))?)
}
