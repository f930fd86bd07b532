//! Publishes readings for as long as it runs, through whatever weather: `cargo run --example sensor
//! -- mqtt://localhost/cellar/temperature 10`
use motemq_tokio::{Client, Options, Publish, PublishError, QoS, WhenFull, Will};
use std::{env, time::Duration};
use tokio::time::{MissedTickBehavior, interval};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = env::args()
        .nth(1)
        .ok_or("usage: sensor mqtt://HOST/TOPIC [READINGS]")?;
    let readings = env::args()
        .nth(2)
        .map_or(Ok(u32::MAX), |number| number.parse())?;
    let options = Options::from_url(&url)?
        .client_id("sensor-7")
        .keep_session()
        .will(Will::new("gone/sensor-7"));
    let topic = options.topic().unwrap_or("reading").to_owned();
    // An hour without a broker; what is older is of no interest.
    let (client, driver) = Client::new(options.queue(3600, 1 << 20, WhenFull::DropOldest))?;
    let driver = tokio::spawn(driver);
    let mut clock = interval(Duration::from_millis(100));
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for n in 0..readings {
        clock.tick().await;
        let reading = format!("{:.1}", 20.0 + f64::from(n % 10) / 10.0);
        match client.try_publish(
            &Publish::to(&topic)
                .payload(reading.as_bytes())
                .qos(QoS::AtLeastOnce),
        ) {
            // The client sees to it that it arrives.
            Ok(receipt) => drop(receipt),
            Err(PublishError::Full) => eprintln!("the broker is slow: this reading is left out"),
            Err(error) => return Err(error.into()),
        }
    }
    client.disconnect(Duration::from_secs(10)).await?;
    driver.await??;
    Ok(())
}
