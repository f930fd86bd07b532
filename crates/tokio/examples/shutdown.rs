//! Leaves in good order on Ctrl-C: what is under way is finished, for five seconds at most. `cargo
//! run --example shutdown -- mqtt://localhost`
use motemq_tokio::{Client, Filter, Options, Publish, QoS};
use std::{env, io, time::Duration};
use tokio::{io::AsyncReadExt, time::interval};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = env::args().nth(1).ok_or("usage: shutdown mqtt://HOST")?;
    let (client, driver) =
        Client::new(Options::from_url(&url)?.client_id("worker").keep_session())?;
    let driver = tokio::spawn(driver);
    let mut jobs = client
        .subscribe(&[Filter::new("jobs/#", QoS::AtLeastOnce)])
        .await?;
    let mut clock = interval(Duration::from_millis(50));
    println!("running; Ctrl-C or the end of the input ends it");
    loop {
        tokio::select! {
            job = jobs.recv() => match job {
                Some(job) => println!("did {}", job.topic),
                None => break,
            },
            _ = clock.tick() => drop(client.publish(&Publish::to("alive").qos(QoS::AtLeastOnce)).await?),
            end = stopped() => {
                end?;
                break;
            }
        }
    }
    // Streams end, messages not taken stay at the broker, and no will is published.
    client.disconnect(Duration::from_secs(5)).await?;
    driver.await??;
    println!("left in good order");
    Ok(())
}

async fn stopped() -> io::Result<()> {
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        end = async { tokio::io::stdin().read(&mut [0; 64]).await } => end.map(|_| ()),
    }
}
