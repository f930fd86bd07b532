//! A loopback interface with a socket for the client, and a small broker at the other end.
mod broker;

use broker::Broker;
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
            broker: Broker::default(),
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
        if !socket.is_open() {
            socket.listen(BROKER.1).expect("a free port");
        }
        let _ = socket.recv(|bytes| (self.broker.receive(bytes), ()));
        if socket.may_send() {
            // The ring has room for all that there is here.
            let _ = socket.send_slice(&self.broker.take_answers());
        }
        if self.broker.has_seen_disconnect() {
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
