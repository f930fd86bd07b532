//! MQTT 5: versions, properties, options of subscriptions, reasons.
use crate::{
    broker::{At, serve, with_each},
    files::Directory,
    process::{End, Motemq, motemq},
};
use motemq_std::{QoS, ReasonCode, ReturnCode, motemq::packet::v5::Packet};
use motemq_testing::broker::{Answer, Config, Limits};
use serde_json::Value;

/// The properties of a message.
const PROPERTIES: &str = "-D publish content-type text/plain -D publish correlation-data -D \
     -D publish message-expiry-interval 60 -D publish payload-format-indicator 1 \
     -D publish response-topic re/s --property publish user-property a b \
     -D publish user-property a --c -D publish topic-alias 1";

/// Runs the command with these words, and the place of the broker.
fn run(at: &At, words: &str) -> End {
    motemq(&at.with(&words.split_whitespace().collect::<Vec<_>>()))
}

/// Starts a subscriber, and waits until it has its subscription.
fn listen(at: &At, words: &str) -> Motemq {
    let words = format!("sub --debug {words}");
    let sub = Motemq::start(&at.with(&words.split_whitespace().collect::<Vec<_>>()));
    sub.until_said("<- SUBACK");
    sub
}

#[test]
fn properties_arrive_and_are_printed() {
    with_each("properties_arrive_and_are_printed", |addr| {
        let at = At::of(addr);
        let identifier = "-D subscribe subscription-identifier 7";
        let format = "%C|%D|%E|%F|%P|%R|%S|%t|%p";
        let sub = listen(
            &at,
            &format!("-V mqttv5 -t long/topic -C 1 -F {format} {identifier}"),
        );
        let json = listen(&at, "-V 5 -t long/topic -C 1 --json");
        let object = listen(&at, "-V auto -t long/topic -C 1 -F %J");
        let older = listen(&at, &format!("-t long/topic -C 1 -F {format}"));
        run(&at, &format!("pub -V 5 -t long/topic -m 1 {PROPERTIES}")).well();
        let text = sub.end().text();
        assert_eq!(text, "text/plain|-D|60|1|a:b a:--c|re/s|7|long/topic|1\n");
        let text = json.end().text();
        for part in [
            r#""content_type":"text/plain""#,
            r#""correlation_data_base64":"LUQ=""#,
            r#""user_properties":[["a","b"],["a","--c"]]"#,
        ] {
            assert!(text.contains(part), "{text}");
        }
        let text = object.end().text();
        for part in [
            r#""response-topic":"re/s""#,
            r#""user-properties":{"a":"b","a":"--c"}"#,
            r#""message-expiry-interval":60"#,
        ] {
            assert!(text.contains(part), "{text}");
        }
        assert_eq!(older.end().text(), "|||||||long/topic|1\n");
    });
}

#[test]
fn wills_and_connections_have_properties() {
    with_each("wills_and_connections_have_properties", |addr| {
        let at = At::of(addr);
        let words = "pub -V 5 -t a -n -d --will-topic w -D will will-delay-interval 3 \
             -D will content-type text -D connect receive-maximum 7 \
             -D connect user-property name value -D connect maximum-packet-size 5000 \
             -D connect topic-alias-maximum 3 -c -i node -x 9 -D connect session-expiry-interval 8";
        let end = run(&at, words);
        for part in [
            "will delay interval 3",
            "content type \"text\"",
            "receive maximum 7",
            "user property \"name\" \"value\"",
            "maximum packet size 5000",
            "topic alias maximum 3",
            "session expiry interval 9",
        ] {
            assert!(end.stderr.contains(part), "{end:?}");
        }
        end.well();
        // It is gone after a second.
        run(&at, "sub -V 5 -i short -c -x 0 -t a -E").well();
        let end = run(&at, "sub -V 5 -d -i short -c --session-expiry -1 -t a -E");
        assert!(!end.stderr.contains("session present"), "{end:?}");
        end.well();
    });
}

