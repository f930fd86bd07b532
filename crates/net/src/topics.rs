//! Topics and filters as the application gives them, and which of them the broker has granted.
use motemq::{QoS, TopicFilter, TopicName};

/// Filters in one SUBSCRIBE when subscriptions are made anew.
const FILTERS: usize = 32;
/// A filter takes no more bytes than this besides its text, and a SUBSCRIBE no more than three
/// times as many besides its filters.
const BESIDES: usize = 3;

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
    TopicName::new(topic)
        .map(drop)
        .map_err(|error| format!("{topic:?} is not a topic name: {error}"))
}

/// All of them can be subscribed to at once; if not, the error says what to do.
pub fn check_filters<'a>(filters: impl ExactSizeIterator<Item = &'a str>) -> Result<(), String> {
    if !(1..=255).contains(&filters.len()) {
        return Err(format!(
            "{} filters: give 1 to 255 at a time",
            filters.len()
        ));
    }
    for filter in filters {
        TopicFilter::new(filter)
            .map_err(|error| format!("{filter:?} is not a topic filter: {error}"))?;
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

    /// All of them, as many at a time as one SUBSCRIBE should hold: `most`, if not fewer, and what
    /// fits into a buffer of so many bytes.
    pub fn chunks(&self, most: usize, buffer: usize) -> Vec<Vec<(String, QoS)>> {
        let mut chunks: Vec<Vec<_>> = Vec::new();
        let mut room = 0;
        for filter in &self.0 {
            let len = filter.0.len() + BESIDES;
            match chunks.last_mut() {
                Some(chunk) if chunk.len() < most.min(FILTERS) && len <= room => {
                    chunk.push(filter.clone())
                }
                _ => {
                    chunks.push(vec![filter.clone()]);
                    room = buffer.saturating_sub(3 * BESIDES);
                }
            }
            room = room.saturating_sub(len);
        }
        chunks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_neither_too_many_filters_nor_too_many_bytes() {
        let mut subscriptions = Subscriptions::default();
        let sizes = |subscriptions: &Subscriptions, most, buffer| {
            let chunks = subscriptions.chunks(most, buffer);
            assert!(chunks.concat().len() == subscriptions.0.len());
            chunks.iter().map(Vec::len).collect::<Vec<_>>()
        };
        assert_eq!(sizes(&subscriptions, 255, 1000), [0; 0]);
        let filters: Vec<_> = (0..70)
            .map(|n| (format!("filter/{n:03}"), QoS::AtMostOnce))
            .collect();
        subscriptions.answered(filters, &[0; 70]);
        assert_eq!(sizes(&subscriptions, 255, 1000), [32, 32, 6]);
        assert_eq!(sizes(&subscriptions, 8, 1000), [8, 8, 8, 8, 8, 8, 8, 8, 6]);
        // 13 bytes for each, and 9 for all.
        assert_eq!(sizes(&subscriptions, 255, 9 + 130)[..2], [10, 10]);
        assert_eq!(sizes(&subscriptions, 255, 9 + 129)[..2], [9, 9]);
        // What does not fit alone is not held back: it was sent before.
        assert_eq!(sizes(&subscriptions, 255, 10), [1; 70]);
    }
}
