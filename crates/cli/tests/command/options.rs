//! Options for daily work, and where they may stand: command line, environment, files.
#[cfg(target_os = "linux")]
use crate::terminal::on_terminal;
use crate::{
    broker::{Ear, serve},
    files::Directory,
    process::{End, Motemq, command, motemq, motemq_reading},
};
use motemq_std::ReturnCode;
use motemq_testing::broker::Config;
use std::{fs, path::Path, sync::Mutex};

/// Runs the command with these variables.
fn run(config: &Path, variables: &[(&str, &str)], args: &[&str]) -> End {
    let output = command(args)
        .env("XDG_CONFIG_HOME", config)
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    End {
        code: output.status.code(),
        stdout: output.stdout,
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn the_command_line_comes_before_the_environment_and_that_before_files() {
    let (server, _) = serve(Config::new());
    let mut ear = Ear::at(server.addr(), "#");
    let directory = Directory::new();
    let port = server.addr().port().to_string();
    directory.write(
        "motemq/pub",
        format!("# a comment\n-h 127.0.0.1\n--port {port}\n-m from file\n-t file\n-q 1\n-r\n\n"),
    );
    type Case<'c> = (&'c [(&'c str, &'c str)], &'c [&'c str], &'c str, &'c str);
    let cases: [Case<'_>; 4] = [
        (&[], &[], "file", "from file"),
        (
            &[("MOTEMQ_TOPIC", "variable")],
            &[],
            "variable",
            "from file",
        ),
        (&[], &["-t", "line", "-n"], "line", ""),
        (
            &[("MOTEMQ_MESSAGE", "variable"), ("MOTEMQ_RETAIN", "0")],
            &[],
            "file",
            "variable",
        ),
    ];
    for (variables, args, topic, payload) in cases {
        run(directory.root(), variables, &[&["pub"], args].concat()).well();
        let heard = ear.hear();
        assert_eq!(
            (&*heard.topic, &heard.payload[..]),
            (topic, payload.as_bytes())
        );
    }
    // An option that excludes another comes with its own place in that order.
    let url = format!("mqtt://127.0.0.1:{port}/url");
    let excluded = [("MOTEMQ_HOST", "no-such-host.invalid")];
    run(directory.root(), &excluded, &["pub", "-L", &url]).well();
    assert_eq!(ear.hear().topic, "url");
    // `--pub` reads the file as `pub` does.
    run(directory.root(), &[], &["--pub", "--repeat", "1"]).well();
    assert_eq!(ear.hear().topic, "file");
}

#[test]
fn what_is_wrong_outside_the_command_line_is_said() {
    let directory = Directory::new();
    directory.write("motemq/sub", "-h h\n--no-such-option x\n");
    run(directory.root(), &[], &["sub", "-t", "a"]).badly(2, "sub, line 2: --no-such-option");
    run(
        directory.root(),
        &[("MOTEMQ_QOS", "9")],
        &["pub", "-t", "a", "-n"],
    )
    .badly(2, "some options are from the environment");
}

#[test]
fn the_files_of_mosquitto_are_read_if_wished() {
    let (server, at) = serve(Config::new());
    let mut ear = Ear::at(server.addr(), "#");
    let directory = Directory::new();
    directory.write("mosquitto_pub", "-t theirs\n-m x\n");
    run(
        directory.root(),
        &[],
        &at.with(&["pub", "-t", "ours", "-n"]),
    )
    .well();
    assert_eq!(ear.hear().topic, "ours");
    run(
        directory.root(),
        &[],
        &at.with(&["pub", "--mosquitto-config"]),
    )
    .well();
    assert_eq!(ear.hear().topic, "theirs");
    // Each verb has that of the program whose place it takes.
    directory.write("mosquitto_sub", "-t kept\n-C 1\n");
    directory.write("mosquitto_rr", "-t kept\n-m x\n-q 1\n");
    let kept = ["pub", "-t", "kept", "-m", "x", "-r", "-q", "1"];
    motemq(&at.with(&kept)).well();
    let end = run(
        directory.root(),
        &[],
        &at.with(&["sub", "--mosquitto-config"]),
    );
    assert_eq!(end.text(), "x\n");
    let words = ["rr", "--mosquitto-config", "-W", "0.3"];
    run(directory.root(), &[], &at.with(&words)).badly(6, "gave up after 300ms");
}

