//! What only MQTT 5 has.
use super::{
    face::{
        BrokerReason, Client, DisconnectReason, Ended, Error, Filter, MessageProperties, Options,
        Property, Publish, PublishError, QoS, ReasonCode, RequestError, State, SubscribeError,
        Version, Will, publish_once, run,
    },
    support::{Caller, SOON, accepted, next, options, returning, server, until},
};
use motemq_std::motemq::packet::v5::Packet;
use motemq_testing::{
    broker::{Answer, Config, Limits},
    server::Server,
};
use std::time::Duration;

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
    let (client, ..) = accepted(|options| options);
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
