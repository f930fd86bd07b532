//! A chat over any broker: `cargo run -p motemq-std --example chat -- mqtt://localhost/room Anna`.
//!
//! Each line of standard input goes to everybody in the room. Ends at the end of input.
use motemq_std::{Client, Error, Filter, Options, Publish, QoS, Will};
use std::{env, io, sync::mpsc, thread, time::Duration};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = env::args().skip(1);
    let (Some(url), Some(name)) = (args.next(), args.next()) else {
        return Err("say where and who: chat mqtt://localhost/room Anna".into());
    };
    let options = Options::from_url(&url)?;
    let room = options.topic().unwrap_or("room").to_owned();
    let topic = format!("{room}/{name}");
    let mut client = Client::connect(&options.will(Will {
        payload: b"(gone)".to_vec(),
        ..Will::new(&topic)
    }))?;
    client.subscribe(&[Filter::new(&format!("{room}/+"), QoS::AtLeastOnce)])?;

    // The client has no thread of its own, so lines are read by another one.
    let (lines, typed) = mpsc::channel();
    thread::spawn(move || {
        io::stdin()
            .lines()
            .map_while(Result::ok)
            .try_for_each(|line| lines.send(line))
    });
    loop {
        match typed.try_recv() {
            Ok(line) => client.publish(
                &Publish::to(&topic)
                    .payload(line.as_bytes())
                    .qos(QoS::AtLeastOnce),
            )?,
            Err(mpsc::TryRecvError::Empty) => {}
            Err(mpsc::TryRecvError::Disconnected) => break,
        }
        match client.recv(Some(Duration::from_millis(100))) {
            Ok(Some(message)) => {
                let who = message.topic.rsplit('/').next().unwrap_or_default();
                println!("{who}: {}", String::from_utf8_lossy(&message.payload));
            }
            Ok(None) => {}
            Err(error @ (Error::MessageTooLarge { .. } | Error::SubscriptionLost { .. })) => {
                eprintln!("{error}")
            }
            Err(error) => return Err(error.into()),
        }
    }
    client.disconnect()?;
    Ok(())
}
