//! What the benches measure: the same work, given to Motemq, to two limits that nobody can pass,
//! and to whoever else is a [`Codec`].
//!
//! The times are criterion's (`cargo bench --package motemq-benches`); the program `instructions`
//! counts instructions under callgrind, which depend on neither the machine nor what else it does.
//! `benches/peers`, a workspace of its own since it builds hundreds of packages, measures
//! other crates beside.
mod cases;
mod codec;
pub mod counting;
pub mod limits;
mod limits5;
mod motemq_packet;
mod motemq_packet5;
mod motemq_session;
mod motemq_session5;
mod samples;
mod topics;

pub use cases::{Case, add, add_5, matching, ours};
pub use codec::{Borrowed, Codec, Seen, Take};
pub use samples::{Five, Given, Sample, Will};
pub use topics::PAIRS;

/// Something to be measured. What [`reset`](Self::reset) does is not.
pub trait Work {
    /// Gets ready for the next run.
    fn reset(&mut self);
    /// The work; returns how many packets it has dealt with.
    fn run(&mut self) -> usize;
}
