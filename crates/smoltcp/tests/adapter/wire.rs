//! An interface that hears itself: the client's socket, and the one that the gateway serves.
use crate::gateway::{Gateway, PORT};
use motemq::{Buffer, Event, Fault, Protocol, Session, Slot};
use motemq_smoltcp::{Link, Turn, nap};
use motemq_testing::adapter_tests::{Setup, device::Carrier};
use smoltcp::{
    iface::{Config, Interface, SocketHandle, SocketSet},
    phy::{Loopback, Medium},
    socket::tcp::{Socket, SocketBuffer},
    time::{Duration, Instant},
    wire::{HardwareAddress, IpAddress, IpCidr},
};

const HOST: IpAddress = IpAddress::v4(127, 0, 0, 1);
/// The longest sleep, since bytes of a real socket wake nobody.
const GLANCE: Duration = Duration::from_micros(200);

pub struct Wire {
    device: Loopback,
    iface: Interface,
    sockets: SocketSet<'static>,
    near: SocketHandle,
    far: SocketHandle,
    gateway: Gateway,
    link: Link,
    last_port: u16,
}

impl<P: Protocol> Carrier<P> for Wire {
    fn new(setup: &Setup) -> Self {
        let mut device = Loopback::new(Medium::Ip);
        let mut iface = Interface::new(
            Config::new(HardwareAddress::Ip),
            &mut device,
            Instant::now(),
        );
        iface.update_ip_addrs(|addresses| addresses.push(IpCidr::new(HOST, 8)).unwrap());
        let mut sockets = SocketSet::new(Vec::new());
        let mut socket = |ring: usize| {
            let mut socket = Socket::new(
                SocketBuffer::new(vec![0; ring]),
                SocketBuffer::new(vec![0; ring]),
            );
            // Rings so much smaller than a frame may be would wait for it each time.
            socket.set_ack_delay(None);
            sockets.add(socket)
        };
        let (near, far) = (socket(4096), socket(16_384));
        let gateway = Gateway::new(setup.addr);
        Wire {
            device,
            iface,
            sockets,
            near,
            far,
            gateway,
            link: Link::new(),
            last_port: 49_151,
        }
    }

    fn open(&mut self) -> bool {
        self.last_port = self.last_port.checked_add(1).unwrap_or(49_152);
        let socket = self.sockets.get_mut::<Socket<'_>>(self.near);
        socket
            .connect(self.iface.context(), (HOST, PORT), self.last_port)
            .unwrap();
        true
    }

    fn next_event<'r>(
        &'r mut self,
        session: &mut Session<[Slot], P>,
        rx: &'r mut Buffer,
        tx: &mut Buffer,
    ) -> Result<Option<Event<'r, P::Properties<'r>>>, Fault> {
        let socket = self.sockets.get_mut(self.near);
        self.link.next_event(socket, session, rx, tx)
    }

    fn turn(&mut self, session: &mut Session<[Slot], P>, rx: &mut Buffer, tx: &mut Buffer) -> bool {
        let socket = self.sockets.get_mut(self.near);
        let turn = self.link.turn(socket, session, rx, tx, Instant::now());
        let passed = self.gateway.pass(self.sockets.get_mut(self.far));
        if let Ok(Turn::Sleep(limit)) = turn {
            let limit = nap(&mut self.iface, &self.sockets, Instant::now(), limit)
                .unwrap_or(GLANCE)
                .min(GLANCE);
            if !passed && limit > Duration::ZERO {
                std::thread::sleep(limit.into());
            }
        }
        self.iface
            .poll(Instant::now(), &mut self.device, &mut self.sockets);
        // After a fault the next turns end the connection.
        turn == Ok(Turn::Over)
    }
}
