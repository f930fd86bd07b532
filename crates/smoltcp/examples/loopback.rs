//! A client and a small broker on one loopback interface, as on a machine without an operating
//! system. Nothing else is needed.
//!
//! `cargo run -p motemq-smoltcp --example loopback`
mod surroundings;

use motemq::{Buffer, Connect, Event, Filter, Publish, QoS, Session, Slot};
use motemq_smoltcp::{Link, Turn, nap};
use smoltcp::{socket::tcp::Socket, time::Instant};
use surroundings::{BROKER, Surroundings};

/// Bytes that an answer to a message takes at most.
const ANSWER: usize = 64;

pub(crate) fn main() {
    let mut memory = ([[0; 256]; 2], [[0; 1024]; 2]);
    let mut around = Surroundings::new(&mut memory);

    let mut session = Session::<[Slot; 8]>::new();
    let (mut rx, mut tx) = (Buffer::<[u8; 256]>::new(), Buffer::<[u8; 256]>::new());
    let mut link = Link::new();
    let mut connections = 0;

    loop {
        around.poll();
        let socket = around.sockets.get_mut::<Socket<'_>>(around.client);
        while tx.room() >= ANSWER
            && let Some(event) = link
                .next_event(socket, &mut session, &mut rx, &mut tx)
                .expect("a broker that keeps to the standard")
        {
            match event {
                Event::Connected { .. } => {
                    session
                        .subscribe(&[Filter::new("greetings", QoS::AtMostOnce)], &mut tx)
                        .expect("room");
                }
                Event::Subscribed { .. } => {
                    let greeting = Publish::to("greetings")
                        .payload(b"hello")
                        .qos(QoS::AtLeastOnce);
                    session.publish(&greeting, &mut tx).expect("room");
                }
                Event::Message(m) => {
                    println!("{}: {}", m.topic, m.payload.escape_ascii());
                    session.disconnect(&mut tx).expect("room");
                }
                _ => {}
            }
        }
        let turn = link
            .turn(socket, &mut session, &mut rx, &mut tx, Instant::now())
            .expect("a broker that is not silent");
        match turn {
            Turn::Over if connections == 0 => {
                connections = 1;
                session
                    .connect(&Connect::new("node-7").keep_alive(30), &mut rx, &mut tx)
                    .expect("room");
                socket
                    .connect(around.iface.context(), BROKER, 49_152)
                    .expect("a free socket");
            }
            Turn::Over => return,
            Turn::Sleep(limit) => {
                // A device would wake for a frame; this one has them ready.
                let _sleep = nap(&mut around.iface, &around.sockets, Instant::now(), limit);
                around.serve();
            }
        }
    }
}
