//! What a client says, and whether that may be.
use super::*;
use core::mem;
use motemq::{Fault, ReasonCode, SessionState};
use motemq_client::{DisconnectReason, Ended, Event, PayloadBuf, RequestError, RequestId};

/// The client reads no more while so much of a payload that is longer than memory waits.
const LONG_PAYLOAD: usize = 64 << 10;

impl Node {
    /// Gives the client what was received, lets it do what is due, and deals with all that it says.
    /// Returns whether to do so once more before sleeping.
    ///
    /// # Errors
    /// The client has said what it must not.
    pub fn turn(
        &mut self,
        (rx, payload): (&mut Vec<u8>, &mut PayloadBuf),
        (step, now): (u64, Duration),
        trace: &mut Trace,
    ) -> Result<bool, String> {
        let mut again = false;
        if self.client.read_limit() > 0 {
            let mut input = &rx[..];
            again |= self.client.on_read(&mut input, now);
            let rest = input.len();
            rx.drain(..rx.len() - rest);
        }
        if rx.is_empty() && self.plan.direct.is_some() {
            self.client.poll_payload(payload, now);
        }
        again |= self.client.on_timeout(now, || 0);
        while let Some(event) = self.client.poll_event() {
            let me = self.me;
            trace.add(|| format!("n{me} told {event:?}"));
            self.on_event(event, step, trace)?;
        }
        Ok(again)
    }

    fn on_event(&mut self, event: Event, step: u64, trace: &mut Trace) -> Result<(), String> {
        let me = self.me;
        match event {
            Event::Connected { session, .. } => self.on_connected(session),
            Event::AttemptFailed { reason, .. } | Event::Disconnected { reason, .. } => {
                if self.explains(&reason) {
                    Ok(())
                } else {
                    Err(format!("n{me}: the connection ended: {reason:?}"))
                }
            }
            Event::Completed { request } => self.on_completed(request, trace),
            Event::Delivered { stream } => {
                self.volatile.has_messages |= self.volatile.stream == Some(stream);
                Ok(())
            }
            Event::Room => {
                self.volatile.is_full = false;
                Ok(())
            }
            Event::Persist { .. } if self.storing.is_none() && self.plan.stores.is_some() => {
                let at = step + self.plan.stores.unwrap_or_default();
                let changes = self.client.take_changes();
                self.storing = Some((changes, self.stored.clone(), at));
                Ok(())
            }
            // Between two streams.
            Event::Unclaimed if self.plan.reopens || self.plan.abandons => Ok(()),
            Event::Ended(Ended::Closed | Ended::Unfinished) if self.is_leaving => Ok(()),
            other => Err(format!("n{me}: {other:?} has no reason")),
        }
    }

    /// Whether a connection, or an attempt at one, may end for this reason.
    fn explains(&self, reason: &DisconnectReason) -> bool {
        match reason {
            DisconnectReason::Transport(_)
            | DisconnectReason::Closed(_)
            | DisconnectReason::ConnectTimeout(_)
            | DisconnectReason::ConnackTimeout(_)
            | DisconnectReason::Fault(Fault::Timeout) => true,
            // With MQTT 5 the broker says why it ends a connection.
            DisconnectReason::Disconnected(reason) => matches!(
                reason.code(),
                ReasonCode::KEEP_ALIVE_TIMEOUT | ReasonCode::SESSION_TAKEN_OVER
            ),
            DisconnectReason::Overrun { bytes } => {
                // A payload that is longer than memory waits behind messages that are taken slowly,
                // and answers behind it.
                let is_behind =
                    *bytes >= LONG_PAYLOAD && self.plan.taking != crate::plan::Taking::Prompt;
                is_behind || self.plan.backlog < crate::plan::BACKLOG
            }
            DisconnectReason::Stalled(_)
            | DisconnectReason::Unanswered { .. }
            | DisconnectReason::UploadAborted => self.plan.abandons,
            _ => false,
        }
    }

    /// Acknowledgements of an earlier connection have no effect unless the session goes on: what is
    /// in hand was had then.
    fn on_connected(&mut self, session: SessionState) -> Result<(), String> {
        let expects_new = mem::take(&mut self.expects_new_session);
        if expects_new && session == SessionState::Resumed {
            return Err(format!("n{}: an attempt before has failed", self.me));
        }
        if session != SessionState::Resumed {
            for (_, came) in mem::take(&mut self.volatile.unacknowledged) {
                self.process(came)?;
            }
        }
        Ok(())
    }

    fn on_completed(&mut self, request: RequestId, trace: &mut Trace) -> Result<(), String> {
        let me = self.me;
        let outcome = self.client.poll_outcome(request);
        let outcome = outcome.ok_or(format!("n{me}: {request:?} has no outcome after all"))?;
        self.client.forget(request);
        if self.volatile.subscribing == Some(request) {
            self.volatile.subscribing = None;
            return match outcome {
                Ok(_) => {
                    self.stored_at_once.subscribed = true;
                    Ok(())
                }
                Err(RequestError::NotAnswered(_)) if self.plan.abandons => {
                    // Another stream gets what is in this one.
                    self.close_stream()
                }
                Err(RequestError::Ended(_) | RequestError::OutcomeUnknownAtEnd(_))
                    if self.is_leaving =>
                {
                    Ok(())
                }
                Err(error) => Err(format!("n{me}: it cannot subscribe: {error:?}")),
            };
        }
        let Some(message) = self.volatile.ended(request) else {
            return Err(format!("n{me}: {request:?} was not asked for"));
        };
        trace.add(|| format!("n{me}: {message:?} ended with {outcome:?}"));
        let loses_sessions = self.forgets || !self.plan.keep;
        self.ends
            .on_outcome(
                message,
                &outcome,
                &self.plan,
                (loses_sessions, self.is_leaving),
            )
            .map_err(|what| format!("n{me}: {what}"))
    }

    /// The client has ended: everything that was asked for has an outcome.
    pub(super) fn end_all(&mut self) -> Result<(), String> {
        while let Some(request) = self.volatile.choose(0) {
            self.on_completed(request, &mut Trace::of(0))?;
        }
        Ok(())
    }
}
