//! What `--pub` sends.
use crate::{
    broker::{At, Ear, serve, with_each},
    files::File,
    process::{Motemq, motemq, motemq_reading},
};
use motemq_std::QoS;
use motemq_testing::broker::Config;
use std::{
    fs,
    time::{Duration, Instant},
};

fn all_bytes(times: usize) -> Vec<u8> {
    (0..=255).cycle().take(256 * times).collect()
}

#[test]
fn text_is_sent_every_second() {
    with_each("text_is_sent_every_second", |addr| {
        let mut ear = Ear::at(addr, "SEGGER/#");
        let _run =
            Motemq::start(&At::of(addr).with(&["--pub", "-t", "SEGGER/Demo", "-m", "Hello World"]));
        let first = ear.hear();
        assert_eq!(
            (first.topic.as_str(), first.payload.as_slice(), first.qos),
            ("SEGGER/Demo", &b"Hello World"[..], QoS::AtMostOnce)
        );
        let began = Instant::now();
        ear.hear();
        let gap = began.elapsed();
        assert!(gap > Duration::from_millis(800), "{gap:?}");
        ear.hear();
        let gap = began.elapsed();
        assert!(
            gap > Duration::from_millis(1800) && gap < Duration::from_secs(6),
            "{gap:?}"
        );
    });
}

#[test]
fn the_delay_can_be_chosen() {
    let (server, at) = serve(Config::new());
    let mut ear = Ear::at(server.addr(), "#");
    let _run = Motemq::start(&at.with(&["--pub", "-t", "a", "-m", "x", "-d", "0.3"]));
    ear.hear();
    let began = Instant::now();
    for _ in 0..3 {
        ear.hear();
    }
    let gap = began.elapsed();
    assert!(
        gap > Duration::from_millis(700) && gap < Duration::from_millis(2900),
        "{gap:?}"
    );
}

#[test]
fn each_qos_arrives_and_ends() {
    with_each("each_qos_arrives_and_ends", |addr| {
        let mut ear = Ear::at(addr, "#");
        for (number, qos) in [
            ("0", QoS::AtMostOnce),
            ("1", QoS::AtLeastOnce),
            ("2", QoS::ExactlyOnce),
        ] {
            motemq(&At::of(addr).with(&[
                "--pub", "-t", "a", "-m", number, "-q", number, "--repeat", "2",
            ]))
            .well();
            for _ in 0..2 {
                let message = ear.hear();
                assert_eq!(
                    (message.payload.as_slice(), message.qos),
                    (number.as_bytes(), qos)
                );
            }
        }
    });
}

#[test]
fn repeats_wait_for_the_delay() {
    let (_server, at) = serve(Config::new());
    let began = Instant::now();
    motemq(&at.with(&[
        "--pub",
        "-t",
        "a",
        "-m",
        "x",
        "--repeat",
        "3",
        "--repeat-delay",
        "0.2",
    ]))
    .well();
    assert!(began.elapsed() > Duration::from_millis(400));
}

#[test]
fn retained_messages_are_kept_and_deleted() {
    with_each("retained_messages_are_kept_and_deleted", |addr| {
        let at = At::of(addr);
        motemq(&at.with(&[
            "--pub",
            "-t",
            "state/lamp",
            "-m",
            "on",
            "-r",
            "-q",
            "1",
            "--repeat",
            "1",
        ]))
        .well();
        let message = Ear::at(addr, "state/#").hear();
        assert!(message.retain && message.payload == b"on");
        motemq(&at.with(&["--pub", "-t", "state/lamp", "-n", "-r", "-q", "1"])).well();
        let mut ear = Ear::at(addr, "state/#");
        motemq(&at.with(&["--pub", "-t", "state/end", "-n"])).well();
        ear.hears_only("state/end");
    });
}

#[test]
fn files_of_any_size_arrive_as_they_are() {
    with_each("files_of_any_size_arrive_as_they_are", |addr| {
        let mut ear = Ear::at(addr, "#");
        for (size, qos) in [(0, "0"), (1, "1"), (12_000, "2"), (12_000, "0")] {
            let content = all_bytes(size);
            let file = File::holding(&content);
            motemq(&At::of(addr).with(&["--pub", "-t", "image", "-f", file.path(), "-q", qos]))
                .well();
            assert!(ear.hear().payload == content, "{size}");
        }
    });
}

#[test]
fn a_file_is_read_anew_for_each_message() {
    let (server, at) = serve(Config::new());
    let mut ear = Ear::at(server.addr(), "#");
    let file = File::holding(b"one");
    let _run = Motemq::start(&at.with(&["--pub", "-t", "a", "-f", file.path(), "-d", "0.1"]));
    assert_eq!(ear.hear().payload, b"one");
    fs::write(file.path(), b"two").unwrap();
    // A file that was just being written may be seen empty.
    while ear.hear().payload != b"two" {}
}

