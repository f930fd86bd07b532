//! mosquitto_pub and mosquitto_sub on the other side.
use crate::{
    broker::At,
    process::{Motemq, motemq, motemq_reading},
};
use motemq_testing::mosquitto::{self, Mosquitto};
use std::{
    io::Write,
    path::PathBuf,
    process::{Command, Stdio},
};

struct Other {
    broker: Mosquitto,
    at: At,
    publish: PathBuf,
    subscribe: PathBuf,
}

impl Other {
    fn for_test(test: &str) -> Option<Self> {
        let broker =
            mosquitto::for_test(test, &["allow_anonymous true", "queue_qos0_messages true"])?;
        let clients = mosquitto::find("mosquitto_pub").zip(mosquitto::find("mosquitto_sub"));
        if clients.is_none() {
            mosquitto::skip(test, "mosquitto_pub and mosquitto_sub are not installed");
        }
        let (publish, subscribe) = clients?;
        let at = At::of(broker.addr());
        Some(Other {
            broker,
            at,
            publish,
            subscribe,
        })
    }

    fn publishes(&self, args: &[&str], input: &[u8]) {
        self.run(&self.publish, args, input);
    }

    fn run(&self, program: &PathBuf, args: &[&str], input: &[u8]) -> Vec<u8> {
        let mut child = Command::new(program)
            .args(self.at.with(args))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        child.stdin.take().unwrap().write_all(input).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(
            output.status.success(),
            "{program:?} {args:?}: {:?}\n{}",
            output.status,
            self.broker.log()
        );
        output.stdout
    }

    /// From here on messages are collected. Each listener serves once: mosquitto_sub does not
    /// acknowledge all that it prints.
    fn listens(&self, listener: &str, filter: &str) {
        self.run(
            &self.subscribe,
            &["-i", listener, "-c", "-q", "2", "-t", filter, "-E"],
            b"",
        );
    }

    /// What was collected: QoS, topic, payload in hexadecimal digits.
    fn heard(&self, listener: &str, filter: &str, count: usize) -> String {
        let args = [
            "-i",
            listener,
            "-c",
            "-q",
            "2",
            "-t",
            filter,
            "-C",
            &count.to_string(),
            "-W",
            "20",
            "-F",
            "%q %t %x",
        ];
        String::from_utf8(self.run(&self.subscribe, &args, b"")).unwrap()
    }
}

#[test]
fn the_seeds_publisher_is_heard_by_mosquitto_sub() {
    let Some(other) = Other::for_test("the_seeds_publisher_is_heard_by_mosquitto_sub") else {
        return;
    };
    let _run = Motemq::start(
        &other
            .at
            .with(&["--pub", "-t", "SEGGER/Demo", "-m", "Hello World"]),
    );
    let heard = other.run(
        &other.subscribe,
        &["-t", "SEGGER/Demo", "-C", "2", "-W", "20"],
        b"",
    );
    assert_eq!(heard, b"Hello World\nHello World\n");
}

#[test]
fn the_seeds_subscriber_hears_mosquitto_pub() {
    let Some(other) = Other::for_test("the_seeds_subscriber_hears_mosquitto_pub") else {
        return;
    };
    let sub = Motemq::subscriber(&other.at.with(&["-t", "SEGGER/Demo"]));
    for count in 1..=2 {
        other.publishes(&["-t", "SEGGER/Demo", "-m", "Hello World"], b"");
        sub.until_lines(count);
    }
}

#[test]
fn each_qos_is_heard_by_mosquitto_sub() {
    let Some(other) = Other::for_test("each_qos_is_heard_by_mosquitto_sub") else {
        return;
    };
    other.listens("l", "a");
    for qos in ["0", "1", "2"] {
        motemq_reading(
            &other.at.with(&["--pub", "-t", "a", "-s", "-q", qos]),
            b"\0\xff",
        )
        .well();
    }
    assert_eq!(other.heard("l", "a", 3), "0 a 00ff\n1 a 00ff\n2 a 00ff\n");
}