#[test]
fn passwords_need_not_stand_in_the_list_of_processes() {
    let check = |connect: &motemq_std::motemq::Connect<'_>| match connect.password {
        Some(b"secret") => ReturnCode::ACCEPTED,
        _ => ReturnCode::BAD_USER_NAME_OR_PASSWORD,
    };
    let (_server, at) = serve(Config::new().login(check));
    let directory = Directory::new();
    let args = at.with(&["pub", "-t", "a", "-n", "-u", "me"]);
    run(directory.root(), &[], &args).badly(5, "user name or password");
    for name in ["MOTEMQ_PW", "MOTEMQ_PASSWORD"] {
        run(directory.root(), &[(name, "secret")], &args).well();
    }
    let file = directory.write("password", "secret\nmore\n");
    motemq(&[&args[..], &["--pw-file", &file]].concat()).well();
    let missing = [&args[..], &["--pw-file", "/no/such/file"]].concat();
    motemq(&missing).badly(1, "cannot read /no/such/file");
    #[cfg(target_os = "linux")]
    motemq(&[&args[..], &["--pw-file", "/dev/zero"]].concat()).badly(2, "shorten it to 65,535");
}

/// A terminal asks for the password, and does not show it.
#[cfg(target_os = "linux")]
#[test]
fn a_password_can_be_typed() {
    let check = |connect: &motemq_std::motemq::Connect<'_>| match connect.password {
        Some(b"secret") => ReturnCode::ACCEPTED,
        _ => ReturnCode::BAD_USER_NAME_OR_PASSWORD,
    };
    let (_server, at) = serve(Config::new().login(check));
    let words = at.with(&["pub", "-t", "a", "-n", "-u", "me", "-P", "-"]);
    let typed = on_terminal("a_password_can_be_typed", &[], &words, b"secret\n");
    let Some(shown) = typed else {
        return;
    };
    assert!(
        shown.contains("Password: ") && !shown.contains("secret"),
        "{shown}"
    );
}

#[test]
fn a_message_goes_to_several_topics() {
    let (server, at) = serve(Config::new());
    let mut ear = Ear::at(server.addr(), "#");
    motemq(&at.with(&["pub", "-t", "a", "-t", "b", "-m", "x", "-q", "1"])).well();
    assert_eq!(
        (ear.hear().topic, ear.hear().topic),
        ("a".into(), "b".into())
    );
    let lines = at.with(&["pub", "-t", "a", "-t", "b", "-l", "-q", "1"]);
    motemq_reading(&lines, b"1\n2\n").well();
    let heard: Vec<_> = (0..4).map(|_| ear.hear()).collect();
    let topics: Vec<_> = heard.iter().map(|heard| &*heard.topic).collect();
    assert_eq!(topics, ["a", "b", "a", "b"]);
}

#[test]
fn a_line_can_begin_with_its_topic() {
    let (server, at) = serve(Config::new());
    let mut ear = Ear::at(server.addr(), "#");
    let args = at.with(&["pub", "-l", "--topic-per-line", "-q", "1"]);
    motemq_reading(&args, b"a one two\nb/c \nd\n").well();
    for (topic, payload) in [("a", "one two"), ("b/c", ""), ("d", "")] {
        let heard = ear.hear();
        assert_eq!(
            (&*heard.topic, &heard.payload[..]),
            (topic, payload.as_bytes())
        );
    }
    motemq_reading(&args, b"a/# x\n").badly(1, "\"a/#\" is not a topic name");
    motemq_reading(&args, b"\xff x\n").badly(1, "is not a topic name");
    motemq(&["pub", "-m", "x", "--topic-per-line"]).badly(2, "say -l, too");
}

