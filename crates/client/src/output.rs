//! Bytes on their way to the transport, and how many of them it has taken.
use crate::{lazy::Lazy, moment::Moment, write_buf::WriteBuf};
use bytes::Bytes;
use core::{mem, time::Duration};
use motemq::Out;

/// Into how many parts the time limit is divided: who looks later than a part was not driven.
const PAUSES: u32 = 8;

/// The bytes of one connection.
#[derive(Clone, Hash, Debug, Default)]
pub(crate) struct Output {
    /// The bytes that the session has written.
    tx: WriteBuf,
    sealed: Lazy<Sealed>,
    /// The number of bytes that were handed over to the driver.
    handed_over: u64,
    /// The number of bytes that the transport has taken.
    written: u64,
    /// The time at which the transport last took bytes, or had none to take.
    progress_at: Moment,
    /// The number of bytes that had left the transport when a stall was last looked for.
    left_at_stall: u64,
    /// The number of bytes that had left the transport when an answer was last late.
    left_at_silence: u64,
    bytes_out: u64,
}

/// Bytes that may leave when a version of the state is stored.
#[derive(Clone, Hash, Debug, Default)]
struct Sealed {
    bytes: WriteBuf,
    version: u64,
}

impl Output {
    /// A connection begins.
    pub fn on_opened(&mut self, now: Duration) {
        let bytes_out = self.bytes_out;
        *self = Output {
            progress_at: now.into(),
            bytes_out,
            ..Output::default()
        };
    }

    /// A connection is over, and what was to be written with it.
    pub fn clear(&mut self) {
        self.tx = WriteBuf::new();
        self.sealed.clear();
        self.written = self.handed_over;
    }

    /// Makes room for `n` bytes of a command.
    #[inline]
    pub fn reserve(&mut self, n: usize) -> bool {
        self.tx.reserve(n)
    }

    /// Makes room for `n` bytes of a command, behind which `payload` bytes are to follow.
    pub fn reserve_before(&mut self, n: usize, payload: usize) -> bool {
        self.tx.may_append(payload) && self.tx.reserve(n)
    }

    /// Lets a payload follow, which is not copied.
    pub fn append(&mut self, payload: Bytes) {
        self.tx.append(payload);
    }

    /// Makes room for what must not wait for commands.
    #[inline]
    pub fn reserve_reply(&mut self, n: usize) -> bool {
        self.tx.reserve_reply(n)
    }

    #[inline]
    pub fn out(&mut self) -> Out<'_> {
        self.tx.out()
    }

    /// Returns the number of bytes that fit without more memory.
    pub fn room(&self) -> usize {
        self.tx.room()
    }

    pub fn is_empty(&self) -> bool {
        self.tx.is_empty() && self.sealed_len() == 0
    }

    #[inline]
    fn sealed_len(&self) -> usize {
        self.sealed.get().map_or(0, |sealed| sealed.bytes.len())
    }

    /// Returns the offset of the next byte in all bytes of this connection.
    #[inline]
    pub fn position(&self) -> u64 {
        self.handed_over + (self.sealed_len() + self.tx.len()) as u64
    }

    /// Returns whether what is to be written can wait for what follows from the `read` bytes that were
    /// read last: see [`WriteBuf::may_gather`].
    #[inline]
    pub fn may_gather(&mut self, read: usize) -> bool {
        self.sealed_len() == 0 && self.tx.may_gather(read)
    }

    /// Hands over what is to be written, if `output` is empty and it may leave. Returns whether it
    /// did.
    #[inline]
    pub fn poll(&mut self, output: &mut WriteBuf, gate: Gate) -> bool {
        if !output.is_empty() {
            return false;
        }
        if self.is_empty() {
            self.tx.clear();
            return false;
        }
        let sealed = self.sealed.get_mut();
        let sealed = sealed.filter(|sealed| !sealed.bytes.is_empty());
        let from = match (gate, sealed) {
            (Gate::Open, None) => &mut self.tx,
            (Gate::Closed { .. }, None) => return false,
            (Gate::Closed { stored }, Some(sealed)) if sealed.version > stored => return false,
            (_, Some(sealed)) => &mut sealed.bytes,
        };
        self.handed_over += from.len() as u64;
        from.pass(output);
        true
    }

    /// This version of the state is being stored: what was written up to now may leave then.
    pub fn seal(&mut self, version: u64) {
        if self.sealed_len() == 0 && !self.tx.is_empty() {
            let sealed = self.sealed.make();
            self.tx.pass(&mut sealed.bytes);
            sealed.version = version;
        }
    }

    /// The transport has taken `n` bytes.
    #[inline]
    pub fn on_written(&mut self, n: usize, now: Duration) {
        let written = self.written.saturating_add(n as u64).min(self.handed_over);
        self.bytes_out += written - self.written;
        self.written = written;
        self.progress_at = now.into();
    }

    /// Returns whether the transport has taken everything.
    pub fn is_written(&self) -> bool {
        self.is_empty() && self.written >= self.handed_over
    }

    /// Returns the number of bytes that the transport has taken.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Looks at whether the transport takes bytes. Returns when to look again, or an error if it
    /// has taken none for `limit`. What it holds and sends is progress, too.
    pub fn check_progress(
        &mut self,
        now: Duration,
        limit: Duration,
        held: impl FnOnce() -> u64,
    ) -> Result<Option<Duration>, Stalled> {
        if self.is_written() {
            self.progress_at = now.into();
            return Ok(None);
        }
        let late_by = now.checked_sub(self.progress_at.get().saturating_add(limit));
        if let Some(late_by) = late_by {
            // The transport was not even tried while nothing was driven: it gets a little longer.
            let pause = limit / PAUSES;
            if late_by > pause {
                self.progress_at = now.saturating_sub(limit - pause).into();
            } else {
                let held = held();
                let left = self.written.saturating_sub(held);
                if left <= mem::replace(&mut self.left_at_stall, left) || held == 0 {
                    return Err(Stalled);
                }
                self.progress_at = now.into();
            }
        }
        Ok(Some(self.progress_at.get().saturating_add(limit)))
    }

    /// Returns whether not all bytes have left the transport, which holds `held` of them, but some
    /// have since this was asked last: the broker cannot have answered yet.
    pub fn is_leaving(&mut self, held: u64) -> bool {
        let left = self.written.saturating_sub(held);
        let before = mem::replace(&mut self.left_at_silence, left);
        left > before && (held > 0 || !self.is_written())
    }

    /// Returns the number of bytes handed over on all connections.
    pub fn bytes_out(&self) -> u64 {
        self.bytes_out
    }

    /// Gives memory back that nothing needs.
    pub fn shrink(&mut self) {
        self.tx.shrink();
        self.sealed.shrink(|sealed| sealed.bytes.is_empty());
    }
}

