//! What a broker has had accepted, by the packets that passed: to tell its faults from ours.
use motemq_std::{Direction, Packet, QoS};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

/// Counts how often each message of QoS 2 was accepted as a new one: its identifier was free when
/// PUBREC left, or the broker said that there is no session, so that it would not come again.
#[derive(Clone, Default)]
pub struct Wire(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// Payloads of which PUBREC has not left, by identifier.
    came: BTreeMap<u16, Vec<u8>>,
    /// Identifiers of which PUBREC has left and PUBREL has not come.
    held: BTreeSet<u16>,
    accepted: BTreeMap<Vec<u8>, usize>,
}

impl Wire {
    /// A packet passes.
    pub fn pass(&self, direction: Direction, packet: &Packet<'_>) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let State {
            came,
            held,
            accepted,
        } = &mut *state;
        match (direction, packet) {
            (
                Direction::In,
                Packet::ConnAck {
                    session_present, ..
                },
            ) => {
                let left = std::mem::take(came);
                if !session_present {
                    held.clear();
                    left.into_values()
                        .for_each(|payload| *accepted.entry(payload).or_default() += 1);
                }
            }
            (
                Direction::In,
                Packet::Publish {
                    qos: QoS::ExactlyOnce,
                    id: Some(id),
                    payload,
                    ..
                },
            ) => {
                came.insert(id.get(), payload.to_vec());
            }
            (Direction::Out, Packet::PubRec(id)) => {
                let payload = came.remove(&id.get()).unwrap_or_default();
                *accepted.entry(payload).or_default() += usize::from(held.insert(id.get()));
            }
            (Direction::In, Packet::PubRel(id)) => {
                held.remove(&id.get());
            }
            _ => {}
        }
    }

    /// How often this message was accepted as a new one.
    pub fn accepted(&self, payload: &[u8]) -> usize {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .accepted
            .get(payload)
            .copied()
            .unwrap_or(0)
    }
}
