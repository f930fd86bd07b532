//! The reading of MQTT 5. Sessions of MQTT 3.1.1 link nothing of it.
mod begin;
mod packet;

use super::super::{Acks, Session, Slot, ring::Resend};
use crate::{
    Event, Fault, Message, PacketId, Properties, Protocol, ReasonCode, SessionState,
    event::EventOf,
    profile::{
        acknowledges, authenticates, has_qos_2, is_acknowledged, reports_success, resumes,
        subscribes,
    },
    topic::TopicName,
    wire,
};

/// The kind of an event.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd)]
#[repr(u8)]
enum Outcome {
    Connected,
    Message,
    Payload,
    Skipped,
    Received,
    Acked,
    Refused,
    Subscribed,
    Unknown = 9,
    Unsubscribed,
    Disconnected,
    Auth,
    /// PUBREC that says more than [`Received`](Event::Received).
    AcceptedFirst,
    /// An acknowledgement that says more than [`Acked`](Event::Acked).
    Accepted,
    /// There is no event.
    Nothing,
    /// There is no event yet: the properties are to be checked, and the packet to be read again.
    Unchecked,
    /// There is no event, and the properties of the packet are checked.
    Checked,
}

impl Outcome {
    /// Returns whether there is an event.
    #[inline(always)]
    fn is_event(self) -> bool {
        self < Outcome::Nothing
    }

    /// Returns whether bytes of a payload follow.
    fn has_payload(self) -> bool {
        matches!(self, Outcome::Message | Outcome::Payload | Outcome::Skipped)
    }
}

/// The parts of an event. They are put together in one place, where the event is returned.
struct Said<'i> {
    outcome: Outcome,
    session: SessionState,
    code: u8,
    id: PacketId,
    /// The topic alias of a PUBLISH, or the fingerprint of the authentication method of an AUTH, or
    /// 0. It is known as soon as the properties are [checked](Outcome::Checked).
    number: u16,
    properties: &'i [u8],
    /// The topic, or the reason codes of SUBACK and UNSUBACK.
    text: &'i [u8],
}

impl Default for Said<'_> {
    #[inline(always)]
    fn default() -> Self {
        Said {
            outcome: Outcome::Nothing,
            session: SessionState::New,
            code: 0,
            id: PacketId::MIN,
            number: 0,
            properties: &[],
            text: &[],
        }
    }
}

impl<P: Protocol> Session<[Slot], P> {
    /// Reads packets until one has something to report, or nothing more can be read.
    #[cfg_attr(not(feature = "fast"), inline(always))]
    #[cfg_attr(feature = "fast", inline(never))]
    pub(super) fn step_5<'i>(
        &mut self,
        input: &mut &'i [u8],
        capacity: usize,
        acks: &mut Acks<'_, '_>,
    ) -> Result<Option<EventOf<'i, P>>, Fault> {
        while !self.connection.is_closed() && self.settle(acks) {
            if resumes::<P>() && self.connection.is_resending() && self.incoming.is_idle() {
                match self.resend_remaining() {
                    Some((_, Resend::Release)) => continue,
                    Some((id, Resend::Ask(qos))) => return Ok(Some(Event::Resend { id, qos })),
                    _ => {}
                }
            }
            let before = input.len();
            let mut said = Said::default();
            if self.incoming.is_in_payload::<P>() {
                if before == 0 {
                    break;
                }
                said.outcome = Outcome::Payload;
            } else if let Err(fault) = self.read_packet(input, capacity, acks, &mut said) {
                self.explain(fault, acks);
                self.on_connection_lost();
                return Err(fault);
            }
            if !said.outcome.is_event() {
                if input.len() == before {
                    break;
                }
                continue;
            }
            let (mut payload, mut remaining) = (&[][..], 0);
            if subscribes::<P>() && said.outcome.has_payload() {
                // The payload, or as much of it as is there.
                payload = self.incoming.take_payload::<P>(input);
                remaining = self.incoming.remaining();
                if acknowledges::<P>() && remaining == 0 {
                    self.ack = wire::reply(self.incoming.first_byte());
                }
                if self.incoming.is_discarded() {
                    let has_aliases = || self.terms().is_some_and(|terms| terms.aliases_in() > 0);
                    if said.outcome != Outcome::Payload && has_aliases() {
                        return Ok(Some(Event::Repeated {
                            topic: TopicName(said.text),
                            properties: P::properties(Properties(said.properties)),
                        }));
                    }
                    continue;
                }
                if said.outcome == Outcome::Skipped {
                    self.incoming.discard_rest();
                }
            }
            return Ok(Some(self.event_of(&said, payload, remaining)));
        }
        Ok(None)
    }

    /// Returns the event of a packet, or of a piece of one.
    #[inline(always)]
    fn event_of<'i>(&self, said: &Said<'i>, payload: &'i [u8], remaining: u32) -> EventOf<'i, P> {
        let properties = P::properties(Properties(said.properties));
        let code = ReasonCode(said.code);
        let codes = said.text;
        let id = said.id;
        match said.outcome {
            Outcome::Connected => Event::Connected {
                session: said.session,
                properties,
            },
            Outcome::Message if subscribes::<P>() => Event::Message(Message {
                topic: TopicName(said.text),
                payload,
                remaining,
                properties,
                id: id.get(),
                first_byte: self.incoming.first_byte(),
            }),
            Outcome::Payload if subscribes::<P>() => Event::Payload {
                data: payload,
                remaining,
            },
            Outcome::Skipped if subscribes::<P>() => Event::Skipped {
                len: remaining.wrapping_add(payload.len() as u32),
            },
            Outcome::Received if has_qos_2::<P>() => Event::Received { id },
            Outcome::Acked if is_acknowledged::<P>() => Event::Acked { id },
            Outcome::Refused if is_acknowledged::<P>() => Event::Refused {
                code,
                id,
                properties,
            },
            Outcome::Subscribed if subscribes::<P>() => Event::Subscribed {
                id,
                codes,
                properties,
            },
            Outcome::Unsubscribed if subscribes::<P>() => Event::Unsubscribed {
                id,
                codes,
                properties,
            },
            Outcome::Auth if authenticates::<P>() => Event::Auth { code, properties },
            Outcome::Accepted | Outcome::AcceptedFirst if reports_success::<P>() => {
                Event::Accepted {
                    code,
                    id,
                    is_pubrec: said.outcome == Outcome::AcceptedFirst,
                    properties,
                }
            }
            Outcome::Unknown if resumes::<P>() => Event::OutcomeUnknown { id },
            // The only other one.
            _ => Event::Disconnected { code, properties },
        }
    }

    /// Writes DISCONNECT with the reason code of a fault.
    #[inline(always)]
    pub(super) fn explain(&mut self, fault: Fault, acks: &mut Acks<'_, '_>) {
        let code = self.reason_of(fault);
        match acks {
            Acks::Write(out) => self.write_reason(code, out),
            // The layer above writes it.
            Acks::Hold { .. } => self.set_code(code),
        }
    }
}
