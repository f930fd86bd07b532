//! A chat over any broker: `cargo run -p motemq-std --example chat -- mqtt://localhost/room Anna`.
//!
//! Each line of standard input goes to everybody in the room. Ends at the end of input.
use motemq_std::{Client, Filter, Options, Publish, QoS, Will};
use std::{env, io, thread, time::Duration};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = env::args().skip(1);
    let (Some(url), Some(name)) = (args.next(), args.next()) else {
        return Err("say where and who: chat mqtt://localhost/room Anna".into());
    };
    let options = Options::from_url(&url)?;
    let room = options.topic().unwrap_or("room").to_owned();
    let topic = format!("{room}/{name}");
    let client = Client::connect(options.will(Will {
        payload: b"(gone)".to_vec(),
        ..Will::new(&topic)
    }))?;
    let messages = client.subscribe(&[Filter::new(&format!("{room}/+"), QoS::AtLeastOnce)])?;
    let reader = thread::spawn(move || {
        for message in messages {
            let who = message.topic.rsplit('/').next().unwrap_or_default();
            println!("{who}: {}", String::from_utf8_lossy(&message.payload));
        }
    });
    for line in io::stdin().lines() {
        let line = line?;
        let said = Publish::to(&topic).payload(line.as_bytes());
        client.publish(&said.qos(QoS::AtLeastOnce))?.wait()?;
    }
    client.disconnect(Duration::from_secs(5))?;
    // The stream has ended with the client.
    let _ = reader.join();
    Ok(())
}
