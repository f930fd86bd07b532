//! Requests and their responses.
use super::{
    face::{
        Client, DisconnectReason, Filter, Options, Publish, QoS, ReasonCode, Request, RequestError,
        ResponseError, Stage, Version, WhenFull,
    },
    support::{SOON, accepted, options, returning, server},
};
use motemq_std::motemq::packet::v5::Packet;
use motemq_testing::{
    broker::{Answer, Config},
    server::Server,
};
use std::{
    net::TcpListener,
    thread,
    time::{Duration, Instant},
};

const QOS: QoS = QoS::AtLeastOnce;

fn options5(server: &Server, client_id: &str) -> Options {
    options(server.addr(), client_id).version(Version::Mqtt5)
}

/// Echoes each request, two at a time in the wrong order.
fn echo(service: Client) {
    let mut requests = service.subscribe(&[Filter::new("echo", QOS)]).unwrap();
    thread::spawn(move || {
        while let Some(first) = requests.recv() {
            let second = requests.recv_timeout(Duration::from_millis(20)).ok();
            for request in second.into_iter().chain([first]) {
                drop(service.respond(&request, &request.payload).unwrap());
            }
        }
    });
}

pub fn many_requests_have_their_responses() {
    let server = server();
    echo(Client::connect(options5(&server, "service")).unwrap());
    let client = Client::connect(options5(&server, "client")).unwrap();
    let asking = (0..20u8).map(|n| {
        let client = client.clone();
        thread::spawn(move || {
            for k in 0..5 {
                let response = client.request("echo", &[n, k]).unwrap();
                assert_eq!(&response.payload[..], [n, k]);
            }
        })
    });
    let asking: Vec<_> = asking.collect();
    for asks in asking {
        asks.join().unwrap();
    }
    client.disconnect(SOON).unwrap();
}

pub fn a_request_without_a_response_says_why() {
    let config = Config::new().answer(|_, packet| match packet {
        Packet::Publish { topic, .. } if topic.is_some_and(|topic| topic == "secret") => {
            Some(Answer::new(ReasonCode::NOT_AUTHORIZED))
        }
        _ => None,
    });
    let server = Server::start(config).unwrap();
    let client = Client::connect(options5(&server, "client")).unwrap();
    let error = client.request("nobody", b"?").unwrap_err();
    assert_eq!(error, ResponseError::NoReceiver);
    let error = client.request("secret", b"?").unwrap_err();
    let ResponseError::Failed(RequestError::MessageRefused(reason)) = error else {
        panic!("{error:?}")
    };
    assert_eq!(reason.code(), ReasonCode::NOT_AUTHORIZED);
    let silent = Client::connect(options5(&server, "silent")).unwrap();
    let _silent = silent.subscribe(&[Filter::new("silent", QOS)]).unwrap();
    let limit = Duration::from_millis(50);
    let request = Request::new(Publish::to("silent").qos(QOS)).limit(limit);
    let error = client.request_with(&request).unwrap_err();
    let reason = None;
    assert_eq!(error, ResponseError::TimedOut { limit, reason });
}

/// The time for which a request waits for room is part of its time limit.
pub fn a_request_has_one_time_limit() {
    const LIMIT: Duration = Duration::from_secs(1);
    let (client, _running, _exchange, mut line) =
        accepted(|options| options.in_flight(1).queue(1, 1000, WhenFull::Wait));
    let publish = Publish::to("t").qos(QOS);
    let _sent = client.try_publish(&publish).unwrap();
    line.hears(b"\x32\x05\0\x01t\0\x01");
    let begun = Instant::now();
    let acknowledging = thread::spawn(move || {
        thread::sleep(LIMIT * 7 / 10);
        line.says(b"\x40\x02\0\x01");
        line.hears(b"\x82\x06\0\x02\0\x01r\x01");
        line.says(b"\x90\x03\0\x02\x01");
        line.hears(b"\x32\x05\0\x01t\0\x03");
        line
    });
    let request = Request::new(publish).response_topic("r").limit(LIMIT);
    let error = client.request_with(&request).unwrap_err();
    assert!(matches!(error, ResponseError::TimedOut { .. }), "{error:?}");
    assert!(begun.elapsed() < LIMIT * 3 / 2, "{:?}", begun.elapsed());
    acknowledging.join().unwrap();
}

/// A broker that ends each connection is named, whether the request waits in the queue or for room
/// in it.
pub fn a_request_without_a_connection_says_why() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    thread::spawn(move || listener.incoming().for_each(drop));
    for messages in [1, 0] {
        let options = returning(addr, "client").version(Version::Mqtt5);
        let options = options.queue(messages, 1000, WhenFull::Wait);
        let client = Client::connect(options).unwrap();
        let limit = Duration::from_millis(300);
        let request = Request::new(Publish::to("t").qos(QOS)).limit(limit);
        let error = client.request_with(&request).unwrap_err();
        let text = error.to_string();
        let ResponseError::TimedOut {
            limit: told,
            reason,
        } = error
        else {
            panic!("{error:?}")
        };
        assert_eq!(told, limit);
        let closed = DisconnectReason::Closed(Stage::Connecting);
        assert_eq!(reason.as_ref(), Some(&closed), "{messages} messages");
        assert!(text.contains(&closed.to_string()), "{text}");
    }
}

pub fn requests_of_mqtt_3_1_1_name_no_topic() {
    let server = server();
    let service = Client::connect(options(server.addr(), "service")).unwrap();
    let mut requests = service.subscribe(&[Filter::new("clock", QOS)]).unwrap();
    thread::spawn(move || {
        while requests.recv().is_some() {
            drop(service.publish(&Publish::to("clock/time").payload(b"9:30").qos(QOS)));
        }
    });
    let client = Client::connect(options(server.addr(), "client")).unwrap();
    let error = client.request("clock", b"?").unwrap_err();
    assert_eq!(error, ResponseError::ResponseTopicMissing);
    let request = Request::new(Publish::to("clock").qos(QOS)).response_topic("clock/time");
    let response = client.request_with(&request).unwrap();
    assert_eq!(&response.payload[..], b"9:30");
}
