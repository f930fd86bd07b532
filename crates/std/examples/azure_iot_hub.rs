//! A device at Azure IoT Hub: `cargo run -p motemq-std --example azure_iot_hub --
//! mqtts://HUB.azure-devices.net DEVICE TOKEN`.
//!
//! Sends one reading and waits for one message to the device. TOKEN is a shared access signature,
//! which is also what the broker calls an expired one: make it anew, for instance by `az iot hub
//! generate-sas-token -n HUB -d DEVICE`.
use motemq_std::{
    BrokerUrl, Client, Filter, Options, Publish, QoS, RecvTimeoutError, profile::AZURE_IOT_HUB,
};
use std::{env, error::Error, time::Duration};

fn main() -> Result<(), Box<dyn Error>> {
    run(env::args().skip(1))
}

/// The same with other arguments, for tests.
pub fn run(mut args: impl Iterator<Item = String>) -> Result<(), Box<dyn Error>> {
    let (Some(url), Some(device), Some(token)) = (args.next(), args.next(), args.next()) else {
        return Err(
            "say where and who: azure_iot_hub mqtts://HUB.azure-devices.net DEVICE TOKEN".into(),
        );
    };
    let user = format!(
        "{}/{device}/?api-version=2021-04-12",
        BrokerUrl::parse(&url)?.host
    );
    let options = Options::from_url(&url)?
        .client_id(&device)
        .login(user, token)
        .keep_session()
        .profile(&AZURE_IOT_HUB);
    let client = Client::connect(options)?;
    let bound = format!("devices/{device}/messages/devicebound/#");
    let mut messages = client.subscribe(&[Filter::new(&bound, QoS::AtLeastOnce)])?;
    let telemetry = format!("devices/{device}/messages/events/");
    let reading = Publish::to(&telemetry)
        .payload(br#"{"temperature": 11.5}"#)
        .qos(QoS::AtLeastOnce);
    client.publish(&reading)?.wait()?;

    // Refused here, where it costs nothing: the broker would hang up.
    let error = client
        .publish(&Publish::to("elsewhere"))
        .expect_err("a limit");
    println!("{error}");
    match messages.recv_timeout(Duration::from_secs(10)) {
        Ok(message) => println!(
            "{}: {}",
            message.topic,
            String::from_utf8_lossy(&message.payload)
        ),
        Err(RecvTimeoutError::Timeout) => println!("no message to the device within 10 s"),
        Err(error) => return Err(error.into()),
    }
    Ok(client.disconnect(Duration::from_secs(10))?)
}
