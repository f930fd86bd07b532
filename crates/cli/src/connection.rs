//! The connection: how it begins, how it comes again, how it ends.
use crate::{
    driving::Driving,
    exit::{Exit, Failure},
    notice::say,
    stop::Stop,
    target::Target,
};
use motemq_std::{
    Client, Direction, DisconnectReason, Ended, Message, Options, Overflow, ReasonCode, Reconnect,
    RecvTimeoutError, ReturnCode, Stage, State, SubscribeError, Subscription, Unacked,
};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant, SystemTime},
};

/// The time limit of an attempt to connect, and of the wait for the broker's answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// The number of times in a row that the broker may hang up instead of answering a subscription.
const HANG_UPS: u32 = 2;
/// MQTT allows no longer message.
const LONGEST_MESSAGE: usize = 268_435_455;
/// The time that the broker has to acknowledge a message.
const ACK_PATIENCE: Duration = Duration::from_secs(20);

/// A client that is connected, and everything that it receives.
pub struct Connection {
    pub client: Client,
    /// All received messages, since there is no other stream.
    pub messages: Subscription,
    driving: Driving,
    granted: Arc<Granted>,
}

/// The subscriptions that a command has made.
#[derive(Default)]
struct Granted(Mutex<Filters>);

#[derive(Default)]
struct Filters {
    granted: Vec<String>,
    /// All of them were granted before, and refused later.
    are_lost: bool,
    /// The number of times that the broker has hung up instead of answering the first subscription.
    hang_ups: u32,
}

impl Granted {
    fn lock(&self) -> MutexGuard<'_, Filters> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says which subscriptions the broker has refused since it granted them. If none is left, the
    /// client leaves.
    fn check(&self, client: &Client) {
        let kept = client.subscriptions();
        let mut filters = self.lock();
        if filters.granted.is_empty() {
            return;
        }
        filters.granted.retain(|filter| {
            let is_kept = kept.contains(filter);
            if !is_kept {
                say(format_args!(
                    "the broker lost the session and refuses the subscription to {filter} now"
                ));
            }
            is_kept
        });
        if filters.granted.is_empty() {
            filters.are_lost = true;
            client.begin_disconnect(Duration::ZERO);
        }
    }

    /// The connection was lost. A broker that hangs up again and again instead of answering the
    /// first subscription will not answer it: then the client leaves.
    fn on_lost(&self, client: &Client, reason: &DisconnectReason) {
        let mut filters = self.lock();
        if filters.granted.is_empty() && *reason == DisconnectReason::Closed(Stage::Subscribing) {
            filters.hang_ups += 1;
            if filters.hang_ups == HANG_UPS {
                client.begin_disconnect(Duration::ZERO);
            }
        }
    }
}

/// Returns the options of a client; `again`: it connects also when the connection is lost later.
pub fn options(target: &Target, again: bool, show_packets: bool) -> Options {
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
        .backlog(LONGEST_MESSAGE, Overflow::Disconnect)
        .reconnect(reconnect)
        .end_if(is_final);
    if show_packets {
        traced(options)
    } else {
        options
    }
}

/// Connects; `again`: also when the connection is lost later, which is then said.
pub fn connect(
    target: &Target,
    stop: &Stop,
    again: bool,
    show_packets: bool,
) -> Result<Connection, Failure> {
    connect_as(options(target, again, show_packets), target, stop, again)
}

/// Connects with these options.
pub fn connect_as(
    options: Options,
    target: &Target,
    stop: &Stop,
    again: bool,
) -> Result<Connection, Failure> {
    let (client, driver) = Client::new(options)?;
    let messages = client.messages();
    let driving = Driving::begin(driver);
    if let Err(ended) = client.connected() {
        return Err(Failure::of_end(&ended));
    }
    stop.connected(&client);
    let granted = Arc::<Granted>::default();
    if again {
        watch(target.route.place(), client.clone(), granted.clone());
    }
    Ok(Connection {
        client,
        messages,
        driving,
        granted,
    })
}

/// The first attempt counts; later only what cannot change by itself ends the program.
fn is_final(reason: &DisconnectReason, was_connected: bool) -> bool {
    let cannot_change = match reason {
        DisconnectReason::Refused(code) => matches!(
            *code,
            ReturnCode::UNACCEPTABLE_PROTOCOL_VERSION | ReturnCode::IDENTIFIER_REJECTED
        ),
        DisconnectReason::RefusedWith(reason) => matches!(
            reason.code(),
            ReasonCode::UNSUPPORTED_PROTOCOL_VERSION | ReasonCode::CLIENT_IDENTIFIER_NOT_VALID
        ),
        // Two that connect again and again would end each other's connections.
        DisconnectReason::Disconnected(reason) => reason.code() == ReasonCode::SESSION_TAKEN_OVER,
        _ => false,
    };
    !was_connected || cannot_change
}

/// Says what becomes of a connection that was made, and of its subscriptions, in a thread of its
/// own.
fn watch(place: String, client: Client, granted: Arc<Granted>) {
    let mut states = client.states();
    let mut last = connected_since(&client.state());
    thread::spawn(move || {
        let mut is_lost = false;
        loop {
            let state = states.changed();
            match &state {
                State::Connected { .. } => {
                    let since = connected_since(&state);
                    if since != last {
                        if !is_lost {
                            say(format_args!("connection to {place} lost: connecting again"));
                        }
                        say(format_args!("connected to {place} again"));
                    }
                    (last, is_lost) = (since, false);
                    granted.check(&client);
                }
                // The connection may have been made and lost again meanwhile, unseen.
                State::Waiting { reason, .. } if is_lost => {
                    say(format_args!("{reason}; trying again"));
                    granted.on_lost(&client, reason);
                }
                State::Waiting { reason, .. }
                | State::Connecting {
                    reason: Some(reason),
                } if !is_lost => {
                    say(format_args!(
                        "connection to {place} lost: {reason}; connecting again"
                    ));
                    granted.on_lost(&client, reason);
                    is_lost = true;
                }
                State::Ended(_) => return,
                _ => {}
            }
        }
    });
}

