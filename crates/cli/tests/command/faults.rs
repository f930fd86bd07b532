//! Ends that were once wrong: input without end, brokers without an answer, words that mislead.
use crate::{
    broker::{saying, scripted, serve},
    files::{Directory, File},
    process::{Motemq, motemq},
};
use motemq_testing::broker::Config;
use std::io::{Read, Write};
use std::time::{Duration, Instant};

/// CONNACK, accepted.
const ACCEPTED: &[u8] = b"\x20\x02\0\0";

#[test]
fn a_subscription_without_an_answer_is_a_time_out() {
    // The broker hangs up each time instead.
    let rude = scripted(|stream| {
        let _ = stream.write_all(ACCEPTED);
        let _ = stream.read(&mut [0; 1024]);
    });
    motemq(&rude.with(&["sub", "-t", "a"])).badly(6, "instead of answering a subscription");
}

/// What is printed already cannot be taken back, so the message is not printed once more.
#[test]
fn a_large_message_that_is_cut_ends_a_subscriber() {
    let broken = scripted(|stream| {
        let _ = stream.write_all(ACCEPTED);
        let mut subscribe = [0; 64];
        let _ = stream.read(&mut subscribe);
        let _ = stream.write_all(&[0x90, 3, subscribe[2], subscribe[3], 0]);
        // PUBLISH to a, of which 3,000,000 bytes are announced, and 2,000,000 come.
        let _ = stream.write_all(&[0x30, 0xc3, 0x8d, 0xb7, 0x01, 0, 1, b'a']);
        let _ = stream.write_all(&vec![b'x'; 2_000_000]);
    });
    motemq(&broken.with(&["sub", "-t", "a"])).badly(7, "in the middle of a large message");
}

#[test]
fn a_doctor_for_a_mute_port_gives_up() {
    for scheme in ["mqtt", "ws"]
        .into_iter()
        .chain(cfg!(feature = "_tls").then_some("mqtts"))
    {
        let mute = saying(b"");
        let url = mute.url(scheme);
        let begun = Instant::now();
        motemq(&["doctor", "-W", "1", "-L", &url]).badly(6, "gave up after 1s");
        assert!(begun.elapsed() < Duration::from_secs(5), "{scheme}");
    }
}

#[test]
fn a_mute_layer_is_a_time_out() {
    let mute = saying(b"");
    motemq(&["sub", "-t", "a", "-L", &mute.url("ws")]).badly(6, "cannot open a WebSocket");
}

#[test]
fn a_doctor_takes_one_topic_without_wildcards() {
    motemq(&["doctor", "-t", "a/#"]).badly(2, "wildcard");
    motemq(&["doctor", "-t", "a", "-t", "b"]).badly(2, "2 are given");
}

#[test]
fn hosts_are_no_urls() {
    motemq(&["sub", "-t", "a", "-h", "mqtt://h"]).badly(2, "say -L mqtt://h");
    motemq(&["sub", "-t", "a", "-h", "h:1884"]).badly(2, "say -h h -p 1884");
    motemq(&["doctor", "-h", "h:1884"]).badly(2, "say -h h -p 1884");
    motemq(&["sub", "-L", "mqtt://h/%zz"]).badly(2, "%zz");
    motemq(&["doctor", "-L", "mqtt://h/%zz"]).badly(2, "%zz");
}

#[cfg(feature = "_tls")]
#[test]
fn options_of_tls_are_checked_before_anything_is_sent() {
    for option in ["--cafile", "--capath", "--cert", "--p12"] {
        let wrong = ["sub", "-t", "a", option, "/no/such/file"];
        motemq(&wrong).badly(1, "cannot read /no/such/file");
    }
    motemq(&["sub", "-t", "a", "--alpn", ""]).badly(2, "1 to 255 bytes");
    motemq(&["sub", "-t", "a", "--sni", ""]).badly(2, "1 to 253");
    motemq(&["doctor", "--sni", "a b"]).badly(2, "1 to 253");
}

#[cfg(unix)]
mod unix {
    use super::*;
    use crate::process::command;
    use std::{fs, os::unix::net::UnixStream, process::Command, process::Stdio};

