//! `motemq rr`: requests and their responses.
use crate::{
    broker::{At, serve, with_each},
    files::File,
    process::{End, Motemq, motemq, motemq_reading},
};
use motemq_std::{Client, Filter, Options, Publish, QoS, Version};
use motemq_testing::broker::Config;
use std::{net::SocketAddr, thread};

/// Starts what responds to `clock`, and to `slow` never. With MQTT 3.1.1 it responds to a topic that
/// both sides know.
fn respond(addr: SocketAddr, version: Version) {
    let options = Options::new("").broker(addr.ip().to_string(), addr.port());
    let client = Client::connect(options.version(version)).unwrap();
    let filters = [
        Filter::new("clock", QoS::ExactlyOnce),
        Filter::new("slow", QoS::ExactlyOnce),
    ];
    let requests = client.subscribe(&filters).unwrap();
    thread::spawn(move || {
        for request in requests {
            if &*request.topic == "slow" {
                continue;
            }
            let payload = [&request.payload[..], b" it is nine"].concat();
            let receipt = match version {
                Version::Mqtt5 => client.respond(&request, &payload),
                _ => client.publish(&Publish::to("clock/answers").payload(&payload)),
            };
            receipt.unwrap().wait().unwrap();
        }
    });
}

fn run(at: &At, words: &str) -> End {
    motemq(&at.with(&words.split_whitespace().collect::<Vec<_>>()))
}

#[test]
fn responses_are_printed() {
    with_each("responses_are_printed", |addr| {
        let at = At::of(addr);
        respond(addr, Version::Mqtt5);
        for qos in ["0", "1", "2"] {
            let end = run(&at, &format!("rr -t clock -m now -q {qos}"));
            assert_eq!(end.text(), "now it is nine\n");
        }
        let answers = ["-e", "first", "--response-topic", "answers/7"];
        let words = ["rr", "-t", "clock", "-n", "-v", "-i", "node"];
        let end = motemq(&at.with(&[&words[..], &answers].concat()));
        assert_eq!(end.text(), "answers/7  it is nine\n");
        let end = run(&at, "rr -t clock -m x --json -V auto --id node");
        let text = end.text();
        for part in [
            r#""topic":"responses/node""#,
            r#""correlation_data_base64":""#,
            r#""payload":"x it is nine""#,
        ] {
            assert!(text.contains(part), "{text}");
        }
        let words = [
            "rr",
            "-t",
            "clock",
            "-s",
            "-N",
            "-D",
            "publish",
            "user-property",
            "a",
            "b",
        ];
        let end = motemq_reading(&at.with(&words), b"stdin");
        assert_eq!(end.text(), "stdin it is nine");
        let file = File::holding("file");
        let path = file.path();
        let end = run(&at, &format!("rr -t clock -f {path} -F %p|%R"));
        assert_eq!(end.text(), "file it is nine|\n");
        let end = run(
            &at,
            &format!("rr -t clock -m now --json --pretty -o {path}"),
        );
        assert_eq!(end.text(), "");
        let printed = std::fs::read_to_string(path).unwrap();
        assert!(printed.starts_with("{\n  \"timestamp\": "), "{printed}");
    });
}

#[test]
fn the_older_version_has_requests_where_the_topic_is_known() {
    with_each(
        "the_older_version_has_requests_where_the_topic_is_known",
        |addr| {
            let at = At::of(addr);
            respond(addr, Version::Mqtt311);
            let words = "rr -V mqttv311 -t clock --response-topic clock/answers -m now -W 20";
            assert_eq!(run(&at, words).text(), "now it is nine\n");
        },
    );
    let (server, at) = serve(Config::new().only_3_1_1());
    respond(server.addr(), Version::Mqtt311);
    let words = "rr -V auto -t clock -e clock/answers -m now";
    assert_eq!(run(&at, words).text(), "now it is nine\n");
    motemq(&["rr", "-t", "clock", "-n", "-V", "311"]).badly(2, "say -e TOPIC");
}

#[test]
fn no_response_has_a_reason() {
    let (server, at) = serve(Config::new());
    respond(server.addr(), Version::Mqtt5);
    run(&at, "rr -t slow -n -W 0.3").badly(6, "gave up after 300ms");
    run(&at, "rr -t nobody -n -q 1").badly(4, "no client receives the request");
    let end = run(&at, "rr -t nobody -n -q 1 --quiet");
    assert_eq!((end.code, &*end.stderr), (Some(4), ""));
    let waiting = Motemq::start(&at.with(&["rr", "-t", "slow", "-n", "-q", "1", "-d"]));
    waiting.until_said("<- PUBACK");
    #[cfg(unix)]
    waiting.interrupt();
    #[cfg(not(unix))]
    drop(server);
    let end = waiting.end();
    assert_eq!(end.code, Some(if cfg!(unix) { 130 } else { 7 }), "{end:?}");
}

#[test]
fn requests_that_cannot_be_made_say_why() {
    for (words, wanted) in [
        ("rr -n", "say -t TOPIC"),
        ("rr -t a", "say -m TEXT, -n, -f FILE or -s"),
        ("rr -t a -t b -n", "one topic"),
        ("rr -t a/# -n", "not a topic name"),
        ("rr -t a -e b/# -n", "not a topic name"),
        ("rr -t a -n -D publish response-topic b", "say -e TOPIC"),
        ("rr -t a -n -D publish correlation-data b", "leave them out"),
        ("rr -t a -n -l", "-l"),
    ] {
        motemq(&words.split_whitespace().collect::<Vec<_>>()).badly(2, wanted);
    }
}
