//! What the broker refuses, and the end of clients.
use super::{
    face::{
        Client, DisconnectReason, Ended, Filter, Options, Publish, PublishError, QoS, Reconnect,
        RequestError, ReturnCode, SubscribeError, TransportErrorKind,
    },
    open,
    support::{Caller, SOON, connect, next, options},
};
use motemq_testing::mosquitto::{self, Mosquitto};
use std::{fs, process::Command, time::Duration};

pub fn a_filter_that_is_refused_is_told_from_those_that_are_granted() {
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

pub fn a_wrong_password_is_not_authorised() {
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

pub fn a_client_with_the_same_identifier_takes_over() {
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

pub fn reconnection_ends_when_it_was_tried_often_enough() {
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
