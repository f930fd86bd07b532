//! What waits to be sent goes into the write buffer: pieces of a payload, what the broker asks for
//! again, and what is next.
use crate::{
    Error, Options,
    shared::{Core, HEADER},
    turn::REPLY,
    tx::{LIMIT, Tx},
    work::{Body, Letter},
};
use motemq::{Filter, Publish, QoS, SendError};
use motemq_net::{Cause, unsendable};
use tokio::time::Instant;

/// Bytes of a payload that are copied at a time.
const PIECE: usize = 16 << 10;

impl Core {
    /// Sends what waits to be sent, as far as there is room. Tells whether something found none.
    pub fn give(&mut self, options: &Options, now: Instant) -> Result<bool, Cause> {
        while self.connected_at.is_some() {
            let sent = if self.session.payload_remaining() > 0 {
                self.give_chunk()
            } else if self.work.resend.is_some() {
                self.give_again()
            } else {
                self.give_first(options, now)
            };
            match sent {
                Ok(true) => {}
                Ok(false) | Err(SendError::Offline) => break,
                Err(SendError::Full) => return Ok(true),
                // What nobody waits for any more must not stand in everybody's way for ever.
                Err(SendError::Busy) if self.work.is_blocked() => return Err(Cause::HungUp),
                Err(SendError::Busy) => break,
                // What cannot be sent at all was taken off the queue: the broker has confused us.
                Err(_) => return Err(Cause::HungUp),
            }
        }
        Ok(false)
    }

    fn give_chunk(&mut self) -> Result<bool, SendError> {
        let Some((key, at)) = self.work.streaming else {
            return Ok(false);
        };
        // Half a packet cannot be taken back; if its copy is gone, because it was acknowledged
        // half-way, so must the connection be.
        let publish = self
            .work
            .letter(key)
            .map(Letter::publish)
            .ok_or(SendError::Invalid)?;
        let rest = publish.payload.get(at..).unwrap_or_default();
        let piece = &rest[..rest.len().min(PIECE)];
        if !self.tx.has_room(piece.len()) {
            return Err(SendError::Full);
        }
        let n = self.session.publish_chunk(piece, &mut self.tx.out())?;
        if self.session.payload_remaining() > 0 {
            self.work.streaming = Some((key, at + n));
        } else {
            self.work.streamed(key);
        }
        Ok(true)
    }

    fn give_again(&mut self) -> Result<bool, SendError> {
        let Some(id) = self.work.resend else {
            return Ok(false);
        };
        if let Some((key, letter)) = self.work.copy(id) {
            let (publish, room, streamed) = whole_or_streamed(letter);
            if !self.tx.has_room(room) {
                return Err(SendError::Full);
            }
            self.session.republish(id, &publish, &mut self.tx.out())?;
            self.resent += 1;
            self.work.streaming = streamed.then_some((key, 0));
            self.work.resent(key);
        } else {
            self.tx.has_room_for_replies(REPLY);
            self.session.abandon(id, &mut self.tx.out())?;
            self.work.abandoned(id);
        }
        self.work.resend = None;
        Ok(true)
    }

    fn give_first(&mut self, options: &Options, now: Instant) -> Result<bool, SendError> {
        let Some((_, body)) = self.work.first() else {
            return Ok(false);
        };
        let answered = !matches!(body, Body::Publish(letter) if letter.qos == QoS::AtMostOnce);
        if answered && self.work.in_flight() >= options.places() {
            return Err(SendError::Busy);
        }
        let mut streamed = false;
        let mut message = false;
        let sent = match body {
            Body::Publish(letter) => {
                message = true;
                let (publish, room);
                (publish, room, streamed) = whole_or_streamed(letter);
                if self.tx.has_room(room) {
                    self.session.publish(&publish, &mut self.tx.out())
                } else {
                    Err(SendError::Full)
                }
            }
            Body::Subscribe(filters) => {
                let filters: Vec<_> = filters
                    .iter()
                    .map(|(filter, qos)| Filter::new(filter, *qos))
                    .collect();
                match has_room_for(&mut self.tx, &filters) {
                    Ok(()) => self
                        .session
                        .subscribe(&filters, &mut self.tx.out())
                        .map(Some),
                    Err(error) => Err(error),
                }
            }
            Body::Unsubscribe(filters) => {
                let filters: Vec<_> = filters
                    .iter()
                    .map(|filter| Filter::new(filter, QoS::AtMostOnce))
                    .collect();
                match has_room_for(&mut self.tx, &filters) {
                    Ok(()) => self
                        .session
                        .unsubscribe(&filters, &mut self.tx.out())
                        .map(Some),
                    Err(error) => Err(error),
                }
            }
            Body::Gone => Ok(None),
        };
        match sent {
            Ok(id) => {
                self.sent += u64::from(message);
                self.work.first_sent(id, streamed, now);
            }
            Err(error @ (SendError::Full | SendError::Busy | SendError::Offline)) => {
                return Err(error);
            }
            // It will not be taken when it is asked again, either.
            Err(error) => self.work.first_refused(Error::Invalid(unsendable(error))),
        }
        Ok(true)
    }
}

/// A message as it is sent, at once if it fits, or its payload piece by piece; and how much room it
/// needs.
fn whole_or_streamed(letter: &Letter) -> (Publish<'_>, usize, bool) {
    let publish = letter.publish();
    if letter.len() + HEADER <= LIMIT {
        return (publish, letter.len() + HEADER, false);
    }
    // What does not fit into 32 bits MQTT does not allow either.
    let remaining = publish.payload.len().try_into().unwrap_or(u32::MAX);
    (
        publish.payload(&[]).remaining(remaining),
        publish.topic().len() + HEADER,
        true,
    )
}

fn has_room_for(tx: &mut Tx, filters: &[Filter<'_>]) -> Result<(), SendError> {
    let room = filters
        .iter()
        .map(|filter| filter.filter.len() + 3)
        .sum::<usize>()
        + HEADER;
    if room > LIMIT {
        return Err(SendError::TooLong);
    }
    if tx.has_room(room) {
        Ok(())
    } else {
        Err(SendError::Full)
    }
}
