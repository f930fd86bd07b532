//! The plan of a run: the clients, and the topics that each publishes or subscribes to.
use clap::ValueEnum;
use std::time::Duration;

/// A way of messages through the broker.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Scenario {
    /// Each publisher has a subscriber of its own
    Pairs,
    /// Many publishers, and a subscriber that gets all of it
    FanIn,
    /// A publisher, and many subscribers that each get all of it
    FanOut,
    /// Connections without messages
    Connect,
    /// Connections that are all cut at once, and come back
    Storm,
}

/// Messages a second.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Rate {
    PerSecond(f64),
    /// As many as the broker takes.
    Max,
}

/// The numbers that a command line gives.
#[derive(Clone, Copy, Default, Debug)]
pub struct Numbers {
    pub publishers: Option<u32>,
    pub subscribers: Option<u32>,
    pub connections: Option<u32>,
}

/// The numbers of clients of each kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Plan {
    pub scenario: Scenario,
    pub publishers: u32,
    pub subscribers: u32,
    /// Clients that do nothing.
    pub idle: u32,
}

impl Plan {
    /// Makes the plan of a scenario.
    ///
    /// # Errors
    /// The words for the user, if the numbers do not belong to the scenario.
    pub fn new(scenario: Scenario, numbers: Numbers) -> Result<Self, &'static str> {
        let Numbers {
            publishers,
            subscribers,
            connections,
        } = numbers;
        let (pubs, subs, idle) = match scenario {
            Scenario::Connect | Scenario::Storm => {
                if publishers.or(subscribers).is_some() {
                    return Err(
                        "connections of this scenario carry no messages: say --connections",
                    );
                }
                (0, 0, connections.unwrap_or(1000))
            }
            _ if connections.is_some() => {
                return Err(
                    "--connections is for the scenarios connect and storm: say --publishers and --subscribers",
                );
            }
            Scenario::Pairs => {
                let count = publishers.or(subscribers).unwrap_or(10);
                if subscribers.is_some_and(|subscribers| subscribers != count) {
                    return Err("pairs have as many subscribers as publishers");
                }
                (count, count, 0)
            }
            Scenario::FanIn => (publishers.unwrap_or(10), subscribers.unwrap_or(1), 0),
            Scenario::FanOut => (publishers.unwrap_or(1), subscribers.unwrap_or(10), 0),
        };
        Ok(Plan {
            scenario,
            publishers: pubs,
            subscribers: subs,
            idle,
        })
    }

    /// Returns the number of clients.
    pub fn clients(&self) -> u32 {
        self.publishers + self.subscribers + self.idle
    }

    /// Returns whether messages are sent.
    pub fn has_messages(&self) -> bool {
        self.publishers > 0
    }

    /// Returns the topic of a publisher.
    pub fn topic(prefix: &str, publisher: u32) -> String {
        format!("{prefix}/{publisher}")
    }

    /// Returns the filter of a subscriber.
    pub fn filter(&self, prefix: &str, subscriber: u32) -> String {
        match self.scenario {
            Scenario::Pairs => Self::topic(prefix, subscriber),
            _ => format!("{prefix}/+"),
        }
    }

    /// Returns the publishers of which a subscriber gets the messages.
    pub fn sources(&self, subscriber: u32) -> std::ops::Range<u32> {
        match self.scenario {
            Scenario::Pairs => subscriber..subscriber + 1,
            _ => 0..self.publishers,
        }
    }

    /// Returns when a client begins to connect, if that is spread over some time.
    pub fn begins(&self, client: u32, ramp_up: Duration) -> Duration {
        ramp_up * client / self.clients().max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(
        scenario: Scenario,
        numbers: [Option<u32>; 3],
    ) -> Result<(u32, u32, u32), &'static str> {
        let [publishers, subscribers, connections] = numbers;
        let numbers = Numbers {
            publishers,
            subscribers,
            connections,
        };
        Plan::new(scenario, numbers).map(|plan| (plan.publishers, plan.subscribers, plan.idle))
    }

    #[test]
    fn scenarios_have_their_numbers() {
        use Scenario::{Connect, FanIn, FanOut, Pairs, Storm};
        assert_eq!(plan(Pairs, [None; 3]), Ok((10, 10, 0)));
        assert_eq!(plan(Pairs, [None, Some(3), None]), Ok((3, 3, 0)));
        assert_eq!(plan(FanIn, [Some(50), None, None]), Ok((50, 1, 0)));
        assert_eq!(plan(FanOut, [None, Some(50), None]), Ok((1, 50, 0)));
        assert_eq!(plan(Connect, [None; 3]), Ok((0, 0, 1000)));
        assert_eq!(plan(Storm, [None, None, Some(7)]), Ok((0, 0, 7)));
        for (scenario, numbers, words) in [
            (Pairs, [Some(2), Some(3), None], "as many"),
            (Pairs, [None, None, Some(3)], "--publishers"),
            (Storm, [Some(1), None, None], "--connections"),
        ] {
            assert!(plan(scenario, numbers).unwrap_err().contains(words));
        }
    }

    #[test]
    fn each_subscriber_knows_its_publishers() {
        let plan = |scenario| Plan::new(scenario, Numbers::default()).unwrap();
        assert_eq!(plan(Scenario::Pairs).sources(3), 3..4);
        assert_eq!(plan(Scenario::Pairs).filter("p", 3), Plan::topic("p", 3));
        assert_eq!(plan(Scenario::FanIn).sources(0), 0..10);
        let filter = plan(Scenario::FanIn).filter("p", 0);
        assert!(motemq::topic::matches(&filter, &Plan::topic("p", 9)));
    }

    #[test]
    fn connections_are_spread() {
        let plan = Plan::new(Scenario::Connect, Numbers::default()).unwrap();
        let second = Duration::from_secs(1);
        assert_eq!(plan.begins(0, second), Duration::ZERO);
        assert_eq!(plan.begins(500, second), second / 2);
        assert_eq!(plan.begins(999, Duration::ZERO), Duration::ZERO);
    }
}
