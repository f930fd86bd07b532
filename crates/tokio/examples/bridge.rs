//! Carries messages from one broker to another, none lost: `cargo run --example bridge --
//! mqtt://here/a/# mqtt://there [MESSAGES]`
//!
//! A message is acknowledged at the first broker when the second one has it.
use motemq_tokio::{Client, Filter, Message, Options, Publish, QoS, Unacked};
use std::{env, time::Duration};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (from, to) = env::args()
        .nth(1)
        .zip(env::args().nth(2))
        .ok_or("usage: bridge mqtt://FROM/FILTER mqtt://TO [MESSAGES]")?;
    let messages = env::args()
        .nth(3)
        .map_or(Ok(u64::MAX), |number| number.parse())?;
    let from = Options::from_url(&from)?.client_id("bridge").keep_session();
    let filter = from.topic().unwrap_or("#").to_owned();
    let (source, driver) = Client::new(from)?;
    // What the first broker has kept for us comes as soon as there is a connection.
    let subscribing = source.subscribe(&[Filter::new(&filter, QoS::AtLeastOnce)]);
    tokio::spawn(driver);
    let (sink, driver) = Client::new(Options::from_url(&to)?.client_id("bridge").keep_session())?;
    tokio::spawn(driver);
    let mut stream = subscribing.await?;
    println!("subscribed to {filter}");
    for _ in 0..messages {
        let Some((message, unacked)) = stream.recv_unacked().await else {
            break;
        };
        let Message {
            topic,
            payload,
            qos,
            ..
        } = message;
        // Waits for room at the other broker, not for its acknowledgement: many are under way at
        // once.
        let receipt = sink
            .publish(&Publish::to(&topic).payload(&payload).qos(qos))
            .await?;
        tokio::spawn(async move {
            if receipt.await.is_ok() {
                Unacked::ack(unacked);
            }
        });
    }
    sink.disconnect(Duration::from_secs(10)).await?;
    // The last acknowledgements were given meanwhile.
    tokio::task::yield_now().await;
    source.disconnect(Duration::from_secs(10)).await?;
    Ok(())
}