fn connected_since(state: &State) -> Option<Instant> {
    match state {
        State::Connected { since, .. } => Some(*since),
        _ => None,
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
    /// Waits for a message for no longer than `limit`, and drives the client with this thread
    /// meanwhile.
    ///
    /// # Errors
    /// [`Timeout`](RecvTimeoutError::Timeout) if there is none by then,
    /// [`Ended`](RecvTimeoutError::Ended) if the client has ended or leaves.
    pub fn next(&mut self, limit: Duration) -> Result<(Message, Unacked), RecvTimeoutError> {
        let (client, messages) = (&self.client, &mut self.messages);
        let next = self.driving.until(client, limit, || taken(messages));
        next.unwrap_or(Err(RecvTimeoutError::Timeout))
    }

    /// Returns a message if one is there.
    pub fn next_now(&mut self) -> Option<(Message, Unacked)> {
        taken(&mut self.messages)?.ok()
    }

    /// Lets the background drive the client, since this thread is about to wait for it otherwise
    /// than with [`next`](Self::next).
    pub fn hand_over(&self) {
        self.driving.hand_over();
    }

    /// The broker has granted this filter.
    pub fn on_granted(&self, filter: &str) {
        self.granted.lock().granted.push(filter.into());
    }

    /// Unsubscribes from this filter.
    pub fn unsubscribe(&self, filter: &str) -> Result<(), Failure> {
        let mut filters = self.granted.lock();
        filters.granted.retain(|granted| granted != filter);
        drop(filters);
        self.client
            .unsubscribe(&[filter])
            .map(drop)
            .map_err(|error| self.subscribe_failure(&error))
    }

    /// Returns why a subscription failed.
    pub fn subscribe_failure(&self, error: &SubscribeError) -> Failure {
        if self.granted.lock().hang_ups < HANG_UPS {
            return Failure::of_subscribe(error);
        }
        Failure::new(Exit::TimeOut, DisconnectReason::Closed(Stage::Subscribing))
    }

    /// Returns why the client has ended, or is about to.
    pub fn failure(&self, stop: &Stop) -> Failure {
        if self.granted.lock().are_lost {
            return Failure::new(
                Exit::Refused,
                "no subscription is left: check the broker's rules for this client",
            );
        }
        if stop.is_asked() {
            return Failure::new(Exit::Interrupted, stop.words());
        }
        self.hand_over();
        match self.client.connected() {
            Err(ended) => Failure::of_end(&ended),
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

/// Takes a message, or the end of the messages, if either is there.
fn taken(messages: &mut Subscription) -> Option<Result<(Message, Unacked), RecvTimeoutError>> {
    match messages.recv_unacked_timeout(Duration::ZERO) {
        Err(RecvTimeoutError::Timeout) => None,
        next => Some(next),
    }
}

/// Ends the connection as well as can be after `outcome`, and says how the program ends.
pub fn end(
    connection: Connection,
    outcome: Result<(), Failure>,
    stop: &Stop,
) -> Result<Exit, Failure> {
    connection.hand_over();
    let Connection {
        client, messages, ..
    } = connection;
    let left = client.disconnect(patience(&outcome, stop));
    drop(messages);
    ended(outcome, left, stop)
}

/// Returns how long the client may take to leave after `outcome`.
pub fn patience(outcome: &Result<(), Failure>, stop: &Stop) -> Duration {
    match outcome {
        // At once: what is under way is lost for us.
        Err(failure) if !is_stopped(failure, stop) => Duration::ZERO,
        _ => ACK_PATIENCE,
    }
}

/// Says how the program ends after `outcome`, when the client has left so.
pub fn ended(
    outcome: Result<(), Failure>,
    left: Result<(), Ended>,
    stop: &Stop,
) -> Result<Exit, Failure> {
    match outcome {
        Ok(()) => match left {
            Ok(()) => Ok(Exit::Done),
            Err(ended) => Err(Failure::of_end(&ended)),
        },
        Err(failure) if is_stopped(&failure, stop) => stopped(left, stop, failure.exit),
        Err(failure) => Err(failure),
    }
}

fn is_stopped(failure: &Failure, stop: &Stop) -> bool {
    failure.exit == Exit::Interrupted || stop.is_asked()
}

/// Says how a program ends that was stopped. `outcome` is the exit code of what it did then: if
/// that is [`Exit::ConnectionLost`], nothing was published.
fn stopped(left: Result<(), Ended>, stop: &Stop, outcome: Exit) -> Result<Exit, Failure> {
    match left {
        Err(Ended::Unfinished) if outcome != Exit::ConnectionLost => Err(Failure::new(
            Exit::NotAcknowledged,
            format_args!("{}, without an acknowledgement by the broker", stop.words()),
        )),
        // However it has ended: that it was to end came first.
        _ => match stop.exit() {
            Exit::Done => Ok(Exit::Done),
            exit => Err(Failure::new(exit, stop.words())),
        },
    }
}
