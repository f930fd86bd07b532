//! Ctrl-C, connections that break and come again, readers that have had enough.
#[cfg(unix)]
use crate::{
    broker::{At, saying, with_each},
    process::motemq,
};
use crate::{
    broker::{Ear, serve},
    files::File,
    process::Motemq,
};
use motemq_testing::broker::Config;

const FOREVER: [&str; 7] = ["--pub", "-t", "a", "-m", "x", "-d", "0.1"];

/// Leaves in good order: the will is not published.
#[cfg(unix)]
#[test]
fn ctrl_c_disconnects_gracefully() {
    with_each("ctrl_c_disconnects_gracefully", |addr| {
        let at = At::of(addr);
        let mut wills = Ear::at(addr, "gone");
        let mut ear = Ear::at(addr, "a");
        for qos in ["0", "1", "2"] {
            let run = Motemq::start(&at.with(&[
                "--pub",
                "-t",
                "a",
                "-m",
                qos,
                "-d",
                "0.1",
                "-q",
                qos,
                "--will-topic",
                "gone",
            ]));
            // The one before may have sent more than one.
            while ear.hear().payload != qos.as_bytes() {}
            run.interrupt();
            run.end().well();
        }
        let sub = Motemq::subscriber(&at.with(&["-t", "b", "--will-topic", "gone"]));
        sub.interrupt();
        assert_eq!(sub.end().well(), b"");
        motemq(&at.with(&["--pub", "-t", "gone", "-m", "end", "--repeat", "1"])).well();
        assert_eq!(wills.hear().payload, b"end");
    });
}

#[cfg(unix)]
#[test]
fn ctrl_c_before_all_is_done_has_its_own_code() {
    let (_server, at) = serve(Config::new());
    let sub = Motemq::subscriber(&at.with(&["-t", "a", "-C", "1"]));
    sub.interrupt();
    sub.end().badly(130, "interrupted");

    let mut lines = Motemq::with_input(&at.with(&["--pub", "--debug", "-t", "a", "-l"]));
    lines.type_in(b"x\n");
    lines.until_said("-> PUBLISH");
    lines.interrupt();
    lines.end().badly(130, "interrupted");
}

/// The terminal is closed: that ends a subscriber in good order, unless it was started by `nohup`.
#[cfg(target_os = "linux")]
#[test]
fn a_closed_terminal_ends_what_does_not_ignore_it() {
    use std::process::{Command, Stdio};
    let (server, at) = serve(Config::new());
    let mut wills = Ear::at(server.addr(), "gone");
    let hang_up = |id: u32| {
        let id = id.to_string();
        assert!(
            Command::new("kill")
                .args(["-HUP", &id])
                .status()
                .unwrap()
                .success()
        );
    };
    if !hanging_up_is_ignored() {
        let sub = Motemq::subscriber(&at.with(&["-t", "a", "--will-topic", "gone"]));
        hang_up(sub.id());
        sub.end().well();
    }

    let mut deaf = Command::new("sh");
    deaf.args([
        "-c",
        "trap '' HUP; exec \"$0\" \"$@\"",
        env!("CARGO_BIN_EXE_motemq"),
    ]);
    deaf.args(at.with(&["sub", "-t", "b", "-C", "1", "--will-topic", "gone"]));
    let child = deaf
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(std::time::Duration::from_millis(500));
    hang_up(child.id());
    motemq(&at.with(&["pub", "-t", "b", "-m", "x", "-r", "-q", "1"])).well();
    assert_eq!(child.wait_with_output().unwrap().stdout, b"x\n");
    motemq(&at.with(&["pub", "-t", "gone", "-m", "end"])).well();
    assert_eq!(wills.hear().payload, b"end");
}

/// Returns whether these tests were started with SIGHUP ignored, as by `nohup`; what they start
/// ignores it, too.
#[cfg(unix)]
fn hanging_up_is_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_some_and(|mask| mask & 1 == 1)
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_what_waits_for_a_silent_broker() {
    let silent = saying(b"");
    let run = Motemq::start(&silent.with(&[&FOREVER[..], &["--debug"]].concat()));
    run.until_said("-> CONNECT");
    run.interrupt();
    // Nothing was ever published.
    run.end().badly(130, "interrupted");

    let half = saying(b"\x20\x02\0\0");
    let run = Motemq::start(&half.with(&[&FOREVER[..], &["--debug", "-q", "1"]].concat()));
    run.until_said("-> PUBLISH");
    run.interrupt();
    run.end()
        .badly(8, "interrupted, without an acknowledgement");
}

