//! A client and a broker, each with a socket of one interface, in virtual time: it passes only as
//! far as everybody sleeps.
use motemq::{Buffer, Connect, Event, Fault, Mqtt311, SendError, Session, Slot};
use motemq_smoltcp::{Link, Turn, nap};
use motemq_testing::{
    broker::{Broker, Config, Connection},
    packets::ToBytes,
    protocol::TestProtocol,
};
use smoltcp::{
    iface::{Config as Setup, Interface, SocketHandle, SocketSet},
    phy::{Device, DeviceCapabilities, Loopback, Medium},
    socket::tcp::{Socket, SocketBuffer, State},
    time::{Duration, Instant},
    wire::{HardwareAddress, IpAddress, IpCidr},
};

pub const PORT: u16 = 1883;
const HOST: IpAddress = IpAddress::v4(127, 0, 0, 1);
const SLOTS: usize = 8;

pub type Rx = Buffer<[u8; 64]>;
pub type Tx = Buffer<[u8; 128]>;

/// A cable that can be pulled, and that loses some frames.
pub struct Cable {
    loopback: Loopback,
    pub pulled: bool,
    /// Of a hundred.
    pub loss: u8,
    chance: fastrand::Rng,
    frames: u64,
}

impl Device for Cable {
    type RxToken<'a> = <Loopback as Device>::RxToken<'a>;
    type TxToken<'a> = <Loopback as Device>::TxToken<'a>;

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = self.loopback.capabilities();
        capabilities.max_transmission_unit = 600;
        capabilities
    }

    fn receive(&mut self, now: Instant) -> Option<(Self::RxToken<'_>, Self::TxToken<'_>)> {
        while self.pulled || self.chance.u8(0..100) < self.loss {
            self.loopback.receive(now)?;
            self.frames += 1;
        }
        self.loopback.receive(now).inspect(|_| self.frames += 1)
    }

    fn transmit(&mut self, now: Instant) -> Option<Self::TxToken<'_>> {
        self.loopback.transmit(now)
    }
}

pub struct World<P: TestProtocol = Mqtt311> {
    pub now: Instant,
    pub cable: Cable,
    iface: Interface,
    sockets: SocketSet<'static>,
    near: SocketHandle,
    far: SocketHandle,
    /// What the rings of the client's socket consist of: first and behind the last address.
    pub ring: std::ops::Range<usize>,
    pub link: Link,
    pub session: Session<[Slot; SLOTS], P>,
    pub rx: Rx,
    pub tx: Tx,
    pub broker: Broker,
    connection: Connection,
    /// The broker knows of the connection that its socket has.
    served: bool,
    /// Bytes that the broker's socket has not taken yet.
    outgoing: Vec<u8>,
    /// The broker's side takes nothing and gives nothing.
    pub mute: bool,
    /// The broker's side does not close when its client does.
    pub stubborn: bool,
    /// The client has something to do as soon as its socket takes it, and looks every millisecond.
    pub restless: bool,
    /// When the client last received an event.
    pub last_event_at: Instant,
    last_port: u16,
}

impl World {
    /// The client's socket has rings of so many bytes.
    pub fn new(ring: usize) -> Self {
        Self::with_protocol(ring)
    }
}

impl<P: TestProtocol> World<P> {
    /// Makes a world as [`new`](World::new) does, for another version of MQTT.
    pub fn with_protocol(ring: usize) -> Self {
        let mut cable = Cable {
            loopback: Loopback::new(Medium::Ip),
            pulled: false,
            loss: 0,
            chance: fastrand::Rng::with_seed(1),
            frames: 0,
        };
        let mut setup = Setup::new(HardwareAddress::Ip);
        setup.random_seed = 7;
        let mut iface = Interface::new(setup, &mut cable, Instant::ZERO);
        iface.update_ip_addrs(|addresses| addresses.push(IpCidr::new(HOST, 8)).unwrap());
        let mut sockets = SocketSet::new(Vec::new());
        let memory = vec![0; ring].leak();
        let range = memory.as_ptr() as usize..memory.as_ptr() as usize + ring;
        let near = sockets.add(Socket::new(
            SocketBuffer::new(memory),
            SocketBuffer::new(vec![0; ring]),
        ));
        let far = sockets.add(Socket::new(
            SocketBuffer::new(vec![0; 4096]),
            SocketBuffer::new(vec![0; 4096]),
        ));
        World {
            now: Instant::ZERO,
            cable,
            iface,
            sockets,
            near,
            far,
            ring: range,
            link: Link::new(),
            session: Session::with_protocol(),
            rx: Buffer::new(),
            tx: Buffer::new(),
            broker: Broker::new(Config::new()),
            connection: Connection(0),
            served: false,
            outgoing: Vec::new(),
            mute: false,
            stubborn: false,
            restless: false,
            last_event_at: Instant::ZERO,
            last_port: 49_152,
        }
    }

    /// Opens a connection to this port.
    pub fn open_at(&mut self, port: u16, connect: &Connect<'_>) {
        self.open_with(port, |session, rx, tx| {
            P::connect(session, connect, 0, rx, tx)
        });
    }

    /// Opens a connection to this port, over which `connect` connects the session.
    pub fn open_with(
        &mut self,
        port: u16,
        connect: impl FnOnce(&mut Session<[Slot], P>, &mut Buffer, &mut Buffer) -> Result<(), SendError>,
    ) {
        self.poll();
        self.serve();
        connect(&mut self.session, &mut self.rx, &mut self.tx).unwrap();
        self.last_port += 1;
        let socket = self.sockets.get_mut::<Socket<'_>>(self.near);
        socket
            .connect(self.iface.context(), (HOST, port), self.last_port)
            .unwrap();
    }

