//! Scenarios that only MQTT 5 has.
use super::{
    face::{
        AliasPolicy, BrokerReason, Client, DisconnectReason, Ended, Error, Filter,
        MessageProperties, Options, Property, Publish, PublishError, QoS, ReasonCode, RequestError,
        RetainHandling, State, SubscribeError, SubscriptionOptions, Version, Will, publish_once,
        run,
    },
    support::{Caller, SOON, accepted, next, options, returning, server, until},
};
use motemq_std::motemq::packet::v5::Packet;
use motemq_testing::{
    broker::{Answer, Config, Limits},
    server::Server,
};
use std::{
    io::{Read, Write},
    net::TcpListener,
    thread,
    time::Duration,
};

fn options5(server: &Server, client_id: &str) -> Options {
    options(server.addr(), client_id).version(Version::Mqtt5)
}

fn connect(server: &Server, client_id: &str) -> Caller {
    Caller::connect(options5(server, client_id)).unwrap()
}

fn version(client: &Client) -> Option<Version> {
    match client.state() {
        State::Connected { version, .. } => Some(version),
        _ => None,
    }
}

pub fn messages_have_properties() {
    let server = server();
    let mut receiver = connect(&server, "receiver");
    let filter = Filter::new("requests", QoS::ExactlyOnce);
    receiver.subscribe(&[filter]).unwrap();
    let sender = Client::connect(options5(&server, "sender")).unwrap();
    let list = [
        Property::ResponseTopic("replies/7".into()),
        Property::CorrelationData(b"41"),
        Property::UserProperty {
            name: "trace".into(),
            value: "0af7".into(),
        },
    ];
    for qos in [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce] {
        let request = Publish::to("requests").qos(qos).properties(&list);
        drop(sender.publish(&request).unwrap());
        let message = next(&mut receiver);
        let properties = message.properties.get();
        assert_eq!(properties.response_topic(), Some("replies/7".into()));
        assert_eq!(properties.correlation_data(), Some(&b"41"[..]));
        let mut trace = properties.user_properties();
        assert_eq!(trace.next(), Some(("trace".into(), "0af7".into())));
    }
    let upload = Publish::to("requests").properties(&list).remaining(3);
    drop(sender.publish_from(&upload, &b"now"[..]).unwrap());
    let message = next(&mut receiver);
    assert_eq!(&message.payload[..], b"now");
    assert!(!message.properties.is_empty());
    let once = Publish::to("requests").properties(&list);
    publish_once(options5(&server, "once"), &once, SOON).unwrap();
    assert!(!next(&mut receiver).properties.is_empty());
}

pub fn properties_need_mqtt_5() {
    let (client, _running, _exchange, _line) = accepted(|options| options);
    assert_eq!(version(&client), Some(Version::Mqtt311));
    let list = [Property::PayloadFormatIndicator(true)];
    let error = client.try_publish(&Publish::to("t").properties(&list));
    assert_eq!(error.unwrap_err(), PublishError::PropertiesUnsupported);
}

pub fn an_older_broker_is_spoken_to_in_its_version() {
    let older = Server::start(Config::new().only_3_1_1()).unwrap();
    let newer = server();
    for (server, expected) in [(&older, Version::Mqtt311), (&newer, Version::Mqtt5)] {
        let client = Client::connect(options5(server, "a").fall_back()).unwrap();
        client.connected_timeout(SOON).unwrap().unwrap();
        assert_eq!(version(&client), Some(expected));
        let mut receipt = client
            .publish(&Publish::to("t").qos(QoS::AtLeastOnce))
            .unwrap();
        receipt.wait_timeout(SOON).unwrap().unwrap();
    }
    let Error::Ended(Ended::GaveUp(DisconnectReason::RefusedWith(reason))) =
        Caller::connect(options5(&older, "a")).err().unwrap()
    else {
        panic!("it was not refused")
    };
    assert_eq!(reason.code(), ReasonCode::UNSUPPORTED_PROTOCOL_VERSION);
}

fn quota_exceeded(reason: &BrokerReason) -> bool {
    reason.code() == ReasonCode::QUOTA_EXCEEDED && reason.reason_string() == Some("full")
}

pub fn what_the_broker_refuses_has_its_reason() {
    let config = Config::new().answer(|_, packet| {
        let full = Answer::new(ReasonCode::QUOTA_EXCEEDED).reason("full");
        match packet {
            Packet::Publish { .. } | Packet::Subscribe { .. } => Some(full),
            Packet::Connect(connect) if connect.client_id == "busy" => Some(full),
            _ => None,
        }
    });
    let server = Server::start(config).unwrap();
    let client = Client::connect(options5(&server, "a")).unwrap();
    for qos in [QoS::AtLeastOnce, QoS::ExactlyOnce] {
        let mut receipt = client.publish(&Publish::to("t").qos(qos)).unwrap();
        let refused = receipt.wait_timeout(SOON).unwrap().unwrap_err();
        let RequestError::MessageRefused(reason) = refused else {
            panic!("{refused:?}")
        };
        assert!(quota_exceeded(&reason), "{reason}");
    }
    let refused = client
        .subscribe(&[Filter::new("t", QoS::AtMostOnce)])
        .unwrap_err();
    let SubscribeError::Failed(RequestError::Refused { reason, .. }) = refused else {
        panic!("{refused:?}")
    };
    assert!(quota_exceeded(&reason.unwrap()));
    let busy = Client::connect(options5(&server, "busy")).unwrap();
    let Ended::GaveUp(DisconnectReason::RefusedWith(reason)) = busy.connected().unwrap_err() else {
        panic!("it was not refused")
    };
    assert!(quota_exceeded(&reason), "{reason}");
}

