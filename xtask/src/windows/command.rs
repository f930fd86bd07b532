//! The command `motemq.exe` against a real mosquitto, whose own clients look from the other side.
use super::wine::Wine;
use crate::programs::{program, spelling};
use motemq_testing::mosquitto::Mosquitto;
use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Nothing may take longer.
const PATIENCE: &str = "60";

/// A message as large as this goes both ways.
const LARGE: usize = 1 << 20;

pub struct Stage<'w> {
    pub wine: &'w Wine,
    pub exe: PathBuf,
    pub broker: Mosquitto,
}

type Scene = fn(&Stage<'_>) -> Result<(), String>;

const SCENES: [(&str, Scene); 7] = [
    ("each QoS, sent", sent),
    ("each QoS, received", received),
    ("a message every second, and Ctrl-C", every_second),
    ("lines of stdin", lines),
    ("a large binary payload from a file", large_up),
    ("a large binary payload to stdout", large_down),
    ("exit codes and time limits", exit_codes),
];

/// Plays all scenes.
///
/// # Errors
/// Which went wrong, and how.
pub fn show(wine: &Wine, exe: &Path) -> Result<(), String> {
    let broker = Mosquitto::start(&["allow_anonymous true", "queue_qos0_messages true"])
        .ok_or("mosquitto is not installed")?;
    let stage = Stage {
        wine,
        exe: exe.to_owned(),
        broker,
    };
    for (name, scene) in SCENES {
        let begun = Instant::now();
        scene(&stage).map_err(|error| format!("{name}: {error}"))?;
        println!("{:6.1} s  {name}", begun.elapsed().as_secs_f64());
    }
    Ok(())
}

impl Stage<'_> {
    fn at(&self) -> [String; 4] {
        let addr = self.broker.addr();
        [
            "-h".into(),
            addr.ip().to_string(),
            "-p".into(),
            addr.port().to_string(),
        ]
    }

    /// `motemq.exe` with the broker's address.
    fn motemq(&self, arguments: &[&str]) -> Command {
        let mut command = self.wine.run(&self.exe, arguments.iter().copied());
        command
            .args(self.at())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// A client of mosquitto's.
    fn other(&self, name: &str, arguments: &[&str]) -> Command {
        let mut command = program(name, arguments);
        command
            .args(self.at())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// A session that collects what is published from here on.
    pub fn collect(&self, listener: &str, topic: &str) -> Result<(), String> {
        good(finish(self.other(
            "mosquitto_sub",
            &["-i", listener, "-c", "-q", "2", "-t", topic, "-E"],
        ))?)
        .map(|_| ())
    }

    /// What it has collected.
    pub fn collected(
        &self,
        listener: &str,
        topic: &str,
        count: usize,
        format: &str,
    ) -> Result<Vec<u8>, String> {
        let count = count.to_string();
        let arguments = [
            "-i", listener, "-c", "-q", "2", "-t", topic, "-C", &count, "-W", PATIENCE, "-F",
            format,
        ];
        good(finish(self.other("mosquitto_sub", &arguments))?)
    }

    /// Starts a subscriber, and waits until it has subscribed.
    fn subscriber(&self, name: &str, arguments: &[&str]) -> Result<Running, String> {
        let child = start(self.motemq(&[&["--sub", "-i", name], arguments].concat()))?;
        until("it subscribes", || {
            self.broker
                .log()
                .contains(&format!("Sending SUBACK to {name}"))
        })?;
        Ok(child)
    }
}

/// A process; it is ended when dropped.
struct Running(Option<Child>, String);

fn start(mut command: Command) -> Result<Running, String> {
    let name = spelling(&command);
    command
        .spawn()
        .map(|child| Running(Some(child), name.clone()))
        .map_err(|error| format!("cannot start `{name}`: {error}"))
}

impl Running {
    /// Waits for its end.
    fn end(mut self) -> Result<Output, String> {
        let child = self.0.take().ok_or("it has ended")?;
        let id = child.id().to_string();
        // What does not end is ended, and its exit status shows it.
        let guard = program("sh", ["-c", &format!("sleep {PATIENCE}; kill -KILL {id}")]).spawn();
        let output = child
            .wait_with_output()
            .map_err(|error| format!("`{}`: {error}", self.1));
        if let Ok(mut guard) = guard {
            let _ = guard.kill();
            let _ = guard.wait();
        }
        output
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Runs it to its end.
pub fn finish(command: Command) -> Result<Output, String> {
    start(command)?.end()
}

/// What it printed, if it ended well.
pub fn good(output: Output) -> Result<Vec<u8>, String> {
    ended(&output, 0).map(|()| output.stdout)
}

fn ended(output: &Output, code: i32) -> Result<(), String> {
    let wrong = || {
        format!(
            "ended with {}, not {code}: {}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        )
    };
    if output.status.code() == Some(code) {
        Ok(())
    } else {
        Err(wrong())
    }
}

/// An error if what was heard is not what was wanted.
pub fn same(what: &str, heard: &[u8], wanted: &[u8]) -> Result<(), String> {
    let differs = || {
        format!(
            "{what}: {} bytes, not the {} wanted: {}",
            heard.len(),
            wanted.len(),
            heard[..heard.len().min(200)].escape_ascii()
        )
    };
    if heard == wanted {
        Ok(())
    } else {
        Err(differs())
    }
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) -> Result<(), String> {
    let end = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        if Instant::now() > end {
            return Err(format!("{what}: not within {PATIENCE} s"));
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// Every byte, and those that text modes change.
fn every_byte() -> Vec<u8> {
    (0..LARGE)
        .map(|at| {
            if at % 5 == 0 {
                b"\r\n\x1a\n"[at / 5 % 4]
            } else {
                (at * 31 % 256) as u8
            }
        })
        .collect()
}

fn sent(stage: &Stage<'_>) -> Result<(), String> {
    stage.collect("each", "sent/+")?;
    for qos in ["0", "1", "2"] {
        good(finish(stage.motemq(&[
            "--pub",
            "-t",
            &format!("sent/{qos}"),
            "-m",
            "hi",
            "--repeat",
            "1",
            "-q",
            qos,
        ]))?)?;
    }
    same(
        "mosquitto_sub",
        &stage.collected("each", "sent/+", 3, "%q %t %p")?,
        b"0 sent/0 hi\n1 sent/1 hi\n2 sent/2 hi\n",
    )
}

fn received(stage: &Stage<'_>) -> Result<(), String> {
    let subscriber = stage.subscriber(
        "receiver",
        &["-t", "received/+", "-q", "2", "-C", "3", "-v"],
    )?;
    for qos in ["0", "1", "2"] {
        good(finish(stage.other(
            "mosquitto_pub",
            &["-t", &format!("received/{qos}"), "-m", "hi", "-q", qos],
        ))?)?;
    }
    let printed = good(subscriber.end()?)?;
    same(
        "stdout",
        &printed,
        b"received/0 hi\nreceived/1 hi\nreceived/2 hi\n",
    )
}

fn every_second(stage: &Stage<'_>) -> Result<(), String> {
    stage.collect("seconds", "SEGGER/Demo")?;
    let begun = Instant::now();
    let publisher = start(stage.motemq(&["--pub", "-t", "SEGGER/Demo", "-m", "Hello World"]))?;
    let heard = stage.collected("seconds", "SEGGER/Demo", 3, "%p")?;
    if begun.elapsed() < Duration::from_millis(1900) {
        return Err("three messages in less than two seconds".into());
    }
    same(
        "mosquitto_sub",
        &heard,
        b"Hello World\nHello World\nHello World\n",
    )?;
    let child = publisher.0.as_ref().ok_or("it has ended")?;
    // Wine makes a Ctrl-C of it.
    good(finish(program("kill", ["-INT", &child.id().to_string()]))?)?;
    good(publisher.end()?).map(|_| ())
}

fn lines(stage: &Stage<'_>) -> Result<(), String> {
    stage.collect("lines", "lines")?;
    let mut command = stage.motemq(&["--pub", "-t", "lines", "-l", "-q", "1"]);
    let mut run = start({
        command.stdin(Stdio::piped());
        command
    })?;
    let mut input = run
        .0
        .as_mut()
        .and_then(|child| child.stdin.take())
        .ok_or("no stdin")?;
    input
        .write_all(b"one\r\n\nthree\nlast")
        .map_err(|error| error.to_string())?;
    drop(input);
    good(run.end()?)?;
    same(
        "mosquitto_sub",
        &stage.collected("lines", "lines", 4, "[%p]")?,
        b"[one]\n[]\n[three]\n[last]\n",
    )
}

fn large_up(stage: &Stage<'_>) -> Result<(), String> {
    let file = stage.exe.with_file_name("every-byte");
    fs::write(&file, every_byte()).map_err(|error| error.to_string())?;
    stage.collect("large", "large/up")?;
    let name = file.to_string_lossy();
    good(finish(stage.motemq(&[
        "--pub", "-t", "large/up", "-f", &name, "-q", "2",
    ]))?)?;
    let heard = stage.collected("large", "large/up", 1, "%x")?;
    let wanted: String = every_byte()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    same("mosquitto_sub", heard.trim_ascii_end(), wanted.as_bytes())
}

fn large_down(stage: &Stage<'_>) -> Result<(), String> {
    let file = stage.exe.with_file_name("every-byte");
    fs::write(&file, every_byte()).map_err(|error| error.to_string())?;
    let subscriber = stage.subscriber("large-receiver", &["-t", "large/down", "-C", "1", "-N"])?;
    let name = file.to_string_lossy();
    good(finish(
        stage.other("mosquitto_pub", &["-t", "large/down", "-f", &name]),
    )?)?;
    same("stdout", &good(subscriber.end()?)?, &every_byte())
}

fn exit_codes(stage: &Stage<'_>) -> Result<(), String> {
    for (arguments, code) in [
        (&["--sub", "-t", "nothing", "-W", "0.5"][..], 6),
        (&["--sub", "-t", "a#"], 2),
        (&["--pub", "-t", "a", "-f", "no such file"], 1),
        (&["--pub"], 2),
    ] {
        ended(&finish(stage.motemq(arguments))?, code)
            .map_err(|error| format!("{arguments:?}: {error}"))?;
    }
    // Nobody listens there.
    let mut command = stage.wine.run(
        &stage.exe,
        ["--pub", "-t", "a", "-n", "-h", "127.0.0.1", "-p", "1"],
    );
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    ended(&finish(command)?, 3)
}
