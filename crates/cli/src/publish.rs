//! `pub`: what is published when, and what is done when it goes wrong.
mod once;
mod sent;

pub use sent::Sent;

use crate::{
    args::{CommandLine, MessageArgs, PacketKind, Value},
    connection::{self, Connection},
    exit::{Exit, Failure},
    input::{self, Content, Room, Source},
    notice::{quoted, say},
    progress::Progress,
    stop::Stop,
    target::{Target, check_topic},
};
use motemq_std::{Property, Publish, QoS};
use std::{
    io::{self, IsTerminal, Read},
    mem, str,
    sync::mpsc::RecvTimeoutError,
    time::{Duration, Instant},
};

/// The interval at which received messages are dropped while no line comes.
const GLANCE: Duration = Duration::from_millis(100);

/// The number of times that a message is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Pace {
    /// This number of times, with a pause between.
    Times(u64, Duration),
    /// Until interrupted.
    Every(Duration),
}

impl Pace {
    fn of(args: &MessageArgs, repeats_text: bool) -> Self {
        match (args.repeat, args.delay) {
            (Some(times), delay) => {
                Pace::Times(times, args.repeat_delay.or(delay).unwrap_or_default())
            }
            (None, Some(delay)) => Pace::Every(delay),
            (None, None) if repeats_text && args.source.text.is_some() => {
                Pace::Every(Duration::from_secs(1))
            }
            (None, None) => Pace::Times(1, Duration::ZERO),
        }
    }
}

/// The topics of the messages, and how they are sent.
struct Address<'a> {
    /// Each message goes to all of them; none if each line has its own.
    topics: Vec<String>,
    qos: QoS,
    retain: bool,
    properties: Vec<Property<'a>>,
}

/// A message on its way to the broker.
type Outgoing<'m> = Publish<'m, &'m [Property<'m>]>;

impl Address<'_> {
    /// Returns the room for payloads behind the longest topic.
    fn room(&self) -> Room {
        let longest = self.topics.iter().max_by_key(|topic| topic.len());
        Room::behind(longest.map_or("", String::as_str), self.qos)
    }

    fn message<'m>(&'m self, topic: &'m str, payload: &'m [u8]) -> Outgoing<'m> {
        let mut publish = Publish::to(topic).payload(payload).qos(self.qos);
        publish.retain = self.retain;
        publish.properties(&self.properties)
    }

    /// Returns the message that a line with its own topic is.
    fn of_line<'m>(&'m self, line: &'m [u8]) -> Result<Outgoing<'m>, Failure> {
        let mut parts = line.splitn(2, |&byte| byte == b' ');
        let topic = parts.next().unwrap_or_default();
        let topic = str::from_utf8(topic).map_err(|_| {
            let shown = quoted(&String::from_utf8_lossy(topic));
            Failure::new(Exit::Files, format_args!("{shown} is not a topic name"))
        })?;
        check_topic(topic).map_err(|failure| Failure::new(Exit::Files, failure.words))?;
        Ok(self.message(topic, parts.next().unwrap_or_default()))
    }
}

/// Publishes.
pub fn run(
    line: &CommandLine,
    args: &MessageArgs,
    repeats_text: bool,
    mut target: Target,
    mut stop: Stop,
) -> Result<Exit, Failure> {
    let Some(source) = Source::of(args) else {
        return Err(Failure::new(
            Exit::Usage,
            "nothing to publish: say -m TEXT, -n, -f FILE, -s or -l",
        ));
    };
    let pace = Pace::of(args, repeats_text);
    let endless = matches!(pace, Pace::Every(_)) && !matches!(source, Source::Lines);
    // To look up an address may take its time.
    let is_brief = matches!((pace, &source), (Pace::Times(1, _), Source::Text(_)))
        && line.broker.connection.bind.is_none();
    if !is_brief {
        let interrupted = if endless {
            Exit::Done
        } else {
            Exit::Interrupted
        };
        stop.watch(interrupted)?;
    }
    let properties = line.broker.connection.protocol.of(PacketKind::Publish);
    let address = Address {
        topics: mem::take(&mut target.topics),
        qos: line.common.qos,
        retain: args.retain,
        properties: properties.filter_map(Value::of_message).collect(),
    };

    // What cannot be read is known before there is a connection.
    let content = Content::of(source, address.room())?;
    target.look_up_own_address(&line.broker.connection)?;
    if let Content::Payload(payload) = &content
        && is_brief
    {
        // From here on nothing waits without looking for Ctrl-C.
        stop.watch_briefly()?;
        return once::run(&target, &address, payload, &stop, line.common.report.debug);
    }
    let again = endless || matches!(content, Content::Lines);
    let mut connection = connection::connect(&target, &stop, again, line.common.report.debug)?;
    if endless && io::stderr().is_terminal() {
        say(format_args!(
            "publishing to {} at {} until Ctrl-C",
            address.topics.join(", "),
            target.route.place()
        ));
    }
    let outcome = match content {
        Content::Lines => lines(&mut connection, &address, &stop),
        content => again_and_again(&mut connection, &address, &content, pace, &stop),
    };
    connection::end(connection, outcome, &stop)
}