#[test]
fn each_qos_of_mosquitto_pub_is_printed() {
    let Some(other) = Other::for_test("each_qos_of_mosquitto_pub_is_printed") else {
        return;
    };
    let content: Vec<u8> = (0..=255).collect();
    for qos in ["0", "1", "2"] {
        let sub = Motemq::subscriber(&other.at.with(&["-t", "a", "-q", qos, "-C", "1", "-N"]));
        other.publishes(&["-t", "a", "-s", "-q", qos], &content);
        assert_eq!(sub.end().well(), content);
    }
}

#[test]
fn lines_are_what_mosquitto_pub_makes_of_them() {
    let Some(other) = Other::for_test("lines_are_what_mosquitto_pub_makes_of_them") else {
        return;
    };
    let input = b"one\n  two \r\n\xff\nlast";
    other.listens("theirs", "a");
    other.publishes(&["-t", "a", "-l", "-q", "1"], input);
    let theirs = other.heard("theirs", "a", 4);
    other.listens("ours", "a");
    motemq_reading(
        &other.at.with(&["--pub", "-t", "a", "-l", "-q", "1"]),
        input,
    )
    .well();
    let ours = other.heard("ours", "a", 4);
    // On Windows a line ends with two characters.
    assert_eq!(
        if cfg!(windows) {
            ours.replace("200d\n", "20\n")
        } else {
            ours
        },
        theirs
    );
}

#[test]
fn retained_messages_go_both_ways() {
    let Some(other) = Other::for_test("retained_messages_go_both_ways") else {
        return;
    };
    other.publishes(&["-t", "theirs", "-m", "x", "-r", "-q", "1"], b"");
    motemq(&other.at.with(&[
        "--pub", "-t", "ours", "-m", "x", "-r", "-q", "1", "--repeat", "1",
    ]))
    .well();
    assert_eq!(
        motemq(
            &other
                .at
                .with(&["--sub", "-t", "theirs", "-C", "1", "--retained-only", "-v"])
        )
        .text(),
        "theirs x\n"
    );
    assert_eq!(
        other.run(
            &other.subscribe,
            &["-t", "ours", "-C", "1", "-W", "20", "-F", "%r %t %p"],
            b""
        ),
        b"1 ours x\n"
    );
}

#[test]
fn logins_are_refused_with_their_own_code() {
    let test = "logins_are_refused_with_their_own_code";
    let Some(broker) = mosquitto::for_test(test, &["allow_anonymous false"]) else {
        return;
    };
    motemq(&At::of(broker.addr()).with(&["--pub", "-t", "a", "-n"])).badly(5, "not authorised");
    motemq(&At::of(broker.addr()).with(&["--sub", "-t", "a", "-u", "me", "-P", "x"]))
        .badly(5, "not authorised");
}

/// Formats are printed as mosquitto_sub prints them.
#[test]
fn formats_are_those_of_mosquitto_sub() {
    let Some(other) = Other::for_test("formats_are_those_of_mosquitto_sub") else {
        return;
    };
    let messages: [(&str, &[u8]); 4] = [
        ("f/text", b"h\xc3\xa9llo \"q\" \\"),
        ("f/json", b"{\"a\":[1,true,null,\"x\"]}"),
        ("f/bytes", b"a\xff"),
        ("f/number", b"5"),
    ];
    for (topic, payload) in messages {
        other.publishes(&["-t", topic, "-r", "-q", "1", "-s"], payload);
    }
    for format in [
        "%t|%p|%l|%q|%r|%x|%X|%%",
        "%20t|%-20t|%.2t|%10.2t|%-10.2t|",
        "%010l|%-5l|%5l|%05m|%m|%5q|",
        "%A|%C|%D|%E|%F|%P|%R|%S|%5A|%05E|%-5C|",
        "a\\tb\\\\\\0\\a\\e\\r\\v\\n@@",
        "@Y-@m-@d @z @Z @j @a @B @!",
        "",
    ] {
        for (topic, _) in messages {
            same(&other, topic, &["-F", format]);
        }
    }
    for (topic, format) in [
        ("f/text", "%j"),
        ("f/json", "%j"),
        ("f/json", "%J"),
        ("f/number", "%J"),
    ] {
        let (ours, theirs) = both(&other, topic, &["-F", format]);
        assert_eq!(without_time(&ours), without_time(&theirs));
    }
    same(&other, "f/bytes", &["-F", "%J"]);
    same(&other, "f/text", &["-v"]);
    same(&other, "f/text", &["-v", "-F", "%p", "-N"]);
    other.publishes(&["-t", "f/empty", "-n"], b"");
    for format in ["%", "@", "\\", "\\q", "%5", "%.5", "%-", "%Z", "%0-5l"] {
        motemq(&["sub", "-t", "a", "-F", format]).badly(2, "format");
    }
}

