//! A node that polls: a session over `embedded-nal`, here the host's sockets, which is connected
//! again when its connection is lost.
//!
//! `cargo run -p motemq-nal --example poll 127.0.0.1:1883`
use embedded_nal::{TcpClientStack, nb};
use motemq::{Buffer, Connect, Event, Fault, Filter, Publish, QoS, Session, Slot};
use motemq_nal::Link;
use std::{
    net::SocketAddr,
    thread::sleep,
    time::{Duration, Instant},
};

/// Bytes that an answer to a message takes at most.
const ANSWER: usize = 64;
/// How long one may sleep although bytes may come: a stack without interrupts has to be asked.
const POLL: Duration = Duration::from_millis(5);

struct Node<S: TcpClientStack> {
    stack: S,
    link: Link<S>,
    session: Session<[Slot; 8]>,
    rx: Buffer<[u8; 256]>,
    tx: Buffer<[u8; 256]>,
    /// Greetings that came.
    heard: u32,
}

impl<S: TcpClientStack> Node<S> {
    fn new(stack: S) -> Self {
        Node {
            stack,
            link: Link::new(),
            session: Session::new(),
            rx: Buffer::new(),
            tx: Buffer::new(),
            heard: 0,
        }
    }

    /// One round of the device's main loop; tells how long it may sleep.
    fn round(&mut self, broker: SocketAddr, now_ms: u32) -> Duration {
        if !self.link.is_open() {
            match self.link.open(&mut self.stack, broker) {
                Ok(()) => {
                    let connect = Connect::new("node-7").keep_alive(30);
                    self.session
                        .connect(&connect, &mut self.rx, &mut self.tx)
                        .expect("CONNECT fits");
                }
                Err(nb::Error::WouldBlock) => return POLL,
                // A device would wait longer each time.
                Err(nb::Error::Other(_)) => return Duration::from_secs(1),
            }
        }
        if let Err(fault) = self.take_events() {
            println!("{fault}"); // and the next turn closes the link
        }
        match self.link.turn(
            &mut self.stack,
            &mut self.session,
            &mut self.rx,
            &mut self.tx,
            now_ms,
        ) {
            Ok(nap) => nap.map_or(POLL, |ms| POLL.min(Duration::from_millis(ms.into()))),
            Err(error) => {
                println!("{error}");
                Duration::ZERO
            }
        }
    }

    fn take_events(&mut self) -> Result<(), Fault> {
        let Node {
            session,
            rx,
            tx,
            heard,
            ..
        } = self;
        while tx.room() >= ANSWER
            && let Some(event) = session.next_event(rx, tx)?
        {
            match event {
                Event::Connected { session: state, .. } => {
                    println!("connected: {state:?}");
                    session
                        .subscribe(&[Filter::new("greetings", QoS::AtLeastOnce)], tx)
                        .expect("room");
                }
                Event::Subscribed { .. } => {
                    session
                        .publish(
                            &Publish::to("greetings")
                                .payload(b"hello")
                                .qos(QoS::AtLeastOnce),
                            tx,
                        )
                        .expect("room");
                }
                Event::Message(message) => {
                    println!("{}: {}", message.topic, message.payload.escape_ascii());
                    *heard += 1;
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Runs the node until the closure, which is given the number of greetings, says that it is enough.
pub(crate) fn run(broker: SocketAddr, mut is_enough: impl FnMut(u32) -> bool) {
    let begun = Instant::now();
    let mut node = Node::new(std_embedded_nal::Stack);
    while !is_enough(node.heard) {
        let nap = node.round(broker, begun.elapsed().as_millis() as u32);
        sleep(nap);
    }
}

#[allow(dead_code, reason = "the test of this example calls `run`")]
fn main() {
    let broker = std::env::args().nth(1);
    let broker = broker.unwrap_or("127.0.0.1:1883".into()).parse();
    run(broker.expect("an address and a port"), |_| false);
}
