//! The tables, their clients, and what the clients do in each row.
use super::programs::LIBMOSQUITTO;

/// A table of docs/speed.md.
pub struct Table {
    pub name: &'static str,
    /// The columns.
    pub clients: &'static [&'static str],
    /// Clients take turns; the figures are medians of so many rounds.
    pub rounds: usize,
    /// The rows.
    pub cases: fn() -> Vec<Case>,
}

/// A row: what is done, with how many messages.
pub struct Case {
    pub what: String,
    pub work: &'static str,
    pub messages: usize,
    pub settings: Vec<String>,
    /// Messages that belong together, so that their number must be a multiple.
    group: usize,
    /// The clients that are not measured.
    except: &'static [&'static str],
}

const TOKIO: &str = "motemq-tokio";
const TOKIO5: &str = "motemq-tokio, MQTT 5";
const STD: &str = "motemq-std";
const STD5: &str = "motemq-std, MQTT 5";
const BATCHES: &str = "motemq-std, publish_all";
const BATCHES5: &str = "motemq-std, publish_all, MQTT 5";
const RUMQTTC: &str = "rumqttc";
/// No client: a system call for each message.
const SEND: &str = "send";

pub const TABLES: [Table; 5] = [
    Table {
        name: "asynchronous",
        clients: &[
            TOKIO,
            RUMQTTC,
            "rumqttc-v4-next",
            "ntex-mqtt",
            "mqtt-endpoint-tokio",
        ],
        rounds: 5,
        cases: basic,
    },
    Table {
        name: "blocking",
        clients: &[BATCHES, STD, "rumqttc, Client", LIBMOSQUITTO, TOKIO, SEND],
        rounds: 5,
        cases: blocking,
    },
    Table {
        name: "asynchronous-5",
        clients: &[
            TOKIO5,
            TOKIO,
            "rumqttc, MQTT 5",
            "rumqttc-v5-next",
            "ntex-mqtt, MQTT 5",
            "mqtt5",
        ],
        rounds: 5,
        cases: basic,
    },
    Table {
        name: "blocking-5",
        clients: &[BATCHES5, BATCHES, STD5, STD],
        rounds: 5,
        cases: blocking,
    },
    Table {
        name: "growth",
        clients: &[TOKIO, BATCHES, RUMQTTC],
        rounds: 3,
        cases: growth,
    },
];

impl Case {
    fn new(work: &'static str, what: impl Into<String>, messages: usize) -> Self {
        Case {
            what: what.into(),
            work,
            messages,
            settings: Vec::new(),
            group: 1,
            except: &[],
        }
    }

    fn with(mut self, setting: &str, value: usize) -> Self {
        self.settings.push(format!("{setting}={value}"));
        self
    }

    fn in_groups_of(self, group: usize) -> Self {
        Case { group, ..self }
    }

    fn except(self, except: &'static [&'static str]) -> Self {
        Case { except, ..self }
    }

    /// Returns whether this client is measured.
    pub fn is_for(&self, who: &str) -> bool {
        !self.except.contains(&who)
    }

    /// Returns about a tenth of the messages.
    pub fn few_messages(&self) -> usize {
        (self.messages / 10).div_ceil(self.group).max(1) * self.group
    }
}

fn basic() -> Vec<Case> {
    vec![
        Case::new("publish0", "publish, QoS 0", 500_000),
        Case::new("publish1", "publish, QoS 1", 200_000),
        Case::new("publish2", "publish, QoS 2", 100_000),
        Case::new("receive0", "receive, QoS 0", 500_000),
        Case::new("receive1", "receive, QoS 1", 1_000_000),
        Case::new("round-trip", "publish, QoS 1, one by one", 10_000),
    ]
}

