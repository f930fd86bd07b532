//! WebSockets, before the in-process broker: frames cut anywhere, and servers that do not play
//! along.
use super::{
    face::{
        Client, DisconnectReason, Ended, Filter, Options, Publish, QoS, Reconnect, TransportError,
        TransportErrorKind, WebSocket, WebSocketError,
    },
    support::{Caller, LEVELS, next, server},
};
use motemq_testing::{
    server::Server,
    web::{Manners, Web},
};
use std::error::Error;

fn web(manners: Manners) -> (Server, Web) {
    let broker = server();
    let web = Web::start(broker.addr(), manners).unwrap();
    (broker, web)
}

fn options(web: &Web) -> Options {
    Options::from_url(&web.url())
        .unwrap()
        .client_id("a")
        .reconnect(Reconnect::Never)
}

pub fn frames_may_be_cut_anywhere() {
    for seed in 0..3 {
        let (_broker, web) = web(Manners::Unkind(seed));
        let mut client = Caller::connect(options(&web)).unwrap();
        client
            .subscribe(&[Filter::new("t", QoS::ExactlyOnce)])
            .unwrap();
        let large: Vec<u8> = (0..300_000u32)
            .map(|n| (n ^ n >> 8 ^ n >> 16) as u8)
            .collect();
        for payload in [&b""[..], b"small", &large] {
            for qos in LEVELS {
                client
                    .publish(&Publish::to("t").payload(payload).qos(qos))
                    .unwrap();
                let message = next(&mut client);
                assert!(
                    message.payload[..] == *payload && message.qos == qos,
                    "{seed}: {} bytes",
                    message.payload.len()
                );
            }
        }
        client.disconnect().unwrap();
    }
}

pub fn the_request_is_as_wanted_each_time() {
    let (_broker, web) = web(Manners::Unkind(0));
    let asked = WebSocket::new()
        .header("X-Device", "node-7")
        .prepare(|upgrade| {
            upgrade.url.push_str("?signature=secret");
            upgrade
                .headers
                .push(("Authorization".into(), "secret".into()));
            Ok(())
        });
    let options = options(&web).websocket(asked);
    assert!(!format!("{options:?}").contains("secret"));
    for _ in 0..2 {
        Caller::connect(options.clone())
            .unwrap()
            .disconnect()
            .unwrap();
    }
    let requests = web.requests();
    assert_eq!(requests.len(), 2);
    for request in requests {
        for words in [
            "/mqtt?signature=secret ",
            "\"x-device\": \"node-7\"",
            "\"authorization\": \"secret\"",
            "protocol\": \"mqtt\"",
        ] {
            assert!(request.contains(words), "{request}");
        }
    }
    let error =
        fails(options.websocket(WebSocket::new().prepare(|_| Err("no credentials".into()))));
    assert!(error.to_string().contains("no credentials"), "{error}");
}

/// Returns why there is no connection.
fn fails(options: Options) -> TransportError {
    let client = Client::connect(options).unwrap();
    match client.connected() {
        Err(Ended::GaveUp(DisconnectReason::Transport(error))) => error,
        other => panic!("{other:?}"),
    }
}

pub fn servers_that_do_not_speak_mqtt() {
    let refused = |manners, is: &dyn Fn(&WebSocketError) -> bool| {
        let error = fails(options(&web(manners).1));
        assert_eq!(error.kind(), TransportErrorKind::WebSocket);
        let source = error.source().and_then(|source| source.downcast_ref());
        assert!(source.is_some_and(is), "{source:?}");
    };
    refused(Manners::NoMqtt, &|error| {
        matches!(error, WebSocketError::NoMqtt)
    });
    refused(
        Manners::NotFound,
        &|error| matches!(error, WebSocketError::Status { status } if status == "404 Not Found"),
    );
    let (_broker, web) = web(Manners::Text);
    let error = fails(options(&web));
    assert_eq!(error.kind(), TransportErrorKind::Io);
    assert!(error.to_string().contains("text"), "{error}");
}