    pub fn open(&mut self, connect: &Connect<'_>) {
        self.open_at(PORT, connect);
    }

    pub fn near(&mut self) -> &mut Socket<'static> {
        self.sockets.get_mut(self.near)
    }

    pub fn far(&mut self) -> &mut Socket<'static> {
        self.sockets.get_mut(self.far)
    }

    /// The broker sends these bytes.
    pub fn broker_sends(&mut self, bytes: impl ToBytes) {
        let bytes = bytes.to_bytes();
        assert_eq!(self.far().send_slice(&bytes), Ok(bytes.len()));
    }

    /// One round of the client's loop and of the broker's, and sleep until one of them has
    /// something to do. An answer takes `answer` bytes.
    ///
    /// Returns whether the connection is over.
    pub fn round(
        &mut self,
        answer: usize,
        mut on_event: impl FnMut(Event<'_, P::Properties<'_>>, &mut Session<[Slot], P>, &mut Tx),
    ) -> Result<bool, Fault> {
        let mut event_at = None;
        let now = self.now;
        let over = self.round_with(|link, socket, session, rx, tx| {
            let event = if tx.room() >= answer {
                link.next_event(socket, session, rx, tx)?
            } else {
                None
            };
            if let Some(event) = event {
                event_at = Some(now);
                on_event(event, session, tx);
            }
            Ok(event.is_some())
        });
        self.last_event_at = event_at.unwrap_or(self.last_event_at);
        over
    }

    /// The same with a client that takes its events itself, until there is none.
    pub fn round_with(
        &mut self,
        mut next: impl FnMut(
            &mut Link,
            &mut Socket<'static>,
            &mut Session<[Slot], P>,
            &mut Rx,
            &mut Tx,
        ) -> Result<bool, Fault>,
    ) -> Result<bool, Fault> {
        self.poll();
        let socket = self.sockets.get_mut::<Socket<'_>>(self.near);
        while next(
            &mut self.link,
            socket,
            &mut self.session,
            &mut self.rx,
            &mut self.tx,
        )? {}
        let turn = self.link.turn(
            socket,
            &mut self.session,
            &mut self.rx,
            &mut self.tx,
            self.now,
        )?;
        let far = self.serve();
        let Turn::Sleep(limit) = turn else {
            return Ok(true);
        };
        let far = far
            .into_iter()
            .chain(self.restless.then_some(Duration::from_millis(1)))
            .min();
        let sleep = nap(&mut self.iface, &self.sockets, self.now, limit)
            .into_iter()
            .chain(far)
            .min();
        self.now += sleep.expect("everybody sleeps for ever");
        Ok(false)
    }

    /// Until no frame is under way: a real device would wake its owner for each.
    fn poll(&mut self) {
        let mut quiet = 0;
        while quiet < 2 {
            let before = self.cable.frames;
            self.iface
                .poll(self.now, &mut self.cable, &mut self.sockets);
            quiet = if self.cable.frames == before {
                quiet + 1
            } else {
                0
            };
        }
    }

    /// Goes on until `done` says so.
    pub fn run(
        &mut self,
        mut done: impl FnMut(Event<'_, P::Properties<'_>>, &mut Session<[Slot], P>, &mut Tx) -> bool,
    ) -> Result<(), Fault> {
        let mut is_done = false;
        for _ in 0..1_000_000 {
            if is_done {
                return Ok(());
            }
            if self.round(32, |event, session, tx| is_done |= done(event, session, tx))? && !is_done
            {
                panic!("the connection is over at {}", self.now);
            }
        }
        panic!("no end");
    }

    /// Goes on until the connection is over.
    pub fn run_to_the_end(&mut self) -> Result<(), Fault> {
        for _ in 0..100_000 {
            if self.round(32, |_, _, _| ())? {
                return Ok(());
            }
        }
        panic!("no end");
    }

    /// The broker's side; tells how long it may sleep.
    fn serve(&mut self) -> Option<Duration> {
        let now = self.now.total_millis() as u64;
        let socket = self.sockets.get_mut::<Socket<'_>>(self.far);
        let mut busy = false;
        if !self.mute {
            if !socket.is_open() {
                self.broker.lost(now, self.connection);
                socket.listen(PORT).unwrap();
                self.outgoing.clear();
                self.served = false;
            }
            if socket.state() == State::Established && !self.served {
                self.served = true;
                self.connection.0 += 1;
                self.broker.opened(now, self.connection);
            }
            while let Ok(1..) = socket.recv(|bytes| {
                self.broker.received(now, self.connection, bytes);
                (bytes.len(), bytes.len())
            }) {
                busy = true;
            }
            self.outgoing.extend(self.broker.take(self.connection));
            let sent = socket.send_slice(&self.outgoing).unwrap_or(0);
            busy |= sent > 0;
            self.outgoing.drain(..sent);
            let opening = matches!(socket.state(), State::Listen | State::SynReceived);
            if !opening && !socket.may_recv() {
                self.broker.lost(now, self.connection);
            }
            if !opening
                && !self.stubborn
                && self.outgoing.is_empty()
                && self.broker.is_closed(self.connection)
            {
                socket.close();
            }
        }
        let tick = self.broker.tick(now).map(Duration::from_millis);
        if busy { Some(Duration::ZERO) } else { tick }
    }
}
