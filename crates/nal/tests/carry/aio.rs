//! Over `embedded-io-async`, in memory.
use crate::{stacks::Aio, world::endure};
use motemq::{Mqtt5, Mqtt311};

#[test]
fn links_that_are_tiresome_or_break_with_halves() {
    endure::<Mqtt311, _>(|| Aio::new(false));
    endure::<Mqtt5, _>(|| Aio::new(false));
}

#[test]
fn links_that_are_tiresome_or_break_with_the_whole() {
    endure::<Mqtt311, _>(|| Aio::new(true));
    endure::<Mqtt5, _>(|| Aio::new(true));
}
