//! A link in memory that behaves badly, the same way each time: short reads and writes,
//! `WouldBlock`, delays, cuts.
//!
//! ```
//! use motemq_testing::link::{Faults, link};
//! use std::io::{ErrorKind, Read, Write};
//! let (mut near, mut far, link) = link(Faults { delay: 1, ..Faults::none() });
//! near.write_all(b"hello")?;
//! let mut buffer = [0; 8];
//! while let Err(error) = far.read(&mut buffer) {
//!     assert_eq!(error.kind(), ErrorKind::WouldBlock);
//!     link.step(); // time passes when the test says so
//! }
//! link.cut();
//! assert!(near.write(b"?").is_err());
//! # Ok::<(), std::io::Error>(())
//! ```
use fastrand::Rng;
use std::{
    collections::VecDeque,
    io::{self, ErrorKind, IoSlice, Read, Write},
    sync::{Arc, Mutex, MutexGuard},
};

/// Which way bytes go.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Direction {
    /// From the client: what the near end writes.
    Up,
    /// To the client: what the far end writes.
    Down,
}

/// What goes wrong on a link.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Faults {
    /// The same faults with the same seed do the same to the same calls.
    pub seed: u64,
    /// The most bytes that one read or write moves; each moves 1 to so many. At least 1.
    pub most: usize,
    /// How many of a hundred reads and writes say `WouldBlock` although they need not. Below 100.
    pub would_block: u8,
    /// The most [steps](Link::step) that a write takes to arrive; each takes 0 to so many. Order
    /// is kept.
    pub delay: u64,
    /// Bytes under way in each direction before writes say `WouldBlock`.
    pub capacity: usize,
    /// Cut when so many bytes have been written by the near end; these still arrive.
    pub cut_up: Option<u64>,
    /// Cut when so many bytes have been written by the far end; these still arrive.
    pub cut_down: Option<u64>,
}

impl Faults {
    /// A link without faults that holds 64 KiB in each direction.
    pub const fn none() -> Self {
        Faults {
            seed: 0,
            most: usize::MAX,
            would_block: 0,
            delay: 0,
            capacity: 64 << 10,
            cut_up: None,
            cut_down: None,
        }
    }

    /// A link that is whole but tiresome, in a way that the seed says.
    pub fn seeded(seed: u64) -> Self {
        let mut chance = Rng::with_seed(seed);
        let most = if chance.bool() {
            chance.usize(1..=7)
        } else {
            chance.usize(1..=2000)
        };
        let capacity = if chance.bool() {
            chance.usize(1..=30)
        } else {
            chance.usize(1..=8000)
        };
        Faults {
            seed,
            most,
            would_block: chance.u8(0..=60),
            delay: chance.u64(0..=5),
            capacity,
            ..Self::none()
        }
    }

    /// The same, and cut after so many bytes in this direction.
    pub const fn cut_after(mut self, direction: Direction, bytes: u64) -> Self {
        match direction {
            Direction::Up => self.cut_up = Some(bytes),
            Direction::Down => self.cut_down = Some(bytes),
        }
        self
    }
}

/// Two ends, and what moves time and cuts. The near end is the client's.
pub fn link(faults: Faults) -> (End, End, Link) {
    let pipe = |cut_at| Pipe {
        pieces: VecDeque::new(),
        held: 0,
        passed: 0,
        cut_at,
        closed: false,
    };
    let (up, down) = (pipe(faults.cut_up), pipe(faults.cut_down));
    let state = State {
        up,
        down,
        chance: Rng::with_seed(faults.seed),
        now: 0,
        arrival: 0,
        cut: false,
        faults,
    };
    let shared = Arc::new(Mutex::new(state));
    let end = |writes| End {
        shared: shared.clone(),
        writes,
    };
    (
        end(Direction::Up),
        end(Direction::Down),
        Link {
            shared: shared.clone(),
        },
    )
}

/// One end of a link. Never waits: it says `WouldBlock`. Dropped, it hangs up: the other end reads
/// what was written, then the end.
#[derive(Debug)]
pub struct End {
    shared: Arc<Mutex<State>>,
    writes: Direction,
}

/// What happens to a link from outside.
#[derive(Clone, Debug)]
pub struct Link {
    shared: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    up: Pipe,
    down: Pipe,
    chance: Rng,
    now: u64,
    arrival: u64,
    cut: bool,
    faults: Faults,
}

#[derive(Debug)]
struct Pipe {
    /// What was written, with the step in which it arrives.
    pieces: VecDeque<(u64, VecDeque<u8>)>,
    held: usize,
    passed: u64,
    cut_at: Option<u64>,
    closed: bool,
}

