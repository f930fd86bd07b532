//! What an application does: it subscribes, takes messages, publishes and leaves.
use super::*;
use crate::plan::Taking;
use bytes::Bytes;
use motemq::{Filter, Publish};
use motemq_client::{AckMode, PayloadRead, PublishError, Taken, UploadError};

/// The most messages that are published in one step.
const AT_ONCE: usize = 4;
/// The most bytes of a payload that are given or read in one step.
const PIECE: usize = 20_000;

impl Node {
    /// Does what the application has to do now; with `publish` it may publish. Returns whether the
    /// client has to be driven for it.
    ///
    /// # Errors
    /// A promise is broken, and this is which.
    pub fn act(
        &mut self,
        (step, now): (u64, Duration),
        publish: bool,
        trace: &mut Trace,
    ) -> Result<bool, String> {
        if self.is_leaving {
            return Ok(false);
        }
        let mut has_acted = self.open_stream()?;
        if self.plan.reopens && self.volatile.stream.is_some() && self.random.u16(..1000) == 0 {
            trace.add(|| format!("n{} closes its stream", self.me));
            self.close_stream()?;
            has_acted = true;
        }
        has_acted |= self.take(step, trace)?;
        has_acted |= self.ask(publish, now, trace)?;
        Ok(has_acted)
    }

    /// Opens a stream, if there should be one: for the subscription, or for what a subscription of
    /// an earlier process gets.
    fn open_stream(&mut self) -> Result<bool, String> {
        let Some((node, qos)) = self.plan.wants.filter(|_| self.volatile.stream.is_none()) else {
            return Ok(false);
        };
        self.volatile.has_messages = true;
        let is_known = self.plan.keep && !self.forgets && self.stored_at_once.subscribed;
        if is_known && self.random.bool() {
            self.volatile.stream = Some(self.client.messages());
            return Ok(true);
        }
        let filter = node.map_or("from/#".to_owned(), Message::topic);
        let filters = [Filter::new(&filter, qos), Filter::new(wills::TOPIC, qos)];
        let filters = &filters[..1 + usize::from(self.plan.hears_wills)];
        let subscribed = self.client.subscribe(filters);
        let (request, stream) = subscribed.map_err(|error| format!("n{}: {error:?}", self.me))?;
        self.volatile.stream = Some(stream);
        if self.client.poll_outcome(request).is_some() {
            return Err(format!("n{}: a subscription was never on its way", self.me));
        }
        if let Some(older) = self.volatile.subscribing.replace(request) {
            self.client.forget(older);
        }
        Ok(true)
    }

    /// Closes the stream. What was taken from it last counts as processed.
    pub(super) fn close_stream(&mut self) -> Result<(), String> {
        self.process_in_hand()?;
        // A payload that is being read is read to its end.
        if let Some(stream) = self
            .volatile
            .stream
            .take_if(|_| self.volatile.reading.is_none())
        {
            self.client.close_stream(stream);
        }
        Ok(())
    }

    /// Takes messages, and allows acknowledgements.
    fn take(&mut self, step: u64, trace: &mut Trace) -> Result<bool, String> {
        let Some(stream) = self.volatile.stream else {
            return Ok(false);
        };
        let mut has_acted = false;
        if step >= self.volatile.busy_until {
            has_acted |= self.acknowledge()?;
        }
        while step >= self.volatile.busy_until {
            if self.volatile.reading.is_some() {
                has_acted |= self.volatile.has_messages && self.read_payload()?;
                if self.volatile.reading.is_some() {
                    break;
                }
            }
            if !self.volatile.has_messages {
                break;
            }
            has_acted |= self.client.wants_drive(stream);
            self.process_in_hand()?;
            let mode = match self.plan.taking {
                Taking::Manual(_) => AckMode::Manual,
                _ => AckMode::OnNext,
            };
            match self.client.take(stream, mode) {
                Taken::Pending => self.volatile.has_messages = false,
                Taken::End => return Err(format!("n{}: its stream has ended", self.me)),
                Taken::Message(item) => {
                    let message = item.message;
                    let is_will = &*message.topic == wills::TOPIC;
                    if let Some(rest) = message.rest {
                        // What came before it is processed before it.
                        has_acted |= self.acknowledge()?;
                        let begin = message.payload.to_vec();
                        self.volatile.reading = Some((rest, message.qos, begin));
                        continue;
                    }
                    let came = self.read(is_will, &message.payload, message.qos)?;
                    trace.add(|| format!("n{} takes {came:?}", self.me));
                    match item.ack {
                        Some(ack) => self.volatile.unacknowledged.push((ack, came)),
                        // What has QoS 1 may come again, so it is had at once.
                        None if came.qos() == QoS::ExactlyOnce => self.stored.in_hand = Some(came),
                        None => self.process(came)?,
                    }
                }
            }
            self.volatile.busy_until = match self.plan.taking {
                Taking::Slow(steps) if self.volatile.has_messages => step + steps,
                Taking::Manual(steps) if !self.volatile.has_messages => step + steps,
                _ => 0,
            };
        }
        Ok(has_acted)
    }

    /// Allows the acknowledgements of what was taken, the last one first.
    fn acknowledge(&mut self) -> Result<bool, String> {
        let taken = mem::take(&mut self.volatile.unacknowledged);
        let has_acted = !taken.is_empty();
        let mut came: Vec<_> = Vec::new();
        for (ack, message) in taken.into_iter().rev() {
            self.client.ack(ack);
            came.push(message);
        }
        while let Some(came) = came.pop() {
            self.process(came)?;
        }
        Ok(has_acted)
    }

