//! What clients do, and what it takes them.
use rustix::time::{ClockId, clock_gettime};
use std::time::{Duration, Instant};

/// Where to.
pub const TOPIC: &str = "bench/topic";
/// What it says.
pub const PAYLOAD: [u8; 64] = [7; 64];
/// Messages under way at once.
pub const WINDOW: u16 = 100;

/// What a client does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Publishes, with this QoS.
    Publish(u8),
    /// Receives, with this QoS.
    Receive(u8),
    /// Publishes with QoS 1, and awaits each acknowledgement.
    RoundTrip,
}

impl Work {
    pub fn named(name: &str) -> Work {
        match name {
            "publish0" => Work::Publish(0),
            "publish1" => Work::Publish(1),
            "publish2" => Work::Publish(2),
            "receive0" => Work::Receive(0),
            "receive1" => Work::Receive(1),
            "round-trip" => Work::RoundTrip,
            _ => panic!("no work {name}"),
        }
    }
}

/// How often, and with whom.
#[derive(Clone, Copy)]
pub struct Task {
    pub work: Work,
    pub messages: usize,
    pub port: u16,
}

impl Task {
    /// Subscribing to it makes the broker send so many messages.
    pub fn flood(&self) -> String {
        format!("flood/{}", self.messages)
    }
}

/// Begins when the client is connected.
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
