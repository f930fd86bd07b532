//! A terminal as a terminal, by `script` of util-linux.
use crate::{
    broker::serve,
    process::{motemq, motemq_reading},
};
use motemq_testing::{broker::Config, mosquitto};
use std::{
    io::Write,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

/// Runs the command on a terminal of its own, types in this text, and returns what the terminal
/// shows; `None` if there is no program for that.
pub fn on_terminal(
    test: &str,
    environment: &[(&str, &str)],
    args: &[&str],
    typed: &[u8],
) -> Option<String> {
    let line = format!("{} {}", env!("CARGO_BIN_EXE_motemq"), args.join(" "));
    let child = Command::new("script")
        .args(["-qec", &line, "/dev/null"])
        // With CI, the help has colours on any terminal.
        .env_remove("CI")
        .env_remove("CLICOLOR")
        .env_remove("CLICOLOR_FORCE")
        .env_remove("NO_COLOR")
        .env("TERM", "xterm")
        .envs(environment.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        mosquitto::skip(test, "script is not installed");
        return None;
    };
    thread::sleep(Duration::from_millis(500));
    // It may have ended already.
    let _ = child.stdin.as_mut().unwrap().write_all(typed);
    let output = child.wait_with_output().unwrap();
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{shown}");
    Some(shown)
}

/// Control characters could do more than to be shown.
#[test]
fn a_terminal_gets_no_control_characters() {
    let test = "a_terminal_gets_no_control_characters";
    let (_server, at) = serve(Config::new());
    let payload = b"\x1b]52;c;eA==\x07\xff\xc2\x9b";
    motemq_reading(
        &at.with(&["pub", "-t", "a", "-s", "-r", "-q", "1"]),
        payload,
    )
    .well();
    let sub = at.with(&["sub", "-t", "a", "-C", "1", "-v"]);
    let Some(shown) = on_terminal(test, &[], &sub, b"") else {
        return;
    };
    let text = "\\x1b]52;c;eA==\\x07\\xff\\u{9b}";
    assert!(
        shown.contains(&format!("\x1b[36ma\x1b[39m {text}")),
        "{shown:?}"
    );
    let shown = on_terminal(test, &[("NO_COLOR", "1")], &sub, b"").unwrap();
    assert!(
        shown.contains(&format!("a {text}")) && !shown.contains('\x1b'),
        "{shown:?}"
    );
    let formatted = at.with(&["sub", "-t", "a", "-C", "1", "-F", "%p"]);
    let shown = on_terminal(test, &[], &formatted, b"").unwrap();
    assert!(shown.contains(text), "{shown:?}");
    // A pipe gets all of it.
    assert_eq!(motemq(&sub).well(), [&b"a "[..], payload, b"\n"].concat());
}

/// The help and errors have colours on a terminal, which the same means switch off as those of
/// topics.
#[test]
fn no_color_and_pipes_switch_colours_off() {
    let test = "no_color_and_pipes_switch_colours_off";
    let help = ["help", "pub"];
    let Some(shown) = on_terminal(test, &[], &help, b"") else {
        return;
    };
    assert!(shown.contains("\x1b[1m"), "{shown:?}");
    for (name, value) in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let shown = on_terminal(test, &[(name, value)], &help, b"").unwrap();
        assert!(
            shown.contains("--topic") && !shown.contains('\x1b'),
            "{name}: {shown:?}"
        );
    }
    let text = motemq(&help).text();
    assert!(
        text.contains("--topic") && !text.contains('\x1b'),
        "{text:?}"
    );
    let (_server, at) = serve(Config::new());
    motemq(&at.with(&["pub", "-t", "a", "-m", "x", "-r", "-q", "1"])).well();
    let sub = at.with(&["sub", "-t", "a", "-C", "1", "-v"]);
    let shown = on_terminal(test, &[("TERM", "dumb")], &sub, b"").unwrap();
    assert_eq!(shown, "a x\r\n");
    // JSON has its own escapes, and no colours anywhere.
    let json = at.with(&["sub", "-t", "a", "-C", "1", "--json"]);
    let shown = on_terminal(test, &[], &json, b"").unwrap();
    assert!(
        shown.contains("\"payload\":\"x\"") && !shown.contains('\x1b'),
        "{shown:?}"
    );
}

/// A terminal that shows nothing would be left behind otherwise.
#[test]
fn a_signal_while_a_password_is_asked_for_puts_the_terminal_back() {
    let test = "a_signal_while_a_password_is_asked_for_puts_the_terminal_back";
    let motemq = env!("CARGO_BIN_EXE_motemq");
    for signal in ["TERM", "INT"] {
        let ask = "pub -t a -m x -u me -P -";
        let line = format!("timeout --foreground -s {signal} 1 {motemq} {ask}; stty -a");
        let child = Command::new("script")
            .args(["-qec", &line, "/dev/null"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let Ok(mut child) = child else {
            mosquitto::skip(test, "script is not installed");
            return;
        };
        // Its end would be the end of the password.
        let input = child.stdin.take();
        let output = child.wait_with_output().unwrap();
        drop(input);
        let shown = String::from_utf8_lossy(&output.stdout);
        assert!(shown.contains("Password: "), "{shown}");
        let is_set = |mode| shown.split_whitespace().any(|word| word == mode);
        assert!(is_set("echo") && is_set("icanon"), "{signal}: {shown}");
    }
}