fn blocking() -> Vec<Case> {
    const ALL: &[&str] = &[BATCHES, BATCHES5, SEND];
    vec![
        Case::new("publish0", "publish, QoS 0", 200_000),
        Case::new("publish1", "publish, QoS 1", 100_000).except(&[SEND]),
        Case::new("publish2", "publish, QoS 2", 100_000).except(&[SEND]),
        Case::new("receive0", "receive, QoS 0", 200_000).except(ALL),
        Case::new("receive1", "receive, QoS 1", 200_000).except(ALL),
        Case::new("round-trip", "publish, QoS 1, one by one", 10_000).except(ALL),
    ]
}

fn growth() -> Vec<Case> {
    let mut cases = Vec::new();
    for n in [1, 10, 100, 1000] {
        let what = format!("receive, QoS 0, {}", count(n, "subscription"));
        let case = Case::new("receive0", what, 500_000);
        cases.push(case.with("subscriptions", n).except(&[RUMQTTC]));
    }
    for n in [10, 100, 1000] {
        let what = format!("receive, QoS 0, {}", count(n, "topic"));
        cases.push(Case::new("receive0", what, 500_000).with("topics", n));
    }
    for (work, qos) in [("publish1", 1), ("publish2", 2)] {
        for (n, messages) in [(1, 10_000), (10, 50_000), (100, 200_000), (1000, 200_000)] {
            let what = format!("publish, QoS {qos}, {} in flight", number(n));
            cases.push(Case::new(work, what, messages).with("window", n));
        }
    }
    for n in [1000, 10_000, 100_000] {
        let what = format!("publish, QoS 1, queue of {}", number(n));
        let case = Case::new("queue", what, 100_000);
        cases.push(case.with("queue", n).in_groups_of(n));
    }
    for n in [10, 100, 1000, 10_000] {
        let what = format!("connect, {} connections", number(n));
        let case = Case::new("connect", what, n).with("connections", n);
        cases.push(case.in_groups_of(n).except(threads(n)));
    }
    for n in [10, 100, 1000, 10_000] {
        let what = format!("publish, QoS 1, {} connections", number(n));
        let case = Case::new("connections", what, 100_000).with("connections", n);
        cases.push(case.in_groups_of(n).except(threads(n)));
    }
    let works = [
        ("publish0", "publish, QoS 0"),
        ("publish1", "publish, QoS 1"),
        ("receive0", "receive, QoS 0"),
        ("receive1", "receive, QoS 1"),
    ];
    for (work, what) in works {
        for (payload, size, messages) in PAYLOADS {
            let what = format!("{what}, {size}");
            // At most 16 MiB in flight.
            let window = ((16 << 20) / payload).clamp(1, 100);
            let case = Case::new(work, what, messages).with("payload", payload);
            cases.push(case.with("window", window));
        }
    }
    cases
}

/// Lengths of payloads, their names, and numbers of messages.
const PAYLOADS: [(usize, &str, usize); 6] = [
    (16, "16 bytes", 500_000),
    (256, "256 bytes", 500_000),
    (4 << 10, "4 KiB", 100_000),
    (64 << 10, "64 KiB", 10_000),
    (1 << 20, "1 MiB", 1000),
    (16 << 20, "16 MiB", 50),
];

/// Returns the clients that cannot have so many connections: one in a thread of its own takes three
/// file descriptors, of which a process mostly may have 20,000 or fewer.
fn threads(connections: usize) -> &'static [&'static str] {
    if connections > 1000 { &[BATCHES] } else { &[] }
}

fn count(n: usize, what: &str) -> String {
    format!("{} {what}{}", number(n), if n == 1 { "" } else { "s" })
}

fn number(n: usize) -> String {
    match n {
        0..1000 => n.to_string(),
        _ => format!("{},{:03}", n / 1000, n % 1000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_have_names_of_their_own_and_whole_groups() {
        for table in TABLES {
            let cases = (table.cases)();
            for (at, case) in cases.iter().enumerate() {
                assert!(cases[..at].iter().all(|other| other.what != case.what));
                assert_eq!(case.messages % case.group, 0, "{}", case.what);
                assert_eq!(case.few_messages() % case.group, 0, "{}", case.what);
                assert!(table.clients.iter().any(|who| case.is_for(who)));
            }
        }
    }
}
