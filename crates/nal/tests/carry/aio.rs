//! Over `embedded-io-async`, in memory.
use crate::{stacks::Aio, world::endure};

#[test]
fn links_that_are_tiresome_or_break_with_halves() {
    endure(|| Aio::new(false));
}

#[test]
fn links_that_are_tiresome_or_break_with_the_whole() {
    endure(|| Aio::new(true));
}
