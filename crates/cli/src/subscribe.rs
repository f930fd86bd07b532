//! `sub`: what is printed, and when it ends.
#[cfg(test)]
mod tests;

use crate::{
    args::{CommandLine, PacketKind, SubscriptionArgs, Value},
    connection::{self, Connection},
    exit::{Exit, Failure},
    input::HELD,
    output::{Printed, Printer},
    printing,
    progress::Progress,
    stop::Stop,
    subscriptions::{self, Wish},
    target::Target,
};
use motemq::{Properties, topic::matches};
use motemq_std::{Message, Publish, QoS, RecvTimeoutError, Subscribing, Unacked};
use std::{
    io::{self, Read, Write},
    ops::ControlFlow,
    time::{Duration, SystemTime},
};

/// The interval at which messages are looked for while the answer to a subscription is awaited.
const GLANCE: Duration = Duration::from_millis(20);
/// The longest time for which a message is waited for at once.
const TURN: Duration = Duration::from_secs(60 * 60);
/// The most messages that are written together.
const AT_ONCE: usize = 256;

/// Subscribes.
pub fn run(
    line: &CommandLine,
    args: &SubscriptionArgs,
    mut target: Target,
    mut stop: Stop,
) -> Result<Exit, Failure> {
    let endless = args.count.is_none() && !args.end_when_subscribed && !args.retained_only;
    stop.watch(if endless {
        Exit::Done
    } else {
        Exit::Interrupted
    })?;
    let printer = printing::printer(&args.print)?;
    // Answers stand behind payloads that are read while they arrive.
    let wish = wish(line, args);
    let streams =
        !args.end_when_subscribed && args.unsubscribe.is_empty() && wish.identifier.is_none();
    if streams {
        target.options = target.options.max_message(HELD);
    }
    target.look_up_own_address(&line.broker.connection)?;
    let mut connection = connection::connect(&target, &stop, true, line.common.report.debug)?;
    let mut receiver = Receiver {
        args,
        printer,
        left: args.count,
        streams,
        unacked: Vec::new(),
        stop: &stop,
    };
    let outcome = receiver.run(&mut connection, &target.topics, wish);
    let is_cut = matches!(&outcome, Err(failure) if failure.exit == Exit::ConnectionLost);
    match connection::end(connection, outcome, &stop) {
        // A subscriber connects again for messages, not to take its leave.
        Err(failure) if !is_cut && failure.exit == Exit::ConnectionLost => Ok(Exit::Done),
        ended => ended,
    }
}

/// Returns what is asked for with each filter.
fn wish(line: &CommandLine, args: &SubscriptionArgs) -> Wish {
    let identifiers = line.broker.connection.protocol.of(PacketKind::Subscribe);
    let identifiers = identifiers.filter_map(|value| match value {
        Value::SubscriptionIdentifier(identifier) => Some(*identifier),
        _ => None,
    });
    Wish {
        qos: line.common.qos,
        options: args.filter.options(),
        identifier: identifiers.last(),
    }
}

fn cannot_write(error: io::Error) -> Failure {
    if error.kind() == io::ErrorKind::ConnectionReset {
        let words = "connection lost in the middle of a large message, of which a part is printed";
        return Failure::new(Exit::ConnectionLost, words);
    }
    Failure::new(
        Exit::Files,
        format_args!("cannot write what was received: {error}"),
    )
}

/// Reads a payload to its end; `None` if the connection is lost before that.
fn whole(mut payload: impl Read, length: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    match payload.read_to_end(&mut bytes) {
        Ok(_) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Ok(None),
        Err(error) => Err(error),
    }
}

/// The reason why a message is the last one.
enum Stopped {
    Output(io::Error),
    Failure(Failure),
}

/// Takes messages, until it has had what it was asked for.
struct Receiver<'a, W> {
    args: &'a SubscriptionArgs,
    printer: Printer<W>,
    left: Option<u64>,
    /// Large payloads are read while they arrive.
    streams: bool,
    /// The acknowledgements of messages that are printed, but perhaps not written yet.
    unacked: Vec<Unacked>,
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
    properties: Properties<'m>,
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
            properties: message.properties.get(),
        }
    }
}