    /// Makes a FIFO, and returns its path.
    fn fifo(directory: &Directory) -> String {
        let path = directory.path("fifo");
        let made = Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success());
        path
    }

    #[test]
    fn a_pipe_is_read_before_there_is_a_connection() {
        let (_server, at) = serve(Config::new());
        let directory = Directory::new();
        let path = &fifo(&directory);
        let publish = at.with(&["pub", "-t", "a", "-f", path, "-d"]);
        motemq(&[&publish[..], &["-W", "0.3"]].concat()).badly(6, "gave up");
        let run = Motemq::start(&publish);
        std::thread::sleep(Duration::from_millis(200));
        run.interrupt();
        run.end().badly(130, "interrupted");
        let run = Motemq::start(&publish);
        std::thread::sleep(Duration::from_millis(200));
        fs::write(path, b"late").unwrap();
        let end = run.end();
        assert!(end.stderr.contains("PUBLISH"), "{end:?}");
        end.well();
    }

    /// `-W` counts from the start: also while a file is read that is a pipe.
    #[test]
    fn the_time_limit_counts_before_there_is_a_connection() {
        let (_server, at) = serve(Config::new());
        let directory = Directory::new();
        let path = &fifo(&directory);
        let mut options = vec![["--pw-file", path]];
        if cfg!(feature = "_tls") {
            options.extend([["--cafile", path], ["--cert", path], ["--p12", path]]);
        }
        for command in [
            &["pub", "-m", "x"][..],
            &["pub", "-l"],
            &["sub"],
            &["doctor"],
        ] {
            for option in &options {
                let args = [command, option, &["-t", "a", "-u", "me", "-W", "0.2"]].concat();
                let begun = Instant::now();
                motemq(&at.with(&args)).badly(6, "gave up after 200ms");
                assert!(begun.elapsed() < Duration::from_secs(5), "{args:?}");
            }
        }
    }

    /// Each layer that may be silent.
    #[test]
    fn the_time_limit_bounds_each_layer() {
        let mute = saying(b"");
        let [http, socks] = ["http", "socks5"].map(|scheme| mute.url(scheme));
        let urls = ["mqtt", "mqtts", "ws", "wss"].map(|scheme| mute.url(scheme));
        let is_there = |url: &&String| cfg!(feature = "_tls") || !url.contains("s:");
        let ways = urls.iter().filter(is_there).map(|url| vec!["-L", url]);
        let proxied = [&http, &socks].map(|proxy| vec!["-h", "h.example", "--proxy", proxy]);
        for way in ways.chain(proxied) {
            for command in [
                &["pub", "-m", "x"][..],
                &["pub", "-l"],
                &["sub"],
                &["doctor"],
            ] {
                let args = [command, &way, &["-t", "a", "-W", "0.2"]].concat();
                let begun = Instant::now();
                motemq(&args).badly(6, "gave up after 200ms");
                assert!(begun.elapsed() < Duration::from_secs(5), "{args:?}");
            }
        }
    }

    #[test]
    fn a_pipe_that_nobody_reads_does_not_hold_it() {
        let (_server, at) = serve(Config::new());
        let mut child = command(&at.with(&["sub", "-t", "a", "-W", "2"]))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let feeder =
            Motemq::start(&at.with(&["pub", "-t", "a", "-f", "/proc/self/exe", "--delay", "0.05"]));
        let begun = Instant::now();
        assert_eq!(child.wait().unwrap().code(), Some(6));
        assert!(begun.elapsed() < Duration::from_secs(15));
        drop(feeder);
    }

    /// The time limit holds, too, when there is no room for its words.
    #[test]
    fn notices_that_nobody_reads_do_not_hold_it() {
        let (_server, at) = serve(Config::new());
        let mut child = command(&at.with(&["sub", "-t", "a", "-d", "-W", "2"]))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let feeder = Motemq::start(&at.with(&["pub", "-t", "a", "-n", "--delay", "0.0005"]));
        let begun = Instant::now();
        let mut ended = None;
        while ended.is_none() && begun.elapsed() < Duration::from_secs(15) {
            std::thread::sleep(Duration::from_millis(50));
            ended = child.try_wait().unwrap();
        }
        let _ = child.kill();
        let _ = child.wait();
        drop(feeder);
        assert_eq!(ended.and_then(|status| status.code()), Some(6));
        let mut said = String::new();
        child.stderr.unwrap().read_to_string(&mut said).unwrap();
        assert!(said.len() > 60_000, "the pipe was not full: {}", said.len());
    }

    #[test]
    fn a_pipe_that_does_not_block_is_waited_for() {
        let (_server, at) = serve(Config::new());
        let (out, mut reader) = UnixStream::pair().unwrap();
        out.set_nonblocking(true).unwrap();
        let stdout = std::os::fd::OwnedFd::from(out);
        let mut child = command(&at.with(&["sub", "-t", "a", "-C", "3", "-N", "-d"]))
            .stdout(stdout)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = child.stderr.take().unwrap();
        let mut all = Vec::new();
        while !String::from_utf8_lossy(&all).contains("SUBACK") {
            let mut some = [0; 256];
            let n = said.read(&mut some).unwrap();
            assert!(n > 0);
            all.extend_from_slice(&some[..n]);
        }
        drop(said);
        let file = File::holding(vec![7; 900_000]);
        let path = file.path();
        motemq(&at.with(&["pub", "-t", "a", "-q", "1", "-f", path, "--repeat", "3"])).well();
        std::thread::sleep(Duration::from_millis(300));
        let mut received = Vec::new();
        reader.read_to_end(&mut received).unwrap();
        assert_eq!(received.len(), 2_700_000);
        assert!(child.wait().unwrap().success());
    }

    /// The memory of the process stays that of one message.
    #[cfg(target_os = "linux")]
    #[test]
    fn input_without_an_end_is_too_long() {
        for source in ["-s", "-l"] {
            let zero = fs::File::open("/dev/zero").unwrap();
            let output = limited(&["pub", "-t", "e", source])
                .stdin(zero)
                .output()
                .unwrap();
            check(&output, source);
        }
        let output = limited(&["pub", "-t", "e", "-f", "/dev/zero"])
            .output()
            .unwrap();
        check(&output, "-f");
        let file = File::long(300_000_000);
        motemq(&["pub", "-t", "e", "-f", file.path()]).badly(1, "too long");
    }

    #[cfg(target_os = "linux")]
    fn limited(args: &[&str]) -> Command {
        let (server, at) = serve(Config::new());
        // It lives as long as the test program.
        std::mem::forget(server);
        let mut shell = Command::new("sh");
        let script = "ulimit -v 1200000; exec \"$0\" \"$@\"";
        shell.args(["-c", script, env!("CARGO_BIN_EXE_motemq")]);
        shell.args(at.with(args)).stdin(Stdio::null());
        shell
    }

    #[cfg(target_os = "linux")]
    fn check(output: &std::process::Output, source: &str) {
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{source}: {said}");
        assert!(said.contains("too long"), "{source}: {said}");
    }
}