fn again_and_again(
    connection: &mut Connection,
    address: &Address<'_>,
    content: &Content,
    pace: Pace,
    stop: &Stop,
) -> Result<(), Failure> {
    let mut sent = 0;
    let mut due = Instant::now();
    loop {
        let mut topics = address.topics.iter();
        let outcome = topics.try_for_each(|topic| once(connection, address, topic, content));
        sent += 1;
        match pace {
            Pace::Times(times, pause) => {
                outcome?;
                if sent >= times {
                    return Ok(());
                }
                due = Instant::now() + pause;
            }
            Pace::Every(interval) => {
                if stop.is_asked() {
                    return Err(connection.failure(stop));
                }
                go_on(outcome)?;
                due = (due + interval).max(Instant::now());
            }
        }
        connection.drop_received(due, stop)?;
    }
}

/// An endless publisher outlives what may be over soon; it has said that the connection is lost
/// already.
fn go_on(outcome: Result<(), Failure>) -> Result<(), Failure> {
    match outcome {
        Err(failure) if matches!(failure.exit, Exit::TimeOut | Exit::NotAcknowledged) => {
            say(failure.words)
        }
        Err(failure) if failure.exit == Exit::ConnectionLost => {}
        outcome => return outcome,
    }
    Ok(())
}

fn once(
    connection: &Connection,
    address: &Address<'_>,
    topic: &str,
    content: &Content,
) -> Result<(), Failure> {
    let client = &connection.client;
    let publish = |payload: &[u8]| {
        client
            .publish(&address.message(topic, payload))
            .map_err(|error| Failure::of_publish(&error))
    };
    let upload = |from: &mut dyn Read, length: u64| {
        let mut from = Progress::of(from, length, "sending");
        let length = length.try_into().unwrap_or(u32::MAX);
        client
            .publish_from(&address.message(topic, &[]).remaining(length), &mut from)
            .map_err(|error| Failure::of_upload(&error))
    };
    let receipt = match content {
        Content::Payload(payload) if payload.len() > input::HELD => {
            upload(&mut &payload[..], payload.len() as u64)?
        }
        Content::Payload(payload) => publish(payload)?,
        Content::File(path) => match input::open(path, address.room())? {
            input::File::Small(payload) => publish(&payload)?,
            input::File::Large(mut file, length) => upload(&mut file, length)?,
        },
        Content::Lines => return Ok(()),
    };
    let outcome = receipt.wait();
    outcome
        .map(drop)
        .map_err(|error| Failure::of_request(&error))
}

/// Publishes lines as they come, without waiting for the acknowledgement of each before the next.
/// Lines that have arrived together are written together. While there is no connection, reading
/// stands still.
fn lines(connection: &mut Connection, address: &Address<'_>, stop: &Stop) -> Result<(), Failure> {
    let stdin: Box<dyn Read + Send> = match input::length_of_stdin() {
        Some(length) if length > input::HELD as u64 => {
            Box::new(Progress::of(io::stdin(), length, "sending"))
        }
        _ => Box::new(io::stdin()),
    };
    let lines = input::lines(stdin, address.room());
    let client = connection.client.clone();
    let refused = |error| Failure::of_publish(&error);
    let mut sent = Sent::default();
    loop {
        let mut batch = client.batch();
        let mut next = lines.recv_timeout(GLANCE);
        while let Ok(read) = next {
            for line in input::each_line(&read?) {
                let mut publish = |message: &Outgoing<'_>| -> Result<(), Failure> {
                    let receipt = batch.publish(message).map_err(refused)?;
                    sent.push(message.qos, receipt);
                    Ok(())
                };
                if address.topics.is_empty() {
                    publish(&address.of_line(line)?)?;
                }
                for topic in &address.topics {
                    publish(&address.message(topic, line))?;
                }
            }
            sent.settle(false)?;
            next = lines.recv_timeout(Duration::ZERO);
        }
        batch.flush().map_err(refused)?;
        sent.settle(false)?;
        match next {
            Err(RecvTimeoutError::Disconnected) => return sent.end("lines"),
            _ => connection.drop_received(Instant::now(), stop)?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(line: &str) -> Pace {
        Pace::of(
            CommandLine::of(&format!("pub -t a {line}"))
                .unwrap()
                .message(),
            true,
        )
    }

    #[test]
    fn text_repeats_by_itself() {
        assert_eq!(pace("-m x"), Pace::Every(Duration::from_secs(1)));
        assert_eq!(pace("-m x --delay 5"), Pace::Every(Duration::from_secs(5)));
        assert_eq!(pace("-m x --repeat 3"), Pace::Times(3, Duration::ZERO));
        assert_eq!(
            pace("-m x --repeat 3 --delay 2"),
            Pace::Times(3, Duration::from_secs(2))
        );
        assert_eq!(
            pace("-m x --repeat 3 --repeat-delay 0.5"),
            Pace::Times(3, Duration::from_millis(500))
        );
    }

    #[test]
    fn text_is_sent_once_where_it_does_not_repeat() {
        let line = CommandLine::of("pub -t a -m x").unwrap();
        assert_eq!(
            Pace::of(line.message(), false),
            Pace::Times(1, Duration::ZERO)
        );
    }

    #[test]
    fn all_else_is_sent_once() {
        for source in ["-n", "-s", "-f file"] {
            assert_eq!(pace(source), Pace::Times(1, Duration::ZERO));
            assert_eq!(
                pace(&format!("{source} --delay 5")),
                Pace::Every(Duration::from_secs(5))
            );
        }
    }
}