#[test]
fn output_goes_to_a_file() {
    let (server, at) = serve(Config::new());
    let directory = Directory::new();
    let file = directory.write("out", "before");
    motemq(&at.with(&["pub", "-t", "a", "-m", "x", "-r", "-q", "1"])).well();
    let sub = ["sub", "-t", "a", "-C", "1", "-o", &file];
    assert_eq!(motemq(&at.with(&sub)).well(), b"");
    assert_eq!(fs::read(&file).unwrap(), b"x\n");
    motemq(&["sub", "-t", "a", "-o", "/no/such/file"]).badly(1, "cannot write to /no/such/file");
    drop(server);
}

#[test]
fn retained_messages_are_removed() {
    let (_server, at) = serve(Config::new());
    for topic in ["r/a", "r/b", "r/kept"] {
        motemq(&at.with(&["pub", "-t", topic, "-m", topic, "-r", "-q", "1"])).well();
    }
    let args = [
        "sub",
        "-t",
        "r/#",
        "-T",
        "r/kept",
        "--remove-retained",
        "-C",
        "2",
    ];
    assert_eq!(motemq(&at.with(&args)).text().lines().count(), 2);
    let left = motemq(&at.with(&["sub", "-t", "r/#", "--retained-only", "-C", "1"]));
    assert_eq!(left.text(), "r/kept\n");
    motemq(&at.with(&["sub", "-t", "r/a", "-C", "1", "-W", "0.3"])).badly(6, "gave up");
}

#[test]
fn chance_leaves_out_messages() {
    let (_server, at) = serve(Config::new());
    let sub = Motemq::subscriber(&at.with(&["-t", "a", "--random-filter", "50"]));
    let all = Motemq::subscriber(&at.with(&["-t", "a", "--random-filter", "100"]));
    let lines: String = (0..400).map(|number| format!("{number}\n")).collect();
    motemq_reading(
        &at.with(&["pub", "-t", "a", "-l", "-q", "1"]),
        lines.as_bytes(),
    )
    .well();
    all.until_lines(400);
    sub.until_lines(100);
    #[cfg(unix)]
    {
        sub.interrupt();
        let count = sub.end().text().lines().count();
        assert!((100..300).contains(&count), "{count}");
    }
    motemq(&["sub", "-t", "a", "--random-filter", "0"]).badly(2, "0.1 to 100");
}

#[test]
fn quiet_says_nothing() {
    let end = motemq(&[
        "pub",
        "-t",
        "a",
        "-n",
        "-h",
        "no-such-host.invalid",
        "--quiet",
    ]);
    assert_eq!((end.code, &*end.stderr), (Some(3), ""));
}

#[test]
fn a_client_has_the_name_and_the_window_that_it_is_given() {
    static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let (server, at) = serve(Config::new().login(|connect| {
        SEEN.lock().unwrap().push(connect.client_id.into());
        ReturnCode::ACCEPTED
    }));
    motemq(&at.with(&["pub", "-t", "a", "-n", "-I", "node-"])).well();
    let name = SEEN.lock().unwrap().pop().unwrap();
    let number = name.strip_prefix("node-").unwrap();
    assert!(number.parse::<u32>().is_ok(), "{name}");
    // With one message under way at once, each PUBLISH has an answer before the next.
    let end = motemq_reading(
        &at.with(&["pub", "-d", "-t", "a", "-l", "-q", "1", "-M", "1"]),
        b"1\n2\n3\n4\n",
    );
    let packets: Vec<_> = end
        .stderr
        .lines()
        .filter_map(|line| {
            ["-> PUBLISH", "<- PUBACK"]
                .into_iter()
                .find(|packet| line.contains(packet))
        })
        .collect();
    assert_eq!(packets, ["-> PUBLISH", "<- PUBACK"].repeat(4), "{end:?}");
    motemq(&at.with(&["pub", "-t", "a", "-n", "--nodelay"])).well();
    drop(server);
}
