//! `--pub`: what is published when, and what is done when it goes wrong.
use crate::{
    args::CommandLine,
    connection,
    exit::{Exit, Failure},
    input::{self, Content, Source},
    notice::say,
    stop::Stop,
    target::Target,
};
use motemq_std::{Client, Error, Publish, QoS};
use std::{
    io::{self, BufReader, IsTerminal},
    sync::mpsc::RecvTimeoutError,
    time::{Duration, Instant},
};

/// While no line comes the connection is looked after so often.
const GLANCE: Duration = Duration::from_millis(100);

/// How often a message is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Pace {
    /// So many times, with a pause between.
    Times(u64, Duration),
    /// Until interrupted.
    Every(Duration),
}

impl Pace {
    fn of(line: &CommandLine) -> Self {
        let args = &line.message;
        match (args.repeat, args.delay) {
            (Some(times), delay) => {
                Pace::Times(times, args.repeat_delay.or(delay).unwrap_or_default())
            }
            (None, Some(delay)) => Pace::Every(delay),
            (None, None) if args.text.is_some() => Pace::Every(Duration::from_secs(1)),
            (None, None) => Pace::Times(1, Duration::ZERO),
        }
    }
}

/// Where to, and how.
struct Address {
    topic: String,
    qos: QoS,
    retain: bool,
}

impl Address {
    fn message<'a>(&'a self, payload: &'a [u8]) -> Publish<'a> {
        let mut publish = Publish::to(&self.topic).payload(payload).qos(self.qos);
        publish.retain = self.retain;
        publish
    }
}

/// Carries out `--pub`.
pub fn run(line: &CommandLine, mut target: Target) -> Result<Exit, Failure> {
    let Some(source) = Source::of(&line.message) else {
        return Err(Failure::new(
            Exit::Usage,
            "nothing to publish: say -m TEXT, -n, -f FILE, -s or -l",
        ));
    };
    let pace = Pace::of(line);
    let endless = matches!(pace, Pace::Every(_)) && !matches!(source, Source::Lines);
    let stop = Stop::watch(
        if endless {
            Exit::Done
        } else {
            Exit::Interrupted
        },
        line.give_up,
    )?;
    let address = Address {
        topic: target.topics.remove(0),
        qos: line.qos,
        retain: line.message.retain,
    };

    // What cannot be read is known before there is a connection.
    let content = Content::of(source)?;
    let mut client = connection::connect(&target, &stop, endless, line.debug)?;
    if endless && io::stderr().is_terminal() {
        say(format_args!(
            "publishing to {} at {} until Ctrl-C",
            address.topic,
            target.route.place()
        ));
    }
    let outcome = match content {
        Content::Lines => lines(&mut client, &address, &stop),
        content => again_and_again(&mut client, &address, &content, pace),
    };
    connection::end(client, outcome, &stop)
}

fn again_and_again(
    client: &mut Client,
    address: &Address,
    content: &Content,
    pace: Pace,
) -> Result<(), Failure> {
    let mut sent = 0;
    let mut due = Instant::now();
    loop {
        let outcome = once(client, address, content);
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
                go_on(outcome)?;
                due = (due + interval).max(Instant::now());
            }
        }
        drop_received(client, due)?;
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

fn once(client: &mut Client, address: &Address, content: &Content) -> Result<(), Failure> {
    let outcome = match content {
        Content::Payload(payload) => client.publish(&address.message(payload)),
        Content::File(path) => match input::open(path)? {
            input::File::Small(payload) => client.publish(&address.message(&payload)),
            input::File::Large(file, length) => {
                client.publish_from(&address.topic, address.qos, address.retain, length, file)
            }
        },
        Content::Lines => Ok(()),
    };
    match outcome {
        Err(Error::Backlog) => flush(client),
        outcome => Ok(outcome?),
    }
}

/// Publishes lines as they come, without waiting for the acknowledgement of each before the next.
fn lines(client: &mut Client, address: &Address, stop: &Stop) -> Result<(), Failure> {
    let lines = input::lines(BufReader::new(io::stdin()));
    loop {
        match lines.recv_timeout(GLANCE) {
            Ok(line) => {
                let line = line.map_err(|error| input::cannot_read("stdin", &error))?;
                send(client, &address.message(&line))?;
            }
            Err(RecvTimeoutError::Timeout) => drop_received(client, Instant::now())?,
            Err(RecvTimeoutError::Disconnected) => return flush(client),
        }
        if stop.is_asked() {
            return Err(Error::Stopped.into());
        }
    }
}

fn send(client: &mut Client, message: &Publish<'_>) -> Result<(), Failure> {
    loop {
        match client.send(message) {
            Err(Error::Backlog) => drop_received(client, Instant::now())?,
            sent => return Ok(sent.map(drop)?),
        }
    }
}

fn flush(client: &mut Client) -> Result<(), Failure> {
    loop {
        match client.flush() {
            Err(Error::Backlog) => drop_received(client, Instant::now())?,
            flushed => return Ok(flushed?),
        }
    }
}

/// Looks after the connection until then. A session that was kept may have subscriptions; nobody
/// here wants their messages.
fn drop_received(client: &mut Client, until: Instant) -> Result<(), Failure> {
    loop {
        match client.recv(Some(until.saturating_duration_since(Instant::now()))) {
            Ok(Some(_)) | Err(Error::MessageTooLarge { .. } | Error::SubscriptionLost { .. }) => {}
            Ok(None) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(line: &str) -> Pace {
        Pace::of(
            &CommandLine::parse_from(
                ["motemq", "--pub", "-t", "a"]
                    .into_iter()
                    .chain(line.split_whitespace()),
            )
            .unwrap(),
        )
    }

    #[test]
    fn text_repeats_by_itself() {
        assert_eq!(pace("-m x"), Pace::Every(Duration::from_secs(1)));
        assert_eq!(pace("-m x -d 5"), Pace::Every(Duration::from_secs(5)));
        assert_eq!(pace("-m x --repeat 3"), Pace::Times(3, Duration::ZERO));
        assert_eq!(
            pace("-m x --repeat 3 -d 2"),
            Pace::Times(3, Duration::from_secs(2))
        );
        assert_eq!(
            pace("-m x --repeat 3 --repeat-delay 0.5"),
            Pace::Times(3, Duration::from_millis(500))
        );
    }

    #[test]
    fn all_else_is_sent_once() {
        for source in ["-n", "-s", "-f file"] {
            assert_eq!(pace(source), Pace::Times(1, Duration::ZERO));
            assert_eq!(
                pace(&format!("{source} -d 5")),
                Pace::Every(Duration::from_secs(5))
            );
        }
    }
}
