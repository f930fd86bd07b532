//! Publishes one message and leaves: `cargo run --example one_shot -- mqtt://localhost/cellar/door
//! open`
use motemq_tokio::{Options, Publish, QoS, publish_once};
use std::{env, error::Error, time::Duration};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let (url, text) = env::args()
        .nth(1)
        .zip(env::args().nth(2))
        .ok_or("usage: one_shot mqtt://HOST/TOPIC TEXT")?;
    let options = Options::from_url(&url)?;
    let topic = options
        .topic()
        .ok_or("the URL names no topic: write mqtt://HOST/TOPIC")?
        .to_owned();
    // Returns when the broker has the message.
    publish_once(
        options,
        &Publish::to(&topic)
            .payload(text.as_bytes())
            .qos(QoS::ExactlyOnce),
        Duration::from_secs(10),
    )
    .await?;
    Ok(())
}
