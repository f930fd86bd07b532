//! The scenarios that every server of MQTT 5 passes.
use crate::peer::{Peer, Received, Told};
use motemq::*;
use std::{net::SocketAddr, thread::sleep, time::Duration};

const QOS: [QoS; 3] = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce];

/// The payloads of messages.
fn payloads(messages: &[Received]) -> Vec<&[u8]> {
    messages
        .iter()
        .map(|message| &message.payload[..])
        .collect()
}

pub fn properties_come_back(addr: SocketAddr) {
    let mut peer = Peer::clean(addr, "all");
    let filter = Filter::new("t/+", QoS::ExactlyOnce);
    peer.subscribes(filter, &[Property::SubscriptionIdentifier(300)]);
    let list = [
        Property::PayloadFormatIndicator(true),
        Property::ContentType("text/plain".into()),
        Property::ResponseTopic("re/ply".into()),
        Property::CorrelationData(b"\0\xff7"),
        Property::UserProperty {
            name: "a".into(),
            value: "b".into(),
        },
        Property::UserProperty {
            name: "a".into(),
            value: "c".into(),
        },
    ];
    let identifier = Property::SubscriptionIdentifier(300);
    let mut expected: Vec<_> = list
        .iter()
        .chain([&identifier])
        .map(|p| p.to_string())
        .collect();
    expected.sort();
    for (qos, count) in QOS.into_iter().zip([1, 2, 3]) {
        let message = Publish::to("t/1").payload(b"hi").qos(qos).properties(&list);
        peer.publishes(&message);
        let (messages, others) = peer.take(count);
        assert_eq!(others, ["Acked", "Received"][..count - 1]);
        let received = Received {
            topic: "t/1".into(),
            payload: b"hi".to_vec(),
            qos,
            retain: false,
            properties: expected.clone(),
        };
        assert_eq!(messages, [received]);
    }
    peer.leaves(ReasonCode::NORMAL_DISCONNECTION, &[]);
}

pub fn an_identifier_is_assigned(addr: SocketAddr) {
    let (mut peer, state, properties) = Peer::join(addr, &Connect::new(""));
    assert_eq!(state, SessionState::New);
    let is_assigned = |text: &String| text.starts_with("assigned client identifier");
    assert!(properties.iter().any(is_assigned), "{properties:?}");
    peer.delivers(&Publish::to("t").qos(QoS::ExactlyOnce));
    peer.leaves(ReasonCode::NORMAL_DISCONNECTION, &[]);
}

pub fn options_of_subscriptions(addr: SocketAddr) {
    let mut peer = Peer::clean(addr, "options");
    let mut other = Peer::clean(addr, "other");
    let stored = Publish::to("kept/1")
        .payload(b"old")
        .qos(QoS::AtLeastOnce)
        .retain();
    other.delivers(&stored);
    // Not what it has published itself, and the retain flag as it was.
    let options = SubscriptionOptions {
        no_local: true,
        retain_as_published: true,
        retain_handling: RetainHandling::DoNotSend,
    };
    peer.subscribes(Filter::new("kept", QoS::AtLeastOnce).options(options), &[]);
    peer.delivers(&Publish::to("kept").payload(b"own").qos(QoS::AtLeastOnce));
    other.delivers(
        &Publish::to("kept")
            .payload(b"new")
            .qos(QoS::AtLeastOnce)
            .retain(),
    );
    let (messages, _) = peer.take(1);
    assert_eq!(
        (payloads(&messages), messages[0].retain),
        (vec![&b"new"[..]], true)
    );
    peer.is_quiet();
    // What is stored comes with a new subscription alone.
    let options = SubscriptionOptions {
        retain_handling: RetainHandling::SendIfNew,
        ..SubscriptionOptions::default()
    };
    let filter = Filter::new("kept/#", QoS::AtLeastOnce).options(options);
    peer.subscribes(filter, &[]);
    let (messages, _) = peer.take(2);
    assert!(messages.iter().all(|message| message.retain));
    peer.subscribes(filter, &[]);
    peer.is_quiet();
    let filters = [
        Filter::new("kept/#", QoS::AtMostOnce),
        Filter::new("no", QoS::AtMostOnce),
    ];
    peer.session.unsubscribe(&filters, &mut peer.tx).unwrap();
    assert_eq!(peer.next(), Told::Other("Unsubscribed [0, 17]".into()));
}

