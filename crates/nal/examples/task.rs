//! An asynchronous node: a session over `embedded-io-async`, here tokio's sockets, with something
//! else to wait for.
//!
//! `cargo run -p motemq-nal --features async --example task 127.0.0.1:1883`
use embedded_io_adapters::tokio_1::FromTokio;
use motemq::{Buffer, Connect, Event, Publish, QoS, Session, Slot};
use motemq_nal::{Error, aio::Halves};
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};
use tokio::{net::TcpStream, select, time::interval};

/// Publishes three readings and leaves when they are acknowledged.
async fn measure(broker: SocketAddr) -> Result<(), Box<dyn std::error::Error>> {
    let begun = Instant::now();
    let now = || begun.elapsed().as_millis() as u32;
    let sleep = async |ms: u32| tokio::time::sleep(Duration::from_millis(ms.into())).await;
    let mut sensor = interval(Duration::from_millis(50));

    let (reader, writer) = TcpStream::connect(broker).await?.into_split();
    let mut link = Halves::new(FromTokio::new(reader), FromTokio::new(writer));
    let mut session = Session::<[Slot; 8]>::new();
    let (mut rx, mut tx) = (Buffer::<[u8; 256]>::new(), Buffer::<[u8; 256]>::new());
    session.connect(&Connect::new("node-7").keep_alive(30), &mut rx, &mut tx)?;

    let (mut online, mut readings, mut acknowledged) = (false, 0, 0);
    loop {
        while let Some(event) = session.next_event(&mut rx, &mut tx)? {
            match event {
                Event::Connected { .. } => online = true,
                Event::Acked { id } => {
                    println!("reading {id} is acknowledged");
                    acknowledged += 1;
                }
                _ => {}
            }
        }
        if acknowledged == 3 && !session.is_closed() {
            session.disconnect(&mut tx)?;
        }
        select! {
            // When the other branch is first, this future is dropped, and the next round goes on where it was.
            turned = link.turn(&mut session, &mut rx, &mut tx, now(), sleep) => match turned {
                Ok(()) => {}
                Err(Error::Closed) if acknowledged == 3 => return Ok(()),
                Err(error) => return Err(error.into()),
            },
            _ = sensor.tick(), if online && readings < 3 => {
                readings += 1;
                let text = format!("{readings}");
                session.publish(&Publish::to("sensor").payload(text.as_bytes()).qos(QoS::AtLeastOnce), &mut tx)?;
            }
        }
    }
}

pub(crate) fn run(broker: SocketAddr) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime
        .block_on(measure(broker))
        .expect("a broker that takes everything");
}

#[allow(dead_code, reason = "the test of this example calls `run`")]
fn main() {
    let broker = std::env::args().nth(1);
    let broker = broker.unwrap_or("127.0.0.1:1883".into()).parse();
    run(broker.expect("an address and a port"));
}
