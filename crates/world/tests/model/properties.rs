//! What holds in every state.
use crate::{
    broker::Sent,
    world::{Mine, State, World},
};
use motemq::QoS;
use stateright::Property;

/// All of them.
pub fn all() -> Vec<Property<World>> {
    vec![
        Property::always("every rule is kept", |_, state: &State| {
            state.broken.is_none()
        }),
        Property::always(
            "QoS 2 out is never doubled",
            |world: &World, state: &State| once(&world.out, &state.broker.passed),
        ),
        Property::always(
            "QoS 2 in is never doubled",
            |world: &World, state: &State| once(&world.come, &state.came),
        ),
        Property::always("what is acknowledged has arrived", |_, state: &State| {
            let mut mine = (0..).zip(&state.mine);
            mine.all(|(at, mine)| *mine != Mine::Acked || state.broker.passed.contains(&at))
        }),
        Property::always(
            "the broker is told only of what was processed",
            |world: &World, state: &State| {
                world.is_clean
                    || (0..).zip(&state.broker.sent).all(|(at, (_, sent))| {
                        let is_open = matches!(sent, Sent::Waits | Sent::Published | Sent::Again);
                        is_open || state.came.contains(&at)
                    })
            },
        ),
        Property::always("order is kept", |world: &World, state: &State| {
            ordered(&world.out, &state.broker.passed) && ordered(&world.come, &state.came)
        }),
        Property::eventually("everything ends", |world: &World, state: &State| {
            let has_ended = |(at, mine): (u8, &Mine)| match mine {
                Mine::Acked | Mine::Unknown | Mine::Withdrawn => true,
                // Its process has ended: nothing asks for its outcome.
                Mine::Asked(None) => state.broker.passed.contains(&at),
                Mine::Unsent | Mine::Asked(Some(_)) => false,
            };
            let mut all = 0..world.come.len() as u8;
            let counters = state.client.counters();
            (0..).zip(&state.mine).all(has_ended)
                && (world.is_clean || all.all(|at| state.came.contains(&at)))
                && state.broker.is_idle()
                && counters.in_flight == 0
                && counters.queued == 0
                && state.losses == 0
        }),
    ]
}

/// QoS 2 messages are in it once at most.
fn once(qos: &[QoS], list: &[u8]) -> bool {
    (0..)
        .zip(qos)
        .filter(|(_, qos)| **qos == QoS::ExactlyOnce)
        .all(|(at, _)| list.iter().filter(|&&other| other == at).count() <= 1)
}

/// For each QoS, whatever is in it for the first time comes behind all that were published before.
fn ordered(qos: &[QoS], list: &[u8]) -> bool {
    let first = |at: usize| list.iter().position(|&other| usize::from(other) == at);
    (0..qos.len()).all(|later| {
        (0..later).all(|earlier| {
            qos[later] != qos[earlier]
                || first(later).is_none_or(|at| first(earlier).is_none_or(|before| before < at))
        })
    })
}
