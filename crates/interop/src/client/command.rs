//! The command `motemq`, as somebody types it.
use super::{Client, Connection, Message, Speech, Who};
use crate::broker::Address;
use base64::{Engine, engine::general_purpose::STANDARD};
use motemq_std::QoS;
use serde::Deserialize;
use std::{
    env,
    io::{BufRead, BufReader, Write},
    process::{Child, Command as Process, Stdio},
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread,
    time::Duration,
};

/// `motemq-cli`.
pub struct Command;

/// How long it may take to subscribe.
const PATIENCE: Duration = Duration::from_secs(20);

impl Client for Command {
    fn name(&self) -> &'static str {
        "command"
    }

    fn comes_back(&self) -> bool {
        false
    }

    fn open(&self, at: &Address, who: Who<'_>) -> Result<Box<dyn Connection>, String> {
        let mut connection = Typed {
            at: at.clone(),
            speech: who.speech,
            id: who.id.into(),
            subscriber: None,
            granted: None,
        };
        match who.filter {
            Some((filter, qos)) => connection.subscribe(who, filter, qos)?,
            // A publisher connects for each message; here it shows that it can.
            None => connection.run(&["--sub", "-t", "motemq/interop", "-E"], b"")?,
        }
        Ok(Box::new(connection))
    }
}

struct Typed {
    at: Address,
    speech: Speech,
    id: String,
    subscriber: Option<Subscriber>,
    granted: Option<QoS>,
}

struct Subscriber {
    child: Child,
    messages: Receiver<String>,
}

/// A line of `--json`.
#[derive(Deserialize)]
struct Line {
    qos: u8,
    retain: bool,
    payload: Option<String>,
    payload_base64: Option<String>,
}

impl Typed {
    fn process(&self, words: &[&str]) -> Result<Process, String> {
        let this = env::current_exe()
            .map_err(|error| format!("cannot tell where this program is: {error}"))?;
        let mut process =
            Process::new(this.with_file_name(format!("motemq{}", env::consts::EXE_SUFFIX)));
        let (verb, rest) = words.split_at(1);
        let version = match self.speech {
            Speech::Mqtt311 => "mqttv311",
            Speech::Mqtt5 => "mqttv5",
            Speech::Either => "auto",
        };
        process.args(verb).args(["-L", &self.at.url, "-V", version]);
        process.args(rest);
        if let Some(ca) = &self.at.ca {
            process.arg("--cafile").arg(ca);
        }
        if let Some((certificate, key)) = &self.at.certificate {
            process.arg("--cert").arg(certificate).arg("--key").arg(key);
        }
        if let Some((user, password)) = self.at.login {
            process.args(["-u", user, "-P", password]);
        }
        process
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Ok(process)
    }

    fn run(&self, words: &[&str], input: &[u8]) -> Result<(), String> {
        let mut child = self
            .process(words)?
            .spawn()
            .map_err(|error| format!("cannot start motemq: {error}"))?;
        if let Some(mut stdin) = child.stdin.take() {
            // It may have ended by now, and says why.
            let _ = stdin.write_all(input);
        }
        let output = child
            .wait_with_output()
            .map_err(|error| error.to_string())?;
        if output.status.success() {
            Ok(())
        } else {
            Err(String::from_utf8_lossy(&output.stderr)
                .trim()
                .replace('\n', "; "))
        }
    }

    fn subscribe(&mut self, who: Who<'_>, filter: &str, qos: QoS) -> Result<(), String> {
        let qos = (qos as u8).to_string();
        let mut words = vec![
            "--sub", "-t", filter, "-q", &qos, "--json", "--debug", "-i", &self.id,
        ];
        if who.keep {
            words.push("-c");
        }
        if let Some((topic, payload)) = who.will {
            words.extend([
                "--will-topic",
                topic,
                "--will-payload",
                payload,
                "--will-qos",
                "1",
            ]);
        }
        let mut child = self
            .process(&words)?
            .spawn()
            .map_err(|error| format!("cannot start motemq: {error}"))?;
        let (told, stderr) = mpsc::channel();
        if let Some(pipe) = child.stderr.take() {
            thread::spawn(move || {
                BufReader::new(pipe)
                    .lines()
                    .map_while(Result::ok)
                    .try_for_each(|line| told.send(line))
            });
        }
        let (printed, messages) = mpsc::channel();
        if let Some(pipe) = child.stdout.take() {
            thread::spawn(move || {
                BufReader::new(pipe)
                    .lines()
                    .map_while(Result::ok)
                    .try_for_each(|line| printed.send(line))
            });
        }
        self.subscriber = Some(Subscriber { child, messages });
        let mut last = String::from("nothing");
        loop {
            let line = stderr
                .recv_timeout(PATIENCE)
                .map_err(|_| format!("no SUBACK; it said last: {last}"))?;
            if let Some((_, answer)) = line.split_once("<- SUBACK") {
                self.granted = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce]
                    .into_iter()
                    .find(|&qos| answer.ends_with(&format!("QoS {}", qos as u8)));
                return Ok(());
            }
            last = line;
        }
    }
}

impl Connection for Typed {
    fn granted(&self) -> Option<QoS> {
        self.granted
    }

    fn publish(
        &mut self,
        topic: &str,
        payload: &[u8],
        qos: QoS,
        retain: bool,
    ) -> Result<(), String> {
        let qos = (qos as u8).to_string();
        let mut words = vec!["--pub", "-t", topic, "-q", &qos, "-s"];
        if retain {
            words.push("-r");
        }
        self.run(&words, payload)
    }

    fn send(&mut self, _: &str, _: &[u8], _: QoS) -> Result<(), String> {
        Err("the command publishes one message after the other".into())
    }

    fn outcomes(&mut self, _: Duration) -> Vec<Result<(), String>> {
        Vec::new()
    }

    fn next(&mut self, patience: Duration) -> Result<Option<Message>, String> {
        let Some(subscriber) = &mut self.subscriber else {
            return Ok(None);
        };
        let line = match subscriber.messages.recv_timeout(patience) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => return Ok(None),
            Err(RecvTimeoutError::Disconnected) => return Err("the subscriber has ended".into()),
        };
        let Line {
            qos,
            retain,
            payload,
            payload_base64,
        } = serde_json::from_str(&line).map_err(|error| format!("{error}: {line}"))?;
        let payload = match (payload, payload_base64) {
            (Some(text), _) => text.into_bytes(),
            (None, Some(code)) => STANDARD.decode(code).map_err(|error| error.to_string())?,
            (None, None) => return Err(format!("no payload: {line}")),
        };
        Ok(Some(Message {
            payload,
            qos,
            retain,
        }))
    }

    fn leave(mut self: Box<Self>) -> Result<(), String> {
        let Some(mut subscriber) = self.subscriber.take() else {
            return Ok(());
        };
        interrupt(&subscriber.child);
        match subscriber.child.wait() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("after Ctrl-C it ended with {status}")),
            Err(error) => Err(error.to_string()),
        }
    }

    fn vanish(self: Box<Self>) {}
}

/// What Ctrl-C does.
fn interrupt(child: &Child) {
    let _ = Process::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
