//! Connections that are cut after so many bytes.
use super::{AT_ONCE, Caller, connect, done, forget, next, options};
use motemq_std::{Address, Filter, Options, Publish, QoS, Transport};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, ErrorKind, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

/// A TCP stream that breaks after so many bytes in one direction; the last of them still pass.
#[derive(Debug)]
pub struct Cutting {
    stream: TcpStream,
    read: usize,
    written: usize,
    cut: Cut,
}

/// After how many bytes to break.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cut {
    Never,
    Read(usize),
    Written(usize),
    /// The same, but it does not break: it only takes no more.
    Clogged(usize),
}

impl Cutting {
    pub fn connect(broker: SocketAddr, cut: Cut) -> io::Result<Self> {
        let stream = TcpStream::connect(broker)?;
        stream.set_nodelay(true)?;
        Ok(Cutting {
            stream,
            read: 0,
            written: 0,
            cut,
        })
    }

    fn broken<N>(&self) -> io::Result<N> {
        let _ = self.stream.shutdown(Shutdown::Both);
        Err(ErrorKind::ConnectionReset.into())
    }
}

impl Read for Cutting {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = if let Cut::Read(cut) = self.cut {
            cut - self.read
        } else {
            usize::MAX
        };
        if left == 0 {
            return self.broken();
        }
        let most = buffer.len().min(left);
        let n = self.stream.read(&mut buffer[..most])?;
        self.read += n;
        Ok(n)
    }
}

impl Write for Cutting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let left = if let Cut::Written(cut) | Cut::Clogged(cut) = self.cut {
            cut - self.written
        } else {
            usize::MAX
        };
        if left == 0 {
            return if let Cut::Clogged(_) = self.cut {
                Err(ErrorKind::WouldBlock.into())
            } else {
                self.broken()
            };
        }
        let n = self.stream.write_some(&bytes[..bytes.len().min(left)])?;
        self.written += n;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

impl Transport for Cutting {
    fn set_read_timeout(&mut self, limit: Duration) -> io::Result<()> {
        Transport::set_read_timeout(&mut self.stream, limit)
    }

    fn finish(&mut self) -> io::Result<()> {
        self.stream.finish()
    }

    #[cfg(unix)]
    fn source(&self) -> Option<std::os::fd::BorrowedFd<'_>> {
        self.stream.source()
    }
}

/// Returns a client whose first connection is cut there, and how many connections there were.
pub fn cut_client(broker: SocketAddr, options: &Options, cut: Cut) -> (Caller, Arc<AtomicUsize>) {
    let connections = Arc::new(AtomicUsize::new(0));
    let count = connections.clone();
    let dial = move |_: &Address| {
        let is_first = count.fetch_add(1, Ordering::Relaxed) == 0;
        Cutting::connect(broker, if is_first { cut } else { Cut::Never })
    };
    let client = Caller::dialing(options.clone().reconnect(AT_ONCE), dial).unwrap();
    (client, connections)
}

/// What arrived: how often, and in which order for the first time.
fn ledger(arrived: &[(QoS, u8)], cut: Cut) {
    let mut times = BTreeMap::new();
    let mut firsts = Vec::new();
    for &message in arrived {
        let n = times.entry(message).or_insert(0);
        *n += 1;
        if *n == 1 {
            firsts.push(message);
        }
    }
    // Each QoS keeps its own order [MQTT-4.6.0-2] [MQTT-4.6.0-3]: a message of QoS 2 may be passed
    // on when it is released.
    firsts.sort_by_key(|&(qos, _)| qos);
    let mut sent = sent();
    sent.sort_by_key(|&(qos, _)| qos);
    assert_eq!(firsts, sent, "{cut:?}: lost or out of order: {arrived:?}");
    for ((qos, n), times) in times {
        assert!(
            qos != QoS::ExactlyOnce || times == 1,
            "{cut:?}: QoS 2 message {n} arrived {times} times"
        );
    }
}

fn sent() -> Vec<(QoS, u8)> {
    (0..6)
        .map(|n| {
            (
                if n % 2 == 0 {
                    QoS::ExactlyOnce
                } else {
                    QoS::AtLeastOnce
                },
                n,
            )
        })
        .collect()
}

/// A publisher is cut after each byte of its first connection, in both directions, until it is not
/// cut any more.
pub fn cut_publisher_everywhere(broker: SocketAddr) -> usize {
    let mut to = connect(broker, "ledger");
    to.subscribe(&[Filter::new("cut/#", QoS::ExactlyOnce)])
        .unwrap();
    let mut places = 0;
    for cut in [Cut::Read, Cut::Written] {
        for at in 1.. {
            let cut = cut(at);
            // The session of a publisher that was cut must not meet the next one.
            let name = format!("publisher{places}");
            places += 1;
            let (from, connections) =
                cut_client(broker, &options(broker, &name).keep_session(), cut);
            let receipts: Vec<_> = sent()
                .into_iter()
                .map(|(qos, n)| from.send(&Publish::to("cut/t").payload(&[n]).qos(qos)))
                .collect();
            for receipt in receipts {
                done(receipt).unwrap();
            }
            let was_cut = connections.load(Ordering::Relaxed) > 1;
            from.publish(&Publish::to("cut/end").qos(QoS::ExactlyOnce))
                .unwrap();
            // It may be cut on its way out, too.
            let _ = from.disconnect();
            let mut arrived = Vec::new();
            loop {
                let message = next(&mut to);
                if &*message.topic == "cut/end" {
                    break;
                }
                arrived.push((message.qos, message.payload[0]));
            }
            ledger(&arrived, cut);
            forget(broker, &name);
            if !was_cut {
                break;
            }
        }
    }
    places
}