pub fn shared_subscriptions(addr: SocketAddr) {
    let mut peer = Peer::clean(addr, "first");
    let filter = Filter::new("$share/group/t", QoS::AtLeastOnce);
    if !peer.session.limits().shared_subscription_available {
        let refused = peer.session.subscribe(&[filter], &mut peer.tx);
        return assert_eq!(refused, Err(SendError::Unsupported));
    }
    let mut peers = ["a", "b"].map(|name| Peer::clean(addr, name));
    for peer in &mut peers {
        peer.subscribes(filter, &[]);
    }
    let mut from = Peer::clean(addr, "from");
    for number in 0..10 {
        from.delivers(&Publish::to("t").payload(&[number]).qos(QoS::AtLeastOnce));
    }
    let mut taken = Vec::new();
    for peer in &mut peers {
        while let Some(Told::Message(message)) = peer.soon() {
            taken.push(message.payload[0]);
        }
    }
    taken.sort_unstable();
    assert_eq!(taken, (0..10).collect::<Vec<_>>());
}

pub fn topic_aliases(addr: SocketAddr) {
    let mut peer = Peer::clean(addr, "aliases");
    peer.subscribes(Filter::new("t/#", QoS::AtMostOnce), &[]);
    let highest = peer.session.limits().topic_alias_maximum;
    assert!(highest >= 2, "{highest}");
    let alias = |number: u16| [Property::TopicAlias(number.try_into().unwrap())];
    for (topic, number) in [
        ("t/1", 1),
        ("t/2", highest),
        ("", 1),
        ("", highest),
        ("t/3", 1),
        ("", 1),
    ] {
        peer.publishes(&Publish::to(topic).properties(&alias(number)));
    }
    let (messages, _) = peer.take(6);
    let topics: Vec<_> = messages.iter().map(|message| &message.topic[..]).collect();
    assert_eq!(topics, ["t/1", "t/2", "t/1", "t/2", "t/3", "t/3"]);
    let beyond = Publish::to("t");
    let list = alias(highest + 1);
    let refused = peer
        .session
        .publish(&beyond.properties(&list), &mut peer.tx);
    assert_eq!(refused, Err(SendError::Unsupported));
}

pub fn a_session_is_resumed(addr: SocketAddr) {
    let connect = Connect::new("kept").keep_session();
    let (mut peer, state, _) = Peer::join(addr, &connect);
    assert_eq!(state, SessionState::New);
    peer.subscribes(Filter::new("t", QoS::ExactlyOnce), &[]);
    peer.hang_up();
    let mut from = Peer::clean(addr, "from");
    for number in 0..4 {
        let qos = QOS[1 + usize::from(number) % 2];
        from.delivers(&Publish::to("t").payload(&[number]).qos(qos));
    }
    let (mut peer, state, _) = peer.returns(addr, &connect);
    assert_eq!(state, SessionState::Resumed);
    let (messages, _) = peer.take(4);
    let mut payloads = payloads(&messages);
    payloads.sort_unstable();
    assert_eq!(payloads, [[0], [1], [2], [3]]);
    peer.is_quiet();
    // It ends now.
    peer.leaves(
        ReasonCode::NORMAL_DISCONNECTION,
        &[Property::SessionExpiryInterval(0)],
    );
    let (_, state, _) = Peer::join(addr, &connect);
    assert_eq!(state, SessionState::New);
}

pub fn a_session_expires(addr: SocketAddr) {
    let list = [Property::SessionExpiryInterval(1)];
    let connect = Connect::new("short").properties(&list).keep_session();
    let (mut peer, _, _) = Peer::join(addr, &connect);
    peer.subscribes(Filter::new("t", QoS::AtLeastOnce), &[]);
    let (mut peer, state, _) = peer.returns(addr, &connect);
    assert_eq!(state, SessionState::Resumed);
    peer.hang_up();
    // mosquitto looks once in a while.
    sleep(Duration::from_secs(7));
    let (_, state, _) = peer.returns(addr, &connect);
    assert_eq!(state, SessionState::New);
}

