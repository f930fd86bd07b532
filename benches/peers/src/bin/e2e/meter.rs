//! The work of a client, and the time that it takes.
use motemq::Version;
use rustix::time::{ClockId, clock_gettime};
use std::time::{Duration, Instant};

/// The topic of what is published.
pub const TOPIC: &str = "bench/topic";
/// The payload of what is published, unless a task says how long it is.
pub const PAYLOAD: [u8; 64] = [7; 64];

/// The length from which a program is taken to own its payloads, so that they need not be copied.
pub const LONG: usize = 16 << 10;

/// The number of connections that are opened at once: as many as the system lets wait for a broker
/// that accepts them.
pub const GROUP: usize = 100;

/// The kind of work.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Publishes, with this QoS.
    Publish(u8),
    /// Receives, with this QoS.
    Receive(u8),
    /// Publishes with QoS 1, and awaits each acknowledgement.
    RoundTrip,
    /// Publishes as many messages as are to wait, with QoS 1, before there is a connection, connects,
    /// and awaits all acknowledgements; again, until all messages are published.
    Queue,
    /// Opens connections, of which all stay open.
    Connect,
    /// Publishes with QoS 1 over several connections, with one message in flight on each.
    Connections,
}

impl Work {
    fn named(name: &str) -> Work {
        match name {
            "publish0" => Work::Publish(0),
            "publish1" => Work::Publish(1),
            "publish2" => Work::Publish(2),
            "receive0" => Work::Receive(0),
            "receive1" => Work::Receive(1),
            "round-trip" => Work::RoundTrip,
            "queue" => Work::Queue,
            "connect" => Work::Connect,
            "connections" => Work::Connections,
            _ => panic!("no work {name}"),
        }
    }
}

/// The task, and the broker for it.
#[derive(Clone, Copy)]
pub struct Task {
    /// The version of MQTT, of clients that speak both.
    pub version: Version,
    pub work: Work,
    pub messages: usize,
    pub port: u16,
    /// The number of messages that may be in flight.
    pub window: u16,
    /// The length of payloads.
    pub payload: usize,
    /// The number of subscriptions, each with a stream.
    pub subscriptions: usize,
    /// The number of topics of the messages that are received.
    pub topics: usize,
    /// The number of messages that wait for a connection.
    pub queue: usize,
    /// The number of connections.
    pub connections: usize,
}

impl Task {
    /// Reads a task from the arguments `WORK MESSAGES PORT`, and any number of `SETTING=NUMBER`.
    pub fn new(work: &str, messages: &str, port: &str, settings: &[&str]) -> Task {
        let mut task = Task {
            version: Version::Mqtt311,
            work: Work::named(work),
            messages: number(messages),
            port: number(port) as u16,
            window: 100,
            payload: PAYLOAD.len(),
            subscriptions: 1,
            topics: 1,
            queue: 1,
            connections: 1,
        };
        for setting in settings {
            match setting.split_once('=') {
                Some(("window", value)) => task.window = number(value) as u16,
                Some(("payload", value)) => task.payload = number(value),
                Some(("subscriptions", value)) => task.subscriptions = number(value),
                Some(("topics", value)) => task.topics = number(value),
                Some(("queue", value)) => task.queue = number(value),
                Some(("connections", value)) => task.connections = number(value),
                _ => panic!("no setting {setting}"),
            }
        }
        task
    }

    /// Returns the task for MQTT 5.
    pub fn with_mqtt5(self) -> Task {
        let version = Version::Mqtt5;
        Task { version, ..self }
    }

    /// Returns the filter that makes the broker send the messages of this task.
    pub fn flood(&self) -> String {
        let Task {
            messages,
            payload,
            topics,
            window,
            ..
        } = self;
        format!("flood/{messages}/{payload}/{topics}/{window}")
    }

    /// Returns a payload.
    pub fn payload(&self) -> Vec<u8> {
        vec![7; self.payload]
    }

    /// Returns the QoS of the last message. The acknowledgement of it says that all have arrived.
    pub fn last_qos(&self, qos: u8) -> u8 {
        qos.max(1)
    }

    /// Returns how many messages with this QoS are acknowledged.
    pub fn acknowledged(&self, qos: u8) -> usize {
        if qos == 0 { 1 } else { self.messages }
    }
}

fn number(text: &str) -> usize {
    text.parse().expect("a number")
}

/// A stop-watch, for time and for the processor time of the whole process.
pub struct Meter {
    begun: (Duration, Instant),
    took: (Duration, Duration),
}

fn processor() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

impl Meter {
    pub fn start() -> Self {
        Meter {
            begun: (processor(), Instant::now()),
            took: Default::default(),
        }
    }

    pub fn stop(mut self) -> Self {
        self.took = (processor() - self.begun.0, self.begun.1.elapsed());
        self
    }

    pub fn print(&self) {
        println!("{} {}", self.took.0.as_nanos(), self.took.1.as_nanos());
    }
}