impl Link {
    /// Lets one step of time pass.
    pub fn step(&self) {
        lock(&self.shared).now += 1;
    }

    /// Cuts the link. What is under way is lost, both ways.
    pub fn cut(&self) {
        let mut state = lock(&self.shared);
        state.cut = true;
        state.up.clear();
        state.down.clear();
    }

    /// It was cut.
    pub fn is_cut(&self) -> bool {
        lock(&self.shared).cut
    }

    /// How many bytes were written in this direction.
    pub fn passed(&self, direction: Direction) -> u64 {
        lock(&self.shared).pipe(direction).passed
    }
}

impl Read for End {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut state = lock(&self.shared);
        let direction = self.writes.other();
        if buffer.is_empty() {
            return Ok(0);
        }
        if state.is_moody() {
            return Err(ErrorKind::WouldBlock.into());
        }
        let most = state.portion(buffer.len());
        let (now, cut) = (state.now, state.cut);
        let pipe = state.pipe(direction);
        let Some((arrival, bytes)) = pipe.pieces.front_mut() else {
            return match (cut, pipe.closed) {
                (true, _) => Err(ErrorKind::ConnectionReset.into()),
                (false, true) => Ok(0),
                (false, false) => Err(ErrorKind::WouldBlock.into()),
            };
        };
        if *arrival > now {
            return Err(ErrorKind::WouldBlock.into());
        }
        let read = bytes.len().min(most);
        for (to, byte) in buffer.iter_mut().zip(bytes.drain(..read)) {
            *to = byte;
        }
        if bytes.is_empty() {
            pipe.pieces.pop_front();
        }
        pipe.held -= read;
        Ok(read)
    }
}

impl Write for End {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = lock(&self.shared);
        if state.cut {
            return Err(ErrorKind::ConnectionReset.into());
        }
        if state.pipe(self.writes.other()).closed {
            return Err(ErrorKind::BrokenPipe.into());
        }
        if bytes.is_empty() {
            return Ok(0);
        }
        let room = state
            .faults
            .capacity
            .saturating_sub(state.pipe(self.writes).held);
        if room == 0 || state.is_moody() {
            return Err(ErrorKind::WouldBlock.into());
        }
        let portion = state.portion(bytes.len().min(room));
        let delay = state.faults.delay;
        state.arrival = state.arrival.max(state.now + state.chance.u64(0..=delay));
        let arrival = state.arrival;
        let pipe = state.pipe(self.writes);
        let left = pipe.cut_at.map_or(u64::MAX, |cut_at| cut_at - pipe.passed);
        let written = portion.min(usize::try_from(left).unwrap_or(usize::MAX));
        pipe.passed += written as u64;
        pipe.held += written;
        if written != 0 {
            pipe.pieces
                .push_back((arrival, bytes.iter().copied().take(written).collect()));
        }
        if pipe.cut_at == Some(pipe.passed) {
            state.cut = true;
            state.pipe(self.writes.other()).clear();
        }
        // The writer does not hear of the cut until its next call, as with a real socket.
        if written == 0 {
            Err(ErrorKind::ConnectionReset.into())
        } else {
            Ok(written)
        }
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let Faults { most, capacity, .. } = lock(&self.shared).faults;
        let bytes = slices.iter().flat_map(|slice| slice.iter().copied());
        // More would not be taken.
        self.write(&bytes.take(most.min(capacity)).collect::<Vec<_>>())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for End {
    fn drop(&mut self) {
        lock(&self.shared).pipe(self.writes).closed = true;
    }
}

impl Direction {
    /// The other way.
    pub const fn other(self) -> Self {
        match self {
            Direction::Up => Direction::Down,
            Direction::Down => Direction::Up,
        }
    }
}

impl State {
    fn pipe(&mut self, direction: Direction) -> &mut Pipe {
        match direction {
            Direction::Up => &mut self.up,
            Direction::Down => &mut self.down,
        }
    }

    fn is_moody(&mut self) -> bool {
        self.chance.u8(0..100) < self.faults.would_block.min(99)
    }

    /// How many of `wished` bytes, which are some, are moved.
    fn portion(&mut self, wished: usize) -> usize {
        let most = self.faults.most.max(1);
        if most == usize::MAX {
            wished
        } else {
            wished.min(self.chance.usize(1..=most))
        }
    }
}

impl Pipe {
    fn clear(&mut self) {
        self.pieces.clear();
        self.held = 0;
    }
}

fn lock(shared: &Mutex<State>) -> MutexGuard<'_, State> {
    shared.lock().expect("a link does not panic")
}
