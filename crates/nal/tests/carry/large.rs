//! Large payloads both ways at once through small buffers, over real sockets, to the broker in memory
//! and through links that are cut.
use embedded_io_adapters::tokio_1::FromTokio;
use embedded_io_async::ErrorType;
use embedded_nal_async::TcpConnect;
use motemq::{Buffer, Connect, Event, Filter, PacketId, Publish, QoS, Session, Slot};
use motemq_nal::{
    Error, Link,
    aio::{Halves, Whole},
};
use motemq_testing::{
    broker::Config,
    link::Direction,
    proxy::{Plan, Proxy},
    server::Server,
};
use std::{
    net::SocketAddr,
    thread,
    time::{Duration, Instant},
};
use tokio::net::{TcpStream, tcp};

const LEN: u32 = 400_000;
const QOS: [QoS; 3] = [QoS::AtLeastOnce, QoS::ExactlyOnce, QoS::AtLeastOnce];

/// How long a test may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(240);

/// The byte of message `number` at `at`.
fn byte(number: usize, at: u32) -> u8 {
    ((at as usize * 31 + number * 7) % 251) as u8
}

/// Publishes three large messages to itself, one behind the other, while the first ones come back.
struct Big {
    session: Session<[Slot; 8]>,
    rx: Buffer<[u8; 64]>,
    tx: Buffer<[u8; 64]>,
    begun: Instant,
    /// Identifiers of what was published, by number.
    ids: Vec<PacketId>,
    /// Number of the message being sent.
    sending: usize,
    acked: usize,
    /// What was asked for again, and not given yet.
    resend: Option<(PacketId, QoS)>,
    /// Number and position of the message that is coming.
    coming: (usize, u32),
    received: [u32; QOS.len()],
    /// How much was received while something was being sent.
    both: u32,
}

impl Big {
    fn new() -> Self {
        Big {
            session: Session::new(),
            rx: Buffer::new(),
            tx: Buffer::new(),
            begun: Instant::now(),
            ids: Vec::new(),
            sending: 0,
            acked: 0,
            resend: None,
            coming: (0, 0),
            received: [0; QOS.len()],
            both: 0,
        }
    }

    fn connect(&mut self) {
        self.resend = None;
        self.session
            .connect(
                &Connect::new("big").keep_session(),
                &mut self.rx,
                &mut self.tx,
            )
            .unwrap();
    }

    fn now(&self) -> u32 {
        assert!(
            self.begun.elapsed() < PATIENCE,
            "no end: {} acknowledged, received {:?}",
            self.acked,
            self.received
        );
        self.begun.elapsed().as_millis() as u32
    }

    fn is_done(&self) -> bool {
        self.acked == QOS.len() && self.received.iter().all(|times| *times > 0)
    }

    fn act(&mut self) {
        // To SUBSCRIBE and to publish the head of a message takes less.
        while self.tx.room() >= 32
            && let Some(event) = self.session.next_event(&mut self.rx, &mut self.tx).unwrap()
        {
            match event {
                Event::Connected { .. } if self.ids.is_empty() => {
                    self.session
                        .subscribe(&[Filter::new("big/+", QoS::ExactlyOnce)], &mut self.tx)
                        .unwrap();
                }
                Event::Message(message) => {
                    self.coming = (message.topic.as_str()[4..].parse().unwrap(), 0);
                    self.both += u32::from(self.session.payload_remaining() > 0);
                    take(
                        &mut self.coming,
                        &mut self.received,
                        message.payload,
                        message.remaining,
                    );
                }
                Event::Payload { data, remaining } => {
                    self.both += u32::from(self.session.payload_remaining() > 0);
                    take(&mut self.coming, &mut self.received, data, remaining);
                }
                Event::Acked { .. } => self.acked += 1,
                Event::Resend { id, qos } => self.resend = Some((id, qos)),
                _ => {}
            }
        }
        self.give();
    }

    fn give(&mut self) {
        let left = self.session.payload_remaining();
        if left > 0 {
            let at = LEN - left;
            let piece: Vec<u8> = (at..LEN.min(at + 48))
                .map(|at| byte(self.sending, at))
                .collect();
            // No room is an answer, too.
            let _ = self.session.publish_chunk(&piece, &mut self.tx);
        } else if let Some((id, qos)) = self.resend {
            let number = self.ids.iter().position(|other| *other == id).unwrap();
            if self
                .session
                .republish(
                    id,
                    &Publish::to(&format!("big/{number}"))
                        .qos(qos)
                        .remaining(LEN),
                    &mut self.tx,
                )
                .is_ok()
            {
                self.sending = number;
                self.resend = None;
            }
        } else if self.ids.len() < QOS.len() {
            let number = self.ids.len();
            let topic = format!("big/{number}");
            // Offline, Busy or Full: asked again.
            if let Ok(Some(id)) = self.session.publish(
                &Publish::to(&topic).qos(QOS[number]).remaining(LEN),
                &mut self.tx,
            ) {
                self.ids.push(id);
                self.sending = number;
            }
        }
    }

