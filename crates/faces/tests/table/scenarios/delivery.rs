//! Messages arrive, each QoS as it promises.
use super::face::{Client, Filter, Publish, QoS, publish_once};
use super::support::{Caller, LEVELS, SOON, connect, done, next, options, returning, server};
use motemq_testing::line::{Exchange, HELLO, NEW};
use motemq_testing::{
    link::Direction,
    proxy::{Plan, Proxy},
};
use std::{collections::BTreeMap, net::SocketAddr, thread};

pub fn messages_of_each_qos_arrive() {
    let server = server();
    let mut client = connect(server.addr(), "a");
    for qos in LEVELS {
        assert_eq!(client.subscribe(&[Filter::new("t", qos)]).unwrap(), [qos]);
        client
            .publish(&Publish::to("t").payload(b"x").qos(qos))
            .unwrap();
        let message = next(&mut client);
        assert_eq!(
            (&*message.topic, &message.payload[..], message.qos),
            ("t", &b"x"[..], qos)
        );
    }
    client.disconnect().unwrap();
    for qos in LEVELS {
        let publish = Publish::to("t").qos(qos);
        publish_once(options(server.addr(), "b"), &publish, SOON).unwrap();
    }
}

pub fn a_thousand_are_under_way_at_once() {
    let server = server();
    let mut from = Caller::connect(options(server.addr(), "from").in_flight(1024)).unwrap();
    let mut to = Client::clone(&connect(server.addr(), "to"))
        .subscribe(&[Filter::new("t", QoS::ExactlyOnce)])
        .unwrap();
    for qos in LEVELS {
        let sender = thread::spawn(move || {
            let receipts: Vec<_> = (0..5000u16)
                .map(|n| from.send(&Publish::to("t").payload(&n.to_be_bytes()).qos(qos)))
                .collect();
            for receipt in receipts {
                done(receipt).unwrap();
            }
            from
        });
        for n in 0..5000u16 {
            let message = to.recv_timeout(SOON).unwrap();
            assert_eq!(message.payload[..], n.to_be_bytes(), "{qos:?}");
        }
        from = sender.join().unwrap();
    }
}

/// Publishing while receiving needs no `&mut` (rust-mqtt#38).
pub fn handles_are_shared_between_threads() {
    fn is_shared<T: Clone + Send + Sync + 'static>() {}
    fn is_sent<T: Send + 'static>() {}
    is_shared::<Client>();
    is_shared::<super::face::Options>();
    is_sent::<super::face::Subscription>();
    is_sent::<super::face::Driver>();
    is_sent::<super::face::Receipt>();
    is_sent::<super::face::Error>();
}

pub fn many_threads_use_one_client() {
    const MESSAGES: usize = 500;
    let server = server();
    let client = Client::connect(options(server.addr(), "a")).unwrap();
    let mut stream = client
        .subscribe(&[Filter::new("t/#", QoS::ExactlyOnce)])
        .unwrap();
    let publishing = LEVELS.map(|qos| {
        let client = client.clone();
        thread::spawn(move || {
            let topic = format!("t/{}", qos as u8);
            for n in 0..MESSAGES {
                let payload = n.to_string();
                let publish = Publish::to(&topic).payload(payload.as_bytes()).qos(qos);
                drop(client.publish(&publish).unwrap());
            }
        })
    });
    let mut next = [0; 3];
    while next != [MESSAGES; 3] {
        let message = stream.recv_timeout(SOON).unwrap();
        let text = std::str::from_utf8(&message.payload).unwrap();
        let level = message.qos as usize;
        assert_eq!(text, next[level].to_string(), "{}", message.topic);
        next[level] += 1;
    }
    for publishing in publishing {
        publishing.join().unwrap();
    }
    client.disconnect(SOON).unwrap();
}

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

pub fn a_publisher_cut_at_any_byte_loses_and_doubles_nothing() {
    let server = server();
    let mut to = connect(server.addr(), "ledger");
    to.subscribe(&[Filter::new("cut/#", QoS::ExactlyOnce)])
        .unwrap();
    let mut names = 0..;
    cut_everywhere(server.addr(), |proxy, (direction, at)| {
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

pub fn a_subscriber_cut_at_any_byte_loses_and_doubles_nothing() {
    let server = server();
    let from = connect(server.addr(), "ledger");
    let mut names = 0..;
    cut_everywhere(server.addr(), |proxy, (direction, at)| {
        let name = format!("subscriber{}", names.next().unwrap());
        let straight = options(server.addr(), &name).keep_session();
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
        let mut add = |message: &super::face::Message| {
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

/// The tail of a large message does not wait for the next ping (rumqtt#750): with a keep alive of
/// an hour there is none.
pub fn a_large_message_leaves_at_once() {
    let exchange = Exchange::new();
    let client = Client::connect(returning(exchange.addr(), "a").keep_alive(3600)).unwrap();
    let mut hello = HELLO.to_vec();
    hello[10..12].copy_from_slice(&3600u16.to_be_bytes());
    let mut line = exchange.accepts(&hello, NEW);
    let publishing = client.clone();
    let publishing = thread::spawn(move || {
        let publish = Publish::to("t").payload(&[7; 300_000]);
        publishing.publish(&publish).unwrap().wait()
    });
    line.hears(b"\x30\xe3\xa7\x12\0\x01t");
    line.hears(&[7; 300_000]);
    publishing.join().unwrap().unwrap();
}
