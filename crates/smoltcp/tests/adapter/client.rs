//! A client as an application writes it over the adapter: the loop, and what belongs to
//! reconnections.
use crate::{
    News, Request,
    gateway::{Gateway, PORT},
    work::{Flight, Work},
};
use motemq::{Buffer, Connect, Event, SendError, Session, SessionState, Slot};
use motemq_smoltcp::{Link, Turn, nap};
use motemq_testing::adapter_tests::{Received, Setup};
use smoltcp::{
    iface::{Config, Interface, SocketHandle, SocketSet},
    phy::{Loopback, Medium},
    socket::tcp::{Socket, SocketBuffer},
    time::{Duration, Instant},
    wire::{HardwareAddress, IpAddress, IpCidr},
};
use std::{
    mem,
    sync::{
        atomic::Ordering,
        mpsc::{Receiver, TryRecvError},
    },
};

const HOST: IpAddress = IpAddress::v4(127, 0, 0, 1);
/// Nobody wakes us for bytes of a real socket.
const GLANCE: Duration = Duration::from_micros(200);

pub struct Client {
    setup: Setup,
    asked: Receiver<Request>,
    news: News,
    device: Loopback,
    iface: Interface,
    sockets: SocketSet<'static>,
    near: SocketHandle,
    far: SocketHandle,
    gateway: Gateway,
    session: Session<[Slot; 64]>,
    rx: Buffer<[u8; 256]>,
    tx: Buffer<[u8; 256]>,
    link: Link,
    work: Work,
    partial: Received,
    leaving: bool,
    last_port: u16,
}

impl Client {
    pub fn new(setup: Setup, asked: Receiver<Request>, news: News) -> Self {
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
        Client {
            setup,
            asked,
            news,
            device,
            iface,
            sockets,
            near,
            far,
            gateway,
            session: Session::new(),
            rx: Buffer::new(),
            tx: Buffer::new(),
            link: Link::new(),
            work: Work::default(),
            partial: Received {
                topic: String::new(),
                payload: Vec::new(),
                qos: Default::default(),
            },
            leaving: false,
            last_port: 49_151,
        }
    }

    /// Until it has left.
    pub fn run(mut self) {
        loop {
            self.iface
                .poll(Instant::now(), &mut self.device, &mut self.sockets);
            // After a fault there are no more events, and the turns come to the connection's end.
            let _ = self.events();
            if self.take_requests().is_err() {
                return;
            }
            self.give();
            let socket = self.sockets.get_mut(self.near);
            let turn = self.link.turn(
                socket,
                &mut self.session,
                &mut self.rx,
                &mut self.tx,
                Instant::now(),
            );
            let passed = self.gateway.pass(self.sockets.get_mut(self.far));
            match turn {
                Ok(Turn::Over) if self.leaving => return,
                Ok(Turn::Over) => self.connect(),
                Ok(Turn::Sleep(limit)) => {
                    let limit = nap(&mut self.iface, &self.sockets, Instant::now(), limit)
                        .unwrap_or(GLANCE)
                        .min(GLANCE);
                    if !passed && limit > Duration::ZERO {
                        std::thread::sleep(limit.into());
                    }
                }
                Err(_) => {}
            }
        }
    }

    fn connect(&mut self) {
        self.work.lost();
        let Setup {
            client_id,
            keep_session,
            keep_alive,
            timeout,
            ..
        } = &self.setup;
        let hello = Connect {
            clean: !keep_session,
            ..Connect::new(client_id)
                .keep_alive(*keep_alive)
                .timeout(timeout.as_secs() as u8)
        };
        self.session
            .connect(&hello, &mut self.rx, &mut self.tx)
            .unwrap();
        self.last_port = self.last_port.checked_add(1).unwrap_or(49_152);
        let socket = self.sockets.get_mut::<Socket<'_>>(self.near);
        socket
            .connect(self.iface.context(), (HOST, PORT), self.last_port)
            .unwrap();
    }

    fn events(&mut self) -> Result<(), motemq::Fault> {
        let Client {
            session,
            rx,
            tx,
            link,
            work,
            news,
            partial,
            ..
        } = self;
        let socket = self.sockets.get_mut(self.near);
        // The application may be gone.
        let ended = |known| {
            let _ = news.ended.send(known);
        };
        while let Some(event) = link.next_event(socket, session, rx, tx)? {
            let remaining = match event {
                Event::Connected { session, .. } => {
                    for message in mem::take(&mut work.doubtful).into_iter().rev() {
                        work.queue.push_front(message);
                    }
                    if session != SessionState::Resumed {
                        work.to_subscribe = (0..work.subscriptions.len()).collect();
                    }
                    news.connections.fetch_add(1, Ordering::Relaxed);
                    continue;
                }
                Event::OutcomeUnknown { id } => {
                    match work.under_way.remove(&id) {
                        Some(Flight::Message(message))
                            if message.qos == motemq::QoS::AtLeastOnce =>
                        {
                            work.doubtful.push(message)
                        }
                        Some(Flight::Message(_)) => ended(false),
                        Some(Flight::Subscription(index)) => work.to_subscribe.push_back(index),
                        None => panic!("{id} is nobody's"),
                    }
                    continue;
                }
                Event::Acked { id } => {
                    assert!(
                        matches!(work.under_way.remove(&id), Some(Flight::Message(_))),
                        "{id} is nobody's"
                    );
                    ended(true);
                    continue;
                }
                Event::Subscribed { id, codes, .. } => {
                    assert!(work.under_way.remove(&id).is_some() && codes[0] < 3);
                    let _ = news.subscribed.send(());
                    continue;
                }
                Event::Resend { id, .. } => {
                    work.resend = Some(id);
                    continue;
                }
                Event::Received { .. } => continue,
                Event::Skipped { len } => panic!("a message of {len} bytes was skipped"),
                Event::Message(m) => {
                    *partial = Received {
                        topic: m.topic.as_str().into(),
                        payload: m.payload.to_vec(),
                        qos: m.qos(),
                    };
                    m.remaining
                }
                Event::Payload { data, remaining } => {
                    partial.payload.extend_from_slice(data);
                    remaining
                }
                // Of another version of MQTT.
                _ => continue,
            };
            if remaining == 0 {
                let _ = news.inbox.send(partial.clone());
            }
        }
        Ok(())
    }

    /// Takes what the application asks for, when there is nothing else; an error if it is gone.
    fn take_requests(&mut self) -> Result<(), TryRecvError> {
        while !self.leaving && self.work.queue.is_empty() {
            match self.asked.try_recv() {
                Ok(Request::Publish(message)) => self.work.queue.push_back(message),
                Ok(Request::Subscribe(filter, qos)) => {
                    self.work
                        .to_subscribe
                        .push_back(self.work.subscriptions.len());
                    self.work.subscriptions.push((filter, qos));
                }
                Ok(Request::Leave) => self.leaving = true,
                Err(TryRecvError::Empty) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn give(&mut self) {
        loop {
            match self.work.give(&mut self.session, &mut self.tx) {
                Ok(true) => {}
                Ok(false) => break,
                Err(SendError::Full | SendError::Busy | SendError::Offline) => break,
                Err(error) => panic!("{error}"),
            }
        }
        for _ in 0..mem::take(&mut self.work.sent) {
            let _ = self.news.ended.send(true);
        }
        if self.leaving && self.work.queue.is_empty() {
            // Or later, when there is room.
            let _ = self.session.disconnect(&mut *self.tx);
        }
    }
}
