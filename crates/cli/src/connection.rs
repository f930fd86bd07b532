//! The connection: how it begins, how it comes again, how it ends.
use crate::{
    exit::{Exit, Failure},
    notice::say,
    stop::Stop,
    target::Target,
};
use motemq_std::{
    Client, Direction, DisconnectReason, Ended, Options, Reconnect, RecvTimeoutError, ReturnCode,
    State, States, Subscription,
};
use std::{
    thread,
    time::{Duration, Instant, SystemTime},
};

/// An attempt to connect, and again the wait for the broker's answer, may take so long.
const PATIENCE: Duration = Duration::from_secs(10);
/// MQTT allows no longer message.
const LONGEST_MESSAGE: usize = 268_435_455;
/// How long a message may wait for its acknowledgement.
const ACK_PATIENCE: Duration = Duration::from_secs(20);

/// A client that is connected, and everything that it receives.
pub struct Connection {
    pub client: Client,
    /// What no other stream gets, which is all.
    pub messages: Subscription,
}

/// Connects; `again`: also when the connection is lost later, which is then said.
pub fn connect(
    target: &Target,
    stop: &Stop,
    again: bool,
    show_packets: bool,
) -> Result<Connection, Failure> {
    let reconnect = if again {
        Reconnect::back_off()
    } else {
        Reconnect::Never
    };
    let options = target
        .options
        .clone()
        .connect_timeout(PATIENCE)
        .ack_timeout(Some(ACK_PATIENCE))
        .max_message(LONGEST_MESSAGE)
        .reconnect(reconnect)
        .end_if(is_final);
    let options = if show_packets {
        traced(options)
    } else {
        options
    };
    let (client, driver) = Client::new(options)?;
    let messages = client.messages();
    thread::spawn(move || driver.run());
    if let Err(ended) = client.connected() {
        return Err(Failure::of_end(&ended, &client));
    }
    stop.connected(&client);
    if again {
        let (place, states) = (target.route.place(), client.states());
        thread::spawn(move || watch(&place, states));
    }
    Ok(Connection { client, messages })
}

/// The first attempt counts; later only what cannot change by itself ends the program.
fn is_final(reason: &DisconnectReason, was_connected: bool) -> bool {
    let cannot_change = matches!(
        reason,
        DisconnectReason::Refused(
            ReturnCode::UNACCEPTABLE_PROTOCOL_VERSION | ReturnCode::IDENTIFIER_REJECTED
        )
    );
    !was_connected || cannot_change
}

/// Says what becomes of a connection that was made.
fn watch(place: &str, mut states: States) {
    let mut is_lost = false;
    loop {
        match states.changed() {
            State::Connected { .. } => {
                if !is_lost {
                    say(format_args!("connection to {place} lost: connecting again"));
                }
                say(format_args!("connected to {place} again"));
                is_lost = false;
            }
            State::Waiting { reason, .. } if is_lost => {
                say(format_args!("{reason}; trying again"));
            }
            State::Waiting { .. } => {
                say(format_args!("connection to {place} lost: connecting again"));
                is_lost = true;
            }
            State::Ended(_) => return,
            _ => {}
        }
    }
}

/// Says when which packet goes which way.
fn traced(options: Options) -> Options {
    options.trace(|direction, packet| {
        let now = humantime::format_rfc3339_millis(SystemTime::now());
        let way = if direction == Direction::In {
            "<-"
        } else {
            "->"
        };
        say(format_args!("{now} {way} {packet}"));
    })
}

impl Connection {
    /// Returns why the client has ended, or is about to.
    pub fn failure(&self, stop: &Stop) -> Failure {
        if stop.is_asked() {
            return Failure::new(Exit::Interrupted, stop.words());
        }
        match self.client.connected() {
            Err(ended) => Failure::of_end(&ended, &self.client),
            Ok(_) => Failure::new(Exit::ConnectionLost, "connection lost"),
        }
    }

    /// Drops what is received until then: a session that was kept may have subscriptions.
    pub fn drop_received(&mut self, until: Instant, stop: &Stop) -> Result<(), Failure> {
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.messages.recv_timeout(left) {
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => return Ok(()),
                Err(RecvTimeoutError::Ended) => return Err(self.failure(stop)),
            }
        }
    }
}

/// Ends the connection as well as can be after `outcome`, and says how the program ends.
pub fn end(
    connection: Connection,
    outcome: Result<(), Failure>,
    stop: &Stop,
) -> Result<Exit, Failure> {
    let Connection { client, messages } = connection;
    let ended = match outcome {
        Ok(()) => match client.disconnect(ACK_PATIENCE) {
            Ok(()) => Ok(Exit::Done),
            Err(ended) => Err(Failure::of_end(&ended, &client)),
        },
        Err(failure) if failure.exit == Exit::Interrupted || stop.is_asked() => {
            stopped(&client, stop)
        }
        Err(failure) => {
            // At once: what is under way is lost for us.
            let _ = client.disconnect(Duration::ZERO);
            Err(failure)
        }
    };
    drop(messages);
    ended
}

fn stopped(client: &Client, stop: &Stop) -> Result<Exit, Failure> {
    let exit = stop.exit();
    // It was told to leave, within its time, when the program was stopped.
    match client.disconnect(ACK_PATIENCE) {
        Ok(()) => {}
        Err(Ended::Unfinished) => {
            return Err(Failure::new(
                Exit::NotAcknowledged,
                format_args!("{}, without an acknowledgement by the broker", stop.words()),
            ));
        }
        Err(ended) => return Err(Failure::of_end(&ended, client)),
    }
    if exit == Exit::Done {
        Ok(exit)
    } else {
        Err(Failure::new(exit, stop.words()))
    }
}
