//! Messages arrive, each QoS as it promises.
use super::cuts;
use super::face::{Client, Filter, Publish, QoS, publish_once};
use super::support::{Caller, LEVELS, SOON, connect, done, next, options, returning, server};
use motemq_testing::line::{Exchange, HELLO, NEW};
use std::thread;

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

pub fn a_publisher_cut_at_any_byte_loses_and_doubles_nothing() {
    cuts::cut_publisher_everywhere(server().addr());
}

pub fn a_subscriber_cut_at_any_byte_loses_and_doubles_nothing() {
    cuts::cut_subscriber_everywhere(server().addr());
}

pub fn both_ends_cut_at_random_lose_and_double_nothing() {
    let server = server();
    (0..5).for_each(|seed| cuts::cut_at_random(server.addr(), seed, true));
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
