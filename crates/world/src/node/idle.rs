//! Whether a session has nothing under way.
use super::*;

/// Bytes of a sealed image before that of the session: version, client, length.
const BEFORE: usize = 1 + 8;
/// Bytes of a session's image before its slots, and behind them.
const HEADER: usize = 7;
const CHECKSUM: usize = 2;

impl Node {
    /// No identifier is taken, no QoS 2 message waits for its release, and nothing waits to be
    /// sent.
    pub fn is_idle(&self) -> bool {
        let counters = self.client.counters();
        counters.in_flight == 0 && counters.queued == 0 && self.has_free_slots()
    }

    /// All slots of the session are empty.
    fn has_free_slots(&self) -> bool {
        let image = self.client.clone().full_image().image;
        let sealed = image.get(BEFORE..).unwrap_or_default();
        let session = sealed
            .split_first_chunk()
            .and_then(|(length, rest)| rest.get(..u32::from_be_bytes(*length) as usize));
        let session = session.expect("an image has its parts");
        let slots = session.get(HEADER..session.len() - CHECKSUM);
        slots.is_some_and(|slots| slots.iter().all(|&byte| byte == 0))
    }
}