    /// Each message came back as often as its QoS allows.
    fn judge(&self) {
        assert_eq!(self.received[1], 1, "exactly once");
        assert!(self.both > 100, "both ways at once: {}", self.both);
    }
}

fn take((number, at): &mut (usize, u32), received: &mut [u32], data: &[u8], left: u32) {
    assert!(
        data.iter()
            .zip(*at..)
            .all(|(data, at)| *data == byte(*number, at)),
        "message {number}, from {at} on"
    );
    *at += data.len() as u32;
    assert_eq!(*at + left, LEN);
    received[*number] += u32::from(left == 0);
}

/// A broker behind a proxy that cuts twice, once in each direction, within a large message.
fn broker() -> (Server, Proxy) {
    let server = Server::start(Config::new()).unwrap();
    let proxy = Proxy::start(server.addr()).unwrap();
    proxy.plan(Plan {
        most: Some(100),
        ..Plan::cut_after(Direction::Up, 150_000)
    });
    proxy.plan(Plan {
        most: Some(700),
        ..Plan::cut_after(Direction::Down, 200_000)
    });
    (server, proxy)
}

fn was_cut(proxy: &Proxy) {
    assert_eq!(proxy.accepted(), 3);
    assert!(proxy.passed(Direction::Up) > 3 * u64::from(LEN));
}

#[test]
fn over_embedded_nal() {
    let (_server, proxy) = broker();
    let (mut stack, mut link, mut big) = (std_embedded_nal::Stack, Link::new(), Big::new());
    while !big.is_done() {
        if !link.is_open() {
            link.open(&mut stack, proxy.addr()).unwrap();
            big.connect();
        }
        big.act();
        let now = big.now();
        match link.turn(&mut stack, &mut big.session, &mut big.rx, &mut big.tx, now) {
            Ok(Some(0)) => {}
            Ok(_) => thread::sleep(Duration::from_millis(1)),
            Err(Error::Closed | Error::Transport(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
    big.judge();
    was_cut(&proxy);
}

fn block_on(future: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future);
}

async fn sleep(ms: u32) {
    tokio::time::sleep(Duration::from_millis(ms.into())).await;
}

type Parts = Halves<FromTokio<tcp::OwnedReadHalf>, FromTokio<tcp::OwnedWriteHalf>>;

async fn halves(addr: SocketAddr) -> Parts {
    let (reader, writer) = TcpStream::connect(addr).await.unwrap().into_split();
    Halves::new(FromTokio::new(reader), FromTokio::new(writer))
}

#[test]
fn over_halves() {
    let (_server, proxy) = broker();
    block_on(async {
        let mut big = Big::new();
        let mut link = halves(proxy.addr()).await;
        big.connect();
        while !big.is_done() {
            big.act();
            let now = big.now();
            match link
                .turn(&mut big.session, &mut big.rx, &mut big.tx, now, sleep)
                .await
            {
                Ok(()) => {}
                Err(Error::Closed | Error::Transport(_)) => {
                    link = halves(proxy.addr()).await;
                    big.connect();
                }
                Err(error) => panic!("{error}"),
            }
        }
        big.judge();
    });
    was_cut(&proxy);
}

/// The host's sockets as a stack of `embedded-nal-async`.
struct Stack;

impl TcpConnect for Stack {
    type Error = <FromTokio<TcpStream> as ErrorType>::Error;
    type Connection<'a> = FromTokio<TcpStream>;

    async fn connect(&self, remote: SocketAddr) -> Result<FromTokio<TcpStream>, Self::Error> {
        TcpStream::connect(remote).await.map(FromTokio::new)
    }
}

#[test]
fn over_the_whole() {
    let (_server, proxy) = broker();
    block_on(async {
        let mut big = Big::new();
        let mut link = Whole::open(&Stack, proxy.addr(), sleep(60_000))
            .await
            .unwrap();
        big.connect();
        while !big.is_done() {
            big.act();
            let now = big.now();
            match link
                .turn(&mut big.session, &mut big.rx, &mut big.tx, now, sleep)
                .await
            {
                Ok(()) => {}
                Err(Error::Closed | Error::Transport(_)) => {
                    link = Whole::open(&Stack, proxy.addr(), sleep(60_000))
                        .await
                        .unwrap();
                    big.connect();
                }
                Err(error) => panic!("{error}"),
            }
        }
        big.judge();
    });
    was_cut(&proxy);
}

/// A stack whose connections never open.
struct Nobody;

impl TcpConnect for Nobody {
    type Error = <FromTokio<TcpStream> as ErrorType>::Error;
    type Connection<'a> = FromTokio<TcpStream>;

    async fn connect(&self, _: SocketAddr) -> Result<FromTokio<TcpStream>, Self::Error> {
        std::future::pending().await
    }
}

#[test]
fn opening_has_a_limit() {
    let addr = SocketAddr::from(([127, 0, 0, 1], 1));
    block_on(async {
        let opened = Whole::open(&Nobody, addr, sleep(1)).await;
        assert!(matches!(opened, Err(Error::Fault(motemq::Fault::Timeout))));
    });
}