/// The conditions under which bytes may leave.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Gate {
    /// Everything may.
    Open,
    /// Only what was written up to a version of the state that is stored.
    Closed { stored: u64 },
}

/// The transport takes no bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Stalled;

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(8);

    fn secs(s: u64) -> Duration {
        Duration::from_secs(s)
    }

    /// A connection that was opened at this time, with 100 bytes that were handed over.
    fn handed_over(output: &mut Output, now: Duration) {
        output.on_opened(now);
        output.tx.fill(100);
        assert!(output.poll(&mut WriteBuf::new(), Gate::Open));
    }

    /// An answer cannot be due while what it answers is leaving.
    #[test]
    fn rule_02_bytes_are_leaving_while_some_have_left_and_not_all() {
        let mut output = Output::default();
        handed_over(&mut output, secs(0));
        for (written, held, is_leaving) in [
            (0, 0, false),
            (50, 0, true),
            (50, 0, false),
            (100, 50, false),
            (100, 20, true),
            (100, 20, false),
            (100, 0, false),
        ] {
            output.on_written(written - output.written() as usize, secs(0));
            assert_eq!(output.is_leaving(held), is_leaving, "{written} {held}");
        }
    }

    #[test]
    fn rule_02_the_limit_begins_when_a_connection_is_opened() {
        let mut output = Output::default();
        handed_over(&mut output, secs(100));
        let look_at = output.check_progress(secs(100), LIMIT, || 0);
        assert_eq!(look_at, Ok(Some(secs(108))));
        let look_at = output.check_progress(secs(107), LIMIT, || 0);
        assert_eq!(look_at, Ok(Some(secs(108))));
        assert_eq!(output.check_progress(secs(108), LIMIT, || 0), Err(Stalled));
    }

    /// Up to an eighth of the limit the driver may be late; then the transport is tried again.
    #[test]
    fn rule_02_what_was_not_tried_is_not_stalled() {
        let late = secs(9) + Duration::from_millis(1);
        let mut output = Output::default();
        handed_over(&mut output, secs(0));
        let mut other = output.clone();
        assert_eq!(output.check_progress(secs(9), LIMIT, || 0), Err(Stalled));
        let look_at = other.check_progress(late, LIMIT, || 0);
        assert_eq!(look_at, Ok(Some(late + secs(1))));
    }

    #[test]
    fn bytes_are_counted_over_all_connections() {
        let mut output = Output::default();
        for n in 1..=3 {
            handed_over(&mut output, secs(n));
            output.on_written(60, secs(n));
            output.on_written(60, secs(n));
            assert_eq!((output.bytes_out(), output.position()), (n * 100, 100));
            assert!(output.is_written());
        }
    }

    #[test]
    fn memory_is_given_back_if_nothing_is_to_be_written() {
        let mut output = Output::default();
        output.tx.fill(100);
        output.shrink();
        assert_eq!(output.position(), 100);
        // What was to be written is over with its connection.
        output.clear();
        assert!(output.is_written());
        assert!(output.reserve(100));
        output.shrink();
        assert_eq!(output.room(), 0);
    }
}
