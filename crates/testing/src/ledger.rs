//! The ledger: which messages were published, which were delivered, and whether that is what their
//! QoS promises.
use motemq::QoS;
use std::{
    collections::{BTreeMap, HashMap},
    fmt,
};

/// Records messages and judges them: QoS 0 at most once, QoS 1 at least once, QoS 2 exactly once;
/// and the first deliveries of one topic and QoS in the order of publishing [MQTT-4.6.0-6].
///
/// A message is known by topic and payload, so let no two be alike.
///
/// ```
/// use motemq::QoS;
/// use motemq_testing::ledger::Ledger;
/// let mut ledger = Ledger::new();
/// ledger.published("a", b"1", QoS::AtLeastOnce);
/// ledger.published("a", b"2", QoS::ExactlyOnce);
/// ledger.delivered("a", b"1");
/// ledger.delivered("a", b"1"); // twice, which QoS 1 allows
/// assert_eq!(ledger.judge().lost, ["a: 2"]);
/// ledger.delivered("a", b"2");
/// assert!(ledger.judge().is_clean());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    entries: Vec<Entry>,
    by_message: HashMap<(String, Vec<u8>), usize>,
    strange: Vec<String>,
    deliveries: u64,
    /// Messages that would be lost if nothing else came.
    missing: usize,
}

#[derive(Clone, Debug)]
struct Entry {
    qos: QoS,
    name: String,
    topic: String,
    doubtful: bool,
    times: u32,
    /// The number of its first delivery.
    first: u64,
}

/// What went wrong, by message.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Verdict {
    /// QoS 1 and 2 messages that were not delivered.
    pub lost: Vec<String>,
    /// QoS 0 and 2 messages that were delivered more than once.
    pub doubled: Vec<String>,
    /// Messages whose first delivery came before that of one published earlier with the same topic
    /// and QoS.
    pub disordered: Vec<String>,
    /// Deliveries that nobody had published.
    pub strange: Vec<String>,
}

impl Ledger {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// A message was published. `qos` is the one that counts: the lower of the message's and the
    /// subscription's.
    ///
    /// # Panics
    /// If there is such a message already: then nothing could be said about either.
    pub fn published(&mut self, topic: &str, payload: &[u8], qos: QoS) {
        let name = format!("{topic}: {}", payload.escape_ascii());
        let older = self
            .by_message
            .insert((topic.to_owned(), payload.to_owned()), self.entries.len());
        assert!(
            older.is_none(),
            "a message like this was published before: {name}"
        );
        self.missing += usize::from(qos != QoS::AtMostOnce);
        self.entries.push(Entry {
            qos,
            name,
            topic: topic.to_owned(),
            doubtful: false,
            times: 0,
            first: 0,
        });
    }

    /// A message was published, but nobody can say whether the broker got it: it may be missing.
    ///
    /// # Panics
    /// If it was not [published](Self::published).
    pub fn doubtful(&mut self, topic: &str, payload: &[u8]) {
        let entry = self
            .find(topic, payload)
            .expect("a message is in doubt that was not published");
        let was_lost = entry.is_lost();
        entry.doubtful = true;
        self.missing -= usize::from(was_lost);
    }

    /// A message was delivered to the subscriber.
    pub fn delivered(&mut self, topic: &str, payload: &[u8]) {
        let number = self.deliveries;
        self.deliveries += 1;
        let Some(entry) = self.find(topic, payload) else {
            return self
                .strange
                .push(format!("{topic}: {}", payload.escape_ascii()));
        };
        let was_lost = entry.is_lost();
        entry.times += 1;
        if entry.times == 1 {
            entry.first = number;
        }
        self.missing -= usize::from(was_lost);
    }

    /// How many deliveries are recorded.
    pub fn deliveries(&self) -> u64 {
        self.deliveries
    }

    /// Every QoS 1 and 2 message that is not doubtful was delivered: a reason to stop waiting.
    pub fn is_complete(&self) -> bool {
        self.missing == 0
    }

    /// What went wrong so far.
    pub fn judge(&self) -> Verdict {
        let names = |wrong: &dyn Fn(&Entry) -> bool| {
            self.entries
                .iter()
                .filter(|entry| wrong(entry))
                .map(|entry| entry.name.clone())
                .collect()
        };
        Verdict {
            lost: names(&Entry::is_lost),
            doubled: names(&|entry| entry.qos != QoS::AtLeastOnce && entry.times > 1),
            disordered: self.disordered(),
            strange: self.strange.clone(),
        }
    }

    fn disordered(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        // The latest first delivery so far, by topic and QoS.
        let mut latest = BTreeMap::new();
        for entry in self.entries.iter().filter(|entry| entry.times != 0) {
            let latest = latest
                .entry((&entry.topic, entry.qos))
                .or_insert(entry.first);
            if entry.first < *latest {
                wrong.push(entry.name.clone());
            } else {
                *latest = entry.first;
            }
        }
        wrong
    }

    fn find(&mut self, topic: &str, payload: &[u8]) -> Option<&mut Entry> {
        let at = *self
            .by_message
            .get(&(topic.to_owned(), payload.to_owned()))?;
        self.entries.get_mut(at)
    }
}

impl Entry {
    fn is_lost(&self) -> bool {
        self.qos != QoS::AtMostOnce && self.times == 0 && !self.doubtful
    }
}

impl Verdict {
    /// Nothing went wrong.
    pub fn is_clean(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_clean() {
            return f.write_str("every message arrived as its QoS promises");
        }
        let mut between = "";
        let all = [
            ("lost", &self.lost),
            ("doubled", &self.doubled),
            ("out of order", &self.disordered),
            ("never published", &self.strange),
        ];
        for (what, names) in all.into_iter().filter(|(_, names)| !names.is_empty()) {
            let some: Vec<_> = names.iter().take(5).map(String::as_str).collect();
            let more = if names.len() > some.len() {
                ", ..."
            } else {
                ""
            };
            write!(
                f,
                "{between}{} {what} ({}{more})",
                names.len(),
                some.join(", ")
            )?;
            between = "; ";
        }
        Ok(())
    }
}