#[test]
fn subscriptions_have_options() {
    with_each("subscriptions_have_options", |addr| {
        let at = At::of(addr);
        run(&at, "pub -t kept -m old -r -q 1").well();
        let never = listen(&at, "-V 5 -t kept -C 1 --retain-handling never -F %r%p");
        let always = listen(&at, "-V 5 -t kept -C 2 --retain-handling always -F %r%p");
        let flags = listen(&at, "-V 5 -t kept -C 2 --retain-as-published -F %r%p");
        run(&at, "pub -V 5 -t kept -m new -r -q 1").well();
        assert_eq!(never.end().text(), "0new\n");
        assert_eq!(always.end().text(), "1old\n0new\n");
        assert_eq!(flags.end().text(), "1old\n1new\n");
        // What removes the message is not received.
        let own = listen(
            &at,
            "-V 5 -t kept -t last -C 2 --remove-retained --no-local -F %p",
        );
        run(&at, "pub -t last -m last -q 1").well();
        assert_eq!(own.end().text(), "new\nlast\n");
    });
}

#[test]
fn what_only_mqtt_5_has_wants_it() {
    for (options, wanted) in [
        (&["-c", "-i", "n", "-x", "7"][..], "-x"),
        (&["-x", "7"], "-x"),
        (&["--no-local"], "--no-local"),
        (&["--retain-as-published"], "--retain-as-published"),
        (&["--retain-handling", "new"], "--retain-handling"),
    ] {
        for version in [&[][..], &["-V", "mqttv311"]] {
            let words = format!("{wanted} is for MQTT 5: say -V mqttv5");
            motemq(&[&["sub", "-t", "a"], version, options].concat()).badly(2, &words);
        }
    }
    for (words, wanted) in [
        (
            "sub -t a -V mqttv311 -D connect receive-maximum 7",
            "-D is for MQTT 5: say -V mqttv5",
        ),
        ("sub -t a --retain-handling newer", "always, new or never"),
        ("pub -t a -n -V mqttv31", "say mqttv311, mqttv5 or auto"),
        ("pub -t a -n -V 5 -x -1", "say -i ID"),
        (
            "sub -t a -D connect session-expiry-interval 4294967295",
            "say -i ID",
        ),
        (
            "sub -t a -D disconnect session-expiry-interval 7",
            "unless -c or -x is given",
        ),
        (
            "sub -t a -x 0 -V 5 -D disconnect session-expiry-interval 7",
            "unless -c or -x is given",
        ),
        (
            "pub -t a -n -D connect authentication-data x",
            "goes with an authentication-method",
        ),
        (
            "pub -t a -n -D subscribe user-property a b",
            "sends no such packet",
        ),
        (
            "sub -t a -V 5 -D publish content-type x",
            "sends no such packet",
        ),
        (
            "doctor -V 5 -D publish content-type x",
            "sends no such packet",
        ),
        ("bench -D connect receive-maximum 7", "sends no properties"),
        (
            "pub -t a -n -V 5 -D will content-type x",
            "say --will-topic, too",
        ),
        (
            "pub -t a -n -V 5 -D publish response-topic a/#",
            "MQTT does not allow",
        ),
        ("bench -V 5 -x 7", "keeps no sessions"),
        ("pub -t a -n -V 5 -D publish", "say PACKET NAME VALUE"),
        ("pub -t a -n -V 5 -D", "say PACKET NAME VALUE"),
    ] {
        if words.starts_with("bench") && cfg!(not(feature = "bench")) {
            continue;
        }
        let end = motemq(&words.split_whitespace().collect::<Vec<_>>());
        end.badly(2, wanted);
    }
}

/// `auto` is for brokers of either version.
#[test]
fn older_brokers_are_spoken_to_in_their_version() {
    let (_server, at) = serve(Config::new().only_3_1_1());
    let sub = listen(&at, "-V auto -t a -C 1 --no-local -F %p|%C");
    run(&at, "pub -V auto -t a -m x -q 1 -D publish content-type y").well();
    assert_eq!(sub.end().text(), "x|\n");
    run(&at, "pub -V 5 -t a -m x").badly(4, "version");
}

