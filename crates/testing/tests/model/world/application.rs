//! The application: its commands, and what it makes of events.
use super::{Mine, State, World};
use motemq::{Event, PacketId, Publish, QoS, ReasonCode, SendError, SessionState};
use motemq_testing::protocol::TestProtocol;

impl<P: TestProtocol> World<P> {
    /// Publishes a message, or sends it again: with an alias alone if it can be, else with the
    /// topic besides, else with the topic alone.
    fn send(
        &self,
        state: &mut State<P>,
        again: Option<PacketId>,
        at: usize,
    ) -> Result<Option<PacketId>, SendError> {
        let ways = [("", self.alias), ("m", self.alias), ("m", None)];
        let mut ways = ways
            .into_iter()
            .skip(if self.alias.is_some() { 0 } else { 2 });
        loop {
            let (topic, alias) = ways.next().expect("the last way is possible");
            let payload = [at as u8];
            let message = Publish::to(topic).payload(&payload).qos(self.out[at]);
            match P::publish(&mut state.session, again, &message, alias, &mut state.tx) {
                Err(SendError::Invalid | SendError::Unsupported) if alias.is_some() => {}
                result => return result,
            }
        }
    }

    pub fn publish(&self, state: &mut State<P>) -> bool {
        let Some(at) = state.mine.iter().position(|&mine| mine == Mine::Unsent) else {
            return false;
        };
        let before = (state.session.clone(), state.tx.clone());
        match self.send(state, None, at) {
            Ok(Some(id)) if !state.mine.iter().any(|mine| mine.id() == Some(id)) => {
                state.mine[at] = Mine::Sent(id)
            }
            Ok(_) => state.broken = Some("an identifier is shared"),
            Err(_) if before == (state.session.clone(), state.tx.clone()) => return false,
            Err(_) => state.broken = Some("a command that failed has done something"),
        }
        true
    }

    pub fn republish(&self, state: &mut State<P>) -> bool {
        let Some(id) = state.asked else { return false };
        let Some(at) = state.mine.iter().position(|mine| mine.id() == Some(id)) else {
            return false;
        };
        match self.send(state, Some(id), at) {
            Ok(_) => state.asked = None,
            Err(SendError::Full) => return false,
            Err(_) => state.broken = Some("what was asked for is not taken"),
        }
        true
    }

    pub fn abandon(&self, state: &mut State<P>) -> bool {
        let Some(id) = state.asked else { return false };
        let Some(at) = state.mine.iter().position(|mine| mine.id() == Some(id)) else {
            return false;
        };
        match state.session.abandon(id, &mut *state.tx) {
            Ok(()) => state.asked = None,
            Err(SendError::Full) => return false,
            Err(_) => state.broken = Some("what was asked for cannot be abandoned"),
        }
        state.abandoned[at] = true;
        state.mine[at] = if self.out[at] == QoS::ExactlyOnce {
            Mine::Abandoned(id)
        } else {
            Mine::Acked
        };
        true
    }

    pub fn turn(&self, state: &mut State<P>) -> bool {
        if let Some(at) = state.hand.take() {
            state.came.push(at);
        }
        let event = match state.session.next_event(&mut state.rx, &mut *state.tx) {
            Ok(Some(event)) => event,
            Ok(None) => return true,
            Err(_) => {
                state.broken = Some("a fault without a reason");
                return true;
            }
        };
        let mine = &mut state.mine;
        match event {
            Event::Message(message) => state.hand = message.payload.first().copied(),
            Event::Connected { session, .. } => {
                if self.forgets && state.losses == 0 && session == SessionState::Resumed {
                    state.broken = Some("resumed is what was forgotten");
                }
            }
            Event::Resend { id, qos } => {
                state.asked = Some(id);
                let asked = (0..)
                    .zip(mine.iter())
                    .any(|(at, &mine)| mine == Mine::Sent(id) && self.out[at] == qos);
                if !asked {
                    state.broken = Some("asked for what is not under way");
                }
            }
            Event::Received { id } => match mine.iter_mut().find(|mine| **mine == Mine::Sent(id)) {
                Some(mine) => *mine = Mine::Received(id),
                None => state.broken = Some("received what was not under way"),
            },
            Event::Acked { id } => {
                match (0..)
                    .zip(mine.iter_mut())
                    .find(|(_, mine)| mine.id() == Some(id))
                {
                    Some((at, mine))
                        if matches!(mine, Mine::Sent(_)) == (self.out[at] == QoS::AtLeastOnce) =>
                    {
                        *mine = Mine::Acked
                    }
                    _ => {
                        state.broken = Some("an identifier ended that had not begun, or too early")
                    }
                }
                // Nobody waits for it any more.
                state.asked = state.asked.filter(|&asked| asked != id);
            }
            // The broker refuses a message, or no longer knows one that it had received.
            Event::Refused { id, code, .. } => {
                let is_unknown = code == ReasonCode::PACKET_IDENTIFIER_NOT_FOUND;
                match mine.iter_mut().find(|mine| mine.id() == Some(id)) {
                    Some(mine) if is_unknown && !matches!(mine, Mine::Sent(_)) => {
                        *mine = Mine::Acked;
                    }
                    Some(mine) if !is_unknown && matches!(mine, Mine::Sent(_)) => {
                        *mine = Mine::Refused;
                    }
                    _ => state.broken = Some("refused is what was not under way"),
                }
                state.asked = state.asked.filter(|&asked| asked != id);
            }
            Event::Disconnected { .. } if self.disconnects => state.asked = None,
            Event::OutcomeUnknown { id } => {
                match mine.iter_mut().find(|mine| mine.id() == Some(id)) {
                    Some(mine) => *mine = Mine::Unknown,
                    None => state.broken = Some("unknown is what was not under way"),
                }
            }
            _ => state.broken = Some("an event without a reason"),
        }
        // A message that the broker has needs no second answer.
        if let Some(asked) = state.asked
            && !state.mine.contains(&Mine::Sent(asked))
        {
            state.asked = None;
        }
        true
    }
}

impl Mine {
    pub fn id(self) -> Option<PacketId> {
        match self {
            Mine::Sent(id) | Mine::Received(id) | Mine::Abandoned(id) => Some(id),
            Mine::Unsent | Mine::Acked | Mine::Refused | Mine::Unknown => None,
        }
    }
}
