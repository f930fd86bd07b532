//! The limits of brokers, and the examples that keep to them, against a stand-in.
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

use crate::{
    server,
    support::{Caller, connect, done, next, options},
};
use motemq_rig::{broker::Config, server::Server};
use motemq_std::{
    Client, Direction, Error, Filter, OptionsError, Packet, Publish, PublishError, QoS, ReturnCode,
    SubscribeError, UploadError, Will,
    profile::{AWS_IOT, Profile},
};
use std::{
    fmt::{Debug, Display},
    io, iter,
    sync::{Arc, Mutex},
    thread,
};

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
    let mut other = connect(server.addr(), "other");
    other
        .subscribe(&[Filter::new(heard, QoS::AtLeastOnce)])
        .unwrap();
    thread::scope(|scope| {
        let example = scope.spawn(example);
        next(&mut other);
        other
            .publish(&Publish::to(answer).payload(b"open").qos(QoS::AtLeastOnce))
            .unwrap();
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
    let mut client = connect(server.addr(), "a");
    client
        .subscribe(&[Filter::new("motemq/runs", QoS::AtMostOnce)])
        .unwrap();
    assert_eq!(next(&mut client).payload, &b"2"[..]);
}

/// Asserts that the error is that of a limit, and says which.
fn is_refused<T: Debug, E: Debug + Display>(
    outcome: Result<T, E>,
    is_limit: impl Fn(&E) -> bool,
    words: &str,
) {
    let error = outcome.unwrap_err();
    assert!(is_limit(&error), "{error:?}");
    assert!(error.to_string().contains(words), "{error}");
}

#[test]
fn what_a_broker_would_not_take_is_not_sent() {
    let server = server();
    let options = options(server.addr(), "a").profile(&AWS_IOT);
    let of_options = |error: &Error| matches!(error, Error::Options(OptionsError::OverLimit(_)));
    is_refused(
        Client::connect(options.clone().keep_alive(0)),
        of_options,
        "AWS IoT Core accepts a keep alive of 1 to 1200 s",
    );
    let will = Will {
        qos: QoS::ExactlyOnce,
        ..Will::new("t")
    };
    is_refused(
        Client::connect(options.clone().will(will)),
        of_options,
        "QoS 1 at most",
    );
    let client = Client::clone(&Caller::connect(options).unwrap());
    let of_publish = |error: &PublishError| matches!(error, PublishError::OverLimit(_));
    is_refused(
        client.publish(&Publish::to("t").qos(QoS::ExactlyOnce)),
        of_publish,
        "QoS 1 at most",
    );
    let long = Publish::to("t").qos(QoS::AtLeastOnce);
    is_refused(
        client.publish(&long.payload(&[0; 200_000])),
        of_publish,
        "131072 bytes",
    );
    is_refused(
        client.publish_from(&Publish::to("t").remaining(200_000), io::repeat(0)),
        |error| matches!(error, UploadError::Publish(PublishError::OverLimit(_))),
        "131072 bytes",
    );
    let of_subscribe = |error: &SubscribeError| matches!(error, SubscribeError::OverLimit(_));
    is_refused(
        client.subscribe(&[Filter::new("a/b/c/d/e/f/g/h/#", QoS::AtMostOnce)]),
        of_subscribe,
        "7 slashes",
    );
    is_refused(
        client.subscribe(&[Filter::new("a", QoS::AtMostOnce); 9]),
        of_subscribe,
        "8 filters",
    );
    let counters = client.counters();
    assert_eq!(
        (counters.in_flight, counters.queued, counters.sent),
        (0, 0, 0)
    );
    let publish = Publish::to("t").qos(QoS::AtLeastOnce);
    done(client.publish(&publish).unwrap()).unwrap();
}

#[test]
fn no_more_are_under_way_than_the_broker_has_places_for() {
    const NARROW: Profile = Profile {
        in_flight: 1,
        ..Profile::ANY
    };
    let server = server();
    let seen = Arc::new(Mutex::new((0, 0)));
    let count = seen.clone();
    let look = move |direction, packet: &Packet<'_>| {
        let mut seen = count.lock().unwrap();
        match (direction, packet) {
            (Direction::Out, Packet::Publish { .. }) => seen.0 += 1,
            (Direction::In, Packet::PubAck(_)) => seen.0 -= 1,
            _ => {}
        }
        seen.1 = seen.1.max(seen.0);
    };
    let client = Caller::connect(options(server.addr(), "a").profile(&NARROW).trace(look)).unwrap();
    let receipts = [(); 10].map(|()| client.send(&Publish::to("t").qos(QoS::AtLeastOnce)));
    for receipt in receipts {
        done(receipt).unwrap();
    }
    assert_eq!(*seen.lock().unwrap(), (0, 1));
}