pub fn what_the_broker_accepts_has_its_reason() {
    let config = Config::new().answer(|_, packet| match packet {
        Packet::Publish { topic, .. } if topic.is_some_and(|topic| topic == "known") => {
            Some(Answer::new(ReasonCode::SUCCESS).reason("stored"))
        }
        _ => None,
    });
    let server = Server::start(config).unwrap();
    let client = Client::connect(options5(&server, "a")).unwrap();
    for qos in [QoS::AtLeastOnce, QoS::ExactlyOnce] {
        for (topic, reason) in [("t", None), ("known", Some("stored"))] {
            let mut receipt = client.publish(&Publish::to(topic).qos(qos)).unwrap();
            let acknowledgement = receipt.wait_timeout(SOON).unwrap().unwrap();
            let code = acknowledgement.code();
            assert_eq!(code, ReasonCode::NO_MATCHING_SUBSCRIBERS);
            assert_eq!(acknowledgement.reason_string(), reason);
        }
    }
    let once = Publish::to("t").qos(QoS::AtLeastOnce);
    let acknowledgement = publish_once(options5(&server, "once"), &once, SOON).unwrap();
    assert_eq!(acknowledgement.code(), ReasonCode::NO_MATCHING_SUBSCRIBERS);
    let filters = [QoS::ExactlyOnce, QoS::AtMostOnce].map(|qos| Filter::new("t", qos));
    let subscription = client.subscribe(&filters).unwrap();
    assert_eq!(subscription.acknowledgement().codes(), [2, 0]);
    let ended = client.unsubscribe(&["t", "none"]).unwrap();
    let no_subscription = ReasonCode::NO_SUBSCRIPTION_EXISTED.get();
    assert_eq!(ended.codes(), [0, no_subscription]);
}

pub fn the_end_of_a_connection_has_its_reason() {
    let config = Config::new().answer(|_, packet| match packet {
        Packet::Subscribe { .. } => Some(Answer::disconnect(ReasonCode::ADMINISTRATIVE_ACTION)),
        _ => None,
    });
    let server = Server::start(config).unwrap();
    let client = Client::connect(options5(&server, "a")).unwrap();
    let failed = client
        .subscribe(&[Filter::new("t", QoS::AtMostOnce)])
        .unwrap_err();
    assert!(matches!(failed, SubscribeError::Failed(_)), "{failed:?}");
    let state = client.state();
    let Some(DisconnectReason::Disconnected(reason)) = state.reason() else {
        panic!("{state:?}")
    };
    assert_eq!(reason.code(), ReasonCode::ADMINISTRATIVE_ACTION);
    // A client whose session was taken over does not take it back.
    let options = || {
        returning(server.addr(), "same")
            .version(Version::Mqtt5)
            .fall_back()
    };
    let first = Client::connect(options()).unwrap();
    first.connected().unwrap();
    let second = Client::connect(options()).unwrap();
    second.connected().unwrap();
    until(|| matches!(first.state(), State::Ended(_)));
    let state = first.state();
    let Some(DisconnectReason::Disconnected(reason)) = state.reason() else {
        panic!("{state:?}")
    };
    assert_eq!(reason.code(), ReasonCode::SESSION_TAKEN_OVER);
}

pub fn the_limits_of_the_broker_are_kept() {
    let limits = Limits {
        receive_maximum: 1,
        maximum_packet_size: 60,
        maximum_qos: QoS::AtLeastOnce,
        retain_available: false,
        wildcards_available: false,
        session_expiry_maximum: 60,
        ..Limits::NONE
    };
    let server = Server::start(Config::new().limits(limits)).unwrap();
    let client = Client::connect(options5(&server, "a").keep_session()).unwrap();
    client.connected().unwrap();
    let State::Connected { limits, .. } = client.state() else {
        panic!("{:?}", client.state())
    };
    assert_eq!(limits.receive_maximum, 1);
    assert_eq!(limits.session_expiry(), Some(Duration::from_secs(60)));
    for message in [
        Publish::to("t").qos(QoS::ExactlyOnce),
        Publish::to("t").retain(),
        Publish::to("t").payload(&[b'.'; 60]),
    ] {
        let refused = client.publish(&message).unwrap_err();
        assert!(matches!(refused, PublishError::OverLimit(_)), "{refused:?}");
    }
    let refused = client.subscribe(&[Filter::new("a/#", QoS::AtMostOnce)]);
    assert!(matches!(refused, Err(SubscribeError::OverLimit(_))));
    let message = Publish::to("t").qos(QoS::AtLeastOnce);
    let receipts: Vec<_> = (0..50).map(|_| client.publish(&message).unwrap()).collect();
    for mut receipt in receipts {
        receipt.wait_timeout(SOON).unwrap().unwrap();
    }
    assert_eq!(client.counters().connections, 1);
}

