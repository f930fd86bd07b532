//! What holds in every state.
use super::{Mine, State, World};
use crate::broker::Sent;
use motemq::QoS;
use motemq_testing::protocol::TestProtocol;
use stateright::Property;

pub fn all<P: TestProtocol>() -> Vec<Property<World<P>>> {
    vec![
        Property::always("every rule is kept", |_, state: &State<P>| {
            state.broken.is_none()
        }),
        Property::always(
            "QoS 2 out is never doubled",
            |world: &World<P>, state: &State<P>| once(&world.out, &state.broker.passed),
        ),
        Property::always(
            "QoS 2 in is never doubled",
            |world: &World<P>, state: &State<P>| once(&world.come, &state.came),
        ),
        Property::always("what is acknowledged has arrived", |_, state: &State<P>| {
            let done = (0..).zip(&state.mine).zip(&state.abandoned);
            done.filter(|((_, mine), abandoned)| **mine == Mine::Acked && !**abandoned)
                .all(|((at, _), _)| state.broker.passed.contains(&at))
        }),
        Property::always(
            "the broker is told only of what was accepted",
            |world: &World<P>, state: &State<P>| {
                world.clean
                    || (0..).zip(&state.broker.sent).all(|(at, (_, sent))| {
                        matches!(sent, Sent::Waits | Sent::Published | Sent::Again)
                            || state.came.contains(&at)
                    })
            },
        ),
        Property::always("no limit is exceeded", |_, state: &State<P>| {
            let terms = state.broker.terms.as_ref();
            !terms.is_some_and(|terms| terms.is_exceeded)
        }),
        Property::always("order is kept", |world: &World<P>, state: &State<P>| {
            ordered(&world.out, &state.broker.passed) && ordered(&world.come, &state.came)
        }),
        Property::eventually("everything ends", |world: &World<P>, state: &State<P>| {
            let ended = |mine: &Mine| matches!(mine, Mine::Acked | Mine::Refused | Mine::Unknown);
            let came =
                world.clean || (0..world.come.len() as u8).all(|at| state.came.contains(&at));
            state.mine.iter().all(ended)
                && came
                && state.broker.is_idle()
                && state.session.oldest_in_flight().is_none()
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
    let first = |at: u8| list.iter().position(|&other| other == at);
    (0..list.len() as u8).all(|a| {
        (0..a).all(|b| {
            match (
                qos.get(usize::from(a)),
                qos.get(usize::from(b)),
                first(a),
                first(b),
            ) {
                (Some(x), Some(y), Some(later), Some(earlier)) => x != y || earlier < later,
                _ => true,
            }
        })
    })
}
