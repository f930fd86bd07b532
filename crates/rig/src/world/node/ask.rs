//! What a client asks for: to subscribe, to publish, to send again or to give up what it is asked
//! for.
use super::{
    super::{application::Kept, message::Message, trace::Trace, wills},
    Node,
};
use motemq::{Filter, Publish, SendError};

impl Node {
    /// Asks for as much as there is room for; with `publish` it may publish.
    pub(super) fn ask(&mut self, publish: bool, trace: &mut Trace) -> Result<(), String> {
        let me = self.me;
        if let Some((node, qos)) = self.plan.wants
            && !self.app.subscribed
            && self.now.subscribing.is_none()
        {
            let filter = node.map_or("t/#".to_owned(), Message::topic);
            let filters = [Filter::new(&filter, qos), Filter::new(wills::TOPIC, qos)];
            let filters = filters
                .get(..1 + usize::from(self.plan.hears_wills))
                .unwrap_or_default();
            match self.session.subscribe(filters, &mut *self.tx) {
                Ok(id) => self.now.subscribing = Some(id),
                Err(error) => not_now(error)?,
            }
        }
        for _ in 0..4 {
            if !self.now.stream.is_empty() {
                match self.session.publish_chunk(&self.now.stream, &mut *self.tx) {
                    Ok(n) => drop(self.now.stream.drain(..n)),
                    Err(error) => return not_now(error),
                }
                continue;
            }
            let again = self.now.asked;
            let message = match again {
                Some((id, _)) => match self.app.kept(id) {
                    Some(kept) => kept.message,
                    // Acknowledged since.
                    None => {
                        self.now.asked = None;
                        continue;
                    }
                },
                None if publish && self.app.published < self.plan.messages => {
                    self.app.next(me, &self.plan)
                }
                None => return Ok(()),
            };
            if let Some((id, _)) = again
                && self.plan.abandons
                && message.number % 3 == 0
            {
                match self.session.abandon(id, &mut *self.tx) {
                    Ok(()) => trace.add(|| format!("n{me} abandons {message:?}")),
                    Err(error) => return not_now(error),
                }
                self.app.abandoned(id);
                self.now.asked = None;
                continue;
            }
            message.write(&self.plan, &mut self.payload);
            // What does not fit with its header is streamed.
            let (first, rest) = self
                .payload
                .split_at(self.payload.len().min(self.tx.capacity() - 18));
            let topic = Message::topic(me);
            let packet = Publish::to(&topic)
                .payload(first)
                .qos(message.qos)
                .remaining(rest.len() as u32);
            let written = match again {
                Some((id, _)) => self
                    .session
                    .republish(id, &packet, &mut *self.tx)
                    .map(|()| Some(id)),
                None => self.session.publish(&packet, &mut *self.tx),
            };
            let id = match written {
                Ok(id) => id,
                Err(error) => return not_now(error),
            };
            trace.add(|| {
                format!(
                    "n{me} published {message:?} as {id:?}, {} bytes to follow",
                    rest.len()
                )
            });
            self.now.stream.extend_from_slice(rest);
            if again.is_some() {
                self.now.asked = None;
            } else {
                self.app.published(
                    message,
                    id.map(|id| {
                        (
                            id,
                            Kept {
                                message,
                                received: false,
                            },
                        )
                    }),
                )?;
            }
        }
        Ok(())
    }
}

/// `Full` and `Busy` are answers.
fn not_now(error: SendError) -> Result<(), String> {
    match error {
        SendError::Full | SendError::Busy => Ok(()),
        other => Err(format!("a command is {other:?}")),
    }
}