/// The same with a subscriber.
pub fn cut_subscriber_everywhere(broker: SocketAddr) -> usize {
    let from = connect(broker, "ledger");
    let mut places = 0;
    for cut in [Cut::Read, Cut::Written] {
        for at in 1.. {
            let cut = cut(at);
            let name = format!("subscriber{places}");
            places += 1;
            let options = options(broker, &name).keep_session();
            let mut before = Caller::connect(options.clone()).unwrap();
            before
                .subscribe(&[Filter::new("cut/#", QoS::ExactlyOnce)])
                .unwrap();
            before.disconnect().unwrap();
            for (qos, n) in sent() {
                from.publish(&Publish::to("cut/t").payload(&[n]).qos(qos))
                    .unwrap();
            }
            let (mut to, connections) = cut_client(broker, &options, cut);
            let mut arrived = Vec::new();
            while arrived.len() < sent().len() {
                let message = next(&mut to);
                arrived.push((message.qos, message.payload[0]));
            }
            // What must not come again would come before the broker has answered something sent
            // behind the last acknowledgement.
            loop {
                let before = arrived.len();
                arrived.extend(
                    to.recv(Duration::ZERO)
                        .unwrap()
                        .map(|message| (message.qos, message.payload[0])),
                );
                to.subscribe(&[Filter::new("quiet", QoS::AtMostOnce)])
                    .unwrap();
                arrived.extend(
                    to.recv(Duration::ZERO)
                        .unwrap()
                        .map(|message| (message.qos, message.payload[0])),
                );
                if arrived.len() == before {
                    break;
                }
            }
            ledger(&arrived, cut);
            let was_cut = connections.load(Ordering::Relaxed) > 1;
            let _ = to.disconnect();
            forget(broker, &name);
            if !was_cut {
                break;
            }
        }
    }
    places
}

/// A client whose connections are cut again and again, a random number of bytes after each
/// beginning, until so many were.
fn cut_again_and_again(
    broker: SocketAddr,
    options: &Options,
    cuts: usize,
    mut chance: fastrand::Rng,
) -> Caller {
    let mut connections = 0;
    let dial = move |_: &Address| {
        connections += 1;
        let at = chance.usize(1..400);
        Cutting::connect(
            broker,
            if connections > cuts {
                Cut::Never
            } else if chance.bool() {
                Cut::Read(at)
            } else {
                Cut::Written(at)
            },
        )
    };
    Caller::dialing(options.clone().keep_session().reconnect(AT_ONCE), dial).unwrap()
}

/// The publisher is cut at random while messages are on their way. With a broker that does all that
/// it should in such weather (`strict`) so is the subscriber, and the order counts.
pub fn cut_at_random(broker: SocketAddr, seed: u64, strict: bool) {
    const MESSAGES: u16 = 300;
    let qos = |n: u16| {
        if n.is_multiple_of(3) {
            QoS::AtLeastOnce
        } else {
            QoS::ExactlyOnce
        }
    };
    let mut chance = fastrand::Rng::with_seed(seed);
    let mut to = cut_again_and_again(
        broker,
        &options(broker, "random to"),
        if strict { 60 } else { 0 },
        chance.fork(),
    );
    to.subscribe(&[Filter::new("random", QoS::ExactlyOnce)])
        .unwrap();
    let from = cut_again_and_again(broker, &options(broker, "random from"), 60, chance.fork());
    let publisher = thread::spawn(move || {
        let receipts: Vec<_> = (0..MESSAGES)
            .map(|n| from.send(&Publish::to("random").payload(&n.to_be_bytes()).qos(qos(n))))
            .collect();
        for receipt in receipts {
            done(receipt).unwrap();
        }
        from.counters().connections
    });
    let mut arrived = Vec::new();
    let mut once = BTreeSet::new();
    let wanted = (0..MESSAGES).filter(|&n| qos(n) == QoS::ExactlyOnce);
    let mut least: BTreeSet<u16> = (0..MESSAGES)
        .filter(|&n| qos(n) == QoS::AtLeastOnce)
        .collect();
    while arrived.len() < wanted.clone().count() || !least.is_empty() {
        let message = next(&mut to);
        let n = u16::from_be_bytes(message.payload[..].try_into().unwrap());
        if message.qos == QoS::ExactlyOnce {
            assert!(once.insert(n), "seed {seed}: {n} came twice");
            arrived.push(n);
        } else {
            least.remove(&n);
        }
    }
    assert!(
        !strict || wanted.eq(arrived),
        "seed {seed}: QoS 2 is out of order"
    );
    let connections = publisher.join().unwrap() + to.counters().connections;
    assert!(
        connections > 10,
        "seed {seed}: only {connections} connections"
    );
    for name in ["random to", "random from"] {
        forget(broker, name);
    }
}
