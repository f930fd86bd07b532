//! Exploring all states of small worlds.
use motemq::QoS;
use stateright::{Checker, Model};
use std::{fmt::Debug, hash::Hash};

pub const QOS: [QoS; 2] = [QoS::AtLeastOnce, QoS::ExactlyOnce];

/// Asserts that all states of these worlds hold all properties, and returns how many there are.
pub fn explore<M>(worlds: impl IntoIterator<Item = M>) -> usize
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + Debug + Hash + PartialEq + Send + Sync,
    M::Action: Clone + Debug + PartialEq,
{
    let count = |world: M| {
        let checker = world.checker().threads(2).spawn_bfs().join();
        checker.assert_properties();
        checker.unique_state_count()
    };
    worlds.into_iter().map(count).sum()
}

/// Returns all ways to give each of `N` messages QoS 1 or 2.
pub fn mixes<const N: usize>() -> impl Iterator<Item = [QoS; N]> {
    (0..1usize << N).map(|mix| std::array::from_fn(|at| QOS[mix >> at & 1]))
}
