//! Messages of each QoS and size, both ways.
use super::{
    face::{Direction, Filter, Overflow, Packet, Publish, QoS, TracedPacket},
    open,
    support::{Caller, LEVELS, connect, done, next, nothing, options},
};
use std::{
    io::Read,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

pub fn each_qos_both_ways() {
    let Some(broker) = open("each_qos_both_ways") else {
        return;
    };
    let from = connect(broker.addr(), "from");
    let mut to = connect(broker.addr(), "to");
    for qos in LEVELS {
        assert_eq!(to.subscribe(&[Filter::new("t", qos)]).unwrap(), [qos]);
        for n in 0..50u8 {
            from.publish(&Publish::to("t").payload(&[n]).qos(qos))
                .unwrap();
        }
        for n in 0..50 {
            let message = next(&mut to);
            assert_eq!(
                (&message.payload[..], message.qos, &*message.topic),
                (&[n][..], qos, "t")
            );
        }
    }
    from.disconnect().unwrap();
    to.disconnect().unwrap();
    assert!(!broker.log().contains("error"), "{}", broker.log());
}

pub fn each_qos_both_ways_with_its_tools() {
    let Some(broker) = open("each_qos_both_ways_with_its_tools") else {
        return;
    };
    let mut client = connect(broker.addr(), "a");
    let port = broker.addr().port().to_string();
    for qos in LEVELS {
        let level = (qos as u8).to_string();
        client.subscribe(&[Filter::new("to/us", qos)]).unwrap();
        let sent = Command::new("mosquitto_pub")
            .args(["-p", &port, "-q", &level, "-t", "to/us", "-m", "hello"])
            .status();
        assert!(sent.unwrap().success());
        let message = next(&mut client);
        assert_eq!((&message.payload[..], message.qos), (&b"hello"[..], qos));
        // What is retained waits for whoever comes.
        let publish = Publish::to("to/them").payload(b"hello").qos(qos).retain();
        client.publish(&publish).unwrap();
        let received = Command::new("mosquitto_sub")
            .args(["-p", &port, "-q", &level, "-t", "to/them"])
            .args(["-C", "1", "-W", "20"])
            .output();
        assert_eq!(received.unwrap().stdout, b"hello\n");
    }
    client.disconnect().unwrap();
}

pub fn many_under_way_at_once_keep_their_order() {
    let Some(broker) = open("many_under_way_at_once_keep_their_order") else {
        return;
    };
    let mut from = connect(broker.addr(), "from");
    let mut to = connect(broker.addr(), "to");
    to.subscribe(&[Filter::new("t", QoS::ExactlyOnce)]).unwrap();
    for qos in LEVELS {
        let sender = thread::spawn(move || {
            let receipts: Vec<_> = (0..1000u16)
                .map(|n| from.send(&Publish::to("t").payload(&n.to_be_bytes()).qos(qos)))
                .collect();
            for receipt in receipts {
                done(receipt).unwrap();
            }
            from
        });
        for n in 0..1000u16 {
            assert_eq!(next(&mut to).payload[..], n.to_be_bytes(), "{qos:?}");
        }
        from = sender.join().unwrap();
    }
}

pub fn retained_messages_are_kept_and_removed() {
    let Some(broker) = open("retained_messages_are_kept_and_removed") else {
        return;
    };
    let mut client = connect(broker.addr(), "a");
    client
        .publish(
            &Publish::to("t")
                .payload(b"kept")
                .qos(QoS::AtLeastOnce)
                .retain(),
        )
        .unwrap();
    client
        .subscribe(&[Filter::new("t", QoS::AtLeastOnce)])
        .unwrap();
    let message = next(&mut client);
    assert_eq!((&message.payload[..], message.retain), (&b"kept"[..], true));
    client
        .publish(&Publish::to("t").qos(QoS::AtLeastOnce).retain())
        .unwrap();
    let message = next(&mut client);
    assert_eq!((message.payload.len(), message.retain), (0, false));
    let mut late = connect(broker.addr(), "b");
    late.subscribe(&[Filter::new("t", QoS::AtLeastOnce)])
        .unwrap();
    nothing(&mut late);
}

pub fn wildcards() {
    let Some(broker) = open("wildcards") else {
        return;
    };
    let mut client = connect(broker.addr(), "a");
    client
        .subscribe(&[
            Filter::new("a/+/c", QoS::AtMostOnce),
            Filter::new("b/#", QoS::AtMostOnce),
            Filter::new("/+", QoS::AtMostOnce),
        ])
        .unwrap();
    for topic in [
        "a/b/c", "a//c", "a/b/d", "b", "b/c/d", "bb", "/x", "x", "//",
    ] {
        client
            .publish(&Publish::to(topic).qos(QoS::AtLeastOnce))
            .unwrap();
    }
    for topic in ["a/b/c", "a//c", "b", "b/c/d", "/x"] {
        assert_eq!(&*next(&mut client).topic, topic);
    }
    client.unsubscribe(&["a/+/c", "/+"]).unwrap();
    for topic in ["a/b/c", "/x", "b/end"] {
        client
            .publish(&Publish::to(topic).qos(QoS::AtLeastOnce))
            .unwrap();
    }
    assert_eq!(&*next(&mut client).topic, "b/end");
}

pub fn payloads_of_a_megabyte_and_of_nothing() {
    let Some(broker) = open("payloads_of_a_megabyte_and_of_nothing") else {
        return;
    };
    let from = connect(broker.addr(), "from");
    let mut to = connect(broker.addr(), "to");
    to.subscribe(&[Filter::new("t", QoS::ExactlyOnce)]).unwrap();
    let small = options(broker.addr(), "pieces").max_message(100_000);
    let mut pieces = Caller::connect(small).unwrap();
    pieces
        .subscribe(&[Filter::new("pieces", QoS::ExactlyOnce)])
        .unwrap();
    let large: Vec<u8> = (0..1_000_000u32)
        .map(|n| (n ^ n >> 8 ^ n >> 16) as u8)
        .collect();
    for qos in LEVELS {
        from.publish(&Publish::to("t").payload(&large).qos(qos))
            .unwrap();
        assert!(next(&mut to).payload == large);
        from.publish(&Publish::to("t").qos(qos)).unwrap();
        assert_eq!(next(&mut to).payload, &b""[..]);
        let publish = Publish::to("t").qos(qos);
        from.publish_from(&publish.remaining(1_000_000), &large[..])
            .unwrap();
        let message = next(&mut to);
        assert!(message.payload == large && message.qos == qos);
        from.publish_from(&publish, &[][..]).unwrap();
        assert_eq!(next(&mut to).len, 0);
        let in_pieces = Publish::to("pieces").payload(&large).qos(qos);
        from.publish(&in_pieces).unwrap();
        let message = next(&mut pieces);
        assert!(!message.is_whole() && message.len == 1_000_000 && message.qos == qos);
        let mut got = Vec::new();
        message.into_reader().read_to_end(&mut got).unwrap();
        assert!(got == large);
    }
    to.disconnect().unwrap();
}

pub fn a_client_sends_to_itself_while_it_receives() {
    let Some(broker) = open("a_client_sends_to_itself_while_it_receives") else {
        return;
    };
    let mut client = Caller::connect(
        options(broker.addr(), "a")
            .max_message(64 << 20)
            .backlog(64 << 20, Overflow::Disconnect),
    )
    .unwrap();
    client
        .subscribe(&[Filter::new("t", QoS::ExactlyOnce)])
        .unwrap();
    let large = vec![7; 8 << 20];
    let begin = Instant::now();
    for qos in LEVELS {
        // More than the sockets hold: whoever only wrote would wait for ever.
        let receipts = [(); 3].map(|()| client.send(&Publish::to("t").payload(&large).qos(qos)));
        for _ in 0..3 {
            assert_eq!(next(&mut client).payload.len(), large.len());
        }
        for receipt in receipts {
            done(receipt).unwrap();
        }
    }
    // It takes a second, unless somebody waits for something that will not come.
    assert!(
        begin.elapsed() < Duration::from_secs(10),
        "{:?}",
        begin.elapsed()
    );
}

pub fn an_idle_link_is_kept_alive() {
    let Some(broker) = open("an_idle_link_is_kept_alive") else {
        return;
    };
    let pings = Arc::new(AtomicUsize::new(0));
    let count = pings.clone();
    let mut client = Caller::connect(options(broker.addr(), "a").keep_alive(1).trace(
        move |direction, packet| {
            let pong = TracedPacket::Mqtt311(Packet::PingResp);
            if (direction, packet) == (Direction::In, &pong) {
                count.fetch_add(1, Ordering::Relaxed);
            }
        },
    ))
    .unwrap();
    // mosquitto looks every five seconds.
    let begin = Instant::now();
    assert!(client.recv(Duration::from_secs(8)).unwrap().is_none());
    assert!(begin.elapsed() >= Duration::from_secs(8));
    let pings = pings.load(Ordering::Relaxed);
    assert!((8..=12).contains(&pings), "{pings}");
    client
        .publish(&Publish::to("t").qos(QoS::AtLeastOnce))
        .unwrap();
}
