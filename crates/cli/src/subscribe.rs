//! `sub`: what is printed, and when it ends.
use crate::{
    args::{CommandLine, SubscriptionArgs},
    connection::{self, Connection},
    exit::{Exit, Failure},
    notice::say,
    output::{Format, Printed, Printer},
    patient::Patient,
    stop::Stop,
    target::Target,
};
use motemq::topic::matches;
use motemq_std::{Filter, Message, Publish, QoS, RequestError, SubscribeError};
use std::{
    fs::File,
    io::{self, BufWriter, IsTerminal, Write},
    ops::ControlFlow,
    path::Path,
    time::SystemTime,
};

/// Brokers take so many filters at once, even those that take few.
const FILTERS_AT_ONCE: usize = 5;
/// Large messages are written in one piece.
const BUFFER: usize = 64 << 10;

/// Subscribes.
pub fn run(line: &CommandLine, args: &SubscriptionArgs, target: Target) -> Result<Exit, Failure> {
    let endless = args.count.is_none() && !args.end_when_subscribed && !args.retained_only;
    let stop = Stop::watch(
        if endless {
            Exit::Done
        } else {
            Exit::Interrupted
        },
        line.common.give_up,
    )?;
    let out = open(args.output.as_deref())?;
    let mut connection = connection::connect(&target, &stop, true, line.common.debug)?;
    let text_only = cfg!(windows) && args.output.is_none() && io::stdout().is_terminal();
    let out = BufWriter::with_capacity(BUFFER, Patient(out));
    let mut receiver = Receiver {
        args,
        printer: Printer::new(out, format(args), text_only),
        left: args.count,
        stop: &stop,
    };
    let outcome = receiver.run(&mut connection, &target.topics, line.common.qos);
    match connection::end(connection, outcome, &stop) {
        // A subscriber connects again for messages, not to take its leave.
        Err(failure) if failure.exit == Exit::ConnectionLost => Ok(Exit::Done),
        ended => ended,
    }
}

fn format(args: &SubscriptionArgs) -> Format {
    let line_end = !args.no_line_end;
    if args.json {
        Format::Json
    } else if let Some(template) = args.format.clone() {
        Format::Template { template, line_end }
    } else {
        Format::Plain {
            topic: args.verbose,
            line_end,
        }
    }
}

/// Opens the output.
fn open(file: Option<&Path>) -> Result<Box<dyn Write>, Failure> {
    match file {
        None => Ok(Box::new(io::stdout().lock())),
        Some(path) => match File::create(path) {
            Ok(file) => Ok(Box::new(file)),
            Err(error) => Err(Failure::new(
                Exit::Files,
                format_args!("cannot write to {}: {error}", path.display()),
            )),
        },
    }
}

fn cannot_write(error: io::Error) -> Failure {
    Failure::new(
        Exit::Files,
        format_args!("cannot write what was received: {error}"),
    )
}

/// Takes messages, until it has had what it was asked for.
struct Receiver<'a, W> {
    args: &'a SubscriptionArgs,
    printer: Printer<W>,
    left: Option<u64>,
    stop: &'a Stop,
}

/// The parts of a message that can be printed.
#[derive(Clone, Copy)]
struct Taken<'m> {
    topic: &'m str,
    payload: &'m [u8],
    qos: QoS,
    retain: bool,
    dup: bool,
    packet_id: u16,
}

impl<'m> From<&'m Message> for Taken<'m> {
    fn from(message: &'m Message) -> Self {
        Taken {
            topic: &message.topic,
            payload: &message.payload,
            qos: message.qos,
            retain: message.retain,
            dup: message.dup,
            packet_id: message.packet_id.map_or(0, |id| id.get()),
        }
    }
}