#[test]
fn refusals_have_words_and_codes() {
    let wrong = |code: ReturnCode| {
        let (_server, at) = serve(Config::new().login(move |_| code));
        run(&at, "pub -V 5 -t a -n")
    };
    wrong(ReturnCode::NOT_AUTHORIZED).badly(5, "not authorised");
    wrong(ReturnCode::BAD_USER_NAME_OR_PASSWORD).badly(5, "bad user name or password");
    wrong(ReturnCode::SERVER_UNAVAILABLE).badly(4, "server unavailable");

    let refuses = |_: &str, packet: &Packet<'_>| match packet {
        Packet::Publish { .. } => {
            Some(Answer::new(ReasonCode::QUOTA_EXCEEDED).reason("no more today"))
        }
        Packet::Subscribe { .. } => {
            Some(Answer::new(ReasonCode::NOT_AUTHORIZED).reason("not for you"))
        }
        _ => None,
    };
    let (_server, at) = serve(Config::new().answer(refuses));
    let end = run(&at, "pub -V 5 -t a -n -q 1");
    assert!(end.stderr.contains("no more today"), "{end:?}");
    end.badly(4, "quota exceeded (reason code 0x97)");
    let end = run(&at, "sub -V 5 -t a");
    assert!(end.stderr.contains("the subscription to a: not authorised"));
    assert!(end.stderr.contains("not for you"), "{end:?}");
    end.badly(4, "no subscription was granted");
    run(&at, "doctor -V 5").badly(4, "not for you");

    let ends = |_: &str, packet: &Packet<'_>| match packet {
        Packet::Publish { .. } => {
            Some(Answer::disconnect(ReasonCode::ADMINISTRATIVE_ACTION).reason("good night"))
        }
        _ => None,
    };
    let (_server, at) = serve(Config::new().answer(ends));
    let end = run(&at, "pub -V 5 -t a -n -q 1");
    assert!(end.stderr.contains("good night"), "{end:?}");
    end.badly(7, "administrative action");

    let limits = Limits {
        maximum_qos: QoS::AtLeastOnce,
        ..Limits::NONE
    };
    let (_server, at) = serve(Config::new().limits(limits));
    run(&at, "pub -V 5 -t a -n -q 1").well();
    run(&at, "pub -V 5 -t a -n -q 2").badly(2, "QoS");
}

/// Two clients with one identifier do not end each other's connections for ever.
#[test]
fn a_session_that_is_taken_over_ends_the_older_one() {
    // mosquitto does not say why.
    let (_server, at) = serve(Config::new());
    let older = listen(&at, "-V 5 -t a -i same");
    let _newer = listen(&at, "-V 5 -t a -i same");
    older.end().badly(7, "session taken over");
}

/// A recording keeps properties, and a replay publishes them: what arrives then has those of the
/// first message.
#[test]
fn recordings_have_properties() {
    with_each("recordings_have_properties", |addr| {
        let at = At::of(addr);
        let directory = Directory::new();
        let hear = |heard: Motemq| {
            let mut line: Value = serde_json::from_str(&heard.end().text()).unwrap();
            let left = line["properties"]["message_expiry_interval"].take();
            assert!((50..=60).contains(&left.as_u64().unwrap()), "{line}");
            (line["payload"].take(), line["properties"].take())
        };
        for gzip in [&[][..], &["-z"]] {
            let path = directory.path(&format!("{}.jsonl", gzip.len()));
            let record = [&path, "-t", "long/topic", "-C", "1", "-V", "5"];
            let recorder = Motemq::recorder(&at.with(&[&record[..], gzip].concat()));
            let first = listen(&at, "-V 5 -t long/topic -C 1 --json");
            run(&at, &format!("pub -V 5 -t long/topic -m 1 {PROPERTIES}")).well();
            recorder.end().well();
            let again = listen(&at, "-V 5 -t again/long/topic -C 1 --json");
            run(&at, &format!("replay -V 5 {path} --prefix again")).well();
            let (first, again) = (hear(first), hear(again));
            assert_eq!(again, first);
            let properties = first.1.as_object().unwrap();
            assert_eq!(properties.len(), 6, "{properties:?}");
        }
    });
}

#[cfg(feature = "bench")]
#[test]
fn a_bench_speaks_either_version() {
    with_each("a_bench_speaks_either_version", |addr| {
        let at = At::of(addr);
        for version in ["mqttv5", "auto"] {
            let words = format!("bench -V {version} --publishers 2 --rate 20 -d 0.5 -q 1 --json");
            let text = run(&at, &words).text();
            assert!(text.contains("\"lost\": 0"), "{text}");
        }
    });
    let (_server, at) = serve(Config::new().only_3_1_1());
    run(&at, "bench -V 5 --publishers 1 --rate 20 -d 0.5").badly(4, "version");
}

/// Variables and files have the words of a property behind each other.
#[test]
fn a_variable_has_a_property() {
    let (_server, at) = serve(Config::new());
    let sub = listen(&at, "-V 5 -t a -C 1 -F %C|%P");
    let output = crate::process::command(&at.with(&["pub", "-t", "a", "-n"]))
        .env("MOTEMQ_PROTOCOL_VERSION", "mqttv5")
        .env("MOTEMQ_PROPERTY", "publish user-property a b c")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(sub.end().text(), "|a:b c\n");
}