#[test]
fn all_of_stdin_is_one_message() {
    with_each("all_of_stdin_is_one_message", |addr| {
        let mut ear = Ear::at(addr, "#");
        let content = all_bytes(300);
        motemq_reading(
            &At::of(addr).with(&["--pub", "-t", "a", "-s", "-q", "1"]),
            &content,
        )
        .well();
        assert!(ear.hear().payload == content);
        motemq_reading(&At::of(addr).with(&["--pub", "-t", "a", "-s"]), b"").well();
        assert_eq!(ear.hear().payload, b"");
    });
}

#[test]
fn each_line_of_stdin_is_a_message() {
    with_each("each_line_of_stdin_is_a_message", |addr| {
        let mut ear = Ear::at(addr, "#");
        for qos in ["0", "1", "2"] {
            motemq_reading(
                &At::of(addr).with(&["--pub", "-t", "a", "-l", "-q", qos]),
                b"one\n\n\xff three\nlast",
            )
            .well();
            for line in [&b"one"[..], b"", b"\xff three", b"last"] {
                assert_eq!(ear.hear().payload, line);
            }
        }
    });
}

#[test]
fn lines_leave_as_they_come() {
    let (server, at) = serve(Config::new());
    let mut ear = Ear::at(server.addr(), "#");
    let mut run = Motemq::with_input(&at.with(&["--pub", "-t", "a", "-l"]));
    for line in [&b"one"[..], b"two"] {
        run.type_in(&[line, b"\n"].concat());
        assert_eq!(ear.hear().payload, line);
    }
    run.close_stdin();
    run.end().well();
}

#[test]
fn hundreds_of_lines_arrive_in_order() {
    with_each("hundreds_of_lines_arrive_in_order", |addr| {
        let mut ear = Ear::at(addr, "#");
        // mosquitto holds a thousand for those who do not take them.
        let lines: Vec<_> = (0..800).map(|number| number.to_string()).collect();
        motemq_reading(
            &At::of(addr).with(&["--pub", "-t", "a", "-l", "-q", "2"]),
            lines.join("\n").as_bytes(),
        )
        .well();
        for line in lines {
            assert_eq!(ear.hear().payload, line.as_bytes());
        }
    });
}

#[test]
fn no_lines_are_no_messages() {
    let (server, at) = serve(Config::new());
    let mut ear = Ear::at(server.addr(), "#");
    motemq_reading(&at.with(&["--pub", "-t", "a", "-l"]), b"").well();
    motemq(&at.with(&["--pub", "-t", "end", "-n"])).well();
    ear.hears_only("end");
}

#[test]
fn the_will_is_published_when_the_process_dies() {
    with_each("the_will_is_published_when_the_process_dies", |addr| {
        let mut ear = Ear::at(addr, "#");
        let will = [
            "--will-topic",
            "gone",
            "--will-payload",
            "node",
            "--will-qos",
            "1",
            "--will-retain",
        ];
        let mut run = Motemq::start(
            &At::of(addr).with(&[&["--pub", "-t", "a", "-m", "x"], &will[..]].concat()),
        );
        ear.hear();
        run.kill();
        // It may have sent another before.
        let gone = std::iter::repeat_with(|| ear.hear())
            .find(|message| message.topic == "gone")
            .unwrap();
        assert_eq!(
            (gone.payload.as_slice(), gone.qos),
            (&b"node"[..], QoS::AtLeastOnce)
        );
        assert!(Ear::at(addr, "gone").hear().retain);
    });
}

#[test]
fn the_broker_may_be_given_as_a_url() {
    let (server, _) = serve(Config::new());
    let mut ear = Ear::at(server.addr(), "#");
    motemq(&[
        "--pub",
        "-L",
        &format!("{}/from/url", server.url()),
        "-n",
        "-V",
        "mqttv311",
    ])
    .well();
    assert_eq!(ear.hear().topic, "from/url");
}

#[test]
fn a_session_with_subscriptions_does_not_disturb() {
    let (server, at) = serve(Config::new());
    let mut ear = Ear::at(server.addr(), "a");
    let session = ["-i", "both", "-c"];
    motemq(&at.with(&[&["--sub", "-t", "#", "-q", "2", "-E"], &session[..]].concat())).well();
    let lines: Vec<_> = (0..1000).map(|number| number.to_string()).collect();
    let args = [&["--pub", "-t", "a", "-l", "-q", "2"], &session[..]].concat();
    motemq_reading(&at.with(&args), lines.join("\n").as_bytes()).well();
    for line in lines {
        assert_eq!(ear.hear().payload, line.as_bytes());
    }
}

#[test]
fn a_publisher_without_lines_stays_alive() {
    let (_server, at) = serve(Config::new());
    let mut run = Motemq::with_input(&at.with(&["--pub", "--debug", "-t", "a", "-l", "-k", "1"]));
    run.until_said("<- PINGRESP");
    run.close_stdin();
    run.end().well();
}