impl<W: Write> Receiver<'_, W> {
    fn run(
        &mut self,
        connection: &mut Connection,
        topics: &[String],
        qos: QoS,
    ) -> Result<(), Failure> {
        self.subscribe(connection, topics, qos)?;
        for filter in &self.args.unsubscribe {
            connection.unsubscribe(filter)?;
        }
        if self.args.end_when_subscribed {
            return Ok(());
        }
        while self.receive(connection)?.is_continue() {}
        Ok(())
    }

    /// Subscribes; what the broker refuses is said. All messages go to one stream, so that those
    /// that match several filters are printed as often as the broker sends them.
    fn subscribe(
        &mut self,
        connection: &Connection,
        topics: &[String],
        qos: QoS,
    ) -> Result<(), Failure> {
        let mut granted = 0;
        for some in topics.chunks(FILTERS_AT_ONCE) {
            let mut topics: Vec<_> = some.iter().collect();
            while !topics.is_empty() {
                let filters: Vec<_> = topics.iter().map(|t| Filter::new(t, qos)).collect();
                let codes = match connection.client.subscribe(&filters) {
                    // What has come to it goes to the other stream when it is dropped.
                    Ok(_stream) => {
                        granted += topics.len();
                        topics.iter().for_each(|t| connection.on_granted(t));
                        break;
                    }
                    Err(SubscribeError::Failed(RequestError::Refused { codes, .. })) => codes,
                    Err(error) => return Err(connection.subscribe_failure(&error)),
                };
                // A subscription that fails leaves nothing behind: the others are asked for again.
                let mut codes = codes.iter();
                topics.retain(|topic| {
                    let is_refused = codes
                        .next()
                        .is_none_or(|&code| QoS::try_from(code).is_err());
                    if is_refused {
                        say(format_args!(
                            "the broker refuses the subscription to {topic}"
                        ));
                    }
                    !is_refused
                });
            }
        }
        if granted == 0 && !topics.is_empty() {
            return Err(Failure::new(
                Exit::Refused,
                "no subscription was granted: check the broker's rules for this client",
            ));
        }
        Ok(())
    }

    fn receive(&mut self, connection: &mut Connection) -> Result<ControlFlow<()>, Failure> {
        match connection.messages.recv() {
            Some(message) => {
                if self.args.remove_retained && message.retain && !self.is_left_out(&message.topic)
                {
                    let empty = Publish::to(&message.topic).qos(QoS::AtLeastOnce).retain();
                    let published = connection.client.publish(&empty);
                    // The end waits for its acknowledgement.
                    drop(published.map_err(|error| Failure::of_publish(&error))?);
                }
                self.take(Taken::from(&message)).map_err(cannot_write)
            }
            None => Err(connection.failure(self.stop)),
        }
    }

    /// Returns whether the options leave out messages with this topic.
    fn is_left_out(&self, topic: &str) -> bool {
        let mut filters = self.args.filter_out.iter();
        filters.any(|filter| matches(filter, topic))
    }

    /// Returns whether chance leaves out a message.
    fn is_unlucky(&self) -> bool {
        let percent = self.args.random_filter;
        percent.is_some_and(|percent| fastrand::f64() * 100.0 >= percent)
    }

    fn take(&mut self, message: Taken<'_>) -> io::Result<ControlFlow<()>> {
        let Taken {
            topic,
            payload,
            qos,
            retain,
            dup,
            packet_id,
        } = message;
        let args = self.args;
        if args.retained_only && !retain {
            return Ok(ControlFlow::Break(()));
        }
        if (args.no_retained && retain) || self.is_left_out(topic) || self.is_unlucky() {
            return Ok(ControlFlow::Continue(()));
        }
        let printed = Printed {
            topic,
            qos: qos as u8,
            retain,
            dup,
            packet_id,
            payload,
        };
        match self.printer.print(&printed, SystemTime::now()) {
            // Whoever read has had enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                return Ok(ControlFlow::Break(()));
            }
            printed => printed?,
        }
        self.left = self.left.map(|left| left - 1);
        Ok(if self.left == Some(0) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the output for these messages (`!` marks a retained one), and how many were taken.
    fn printed(line: &str, topics: &[&str]) -> (String, usize) {
        let line = CommandLine::of(&format!("sub -t # -v {line}")).unwrap();
        let args = line.subscription();
        let mut out = Vec::new();
        let mut receiver = Receiver {
            args,
            printer: Printer::new(&mut out, format(args), false),
            left: args.count,
            stop: &Stop::unwatched(),
        };
        let mut taken = 0;
        for topic in topics {
            taken += 1;
            let retain = topic.starts_with('!');
            let topic = topic.trim_start_matches('!');
            let message = Taken {
                topic,
                payload: b"x",
                qos: QoS::AtMostOnce,
                retain,
                dup: false,
                packet_id: 0,
            };
            if receiver.take(message).unwrap().is_break() {
                break;
            }
        }
        (String::from_utf8(out).unwrap(), taken)
    }

    #[test]
    fn it_ends_after_so_many_printed() {
        assert_eq!(printed("-C 2", &["a", "b", "c"]), ("a x\nb x\n".into(), 2));
        assert_eq!(
            printed("-C 1 -T a/#", &["a", "a/b", "c", "d"]),
            ("c x\n".into(), 3)
        );
        assert_eq!(printed("-C 1 -R", &["!a", "b"]), ("b x\n".into(), 2));
    }

    #[test]
    fn retained_messages_are_left_out_or_alone() {
        assert_eq!(printed("-R", &["!a", "b"]).0, "b x\n");
        assert_eq!(
            printed("--retained-only", &["!a", "!b", "c", "!d"]),
            ("a x\nb x\n".into(), 3)
        );
    }

    #[test]
    fn several_filters_take_out() {
        assert_eq!(printed("-T a -T +/b", &["a", "c/b", "c"]).0, "c x\n");
    }

    #[test]
    fn who_has_had_enough_ends_it_quietly() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let line = CommandLine::of("sub -t a").unwrap();
        let args = line.subscription();
        let mut receiver = Receiver {
            args,
            printer: Printer::new(Closed, format(args), false),
            left: None,
            stop: &Stop::unwatched(),
        };
        let message = Taken {
            topic: "a",
            payload: &[],
            qos: QoS::AtMostOnce,
            retain: false,
            dup: false,
            packet_id: 0,
        };
        assert!(receiver.take(message).unwrap().is_break());
    }
}
