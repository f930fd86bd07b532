//! Time limits of requests, and messages that expire.
use super::*;

/// The number of looks within a time limit. A limit is late by one part at most.
const LOOKS: u32 = 8;

impl Requests {
    /// Returns whether a request is a message that was never sent and has expired.
    fn has_expired(&self, key: u32, now: Duration) -> bool {
        let request = self.requests.get(key).filter(|request| !request.was_sent);
        let kind = request.map(|request| &request.kind);
        matches!(kind, Some(RequestKind::Publish(stored)) if stored.has_expired(now))
    }

    /// Returns whether the first message of the queue has expired.
    pub fn has_first_expired(&self, now: Duration) -> bool {
        let first = self.queue.get().and_then(Queue::front);
        first.is_some_and(|key| self.has_expired(key, now))
    }

    /// Drops the messages of the queue that have expired.
    pub fn drop_expired(&mut self, now: Duration) {
        let queue = self.queue.get().into_iter();
        let expired = queue.flat_map(Queue::iter);
        let expired: Vec<_> = expired.filter(|&key| self.has_expired(key, now)).collect();
        for key in expired {
            let queue = self.queue.get();
            let at = queue.and_then(|queue| queue.position(|other| other == key));
            if let Some(key) = at.and_then(|at| self.unqueue(at)) {
                self.end(key, Err(RequestError::Expired));
            }
        }
    }

    /// Gives up requests whose last byte left longer ago than the time limit. Time in which nothing
    /// was driven, for example because the process was stopped, does not count.
    ///
    /// `end` is the offset up to which everything is in the write buffer, if nothing is still to be
    /// copied or sent again. `left` returns how many bytes of this connection have left the
    /// machine; it is called only when something may be late. Returns when to look again, and
    /// whether a request was given up.
    pub fn expire(
        &mut self,
        now: Duration,
        limit: Duration,
        end: Option<u64>,
        left: impl FnOnce() -> u64,
    ) -> (Option<Duration>, bool) {
        if self.in_flight() == 0 {
            self.next_look = None;
            return (None, false);
        }
        let pause = (limit / LOOKS).max(Duration::from_millis(1));
        let look_at = now.saturating_add(pause);
        let next_look = self.next_look.replace(look_at.into());
        let late_by = match next_look.map(Moment::get) {
            Some(at) if now < at => {
                self.next_look = next_look;
                return (Some(at), false);
            }
            None => return (Some(look_at), false),
            Some(at) => now - at,
        };
        // The broker may have answered while nothing was driven: that time does not count.
        let not_driven = if late_by > pause {
            late_by
        } else {
            Duration::ZERO
        };
        let left = left();
        let end = end.filter(|_| self.resend.is_none());
        let mut late = Vec::new();
        for &flight in self.flights.iter().filter(|&&flight| flight != 0) {
            let Some(request) = self.requests.get_mut(flight - 1) else {
                continue;
            };
            if request.end == NOT_WRITTEN {
                // The session has written PUBREL by itself.
                request.end = end.unwrap_or(NOT_WRITTEN);
            }
            if request.is_given_up || request.end > left {
                request.left_at = None;
            } else {
                let left_at = request
                    .left_at
                    .map_or(now, |at| at.get().saturating_add(not_driven));
                request.left_at = Some(left_at.into());
                if now >= left_at.saturating_add(limit) {
                    late.push(flight - 1);
                }
            }
        }
        for &key in &late {
            let is_message = self
                .requests
                .get(key)
                .is_some_and(|request| request.is_message);
            let error = if is_message {
                RequestError::NotAcknowledged(limit)
            } else {
                RequestError::NotAnswered(limit)
            };
            self.give_up(key, error);
        }
        (Some(look_at), !late.is_empty())
    }
}