impl<W: Write> Receiver<'_, W> {
    fn run(
        &mut self,
        connection: &mut Connection,
        topics: &[String],
        wish: Wish,
    ) -> Result<(), Failure> {
        if self.subscribe(connection, topics, wish)?.is_break() {
            return Ok(());
        }
        for filter in &self.args.unsubscribe {
            connection.unsubscribe(filter)?;
        }
        if self.args.end_when_subscribed {
            return Ok(());
        }
        while self.receive(connection)?.is_continue() {}
        Ok(())
    }

    /// Subscribes, and receives messages meanwhile.
    fn subscribe(
        &mut self,
        connection: &mut Connection,
        topics: &[String],
        wish: Wish,
    ) -> Result<ControlFlow<()>, Failure> {
        subscriptions::subscribe(connection, topics, wish, &mut |subscribing, connection| {
            if self.streams {
                self.receive_until(subscribing, connection)
            } else {
                Ok(ControlFlow::Continue(()))
            }
        })
    }

    /// Receives what stands before the answer to a subscription.
    fn receive_until(
        &mut self,
        subscribing: &mut Subscribing,
        connection: &mut Connection,
    ) -> Result<ControlFlow<()>, Failure> {
        while !subscribing.wait_timeout(GLANCE) {
            let flow = self.take_all(connection, |connection| {
                // What came before the request was made comes first.
                let earlier = connection.next_now();
                earlier.or_else(|| {
                    let stream = subscribing.subscription();
                    stream.recv_unacked_timeout(Duration::ZERO).ok()
                })
            })?;
            if flow.is_break() {
                return Ok(flow);
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Waits for messages, and takes those that have arrived together.
    fn receive(&mut self, connection: &mut Connection) -> Result<ControlFlow<()>, Failure> {
        let mut first = match connection.next(TURN) {
            Ok(message) => Some(message),
            Err(RecvTimeoutError::Timeout) => return Ok(ControlFlow::Continue(())),
            Err(RecvTimeoutError::Ended) => return Err(connection.failure(self.stop)),
        };
        self.take_all(connection, |connection| {
            first.take().or_else(|| connection.next_now())
        })
    }

    /// Takes the messages that are there, and acknowledges them when they are where they go.
    fn take_all(
        &mut self,
        connection: &mut Connection,
        next: impl FnMut(&mut Connection) -> Option<(Message, Unacked)>,
    ) -> Result<ControlFlow<()>, Failure> {
        let taken = self.print_all(connection, next);
        let flow = match (taken, self.printer.flush()) {
            (Err(Stopped::Output(error)), _) | (_, Err(error)) => {
                // Whoever read has had enough.
                return if error.kind() == io::ErrorKind::BrokenPipe {
                    Ok(ControlFlow::Break(()))
                } else {
                    Err(cannot_write(error))
                };
            }
            (Err(Stopped::Failure(failure)), Ok(())) => Err(failure),
            (Ok(flow), Ok(())) => Ok(flow),
        };
        self.unacked.drain(..).for_each(Unacked::ack);
        flow
    }

    /// Prints the messages that are there, as far as into the buffer of the output.
    fn print_all(
        &mut self,
        connection: &mut Connection,
        mut next: impl FnMut(&mut Connection) -> Option<(Message, Unacked)>,
    ) -> Result<ControlFlow<()>, Stopped> {
        let mut flow = ControlFlow::Continue(());
        while flow.is_continue()
            && self.unacked.len() < AT_ONCE
            && let Some((message, unacked)) = next(connection)
        {
            flow = self.on_message(&message, connection)?;
            self.unacked.push(unacked);
        }
        Ok(flow)
    }

    fn on_message(
        &mut self,
        message: &Message,
        connection: &Connection,
    ) -> Result<ControlFlow<()>, Stopped> {
        if self.args.remove_retained && message.retain && !self.is_left_out(&message.topic) {
            let empty = Publish::to(&message.topic).qos(QoS::AtLeastOnce).retain();
            // There may be no room at first.
            connection.hand_over();
            let published = connection.client.publish(&empty);
            // The end waits for its acknowledgement.
            drop(published.map_err(|error| Stopped::Failure(Failure::of_publish(&error)))?);
        }
        let large = (!message.is_whole()).then(|| {
            connection.hand_over();
            (message.clone().into_reader(), message.len)
        });
        let taken = self.take(Taken::from(message), large);
        taken.map_err(Stopped::Output)
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

    /// Takes a message; `large`: its payload and the length of that, if it is still arriving.
    fn take(
        &mut self,
        message: Taken<'_>,
        large: Option<(impl Read, u64)>,
    ) -> io::Result<ControlFlow<()>> {
        let Taken {
            topic,
            payload,
            qos,
            retain,
            dup,
            packet_id,
            properties,
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
            properties,
            payload,
        };
        match large {
            Some((payload, length)) => {
                let payload = Progress::of(payload, length, "receiving");
                if self.printer.streams() {
                    self.printer.print_from(topic, payload)?;
                } else {
                    let Some(payload) = whole(payload, length)? else {
                        return Ok(ControlFlow::Continue(()));
                    };
                    let payload = &payload;
                    let printed = Printed { payload, ..printed };
                    self.printer.print(&printed, SystemTime::now)?;
                }
            }
            None => self.printer.print(&printed, SystemTime::now)?,
        }
        self.left = self.left.map(|left| left - 1);
        Ok(if self.left == Some(0) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    }
}
