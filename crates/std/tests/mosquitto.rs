//! Against a real mosquitto. Where it is not installed these tests are `not here`, by name, unless
//! `MOTEMQ_REQUIRE` is set.
mod support;

use motemq_std::{
    Client, Direction, DisconnectReason, Ended, Filter, Options, Overflow, Packet, Publish,
    PublishError, QoS, Reconnect, RequestError, ReturnCode, SessionState, SubscribeError,
    TransportErrorKind, Will,
    motemq::{self, Buffer, Connect, Event, Session, Slot},
};
use motemq_testing::mosquitto::{self, Mosquitto};
use std::{
    fs,
    io::{self, Read, Write},
    net::{Shutdown, TcpStream},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};
use support::{AT_ONCE, Caller, LEVELS, SOON, connect, done, next, nothing, options};

/// A broker that takes anybody, or nothing: the test is not here.
fn open(test: &str) -> Option<Mosquitto> {
    mosquitto::for_test(test, &["allow_anonymous true"])
}

#[test]
fn each_qos_both_ways() {
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

#[test]
fn many_under_way_at_once_keep_their_order() {
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

#[test]
fn retained_messages_are_kept_and_removed() {
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

#[test]
fn the_will_is_published_when_the_link_breaks_and_only_then() {
    let Some(broker) = open("the_will_is_published_when_the_link_breaks_and_only_then") else {
        return;
    };
    let mut to = connect(broker.addr(), "heir");
    to.subscribe(&[Filter::new("gone/#", QoS::ExactlyOnce)])
        .unwrap();
    let will = |name: &str| Will {
        payload: b"bye\0\xff".to_vec(),
        qos: QoS::AtLeastOnce,
        ..Will::new(format!("gone/{name}"))
    };
    let leaves = Caller::connect(options(broker.addr(), "leaves").will(will("leaves"))).unwrap();
    leaves.disconnect().unwrap();
    // So does one whose handles are dropped.
    let goes = Caller::connect(options(broker.addr(), "goes").will(will("goes"))).unwrap();
    drop(goes);
    let (breaks, mut driver) =
        Client::new(options(broker.addr(), "breaks").will(will("breaks"))).unwrap();
    driver.drive_until(SOON, || breaks.state().is_connected());
    drop(driver);
    let message = next(&mut to);
    assert_eq!(
        (&*message.topic, &message.payload[..], message.qos),
        ("gone/breaks", &b"bye\0\xff"[..], QoS::AtLeastOnce)
    );
    nothing(&mut to);
}

#[test]
fn a_publisher_cut_at_any_byte_loses_and_doubles_nothing() {
    let Some(broker) = open("a_publisher_cut_at_any_byte_loses_and_doubles_nothing") else {
        return;
    };
    let places = support::cutting::cut_publisher_everywhere(broker.addr());
    assert!(places > 100, "{places}");
}

#[test]
fn a_publisher_cut_at_random_loses_and_doubles_nothing() {
    let Some(mosquitto) = open("a_publisher_cut_at_random_loses_and_doubles_nothing") else {
        return;
    };
    let broker = mosquitto.addr();
    // Not the subscriber: mosquitto 2.0 publishes again what it has released already if a link is
    // cut early, and then early again. Nor is the order looked at, which it was seen to change
    // when links were cut.
    (0..5).for_each(|seed| support::cutting::cut_at_random(broker, seed, false));
}

#[test]
fn a_subscriber_cut_at_any_byte_loses_and_doubles_nothing() {
    let Some(broker) = open("a_subscriber_cut_at_any_byte_loses_and_doubles_nothing") else {
        return;
    };
    let places = support::cutting::cut_subscriber_everywhere(broker.addr());
    assert!(places > 80, "{places}");
}

// Elsewhere it cannot be asked to store its sessions.
#[cfg(unix)]
#[test]
fn a_session_survives_the_restart_of_the_broker() {
    let config = ["allow_anonymous true", "persistence true"];
    let Some(mut broker) =
        mosquitto::for_test("a_session_survives_the_restart_of_the_broker", &config)
    else {
        return;
    };
    let keep = |name: &str| {
        options(broker.addr(), name)
            .keep_session()
            .reconnect(AT_ONCE)
    };
    let mut to = Caller::connect(keep("to")).unwrap();
    to.subscribe(&[Filter::new("t", QoS::ExactlyOnce)]).unwrap();
    let from = Caller::connect(keep("from")).unwrap();
    from.publish(&Publish::to("t").payload(b"before").qos(QoS::ExactlyOnce))
        .unwrap();
    // In hand, but not acknowledged.
    assert_eq!(next(&mut to).payload, &b"before"[..]);
    broker.stop();
    broker.resume();
    from.publish(&Publish::to("t").payload(b"after").qos(QoS::ExactlyOnce))
        .unwrap();
    assert_eq!(next(&mut to).payload, &b"after"[..]);
    nothing(&mut to);
    for client in [from, to] {
        assert_eq!(client.connected(), Ok(SessionState::Resumed));
        assert_eq!(client.counters().connections, 2);
    }
}

#[test]
fn a_subscription_lost_with_the_session_is_made_again() {
    let Some(mut broker) = open("a_subscription_lost_with_the_session_is_made_again") else {
        return;
    };
    let mut to = Caller::connect(options(broker.addr(), "to").reconnect(AT_ONCE)).unwrap();
    to.subscribe(&[
        Filter::new("a/#", QoS::AtLeastOnce),
        Filter::new("b", QoS::AtLeastOnce),
        Filter::new("c", QoS::AtMostOnce),
    ])
    .unwrap();
    to.unsubscribe(&["b"]).unwrap();
    broker.stop();
    broker.resume();
    // Notices, connects again, and returns when nothing has come for a while.
    nothing(&mut to);
    assert_eq!(to.connected(), Ok(SessionState::New));
    assert_eq!(to.counters().connections, 2);
    let from = connect(broker.addr(), "from");
    for topic in ["b", "c", "a/x"] {
        from.publish(&Publish::to(topic).qos(QoS::AtLeastOnce))
            .unwrap();
    }
    for topic in ["c", "a/x"] {
        assert_eq!(&*next(&mut to).topic, topic);
    }
}

#[test]
fn wildcards() {
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

#[test]
fn a_filter_that_is_refused_is_told_from_those_that_are_granted() {
    const NAME: &str = "a_filter_that_is_refused_is_told_from_those_that_are_granted";
    let plugins = [
        "/usr/lib/x86_64-linux-gnu",
        "/usr/lib/aarch64-linux-gnu",
        "/usr/lib",
    ];
    let plugin = plugins
        .iter()
        .map(|dir| format!("{dir}/mosquitto_dynamic_security.so"))
        .find(|file| fs::exists(file).unwrap_or(false));
    let (Some(plugin), Some(_)) = (plugin, mosquitto::find("mosquitto")) else {
        return mosquitto::skip(
            NAME,
            "mosquitto with its dynamic security plugin is not installed",
        );
    };
    let broker = Mosquitto::start_with(|dir| {
        let file = dir.join("rules.json");
        let rules = r#"{
            "defaultACLAccess": {"publishClientSend": true, "publishClientReceive": true, "subscribe": false, "unsubscribe": true},
            "groups": [{"groupname": "all", "roles": [{"rolename": "some"}]}], "anonymousGroup": "all", "clients": [],
            "roles": [{"rolename": "some", "acls": [{"acltype": "subscribePattern", "topic": "ok/#", "allow": true}]}]
        }"#;
        fs::write(&file, rules).unwrap();
        vec![
            "allow_anonymous true".into(),
            format!("plugin {plugin}"),
            format!("plugin_opt_config_file {}", file.display()),
        ]
    });
    let Some(broker) = broker else {
        return mosquitto::skip(NAME, "mosquitto is not installed");
    };
    let mut client = connect(broker.addr(), "a");
    let filters = [
        Filter::new("secret/#", QoS::AtLeastOnce),
        Filter::new("ok/1", QoS::ExactlyOnce),
        Filter::new("other", QoS::AtMostOnce),
    ];
    let refused = client.subscribe(&filters).unwrap_err();
    let SubscribeError::Failed(RequestError::Refused { codes, .. }) = &refused else {
        panic!("{refused:?}");
    };
    assert_eq!(codes[..], [0x80, 2, 0x80]);
    let text = refused.to_string();
    assert!(
        text.contains("secret/#") && text.contains("other"),
        "{text}"
    );
    assert!(!text.contains("ok/1"), "{text}");
    client
        .subscribe(&[Filter::new("ok/1", QoS::ExactlyOnce)])
        .unwrap();
    // That is no reason to hang up.
    client
        .publish(&Publish::to("secret/x").qos(QoS::AtLeastOnce))
        .unwrap();
    client
        .publish(&Publish::to("ok/1").qos(QoS::AtLeastOnce))
        .unwrap();
    assert_eq!(&*next(&mut client).topic, "ok/1");
}

#[test]
fn a_wrong_password_is_not_authorised() {
    const NAME: &str = "a_wrong_password_is_not_authorised";
    let (Some(tool), Some(_)) = (
        mosquitto::find("mosquitto_passwd"),
        mosquitto::find("mosquitto"),
    ) else {
        return mosquitto::skip(NAME, "mosquitto or mosquitto_passwd is not installed");
    };
    let broker = Mosquitto::start_with(|dir| {
        let file = dir.join("passwords");
        let made = Command::new(tool)
            .arg("-b")
            .arg("-c")
            .arg(&file)
            .args(["node", "s3cret"])
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        vec![
            "allow_anonymous false".into(),
            format!("password_file {}", file.display()),
        ]
    });
    let Some(broker) = broker else {
        return mosquitto::skip(NAME, "mosquitto is not installed");
    };
    let options = options(broker.addr(), "a");
    Caller::connect(options.clone().login("node", b"s3cret"))
        .unwrap()
        .disconnect()
        .unwrap();
    let url = format!("mqtt://node:s3cret@{}", broker.addr());
    Caller::connect(Options::from_url(&url).unwrap())
        .unwrap()
        .disconnect()
        .unwrap();
    for wrong in [
        options.clone().login("node", b"secret"),
        options.clone().user("node"),
        options,
    ] {
        let ended = Client::connect(wrong).unwrap().connected().unwrap_err();
        let reason = DisconnectReason::Refused(ReturnCode::NOT_AUTHORIZED);
        assert_eq!(ended, Ended::GaveUp(reason));
        assert!(ended.to_string().contains("check user name"), "{ended}");
    }
}

#[test]
fn a_client_with_the_same_identifier_takes_over() {
    let Some(broker) = open("a_client_with_the_same_identifier_takes_over") else {
        return;
    };
    let mut old = connect(broker.addr(), "one");
    let new = connect(broker.addr(), "one");
    assert!(old.recv(SOON).is_err());
    let ended = old.connected().unwrap_err();
    assert!(
        matches!(ended, Ended::GaveUp(DisconnectReason::Closed(_))),
        "{ended:?}"
    );
    assert!(
        ended.to_string().contains("same client identifier"),
        "{ended}"
    );
    // Told by every call from then on.
    let refused = Client::clone(&old).publish(&Publish::to("t")).map(drop);
    assert_eq!(refused, Err(PublishError::Ended(ended.clone())));
    assert_eq!(old.disconnect(), Err(ended));
    new.publish(&Publish::to("t").qos(QoS::AtLeastOnce))
        .unwrap();
}

#[test]
fn payloads_of_a_megabyte_and_of_nothing() {
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

#[test]
fn a_client_sends_to_itself_while_it_receives() {
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

#[test]
fn an_idle_link_is_kept_alive() {
    let Some(broker) = open("an_idle_link_is_kept_alive") else {
        return;
    };
    let pings = Arc::new(AtomicUsize::new(0));
    let count = pings.clone();
    let mut client = Caller::connect(options(broker.addr(), "a").keep_alive(1).trace(
        move |direction, packet| {
            if (direction, packet) == (Direction::In, &Packet::PingResp) {
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

#[test]
fn a_broker_that_is_silent_is_noticed() {
    // A socket that takes everything and says nothing behind CONNACK.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let silent = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"\x20\x02\0\0").unwrap();
        io::copy(&mut stream, &mut io::sink()).unwrap();
    });
    let mut client = Caller::connect(
        options(addr, "a")
            .keep_alive(1)
            .connect_timeout(Duration::from_secs(1)),
    )
    .unwrap();
    let begin = Instant::now();
    assert!(client.recv(SOON).is_err());
    let reason = DisconnectReason::Fault(motemq::Fault::Timeout);
    assert_eq!(client.connected(), Err(Ended::GaveUp(reason)));
    assert!(
        begin.elapsed() < Duration::from_secs(5),
        "{:?}",
        begin.elapsed()
    );
    drop(client);
    silent.join().unwrap();
}

#[test]
fn thirty_queued_qos_2_messages_pass_through_eight_slots() {
    let Some(broker) = open("thirty_queued_qos_2_messages_pass_through_eight_slots") else {
        return;
    };
    let mut before = Caller::connect(options(broker.addr(), "small").keep_session()).unwrap();
    before
        .subscribe(&[Filter::new("t", QoS::ExactlyOnce)])
        .unwrap();
    before.disconnect().unwrap();
    let from = connect(broker.addr(), "from");
    for n in 0..30u8 {
        from.publish(&Publish::to("t").payload(&[n]).qos(QoS::ExactlyOnce))
            .unwrap();
    }
    // The broker sends 20 of them before it looks at the first answer, which is more than there are
    // slots: the session ends the connection with `TooManyQos2`, and the next one brings as many
    // new messages as there are slots, since the broker has the acknowledgements of those before.
    const SLOTS: usize = 8;
    let mut session = Session::<[Slot; SLOTS]>::new();
    let mut got = Vec::new();
    let mut faults = 0;
    while got.len() < 30 {
        let before = got.len();
        let (mut rx, mut tx) = (Buffer::<[u8; 64]>::new(), Buffer::<[u8; 64]>::new());
        let mut stream = TcpStream::connect(broker.addr()).unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        session
            .connect(&Connect::new("small").keep_session(), &mut rx, &mut tx)
            .unwrap();
        let fault = 'link: loop {
            loop {
                match session.next_event(&mut rx, &mut *tx) {
                    Ok(Some(Event::Message(message))) => got.push(message.payload[0]),
                    Ok(Some(_)) => {}
                    Ok(None) => break,
                    Err(fault) => break 'link Some(fault),
                }
            }
            stream.write_all(tx.bytes()).unwrap();
            tx.clear();
            if got.len() == 30 {
                break None;
            }
            match stream.read(rx.space()) {
                Ok(0) => panic!("the broker hung up: {got:?}\n{}", broker.log()),
                Ok(n) => rx.commit(n),
                Err(error) => panic!("{error}: {got:?}\n{}", broker.log()),
            }
        };
        // Closed with bytes unread, the connection would be reset, and what the broker has not read
        // yet would be lost with it, its acknowledgements of this connection among them. So all is
        // said, and all is read, until the broker has read all and closes.
        stream.write_all(tx.bytes()).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        io::copy(&mut stream, &mut io::sink()).unwrap();
        assert_eq!(got, (0..got.len() as u8).collect::<Vec<_>>());
        match fault {
            None => assert_eq!(got.len(), 30),
            Some(motemq::Fault::TooManyQos2) => {
                faults += 1;
                assert_eq!(got.len(), before + SLOTS, "{}", broker.log());
            }
            Some(fault) => panic!("{fault:?}: {got:?}"),
        }
    }
    assert!(
        faults > 0,
        "the broker never sent more than there are slots"
    );
}

#[test]
fn a_link_that_clogs_is_replaced() {
    let Some(broker) = open("a_link_that_clogs_is_replaced") else {
        return;
    };
    let mut to = connect(broker.addr(), "to");
    to.subscribe(&[Filter::new("t", QoS::ExactlyOnce)]).unwrap();
    let options = options(broker.addr(), "from")
        .keep_session()
        .ack_timeout(Some(Duration::from_millis(500)));
    let (from, _) = support::cutting::cut_client(
        broker.addr(),
        &options,
        support::cutting::Cut::Clogged(100_000),
    );
    let large = vec![1; 300_000];
    // It is not given up: its last byte has not left.
    from.publish(&Publish::to("t").payload(&large).qos(QoS::ExactlyOnce))
        .unwrap();
    assert_eq!(from.connected(), Ok(SessionState::Resumed));
    assert_eq!(from.counters().connections, 2);
    assert!(next(&mut to).payload == large);
    nothing(&mut to);
}

#[test]
fn a_session_kept_from_another_process_is_foreign() {
    let Some(broker) = open("a_session_kept_from_another_process_is_foreign") else {
        return;
    };
    let options = options(broker.addr(), "a").keep_session();
    let mut first = Caller::connect(options.clone()).unwrap();
    assert_eq!(first.connected(), Ok(SessionState::New));
    first
        .subscribe(&[Filter::new("t", QoS::AtLeastOnce)])
        .unwrap();
    first.disconnect().unwrap();
    connect(broker.addr(), "from")
        .publish(&Publish::to("t").payload(b"waiting").qos(QoS::AtLeastOnce))
        .unwrap();
    let (second, mut driver) = Client::new(options.clone()).unwrap();
    let mut messages = second.messages();
    let mut message = None;
    driver.drive_until(SOON, || {
        message = messages.recv_timeout(Duration::ZERO).ok();
        message.is_some()
    });
    assert_eq!(second.connected(), Ok(SessionState::Unrecognized));
    assert_eq!(message.unwrap().payload, &b"waiting"[..]);
    // Not acknowledged yet, so it comes again ...
    drop(driver);
    let mut third = Caller::connect(options.clone()).unwrap();
    let message = next(&mut third);
    assert!(message.payload == b"waiting"[..] && message.dup);
    // ... until it is, which leaving does.
    third.disconnect().unwrap();
    nothing(&mut Caller::connect(options).unwrap());
}

#[test]
fn reconnection_ends_when_it_was_tried_often_enough() {
    let Some(mut broker) = open("reconnection_ends_when_it_was_tried_often_enough") else {
        return;
    };
    let twice = Reconnect::BackOff {
        first: Duration::from_millis(1),
        cap: Duration::from_millis(1),
        max_tries: Some(2),
    };
    let mut client = Caller::connect(options(broker.addr(), "a").reconnect(twice)).unwrap();
    broker.stop();
    assert!(client.recv(SOON).is_err());
    let ended = client.connected().unwrap_err();
    assert!(
        matches!(
            &ended,
            Ended::GaveUp(DisconnectReason::Transport(error))
                if error.kind() == TransportErrorKind::Connect
        ),
        "{ended:?}"
    );
}