    /// Reads on in a payload that is longer than memory. Returns whether anything was read.
    fn read_payload(&mut self) -> Result<bool, String> {
        let Some((id, qos, mut payload)) = self.volatile.reading.take() else {
            return Ok(false);
        };
        let before = payload.len();
        while payload.len() < before + PIECE {
            match self.client.read_payload(id) {
                PayloadRead::Data(data) => payload.extend_from_slice(&data),
                PayloadRead::Pending => {
                    self.volatile.has_messages = false;
                    break;
                }
                PayloadRead::End => {
                    let came = self.read(false, &payload, qos)?;
                    self.process(came)?;
                    return Ok(true);
                }
                PayloadRead::Broken => return Ok(true),
            }
        }
        let has_read = payload.len() > before;
        self.volatile.reading = Some((id, qos, payload));
        Ok(has_read)
    }

    fn read(&self, is_will: bool, payload: &[u8], qos: QoS) -> Result<Came, String> {
        let came = if is_will {
            wills::read(payload).map(|will| Came::Will(will, qos))
        } else {
            Message::read(payload).map(|message| Came::Message(message, qos))
        };
        came.map_err(|what| format!("n{}: {what}", self.me))
    }

    /// Publishes as much as there is room for.
    fn ask(&mut self, publish: bool, now: Duration, trace: &mut Trace) -> Result<bool, String> {
        let mut has_acted = false;
        if self.plan.abandons && self.volatile.awaited > 0 && self.random.u8(..64) == 0 {
            let number = self.random.usize(..);
            if let Some(request) = self.volatile.choose(number) {
                trace.add(|| format!("n{} withdraws {request:?}", self.me));
                self.volatile.ended(request);
                self.client.withdraw(request);
                self.ends.abandoned += 1;
                has_acted = true;
            }
        }
        for _ in 0..AT_ONCE {
            let is_over = self.stored.published >= self.plan.messages;
            if self.volatile.is_full {
                break;
            }
            has_acted |= match self.volatile.upload.take() {
                Some((upload, rest)) => self.upload_on(upload, rest, now)?,
                None if !publish || is_over => break,
                None => self.publish(trace)?,
            };
        }
        Ok(has_acted)
    }

    fn publish(&mut self, trace: &mut Trace) -> Result<bool, String> {
        let me = self.me;
        let qos = self.plan.qos[self.stored.published as usize % self.plan.qos.len()];
        let message = Message {
            publisher: me,
            qos,
            number: self.published(qos),
        };
        message.write(&self.plan, &mut self.payload);
        let topic = Message::topic(me);
        let uploads = self.plan.abandons && message.number % 5 == 1;
        let accepted = if uploads {
            let (first, rest) = self.payload.split_at(self.payload.len() / 2);
            let packet = Publish::to(&topic).payload(first).qos(qos);
            let begun = self
                .client
                .begin_upload(&packet.remaining(rest.len() as u32));
            begun.map(|(upload, request)| {
                self.volatile.upload = (!rest.is_empty()).then(|| (upload, rest.to_vec()));
                request
            })
        } else {
            let packet = Publish::to(&topic).payload(&self.payload).qos(qos);
            match self.plan.direct {
                None => self.client.publish(&packet),
                Some(_) => {
                    let payload = Bytes::copy_from_slice(&self.payload);
                    self.client.publish_bytes(&packet, &payload)
                }
            }
        };
        trace.add(|| format!("n{me} publishes {message:?}: {accepted:?}"));
        match accepted {
            Ok(request) => {
                self.stored.published += 1;
                match qos {
                    QoS::AtMostOnce => self.stored_at_once.number += 1,
                    qos => self.stored.numbers[qos as usize] += 1,
                }
                let Some(request) = request else {
                    return Ok(true);
                };
                self.volatile.accepted(request, message)?;
                match self.client.poll_outcome(request) {
                    None => Ok(true),
                    Some(outcome) => Err(format!("n{me}: {message:?} has ended: {outcome:?}")),
                }
            }
            Err(
                PublishError::Full | PublishError::Offline | PublishError::LargerThanQueue { .. },
            ) => {
                self.volatile.is_full = true;
                Ok(false)
            }
            Err(error) => Err(format!("n{me}: {message:?} is not accepted: {error:?}")),
        }
    }

    fn upload_on(
        &mut self,
        upload: motemq_client::UploadId,
        mut rest: Vec<u8>,
        now: Duration,
    ) -> Result<bool, String> {
        if self.random.u8(..64) == 0 {
            self.client.abort_upload(upload, now);
            return Ok(true);
        }
        let piece = &rest[..rest.len().min(PIECE)];
        match self.client.upload_chunk(upload, piece) {
            Ok(n) => drop(rest.drain(..n)),
            Err(UploadError::Full) => self.volatile.is_full = true,
            // The connection has ended.
            Err(UploadError::Lost) => return Ok(false),
            Err(error) => return Err(format!("n{}: an upload: {error:?}", self.me)),
        }
        if !rest.is_empty() {
            self.volatile.upload = Some((upload, rest));
        }
        Ok(true)
    }

    /// Leaves in good order, if it is there.
    pub fn leave(&mut self, until: Duration) -> Result<(), String> {
        self.process_in_hand()?;
        self.volatile.unacknowledged.clear();
        self.volatile.upload = None;
        self.client.disconnect(until);
        self.is_leaving = true;
        Ok(())
    }

    /// The client has ended, and there is to be another one.
    ///
    /// # Errors
    /// The application did not leave.
    pub fn on_ended(&mut self) -> Result<(), String> {
        if !self.is_leaving {
            return Err(format!("n{} has ended: {:?}", self.me, self.client.state()));
        }
        self.go_on()
    }
}