/// A broker that takes no bytes: the upload does not end by itself.
#[cfg(unix)]
#[test]
fn ctrl_c_ends_an_upload() {
    let file = File::long(60 << 20);
    let path = file.path();
    for qos in ["0", "1"] {
        let mute = crate::broker::taking_only_connect();
        let run = Motemq::start(&mute.with(&["pub", "-d", "-t", "a", "-f", path, "-q", qos]));
        run.until_said("<- CONNACK");
        std::thread::sleep(std::time::Duration::from_millis(300));
        run.interrupt();
        run.end().badly(130, "interrupted");
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_what_waits_for_a_broker_that_is_away() {
    let (server, at) = serve(Config::new());
    let sub = Motemq::subscriber(&at.with(&["-t", "a"]));
    let publisher = Motemq::start(&at.with(&FOREVER));
    Ear::at(server.addr(), "a").hear();
    server.stop();
    for run in [sub, publisher] {
        run.until_said("trying again");
        run.interrupt();
        run.end().well();
    }
}

#[test]
fn a_subscriber_connects_again() {
    let (server, at) = serve(Config::new());
    let sub = Motemq::subscriber(&at.with(&["-t", "a", "-C", "1"]));
    assert_eq!(server.cut_all(), 1);
    sub.until_said("lost: the broker closed the connection");
    sub.until_said("connecting again");
    sub.until_said("connected to 127.0.0.1");
    // Nothing tells from outside when it is subscribed again.
    let _publisher = Motemq::start(&at.with(&FOREVER));
    assert_eq!(sub.end().text(), "x\n");
}

#[test]
fn a_subscriber_outlives_a_broker_that_is_away() {
    let (server, at) = serve(Config::new());
    let port = server.addr().port();
    let sub = Motemq::subscriber(&at.with(&["-t", "a", "-C", "1"]));
    let broker = server.stop();
    sub.until_said("trying again");
    let _server = motemq_testing::server::Server::start_at(port, broker).unwrap();
    sub.until_said("connected to 127.0.0.1");
    let _publisher = Motemq::start(&at.with(&FOREVER));
    assert_eq!(sub.end().text(), "x\n");
}

#[test]
fn a_repeating_publisher_connects_again() {
    for qos in ["0", "1", "2"] {
        let (server, at) = serve(Config::new());
        let run = Motemq::start(&at.with(&[&FOREVER[..], &["-q", qos]].concat()));
        Ear::at(server.addr(), "a").hear();
        server.cut_all();
        run.until_said("connecting again");
        run.until_said("connected to 127.0.0.1");
        Ear::at(server.addr(), "a").hear();
    }
}

/// Lines survive a restart of the broker; no line that came before or after it is lost.
#[test]
fn lines_wait_for_the_broker() {
    for qos in ["0", "1", "2"] {
        let (server, at) = serve(Config::new());
        let port = server.addr().port();
        let mut ear = Ear::at(server.addr(), "#");
        let mut run = Motemq::with_input(&at.with(&["pub", "-d", "-t", "a", "-l", "-q", qos]));
        run.type_in(b"one\n");
        assert_eq!(ear.hear().payload, b"one");
        run.until_said(match qos {
            "0" => "-> PUBLISH",
            "1" => "<- PUBACK",
            _ => "<- PUBCOMP",
        });
        drop(ear);
        // Its session collects lines, also those that come before it is back.
        let sub = at.with(&["sub", "-i", "ear", "-c", "-t", "#", "-q", "2"]);
        motemq(&[&sub[..], &["-E"]].concat()).well();
        let broker = server.stop();
        run.until_said("connecting again");
        run.type_in(b"two\nthree\n");
        let server = motemq_testing::server::Server::start_at(port, broker).unwrap();
        let mut ear = Ear::at(server.addr(), "#");
        run.until_said("connected to 127.0.0.1");
        run.type_in(b"four\n");
        run.close_stdin();
        let end = run.end();
        while ear.hear().payload != b"four" {}
        if qos != "0" {
            let lines = motemq(&[&sub[..], &["-C", "3"]].concat()).well();
            assert_eq!(String::from_utf8_lossy(&lines), "two\nthree\nfour\n");
        }
        end.well();
    }
}

/// A broker that forgets may have passed on a line that it did not acknowledge: with QoS 2 it is not
/// sent again, and the end says so.
#[test]
fn a_line_is_not_sent_twice_when_the_broker_forgets() {
    use std::io::{Read, Write};
    let (sender, receiver) = std::sync::mpsc::channel();
    let first = std::sync::atomic::AtomicBool::new(true);
    let broker = crate::broker::scripted(move |stream| {
        let _ = stream.write_all(b"\x20\x02\0\0");
        let mut publish = [0; 64];
        let length = stream.read(&mut publish).unwrap_or(0);
        let _ = sender.send(publish[7..length.max(7)].to_vec());
        if first.swap(false, std::sync::atomic::Ordering::Relaxed) {
            return;
        }
        let (high, low) = (publish[5], publish[6]);
        let _ = stream.write_all(&[0x50, 2, high, low]);
        let _ = stream.read(&mut [0; 4]);
        let _ = stream.write_all(&[0x70, 2, high, low]);
        let _ = stream.read(&mut [0; 4]);
    });
    let mut run = Motemq::with_input(&broker.with(&["pub", "-t", "a", "-l", "-q", "2"]));
    run.type_in(b"one\n");
    run.until_said("connected to 127.0.0.1");
    run.type_in(b"two\n");
    run.close_stdin();
    run.end().badly(8, "lines without an acknowledgement: 1;");
    assert_eq!(
        receiver.iter().take(2).collect::<Vec<_>>(),
        [b"one", b"two"]
    );
}

/// With sessions that the broker keeps, each line arrives exactly once.
#[test]
fn kept_sessions_lose_and_repeat_no_line() {
    let (server, at) = serve(Config::new());
    let sub = ["-t", "a", "-c", "-i", "ear", "-q", "2", "-C", "300"];
    let sub = Motemq::subscriber(&at.with(&sub));
    let run = ["pub", "-t", "a", "-c", "-i", "mouth", "-q", "2", "-l"];
    let mut run = Motemq::with_input(&at.with(&run));
    let mut all = String::new();
    for ten in 0..30 {
        let lines: String = (0..10).map(|line| format!("{ten}{line}\n")).collect();
        run.type_in(lines.as_bytes());
        all += &lines;
        if ten % 10 == 5 {
            server.restart(true);
        }
    }
    run.close_stdin();
    run.end().well();
    assert_eq!(sub.end().text(), all);
}

#[test]
fn a_reader_that_has_had_enough_ends_it_quietly() {
    let (_server, at) = serve(Config::new());
    let sub = Motemq::unread(&at.with(&["--sub", "--debug", "-t", "a"]));
    sub.until_said("<- SUBACK");
    let _publisher = Motemq::start(&at.with(&FOREVER));
    sub.until_said("-> DISCONNECT");
    sub.end().well();
}

/// One message is published without a thread for Ctrl-C at first.
#[cfg(unix)]
#[test]
fn ctrl_c_ends_one_message_early_and_late() {
    let once = ["pub", "-t", "a", "-m", "x", "-q", "1", "-d"];
    for wait in [0, 200] {
        let wait = std::time::Duration::from_millis(wait);
        let silent = saying(b"");
        let run = Motemq::start(&silent.with(&once));
        run.until_said("-> CONNECT");
        std::thread::sleep(wait);
        run.interrupt();
        run.end().badly(130, "interrupted");

        let half = saying(b"\x20\x02\0\0");
        let run = Motemq::start(&half.with(&once));
        run.until_said("-> PUBLISH");
        std::thread::sleep(wait);
        run.interrupt();
        let end = run.end();
        assert!(end.stderr.contains("-> DISCONNECT"), "{end:?}");
        end.badly(8, "interrupted, without an acknowledgement");
    }
    let half = saying(b"\x20\x02\0\0");
    motemq(&half.with(&[&once[..], &["-W", "0.3"]].concat())).badly(8, "gave up after 300ms");
    let silent = saying(b"");
    motemq(&silent.with(&[&once[..], &["-W", "0.3"]].concat())).badly(6, "gave up after 300ms");
}