pub fn subscriptions_have_options_and_identifiers() {
    let server = server();
    let client = Client::connect(options5(&server, "a")).unwrap();
    let stored = Publish::to("t").payload(b"stored").qos(QoS::AtLeastOnce);
    let mut receipt = client.publish(&stored.retain()).unwrap();
    receipt.wait_timeout(SOON).unwrap().unwrap();
    let others = SubscriptionOptions {
        no_local: true,
        retain_handling: RetainHandling::DoNotSend,
        ..SubscriptionOptions::default()
    };
    let filter = Filter::new("t", QoS::AtLeastOnce);
    let filters = [filter.options(others)];
    let mut stream = client.subscribe_with_identifier(&filters, 7).unwrap();
    // Neither what is stored nor what the client itself publishes arrives.
    drop(client.publish(&stored.payload(b"mine")).unwrap());
    let other = Client::connect(options5(&server, "b")).unwrap();
    drop(other.publish(&stored.payload(b"yours")).unwrap());
    let message = stream.recv_timeout(SOON).unwrap();
    assert_eq!(&message.payload[..], b"yours");
    let properties = message.properties.get();
    let mut identifiers = properties.subscription_identifiers();
    assert_eq!(identifiers.next(), Some(7));
    let shared = [Filter::new("$share/group/t", QoS::AtMostOnce).options(others)];
    let refused = client.subscribe(&shared).unwrap_err();
    assert!(matches!(refused, SubscribeError::SharedNoLocal { .. }));
    let (older, _running, _exchange, _line) = accepted(|options| options);
    let refused = older.subscribe(&filters).unwrap_err();
    assert_eq!(refused, SubscribeError::OptionsUnsupported);
}

pub fn a_will_has_properties() {
    let server = server();
    let mut watcher = connect(&server, "watcher");
    watcher
        .subscribe(&[Filter::new("gone", QoS::AtMostOnce)])
        .unwrap();
    let list = [Property::ContentType("text/plain".into())];
    let will = Will {
        properties: MessageProperties::new(&list).unwrap(),
        ..Will::new("gone")
    };
    let (client, driver) = Client::new(options5(&server, "a").will(will)).unwrap();
    let running = run(driver);
    client.connected().unwrap();
    running.stop();
    let properties = next(&mut watcher).properties.clone();
    assert_eq!(properties.get().content_type(), Some("text/plain".into()));
}

pub fn topics_have_aliases() {
    let limits = Limits {
        topic_alias_maximum: 4,
        ..Limits::NONE
    };
    let server = Server::start(Config::new().limits(limits)).unwrap();
    let receiver = Client::connect(options5(&server, "receiver").topic_alias_maximum(2)).unwrap();
    let filter = Filter::new("plant/#", QoS::ExactlyOnce);
    let mut stream = receiver.subscribe(&[filter]).unwrap();
    let options = options5(&server, "sender").alias_policy(AliasPolicy::Recent(10));
    let sender = Client::connect(options).unwrap();
    let topics = ["plant/1", "plant/2", "plant/1", "plant/3", "plant/3"];
    for qos in [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce] {
        for topic in topics {
            drop(sender.publish(&Publish::to(topic).qos(qos)).unwrap());
        }
    }
    for topic in [topics; 3].as_flattened() {
        let message = stream.recv_timeout(SOON).unwrap();
        assert_eq!(&*message.topic, *topic);
    }
    assert_eq!(sender.counters().connections, 1);
    assert_eq!(receiver.counters().connections, 1);
}

pub fn a_server_that_the_broker_names_is_followed() {
    let other = server();
    let busy = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = busy.local_addr().unwrap();
    let reference = other.addr().to_string();
    thread::spawn(move || {
        let (mut stream, _) = busy.accept().unwrap();
        let _ = stream.read(&mut [0; 100]);
        let length = reference.len() as u8;
        let head = [0x20, 6 + length, 0, 0x9c, 3 + length, 0x1c, 0, length];
        stream
            .write_all(&[&head, reference.as_bytes()].concat())
            .unwrap();
    });
    let options = options(addr, "a").version(Version::Mqtt5);
    let client = Client::connect(options.follow_server_reference()).unwrap();
    client.connected_timeout(SOON).unwrap().unwrap();
    assert_eq!(version(&client), Some(Version::Mqtt5));
}

pub fn a_client_without_an_identifier_is_given_one() {
    let server = server();
    let client = Client::connect(options5(&server, "")).unwrap();
    client.connected().unwrap();
    let client_id = client.assigned_client_id().unwrap();
    assert!(!client_id.is_empty());
    let named = Client::connect(options5(&server, "a")).unwrap();
    named.connected().unwrap();
    assert_eq!(named.assigned_client_id(), None);
}
