//! Connections to any broker that are cut.
use super::face::{Filter, Message, Publish, QoS};
use super::support::{Caller, connect, done, next, options, returning};
use motemq_testing::{
    link::Direction,
    proxy::{Plan, Proxy},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    thread,
};

/// The messages of the scenarios that cut, with QoS 1 and 2 by turns.
fn sent() -> impl Iterator<Item = (QoS, u8)> {
    (0..6).map(|n| {
        let qos = if n % 2 == 0 {
            QoS::ExactlyOnce
        } else {
            QoS::AtLeastOnce
        };
        (qos, n)
    })
}

/// Asserts that everything arrived in its order, and what has QoS 2 once.
fn judge(arrived: &[(QoS, u8)], cut: (Direction, u64)) {
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
    let mut sent: Vec<_> = sent().collect();
    sent.sort_by_key(|&(qos, _)| qos);
    assert_eq!(firsts, sent, "{cut:?}: lost or out of order: {arrived:?}");
    for ((qos, n), times) in times {
        assert!(
            qos != QoS::ExactlyOnce || times == 1,
            "{cut:?}: QoS 2 message {n} arrived {times} times"
        );
    }
}

/// Runs a case that is cut after each byte of its first connection, in both directions, until it is
/// not cut any more. The case returns whether it was.
fn cut_everywhere(broker: SocketAddr, mut case: impl FnMut(&Proxy, (Direction, u64)) -> bool) {
    let proxy = Proxy::start(broker).unwrap();
    let mut places = 0;
    for direction in [Direction::Up, Direction::Down] {
        for at in 1.. {
            if !case(&proxy, (direction, at)) {
                break;
            }
            places += 1;
        }
    }
    assert!(places > 80, "{places}");
}

/// Cuts a publisher: what it publishes arrives in its order, and what has QoS 2 once.
pub fn cut_publisher_everywhere(broker: SocketAddr) {
    let mut to = connect(broker, "ledger");
    to.subscribe(&[Filter::new("cut/#", QoS::ExactlyOnce)])
        .unwrap();
    let mut names = 0..;
    cut_everywhere(broker, |proxy, (direction, at)| {
        // The session of a publisher that was cut must not meet the next one.
        let name = format!("publisher{}", names.next().unwrap());
        let before = proxy.accepted();
        proxy.plan(Plan::cut_after(direction, at));
        let options = returning(proxy.addr(), &name).keep_session();
        let from = Caller::connect(options).unwrap();
        let receipts: Vec<_> = sent()
            .map(|(qos, n)| from.send(&Publish::to("cut/t").payload(&[n]).qos(qos)))
            .collect();
        for receipt in receipts {
            done(receipt).unwrap();
        }
        let was_cut = proxy.accepted() > before + 1;
        from.publish(&Publish::to("cut/end").qos(QoS::ExactlyOnce))
            .unwrap();
        let mut arrived = Vec::new();
        loop {
            let message = next(&mut to);
            if &*message.topic == "cut/end" {
                break;
            }
            arrived.push((message.qos, message.payload[0]));
        }
        judge(&arrived, (direction, at));
        // It may be cut on its way out, too.
        let _ = from.disconnect();
        was_cut
    });
}

/// Cuts a subscriber, for which messages wait.
pub fn cut_subscriber_everywhere(broker: SocketAddr) {
    let from = connect(broker, "ledger");
    let mut names = 0..;
    cut_everywhere(broker, |proxy, (direction, at)| {
        let name = format!("subscriber{}", names.next().unwrap());
        let straight = options(broker, &name).keep_session();
        let mut away = Caller::connect(straight).unwrap();
        away.subscribe(&[Filter::new("cut/#", QoS::ExactlyOnce)])
            .unwrap();
        away.disconnect().unwrap();
        for (qos, n) in sent() {
            from.publish(&Publish::to("cut/t").payload(&[n]).qos(qos))
                .unwrap();
        }
        let before = proxy.accepted();
        proxy.plan(Plan::cut_after(direction, at));
        let options = returning(proxy.addr(), &name).keep_session();
        let mut to = Caller::connect(options).unwrap();
        let mut arrived = Vec::new();
        let mut add = |message: &Message| {
            if message.payload == "end" {
                return false;
            }
            arrived.push((message.qos, message.payload[0]));
            true
        };
        for _ in sent() {
            add(&next(&mut to));
        }
        // What must not come again would come before a message that is sent behind the last
        // acknowledgement.
        for _ in 0..2 {
            let end = Publish::to("cut/end").payload(b"end").qos(QoS::AtLeastOnce);
            to.publish(&end).unwrap();
            while add(&next(&mut to)) {}
        }
        judge(&arrived, (direction, at));
        let was_cut = proxy.accepted() > before + 1;
        to.unsubscribe(&["cut/#"]).unwrap();
        let _ = to.disconnect();
        was_cut
    });
}

/// Plans so many connections that are cut, each a random number of bytes after its beginning.
fn plan_cuts(proxy: &Proxy, cuts: usize, mut chance: fastrand::Rng) {
    for _ in 0..cuts {
        let direction = if chance.bool() {
            Direction::Up
        } else {
            Direction::Down
        };
        proxy.plan(Plan::cut_after(direction, chance.u64(1..400)));
    }
}

/// Cuts a publisher again and again while messages are on their way. With a broker that does
/// everything that it should (`is_strict`), the subscriber is cut as well, and the order counts.
pub fn cut_at_random(broker: SocketAddr, seed: u64, is_strict: bool) {
    const MESSAGES: u16 = 300;
    const CUTS: usize = 60;
    let qos = |n: u16| {
        if n.is_multiple_of(3) {
            QoS::AtLeastOnce
        } else {
            QoS::ExactlyOnce
        }
    };
    let mut chance = fastrand::Rng::with_seed(seed);
    let proxies = [(); 2].map(|()| Proxy::start(broker).unwrap());
    let [to, from] = &proxies;
    plan_cuts(to, if is_strict { CUTS } else { 0 }, chance.fork());
    plan_cuts(from, CUTS, chance.fork());
    let names = ["to", "from"].map(|name| format!("random {name} {seed}"));
    let client = |proxy: &Proxy, name: &str| {
        Caller::connect(returning(proxy.addr(), name).keep_session()).unwrap()
    };
    let mut to = client(to, &names[0]);
    to.subscribe(&[Filter::new("random", QoS::ExactlyOnce)])
        .unwrap();
    let from = client(from, &names[1]);
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
            assert!(once.insert(n), "seed {seed}: {n} arrived twice");
            arrived.push(n);
        } else {
            least.remove(&n);
        }
    }
    assert!(
        !is_strict || wanted.eq(arrived),
        "seed {seed}: QoS 2 is out of order"
    );
    let connections = publisher.join().unwrap() + to.counters().connections;
    assert!(
        connections > 10,
        "seed {seed}: only {connections} connections"
    );
    to.unsubscribe(&["random"]).unwrap();
}
