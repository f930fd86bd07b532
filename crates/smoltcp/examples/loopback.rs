//! A client and a broker on one interface that hears itself, as on a machine without an operating
//! system: nothing else is needed.
//!
//! `cargo run -p motemq-smoltcp --example loopback`
use motemq::{Buffer, Connect, Event, Filter, Publish, QoS, Session, Slot};
use motemq_smoltcp::{Link, Turn, nap};
use motemq_testing::broker::{Broker, Config, Connection};
use smoltcp::{
    iface::{Interface, SocketSet},
    phy::{Loopback, Medium},
    socket::tcp::{Socket, SocketBuffer},
    time::Instant,
    wire::{HardwareAddress, IpAddress, IpCidr},
};

/// Bytes that an answer to a message takes at most.
const ANSWER: usize = 64;
const BROKER: (IpAddress, u16) = (IpAddress::v4(127, 0, 0, 1), 1883);

pub(crate) fn main() {
    // What every firmware with smoltcp has.
    let mut device = Loopback::new(Medium::Ip);
    let mut iface = Interface::new(
        smoltcp::iface::Config::new(HardwareAddress::Ip),
        &mut device,
        Instant::now(),
    );
    iface.update_ip_addrs(|addresses| {
        addresses
            .push(IpCidr::new(BROKER.0, 8))
            .expect("room for an address")
    });
    let (mut ours, mut theirs) = ([[0; 256]; 2], [[0; 1024]; 2]);
    let mut sockets = SocketSet::new(Vec::new());
    let client = sockets.add(socket(&mut ours));
    let server = sockets.add(socket(&mut theirs));
    let mut broker = Broker::new(Config::new());

    // What it has besides for MQTT.
    let mut session = Session::<[Slot; 8]>::new();
    let (mut rx, mut tx) = (Buffer::<[u8; 256]>::new(), Buffer::<[u8; 256]>::new());
    let mut link = Link::new();
    let mut connections = 0;

    loop {
        iface.poll(Instant::now(), &mut device, &mut sockets);
        let socket = sockets.get_mut::<Socket<'_>>(client);
        while tx.room() >= ANSWER
            && let Some(event) = link
                .next_event(socket, &mut session, &mut rx, &mut tx)
                .expect("a broker that keeps to the standard")
        {
            match event {
                Event::Connected { .. } => {
                    session
                        .subscribe(&[Filter::new("greetings", QoS::ExactlyOnce)], &mut tx)
                        .expect("room");
                }
                Event::Subscribed { .. } => {
                    let greeting = Publish::to("greetings")
                        .payload(b"hello")
                        .qos(QoS::ExactlyOnce);
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
                    .connect(iface.context(), BROKER, 49_152)
                    .expect("a free socket");
            }
            Turn::Over => return,
            Turn::Sleep(limit) => {
                serve(&mut broker, sockets.get_mut(server));
                // A device would wake us for a frame; this one has them ready.
                let _sleep = nap(&mut iface, &sockets, Instant::now(), limit);
            }
        }
    }
}

fn socket<const N: usize>(memory: &mut [[u8; N]; 2]) -> Socket<'_> {
    let [rx, tx] = memory;
    Socket::new(
        SocketBuffer::new(&mut rx[..]),
        SocketBuffer::new(&mut tx[..]),
    )
}

/// The other side; it is only here so that there is one.
fn serve(broker: &mut Broker, socket: &mut Socket<'_>) {
    let (now, connection) = (Instant::now().total_millis() as u64, Connection(1));
    if !socket.is_open() {
        socket.listen(BROKER.1).expect("a free port");
        broker.opened(now, connection);
    }
    let _ = socket.recv(|bytes| {
        broker.received(now, connection, bytes);
        (bytes.len(), ())
    });
    if socket.may_send() {
        // Its ring has room for all that there is here.
        let _ = socket.send_slice(&broker.take(connection));
    }
    if broker.is_closed(connection) {
        socket.close();
    }
}
