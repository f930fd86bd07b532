//! `replay`: a recording is published.
mod schedule;
mod topics;

use crate::{
    args::ReplayLine,
    connection::{self, Connection},
    exit::{Exit, Failure},
    input::cannot_read,
    notice::say,
    publish::Sent,
    recording::{Lines, Recorded},
    stop::Stop,
    target::{Target, check_topic},
};
use motemq_std::{Publish, QoS, State, Version};
use schedule::Schedule;
pub use schedule::Speed;
use std::{
    fs, iter,
    path::Path,
    time::{Duration, Instant},
};
use topics::Renaming;

/// The most messages that are published together when they are due.
const TOGETHER: usize = 64;

/// A pause that is longer is said.
const LONG_PAUSE: Duration = Duration::from_secs(600);

/// Publishes a recording.
pub fn run(line: &ReplayLine) -> Result<Exit, Failure> {
    let mut stop = Stop::after(line.give_up);
    let mut target = target(line)?;
    let interrupted = if line.again {
        Exit::Done
    } else {
        Exit::Interrupted
    };
    stop.watch(interrupted)?;
    // A file that cannot be read is known before there is a connection.
    let mut first = Some(messages(line)?);
    target.look_up_own_address(&line.broker.connection)?;
    let mut connection = connection::connect(&target, &stop, true, line.report.debug)?;
    let mut replay = Replay {
        line,
        renaming: Renaming::new(line.strip.as_deref(), line.prefix.as_deref()),
        schedule: Schedule::new(line.speed, line.max_pause),
        begun: Instant::now(),
        sent: Sent::default(),
        count: 0,
    };
    let mut outcome = Ok(());
    let mut rounds = 0;
    while outcome.is_ok() && (line.again || rounds < line.repeat.unwrap_or(1)) {
        let before = replay.count;
        let messages = match first.take() {
            Some(messages) => messages,
            None => messages(line)?,
        };
        outcome = replay.publish(messages, &mut connection, &stop);
        replay.schedule.begin_again();
        rounds += 1;
        if outcome.is_ok() && replay.count == before {
            outcome = Err(Failure::new(Exit::Files, "there is no message to replay"));
        }
    }
    let Replay { sent, count, .. } = replay;
    let outcome = outcome.and_then(|()| sent.end("messages"));
    say(format_args!("messages replayed: {count}"));
    connection::end(connection, outcome, &stop)
}

/// Reads the broker from the command line.
pub fn target(line: &ReplayLine) -> Result<Target, Failure> {
    let target = Target::unchecked(&line.broker, &[])?;
    if let Some(topic) = target.topics.first() {
        let words = format!(
            "messages have the topics of the recording: leave out {topic}, or say --prefix {topic}"
        );
        return Err(Failure::new(Exit::Usage, words));
    }
    let is_stdin = line.files.iter().any(|file| file == Path::new("-"));
    if is_stdin && (line.again || line.repeat.is_some()) {
        let words = "stdin can be read once: name a file with --repeat or --loop";
        return Err(Failure::new(Exit::Usage, words));
    }
    if let Some(prefix) = &line.prefix {
        check_topic(prefix)?;
    }
    Ok(target)
}

type Messages = Box<dyn Iterator<Item = Result<Recorded, Failure>>>;

/// Opens the first file; each other one follows when the one before it ends.
fn messages(line: &ReplayLine) -> Result<Messages, Failure> {
    let mut files = line.files.iter();
    let first = files.next().map(|file| Lines::open(file)).transpose()?;
    for file in files.clone().filter(|file| *file != Path::new("-")) {
        fs::metadata(file).map_err(|error| cannot_read(file.display(), &error))?;
    }
    let others: Vec<_> = files.cloned().collect();
    let others = others.into_iter().flat_map(|file| -> Messages {
        match Lines::open(&file) {
            Ok(lines) => Box::new(lines),
            Err(failure) => Box::new(iter::once(Err(failure))),
        }
    });
    Ok(Box::new(first.into_iter().flatten().chain(others)))
}

struct Replay<'a> {
    line: &'a ReplayLine,
    renaming: Renaming,
    schedule: Schedule,
    begun: Instant,
    sent: Sent,
    count: u64,
}

impl Replay<'_> {
    /// Publishes the messages when they are due.
    fn publish(
        &mut self,
        messages: Messages,
        connection: &mut Connection,
        stop: &Stop,
    ) -> Result<(), Failure> {
        let client = connection.client.clone();
        let refused = |error| Failure::of_publish(&error);
        let mut batch = client.batch();
        let mut waiting = 0;
        // MQTT 3.1.1 has no properties.
        let version = match client.state() {
            State::Connected { version, .. } => version,
            _ => Version::Mqtt311,
        };
        for message in messages {
            let message = message?;
            let due = self.schedule.due(message.at);
            if due > self.begun.elapsed() || waiting == TOGETHER {
                batch.flush().map_err(refused)?;
                batch = client.batch();
                waiting = 0;
                self.say_pause(due);
                self.wait(due, connection, stop)?;
            }
            let topic = self.renaming.rename(&message.topic);
            check_topic(&topic).map_err(|failure| Failure::new(Exit::Files, failure.words))?;
            let recorded = QoS::try_from(message.qos).unwrap_or(QoS::AtMostOnce);
            let qos = self.line.qos.unwrap_or(recorded);
            let mut publish = Publish::to(&topic).payload(&message.payload).qos(qos);
            publish.retain = message.retain;
            let properties = message.properties.list();
            let receipt = if properties.is_empty() || version == Version::Mqtt311 {
                batch.publish(&publish)
            } else {
                batch.publish(&publish.properties(&properties))
            };
            let receipt = receipt.map_err(refused)?;
            self.sent.push(qos, receipt);
            self.count += 1;
            waiting += 1;
        }
        batch.flush().map_err(refused)
    }

    /// Says that the next message is due much later.
    fn say_pause(&self, due: Duration) {
        let pause = due.saturating_sub(self.begun.elapsed());
        if pause > LONG_PAUSE {
            let pause = humantime::format_duration(Duration::from_secs(pause.as_secs()));
            say(format_args!(
                "the next message follows after {pause}: --max-pause makes pauses shorter"
            ));
        }
    }

    /// Waits until the next message is due, and looks at what has become of those before.
    fn wait(
        &mut self,
        due: Duration,
        connection: &mut Connection,
        stop: &Stop,
    ) -> Result<(), Failure> {
        self.sent.settle(false)?;
        if stop.is_asked() {
            return Err(connection.failure(stop));
        }
        match self.begun.checked_add(due) {
            Some(until) => connection.drop_received(until, stop),
            None => Err(Failure::new(Exit::Usage, "so slow is never: say a --speed")),
        }
    }
}
