//! An interface that hears itself, with a socket for the client and a broker at the other end.
use motemq_testing::broker::{Broker, Config, Connection};
use smoltcp::{
    iface::{Interface, SocketHandle, SocketSet},
    phy::{Loopback, Medium},
    socket::tcp::{Socket, SocketBuffer},
    time::Instant,
    wire::{HardwareAddress, IpAddress, IpCidr},
};

/// The broker's address.
pub(crate) const BROKER: (IpAddress, u16) = (IpAddress::v4(127, 0, 0, 1), 1883);

/// The parts of every firmware with smoltcp, and the broker.
pub(crate) struct Surroundings<'m> {
    pub(crate) iface: Interface,
    pub(crate) sockets: SocketSet<'m>,
    pub(crate) client: SocketHandle,
    device: Loopback,
    server: SocketHandle,
    broker: Broker,
}

impl<'m> Surroundings<'m> {
    /// Makes an interface whose client has two rings of 256 bytes.
    pub(crate) fn new(memory: &'m mut ([[u8; 256]; 2], [[u8; 1024]; 2])) -> Self {
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
        let (ours, theirs) = memory;
        let mut sockets = SocketSet::new(Vec::new());
        let client = sockets.add(socket(ours));
        let server = sockets.add(socket(theirs));
        Surroundings {
            iface,
            sockets,
            client,
            device,
            server,
            broker: Broker::new(Config::new()),
        }
    }

    /// Passes frames on.
    pub(crate) fn poll(&mut self) {
        self.iface
            .poll(Instant::now(), &mut self.device, &mut self.sockets);
    }

    /// Lets the broker receive and send.
    pub(crate) fn serve(&mut self) {
        let socket = self.sockets.get_mut::<Socket<'_>>(self.server);
        let (now, connection) = (Instant::now().total_millis() as u64, Connection(1));
        if !socket.is_open() {
            socket.listen(BROKER.1).expect("a free port");
            self.broker.opened(now, connection);
        }
        let _ = socket.recv(|bytes| {
            self.broker.received(now, connection, bytes);
            (bytes.len(), ())
        });
        if socket.may_send() {
            // Its ring has room for all that there is here.
            let _ = socket.send_slice(&self.broker.take(connection));
        }
        if self.broker.is_closed(connection) {
            socket.close();
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
