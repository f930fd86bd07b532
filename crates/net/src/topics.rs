//! Topics and filters as the application gives them, and which of them the broker has granted.
use motemq::{QoS, topic};

/// Filters in one SUBSCRIBE when subscriptions are made anew.
const FILTERS: usize = 32;

/// The broker's answer to one filter.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Granted {
    /// Messages come with this QoS at most.
    AtMost(QoS),
    /// No messages come for it: return code 0x80.
    Refused,
}

impl From<u8> for Granted {
    fn from(code: u8) -> Self {
        QoS::try_from(code).map_or(Granted::Refused, Granted::AtMost)
    }
}

/// A message can be published there; if not, the error says what to do.
pub fn check_topic(topic: &str) -> Result<(), String> {
    if topic::is_name(topic) {
        return Ok(());
    }
    Err(format!("{topic:?} is no topic: use 1 to 65,535 bytes without wildcards (+ and #) and U+0000"))
}

/// All of them can be subscribed to at once; if not, the error says what to do.
pub fn check_filters<'a>(filters: impl ExactSizeIterator<Item = &'a str>) -> Result<(), String> {
    if !(1..=255).contains(&filters.len()) {
        return Err(format!("{} filters: give 1 to 255 at a time", filters.len()));
    }
    for filter in filters {
        if !topic::is_filter(filter) {
            return Err(format!("{filter:?} is no topic filter: + stands alone in its level, # alone in the last one"));
        }
    }
    Ok(())
}

/// What the broker has granted, to be asked for again when it has lost the session.
#[derive(Debug, Default)]
pub struct Subscriptions(Vec<(String, QoS)>);

impl Subscriptions {
    /// The broker answered these filters with these codes. Returns those that it refused.
    pub fn answered(&mut self, filters: Vec<(String, QoS)>, codes: &[u8]) -> Vec<String> {
        let mut refused = Vec::new();
        for ((filter, qos), &code) in filters.into_iter().zip(codes) {
            self.0.retain(|(known, _)| *known != filter);
            match Granted::from(code) {
                Granted::AtMost(_) => self.0.push((filter, qos)),
                Granted::Refused => refused.push(filter),
            }
        }
        refused
    }

    /// These are not wanted any more.
    pub fn remove(&mut self, filters: &[String]) {
        self.0.retain(|(filter, _)| !filters.contains(filter));
    }

    /// All of them, as many at a time as one SUBSCRIBE should hold.
    pub fn chunks(&self) -> impl DoubleEndedIterator<Item = Vec<(String, QoS)>> + '_ {
        self.0.chunks(FILTERS).map(<[_]>::to_vec)
    }
}