/// What both print of one message.
fn both(other: &Other, topic: &str, options: &[&str]) -> (Vec<u8>, Vec<u8>) {
    let args = [&["-t", topic, "-C", "1", "-q", "1"], options].concat();
    let theirs = other.run(&other.subscribe, &args, b"");
    let ours = motemq(&other.at.with(&[&["sub"], &args[..]].concat())).well();
    (ours, theirs)
}

#[track_caller]
fn same(other: &Other, topic: &str, options: &[&str]) {
    let (ours, theirs) = both(other, topic, options);
    assert_eq!(
        String::from_utf8_lossy(&ours),
        String::from_utf8_lossy(&theirs),
        "{topic} {options:?}"
    );
}

fn without_time(object: &[u8]) -> String {
    let text = String::from_utf8_lossy(object).into_owned();
    let (begin, rest) = text.split_once("\"tst\":\"").unwrap();
    let (time, rest) = rest.split_once('"').unwrap();
    // mosquitto_sub 2.0.11 has a Z before the zone, against its manual.
    let time = time.replace('Z', "");
    assert_eq!(
        time.len(),
        "2026-11-30T09:29:04.467521+0000".len(),
        "{text}"
    );
    format!("{begin}{rest}")
}

/// Each subscriber prints the same properties for the messages of both publishers. The arguments of
/// both command lines are the same.
#[test]
fn properties_are_those_of_mosquittos_tools() {
    let Some(other) = Other::for_test("properties_are_those_of_mosquittos_tools") else {
        return;
    };
    let mut publish = vec![
        "-V",
        "mqttv5",
        "-t",
        "long/topic",
        "-m",
        "{\"a\":1}",
        "-r",
        "-q",
        "1",
    ];
    for words in [
        &["content-type", "text/plain"][..],
        &["correlation-data", "x\"y -D"],
        &["payload-format-indicator", "1"],
        &["response-topic", "re/s"],
        &["user-property", "a", "b"],
        &["user-property", "a", "-c d"],
    ] {
        publish.extend(["-D", "publish"]);
        publish.extend(words);
    }
    let format = "%A|%C|%D|%E|%F|%P|%R|%S|%20C|%-5F|%05F|%.2C|%20P|%20D|%-9S|%05E|%J";
    let mut subscribe = vec!["-V", "mqttv5", "-t", "long/+", "-C", "1", "-F", format];
    subscribe.extend(["-D", "subscribe", "subscription-identifier", "7"]);
    let receive = || {
        let theirs = other.run(&other.subscribe, &subscribe, b"");
        let ours = motemq(&other.at.with(&[&["sub"], &subscribe[..]].concat())).well();
        [theirs, ours].map(|text| {
            let text = String::from_utf8(text).unwrap();
            // The time is another one.
            let (begin, rest) = text.split_once("{\"tst\":\"").unwrap();
            format!("{begin}{}", rest.split_once('"').unwrap().1)
        })
    };
    other.publishes(&publish, b"");
    let [wanted, ours] = receive();
    assert!(
        wanted.starts_with("|text/plain|x\"y -D||1|a:b a:-c d|re/s|7|"),
        "{wanted}"
    );
    assert_eq!(ours, wanted);
    motemq(&other.at.with(&[&["pub"], &publish[..]].concat())).well();
    assert_eq!(receive(), [wanted.clone(), wanted]);
}
