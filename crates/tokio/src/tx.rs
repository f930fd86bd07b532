//! Bytes on their way out: memory that grows with what is to be sent, and goes when there is
//! nothing.
use motemq::Out;

/// Bytes of commands that wait to be written at most; the longest topic fits.
pub(crate) const LIMIT: usize = 72 << 10;
/// Beyond the limit, for what the session itself has to say.
const RESERVE: usize = 4 << 10;
/// The first piece of memory.
const FIRST: usize = 128;

#[derive(Debug, Default)]
pub(crate) struct Tx {
    mem: Vec<u8>,
    start: usize,
    end: usize,
}

impl Tx {
    pub fn out(&mut self) -> Out<'_> {
        Out::new(&mut self.mem, &mut self.end)
    }

    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Bytes that fit without more memory.
    pub fn room(&self) -> usize {
        self.mem.len() - self.end
    }

    pub fn bytes(&self) -> &[u8] {
        &self.mem[self.start..self.end]
    }

    pub fn consume(&mut self, n: usize) {
        self.start += n;
        if self.start == self.end {
            self.clear();
        }
    }

    pub fn clear(&mut self) {
        (self.start, self.end) = (0, 0);
    }

    /// Makes room for `n` bytes of a command, if the limit allows.
    pub fn has_room(&mut self, n: usize) -> bool {
        self.grow(n, LIMIT)
    }

    /// The same for what must not wait for commands: acknowledgements and the like.
    pub fn has_room_for_replies(&mut self, n: usize) -> bool {
        self.grow(n, LIMIT + RESERVE)
    }

    #[inline]
    fn grow(&mut self, n: usize, limit: usize) -> bool {
        let need = self.end + n;
        if need <= self.mem.len().min(limit) {
            return true;
        }
        if need > limit {
            return false;
        }
        self.mem.resize(
            need.max(FIRST).max(self.mem.len() * 2).min(LIMIT + RESERVE),
            0,
        );
        true
    }

    /// Hands all bytes over to `hand`, which is empty. The session must not take this for an empty
    /// buffer as long as the hand holds bytes: the broker has not seen them.
    pub fn pass(&mut self, hand: &mut Tx) {
        if self.is_empty() {
            self.clear();
            return;
        }
        std::mem::swap(self, hand);
        (self.start, self.end) = (1, 1);
    }

    /// Gives the memory back, if it holds nothing.
    pub fn shrink(&mut self) {
        if self.is_empty() {
            *self = Tx {
                mem: Vec::new(),
                ..*self
            };
        }
    }

    pub fn is_large(&self) -> bool {
        self.mem.capacity() > FIRST
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use motemq::Output;

    fn ready(tx: &mut Tx, n: usize) {
        assert!(tx.has_room(n));
        tx.end += n;
    }

    #[test]
    fn it_grows_up_to_its_limit() {
        let mut tx = Tx::default();
        ready(&mut tx, 10);
        assert!(tx.mem.len() < 1000);
        assert!(!tx.has_room(LIMIT));
        assert!(tx.has_room(LIMIT - 10));
        assert!(tx.has_room_for_replies(LIMIT));
    }

    #[test]
    fn what_is_in_the_hand_is_not_written_yet() {
        let (mut tx, mut hand) = (Tx::default(), Tx::default());
        ready(&mut tx, 10);
        tx.pass(&mut hand);
        assert_eq!((tx.is_empty(), hand.bytes().len()), (true, 10));
        assert!(tx.has_room(16));
        tx.out()
            .lend(|out| assert!(!format!("{out:?}").contains("taken: 0")));
        hand.consume(10);
        tx.pass(&mut hand);
        assert_eq!(tx.end, 0);
        tx.shrink();
        assert!(!tx.is_large());
    }
}
