//! `--sub`: what is printed, and when it ends.
use crate::{
    args::{CommandLine, SubscriptionArgs},
    connection,
    exit::{Exit, Failure},
    notice::say,
    output::{Format, Printed, Printer},
    stop::Stop,
    target::Target,
};
use motemq::topic::matches;
use motemq_std::{Client, Error, Filter, Granted, Message, QoS};
use std::{
    io::{self, BufWriter, IsTerminal, Write},
    ops::ControlFlow,
    time::{Duration, SystemTime},
};

/// Brokers take so many filters at once, even those that take few.
const FILTERS_AT_ONCE: usize = 5;
/// Large messages are written in one piece.
const BUFFER: usize = 64 << 10;

/// Carries out `--sub`.
pub fn run(line: &CommandLine, target: Target) -> Result<Exit, Failure> {
    let args = &line.subscription;
    let endless = args.count.is_none() && !args.end_when_subscribed && !args.retained_only;
    let stop = Stop::watch(
        if endless {
            Exit::Done
        } else {
            Exit::Interrupted
        },
        line.give_up,
    )?;
    let mut client = connection::connect(&target, &stop, true, line.debug)?;
    let text_only = cfg!(windows) && io::stdout().is_terminal();
    let out = BufWriter::with_capacity(BUFFER, io::stdout().lock());
    let mut receiver = Receiver {
        args,
        printer: Printer::new(out, format(args), text_only),
        left: args.count,
        granted: 0,
    };
    let outcome = receiver.run(&mut client, &target.topics, line.qos);
    match connection::end(client, outcome, &stop) {
        // A subscriber connects again for messages, not to take its leave.
        Err(failure) if failure.exit == Exit::ConnectionLost => Ok(Exit::Done),
        ended => ended,
    }
}

fn format(args: &SubscriptionArgs) -> Format {
    if args.json {
        Format::Json
    } else {
        Format::Plain {
            topic: args.verbose,
            line_end: !args.no_line_end,
        }
    }
}

fn is_granted(topic: &str, answer: Granted) -> bool {
    if answer == Granted::Refused {
        say(format_args!(
            "the broker refuses the subscription to {topic}"
        ));
    }
    answer != Granted::Refused
}

fn cannot_write(error: io::Error) -> Failure {
    Failure::new(Exit::Files, format_args!("cannot write to stdout: {error}"))
}

/// Takes messages, until it has had what it was asked for.
struct Receiver<'a, W> {
    args: &'a SubscriptionArgs,
    printer: Printer<W>,
    left: Option<u64>,
    /// Number of filters that the broker has granted and not taken back.
    granted: usize,
}

impl<W: Write> Receiver<'_, W> {
    fn run(&mut self, client: &mut Client, topics: &[String], qos: QoS) -> Result<(), Failure> {
        if self.subscribe(client, topics, qos)?.is_break() {
            return Ok(());
        }
        for filter in &self.args.unsubscribe {
            if self
                .ask(client, |client| client.unsubscribe(&[filter]))?
                .is_break()
            {
                return Ok(());
            }
        }
        if self.args.end_when_subscribed {
            return Ok(());
        }
        while self.receive(client, None)?.is_continue() {}
        Ok(())
    }

    /// Subscribes; what the broker refuses is said.
    fn subscribe(
        &mut self,
        client: &mut Client,
        topics: &[String],
        qos: QoS,
    ) -> Result<ControlFlow<()>, Failure> {
        for some in topics.chunks(FILTERS_AT_ONCE) {
            let filters: Vec<_> = some.iter().map(|topic| Filter::new(topic, qos)).collect();
            match self.ask(client, |client| client.subscribe(&filters))? {
                ControlFlow::Continue(answers) => {
                    self.granted += some
                        .iter()
                        .zip(answers)
                        .filter(|(topic, answer)| is_granted(topic, *answer))
                        .count();
                }
                ControlFlow::Break(()) => return Ok(ControlFlow::Break(())),
            }
        }
        if self.granted == 0 && !topics.is_empty() {
            return Err(Failure::new(
                Exit::Refused,
                "no subscription was granted: check the broker's rules for this client",
            ));
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Asks the broker for something. Messages of a kept session may stand before the answer: they
    /// are taken first.
    fn ask<T>(
        &mut self,
        client: &mut Client,
        request: impl Fn(&mut Client) -> Result<T, Error>,
    ) -> Result<ControlFlow<(), T>, Failure> {
        loop {
            match request(client) {
                Err(Error::Backlog) => {}
                outcome => return Ok(ControlFlow::Continue(outcome?)),
            }
            if self.receive(client, Some(Duration::ZERO))?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
    }

    fn receive(
        &mut self,
        client: &mut Client,
        timeout: Option<Duration>,
    ) -> Result<ControlFlow<()>, Failure> {
        match client.recv(timeout) {
            Ok(Some(message)) => return self.take(&message).map_err(cannot_write),
            Ok(None) => {}
            Err(error @ Error::SubscriptionLost { .. }) if self.granted > 1 => {
                self.granted -= 1;
                say(error);
            }
            Err(error @ Error::MessageTooLarge { .. }) => say(error),
            Err(error) => return Err(error.into()),
        }
        Ok(ControlFlow::Continue(()))
    }

    fn take(&mut self, message: &Message) -> io::Result<ControlFlow<()>> {
        let Message {
            topic,
            payload,
            qos,
            retain,
            dup,
        } = message;
        let args = self.args;
        if args.retained_only && !retain {
            return Ok(ControlFlow::Break(()));
        }
        if (args.no_retained && *retain)
            || args.filter_out.iter().any(|filter| matches(filter, topic))
        {
            return Ok(ControlFlow::Continue(()));
        }
        let printed = Printed {
            topic,
            qos: *qos as u8,
            retain: *retain,
            dup: *dup,
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

    /// What is printed of these messages (`!` before a retained one), and how many were taken.
    fn printed(line: &str, topics: &[&str]) -> (String, usize) {
        let words = ["motemq", "--sub", "-t", "#", "-v"]
            .into_iter()
            .chain(line.split_whitespace());
        let line = CommandLine::parse_from(words).unwrap();
        let args = &line.subscription;
        let mut out = Vec::new();
        let mut receiver = Receiver {
            args,
            printer: Printer::new(&mut out, format(args), false),
            left: args.count,
            granted: 1,
        };
        let mut taken = 0;
        for topic in topics {
            taken += 1;
            let retain = topic.starts_with('!');
            let topic = topic.trim_start_matches('!').into();
            let message = Message {
                topic,
                payload: b"x".into(),
                qos: QoS::AtMostOnce,
                retain,
                dup: false,
            };
            if receiver.take(&message).unwrap().is_break() {
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
        let line = CommandLine::parse_from(["motemq", "--sub", "-t", "a"]).unwrap();
        let args = &line.subscription;
        let mut receiver = Receiver {
            args,
            printer: Printer::new(Closed, format(args), false),
            left: None,
            granted: 1,
        };
        let message = Message {
            topic: "a".into(),
            payload: vec![],
            qos: QoS::AtMostOnce,
            retain: false,
            dup: false,
        };
        assert!(receiver.take(&message).unwrap().is_break());
    }
}