pub fn what_was_in_flight_is_sent_again(addr: SocketAddr) {
    let mut observer = Peer::clean(addr, "observer");
    observer.subscribes(Filter::new("t", QoS::ExactlyOnce), &[]);
    let connect = Connect::new("resends").keep_session();
    let (mut peer, _, _) = Peer::join(addr, &connect);
    // aedes keeps only sessions that have subscriptions.
    peer.subscribes(Filter::new("other", QoS::AtMostOnce), &[]);
    let list = [Property::ContentType("x".into())];
    let message = |qos| Publish::to("t").payload(b"once").qos(qos).properties(&list);
    peer.publishes(&message(QoS::ExactlyOnce));
    let (mut peer, state, _) = peer.returns(addr, &connect);
    assert_eq!(state, SessionState::Resumed);
    let Told::Resend(id, QoS::ExactlyOnce) = peer.next() else {
        panic!("it is not asked for")
    };
    peer.session
        .republish(id, &message(QoS::ExactlyOnce), &mut peer.tx)
        .unwrap();
    let (_, others) = peer.take(2);
    assert_eq!(others, ["Acked", "Received"]);
    let (messages, _) = observer.take(1);
    assert_eq!(payloads(&messages), [b"once"]);
    assert_eq!(messages[0].properties, [list[0].to_string()]);
    observer.is_quiet();
}

pub fn messages_expire(addr: SocketAddr) {
    let connect = Connect::new("away").keep_session();
    let (mut peer, _, _) = Peer::join(addr, &connect);
    peer.subscribes(Filter::new("t", QoS::AtLeastOnce), &[]);
    peer.hang_up();
    let mut from = Peer::clean(addr, "from");
    for (payload, seconds) in [(b"short", 1), (b"long.", 100)] {
        let list = [Property::MessageExpiryInterval(seconds)];
        let message = Publish::to("t").payload(payload).qos(QoS::AtLeastOnce);
        from.delivers(&message.properties(&list));
    }
    sleep(Duration::from_millis(2500));
    let (mut peer, _, _) = peer.returns(addr, &connect);
    let (messages, _) = peer.take(1);
    assert_eq!(payloads(&messages), [b"long."]);
    let left = messages[0].properties[0].rsplit(' ').next().unwrap();
    let left: u32 = left.parse().unwrap();
    assert!((90..=98).contains(&left), "{left}");
    peer.is_quiet();
}

pub fn a_will_that_is_wanted(addr: SocketAddr) {
    let mut observer = Peer::clean(addr, "observer");
    observer.subscribes(Filter::new("gone", QoS::AtLeastOnce), &[]);
    let list = [Property::ContentType("x".into())];
    let will = Publish::to("gone")
        .payload(b"w")
        .qos(QoS::AtLeastOnce)
        .properties(&list);
    let connect = |name| Connect::new(name).properties(&[]).will(will);
    let (peer, _, _) = Peer::join(addr, &connect("with"));
    peer.leaves(ReasonCode::DISCONNECT_WITH_WILL_MESSAGE, &[]);
    let (messages, _) = observer.take(1);
    assert_eq!(payloads(&messages), [b"w"]);
    assert_eq!(messages[0].properties, [list[0].to_string()]);
    let (peer, _, _) = Peer::join(addr, &connect("without"));
    peer.leaves(ReasonCode::NORMAL_DISCONNECTION, &[]);
    observer.is_quiet();
}

pub fn a_takeover_ends_the_older_connection(addr: SocketAddr) {
    let mut first = Peer::clean(addr, "same");
    let mut second = Peer::clean(addr, "same");
    // mosquitto 2.0.11 hangs up without a word.
    if let Some(told) = first.ends() {
        let expected = format!("Disconnected {}", ReasonCode::SESSION_TAKEN_OVER);
        assert_eq!(told, Told::Other(expected));
        assert!(first.session.is_closed());
    }
    second.delivers(&Publish::to("t").qos(QoS::AtLeastOnce));
}

pub fn nobody_wants_it(addr: SocketAddr) {
    let mut peer = Peer::clean(addr, "alone");
    for qos in QOS {
        peer.delivers(&Publish::to("nobody").qos(qos));
    }
    peer.leaves(ReasonCode::NORMAL_DISCONNECTION, &[]);
}
