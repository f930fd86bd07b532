//! The examples that keep to the limits of brokers, against a stand-in.
#[expect(dead_code, reason = "only `main` is not called")]
#[path = "../../examples/aws_iot.rs"]
mod aws_iot;
#[expect(dead_code, reason = "only `main` is not called")]
#[path = "../../examples/azure_iot_hub.rs"]
mod azure_iot_hub;
#[expect(dead_code, reason = "only `main` is not called")]
#[path = "../../examples/hivemq_cloud.rs"]
mod hivemq_cloud;
#[expect(dead_code, reason = "only `main` is not called")]
#[path = "../../examples/mosquitto.rs"]
mod mosquitto;

use crate::{SOON, connect, server};
use motemq_std::{Filter, Publish, QoS, ReturnCode};
use motemq_testing::{broker::Config, server::Server};
use std::{iter, thread};

fn args<const N: usize>(args: [&str; N]) -> impl Iterator<Item = String> {
    args.map(String::from).into_iter()
}

#[test]
fn examples_say_what_they_need() {
    let none = iter::empty;
    for outcome in [
        aws_iot::run(none()),
        azure_iot_hub::run(none()),
        hivemq_cloud::run(none()),
        mosquitto::run(none()),
    ] {
        let error = outcome.unwrap_err().to_string();
        assert!(
            error.starts_with("say where") && error.contains("mqtt"),
            "{error}"
        );
    }
}

/// Answers the first message on one topic with a message on another one, while `example` runs.
fn answering(server: &Server, heard: &str, answer: &str, example: impl FnOnce() + Send) {
    let other = connect(server.addr(), "other");
    let mut stream = other
        .subscribe(&[Filter::new(heard, QoS::AtLeastOnce)])
        .unwrap();
    thread::scope(|scope| {
        let example = scope.spawn(example);
        stream.recv_timeout(SOON).unwrap();
        let answer = Publish::to(answer).payload(b"open").qos(QoS::AtLeastOnce);
        other.publish(&answer).unwrap().wait().unwrap();
        example.join().unwrap();
    });
}

#[test]
fn a_thing_at_aws() {
    let server = server();
    let url = server.url();
    answering(
        &server,
        "things/node-7/state",
        "things/node-7/command",
        || aws_iot::run(args([&url, "node-7"])).unwrap(),
    );
}

#[test]
fn a_device_at_azure() {
    let user = "127.0.0.1/node-7/?api-version=2021-04-12";
    let config = Config::new().login(move |connect| {
        let known = connect.user.is_none_or(|name| name == user);
        if known {
            ReturnCode::ACCEPTED
        } else {
            ReturnCode::NOT_AUTHORIZED
        }
    });
    let server = Server::start(config).unwrap();
    let url = server.url();
    let (events, bound) = (
        "devices/node-7/messages/events/",
        "devices/node-7/messages/devicebound/x",
    );
    answering(&server, events, bound, || {
        azure_iot_hub::run(args([&url, "node-7", "token"])).unwrap()
    });
}

#[test]
fn a_client_of_hivemq_cloud() {
    hivemq_cloud::run(args([&server().url(), "me", "secret"])).unwrap();
}

#[test]
fn a_client_of_mosquitto() {
    let server = server();
    for _ in 0..2 {
        mosquitto::run(args([&server.url()])).unwrap();
    }
    let client = connect(server.addr(), "a");
    let mut stream = client
        .subscribe(&[Filter::new("motemq/runs", QoS::AtMostOnce)])
        .unwrap();
    let message = stream.recv_timeout(SOON).unwrap();
    assert_eq!(message.payload, &b"2"[..]);
}
