//! The subscriptions that the broker has granted, to be made anew when it has lost the session.
use super::OwnedFilter;
use alloc::{string::String, vec, vec::Vec};

/// The most filters in one SUBSCRIBE when subscriptions are made anew.
const FILTERS: usize = 32;
/// The most bytes of filters in one such SUBSCRIBE.
const BYTES: usize = 16 << 10;
/// The first code that refuses.
const REFUSED: u8 = 0x80;

#[derive(Clone, Hash, Debug, Default)]
pub(super) struct Subscriptions {
    granted: Vec<OwnedFilter>,
    /// Filters to unsubscribe from, for which no UNSUBSCRIBE has been sent yet.
    set_aside: Vec<OwnedFilter>,
}

impl Subscriptions {
    /// Takes note of the broker's answer to these filters. Returns those that it refuses.
    pub fn on_answer(&mut self, filters: Vec<OwnedFilter>, codes: &[u8]) -> Vec<String> {
        let mut refused = Vec::new();
        for (filter, &code) in filters.into_iter().zip(codes) {
            self.granted.retain(|known| known.text != filter.text);
            if code < REFUSED {
                self.granted.push(filter);
            } else {
                refused.push(filter.text);
            }
        }
        refused
    }

    pub fn is_empty(&self) -> bool {
        self.granted.is_empty() && self.set_aside.is_empty()
    }

    /// These filters are not wanted any more.
    pub fn set_aside(&mut self, filters: &[String]) {
        let unwanted = self
            .granted
            .extract_if(.., |filter| filters.contains(&filter.text));
        self.set_aside.extend(unwanted);
    }

    /// These filters are wanted again: the broker was not told that they were not.
    pub fn take_back(&mut self, filters: &[String]) {
        let wanted = self
            .set_aside
            .extract_if(.., |filter| filters.contains(&filter.text));
        self.granted.extend(wanted);
    }

    /// The broker was told that these filters are not wanted any more.
    pub fn forget_set_aside(&mut self, filters: &[String]) {
        self.set_aside
            .retain(|filter| !filters.contains(&filter.text));
    }

    /// The broker has ended these subscriptions.
    pub fn remove(&mut self, filters: &[String]) {
        self.granted
            .retain(|filter| !filters.contains(&filter.text));
    }

    pub fn filters(&self) -> impl Iterator<Item = &str> {
        self.granted.iter().map(|filter| filter.text.as_str())
    }

    /// Returns all filters, as many at a time as one SUBSCRIBE should have, and `most` at most.
    /// Those of one SUBSCRIBE have the same subscription identifier.
    pub fn chunks(&self, most: usize) -> Vec<Vec<OwnedFilter>> {
        let mut chunks: Vec<Vec<_>> = Vec::new();
        let mut bytes = 0;
        for filter in &self.granted {
            bytes += filter.text.len();
            match chunks.last_mut() {
                Some(chunk)
                    if chunk.len() < most.min(FILTERS)
                        && bytes <= BYTES
                        && is_alike(chunk, filter) =>
                {
                    chunk.push(filter.clone());
                }
                _ => {
                    chunks.push(vec![filter.clone()]);
                    bytes = filter.text.len();
                }
            }
        }
        chunks
    }
}

/// Returns whether a filter has the subscription identifier of these.
fn is_alike(chunk: &[OwnedFilter], filter: &OwnedFilter) -> bool {
    let first = chunk.first();
    first.is_none_or(|first| first.identifier == filter.identifier)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use motemq::{Filter, QoS};

    fn owned(text: &str, qos: QoS, identifier: u32) -> OwnedFilter {
        OwnedFilter::new(&Filter::new(text, qos), identifier)
    }

    fn sizes(lengths: impl IntoIterator<Item = usize>) -> Vec<usize> {
        let mut subscriptions = Subscriptions::default();
        let filters = lengths.into_iter().enumerate();
        let filters: Vec<_> = filters
            .map(|(n, length)| owned(&format!("{n:0length$}"), QoS::AtMostOnce, 0))
            .collect();
        subscriptions.on_answer(filters.clone(), &[0; 255]);
        let chunks = subscriptions.chunks(8);
        assert_eq!(chunks.concat(), filters);
        chunks.iter().map(Vec::len).collect()
    }

    #[test]
    fn chunks_have_neither_too_many_filters_nor_too_many_bytes() {
        assert_eq!(sizes([]), [0; 0]);
        assert_eq!(sizes([10; 20]), [8, 8, 4]);
        assert_eq!(sizes([BYTES / 2, BYTES / 2, 1]), [2, 1]);
        // What is too long alone was sent before.
        assert_eq!(sizes([4, 60_000, 4]), [1, 1, 1]);
    }

    #[test]
    fn chunks_have_one_identifier() {
        let mut subscriptions = Subscriptions::default();
        let filters = [("a", 0), ("b", 7), ("c", 7), ("d", 8), ("e", 0)];
        let filters = filters.map(|(text, identifier)| owned(text, QoS::AtMostOnce, identifier));
        subscriptions.on_answer(filters.to_vec(), &[0; 5]);
        let chunks = subscriptions.chunks(8);
        let lengths: Vec<_> = chunks.iter().map(Vec::len).collect();
        assert_eq!(lengths, [1, 2, 1, 1]);
        assert_eq!(chunks.concat(), filters);
    }

    #[test]
    fn the_last_answer_to_a_filter_counts() {
        let mut subscriptions = Subscriptions::default();
        let filter = |qos| owned("a", qos, 0);
        let granted = vec![filter(QoS::AtMostOnce), filter(QoS::ExactlyOnce)];
        assert_eq!(subscriptions.on_answer(granted, &[0, 2]), [""; 0]);
        assert_eq!(subscriptions.chunks(8), [[filter(QoS::ExactlyOnce)]]);
        let refused = subscriptions.on_answer(vec![filter(QoS::ExactlyOnce)], &[0x80]);
        assert_eq!(
            (refused, subscriptions.chunks(8).len()),
            (vec!["a".into()], 0)
        );
    }

    #[test]
    fn subscriptions_are_empty_if_nothing_is_granted_or_set_aside() {
        let mut subscriptions = Subscriptions::default();
        assert!(subscriptions.is_empty());
        subscriptions.on_answer(vec![owned("a", QoS::AtMostOnce, 0)], &[0]);
        assert!(!subscriptions.is_empty());
        subscriptions.set_aside(&["a".into()]);
        assert!(!subscriptions.is_empty());
        subscriptions.forget_set_aside(&["a".into()]);
        assert!(subscriptions.is_empty());
    }
}
