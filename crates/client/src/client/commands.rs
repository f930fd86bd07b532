//! Commands: each is carried out, or refused and has no effect.
use super::*;
use crate::{
    MessageProperties, PublishError, PublishProperties, UploadError, error::shortened,
    properties::room_for, protocol::PassedOver, requests::RequestKind, write_buf::LONGEST,
};
use motemq::{Publish, QoS, SendError, TopicName};

/// The longest topic and payload that fit into a packet.
pub(super) const LONGEST_MESSAGE: u64 = 268_435_455 - 4;
/// Bytes of a payload that are copied at a time.
const PIECE: usize = 16 << 10;

impl Client {
    pub(super) fn full<T>(&mut self) -> Result<T, PublishError> {
        self.wants_room = true;
        Err(PublishError::Full)
    }

    pub(super) fn check_open(&self) -> Result<(), Ended> {
        match &self.state {
            State::Ended(ended) => Err(ended.clone()),
            _ if self.leave_until.is_some() => Err(Ended::Closed),
            _ => Ok(()),
        }
    }

    /// Returns whether something has to be sent before a new message with this QoS.
    #[inline]
    pub(super) fn must_wait(&self, qos: QoS) -> bool {
        let is_acknowledged = qos != QoS::AtMostOnce;
        (is_acknowledged
            && (self.requests.in_flight() >= self.window() || self.requests.resend().is_some()))
            || !self.requests.is_queue_empty()
            || self.protocol.payload_remaining() > 0
    }

    /// Goes past packets that were given up, so that there is a free slot for a packet that found
    /// none. Returns whether there is one now; if not, nothing has changed.
    pub(super) fn pass_over(&mut self) -> bool {
        if self.protocol.has_free_slot() {
            // The packet was refused for want of the broker's quota.
            return false;
        }
        let requests = &self.requests;
        match self.protocol.pass_over(|id| requests.is_given_up(id)) {
            PassedOver::Free => true,
            PassedOver::Waits => false,
            // At the limit the next turn of the driver ends the connection.
            PassedOver::AllGivenUp => !self.is_unanswered() && self.protocol.grow_for_packet(),
        }
    }

    /// Makes room for a message, as [`pass_over`](Self::pass_over) does for any packet, unless the
    /// broker accepts none now: a command that fails changes nothing that is stored.
    pub(super) fn make_room_for_message(&mut self) -> bool {
        self.protocol.has_send_quota() && self.pass_over()
    }

    /// Returns whether so many messages were given up that the broker may get no other one. Those
    /// of which an earlier process has kept nothing but the identifiers are among them.
    pub(super) fn is_quota_given_up(&self) -> bool {
        let given_up = self.requests.given_up_messages();
        let holds_all =
            |allowed| given_up >= allowed || (self.requests.in_flight() == 0 && self.owed() > 0);
        self.receive_maximum().is_some_and(holds_all)
    }

    /// Returns whether as many messages were given up as the options or the broker allow.
    pub(super) fn is_unanswered(&self) -> bool {
        self.requests.given_up() >= self.options.settings.given_up || self.is_quota_given_up()
    }

    /// Returns the outcome of a request, or `None` if there is none yet; [`Event::Completed`]
    /// reports when there is. Also returns `None` for a request that was forgotten.
    pub fn poll_outcome(&mut self, request: RequestId) -> Option<crate::Outcome> {
        self.requests.poll_outcome(request)
    }

    /// Forgets a request, whose outcome the application does not need. The client still completes
    /// the request.
    pub fn forget(&mut self, request: RequestId) {
        self.requests.forget(request);
    }

    /// Withdraws and forgets a request. If it has not been sent yet, it is not sent. If it has, the
    /// client no longer waits for its outcome.
    pub fn withdraw(&mut self, request: RequestId) {
        if matches!(self.phase, Phase::Ended) {
            // What is stored is for the next client.
            self.requests.forget(request);
        } else {
            self.requests.withdraw(request);
        }
    }

    /// Begins to publish a message whose payload the application sends with
    /// [`upload_chunk`](Self::upload_chunk), as many bytes as [`Publish::remaining`] announces.
    /// With QoS 1 and 2 it also returns a request. The client keeps no copy: if the connection ends
    /// before the broker has acknowledged the message, its outcome is unknown.
    ///
    /// The client can send nothing else until the payload is complete, not even PINGREQ.
    ///
    /// # Errors
    /// A [`PublishError`]. With [`Full`](PublishError::Full) and
    /// [`Offline`](PublishError::Offline), try again after [`Event::Room`].
    pub fn begin_upload<'p, T: PublishProperties<'p>>(
        &mut self,
        publish: &Publish<'p, T>,
    ) -> Result<(UploadId, Option<RequestId>), PublishError> {
        self.check_open().map_err(PublishError::Ended)?;
        check_topic(publish)?;
        let room = self.check_properties(publish)?;
        let length = publish.topic().len() + publish.payload.len() + room;
        if length as u64 + u64::from(publish.remaining) > LONGEST_MESSAGE {
            return Err(too_long(publish));
        }
        if length > LONGEST {
            return Err(PublishError::BeginningTooLong {
                len: length,
                limit: LONGEST,
            });
        }
        if let Some(limits) = self.options.limits() {
            limits.check_publish(publish)?;
        }
        let properties = MessageProperties::new(publish.properties.list())?;
        self.check_publish(publish, properties.as_bytes().len())?;
        if self.accepted.is_none() {
            self.wants_room = true;
            return Err(PublishError::Offline);
        }
        if self.must_wait(publish.qos) || !self.output.reserve(length + HEADER) {
            return self.full();
        }
        let id = match self.send_publish(publish) {
            Ok(id) => id,
            Err(SendError::Busy) if self.make_room_for_message() => {
                return self.begin_upload(publish);
            }
            Err(SendError::Full | SendError::Busy) => return self.full(),
            Err(_) => return Err(too_long(publish)),
        };
        self.tally.sent += 1;
        let is_complete = publish.remaining == 0;
        let end = is_complete.then(|| self.output.position());
        let launch = |id| self.requests.launch(id, RequestKind::NoCopy, end);
        let request = id.map(launch);
        let extras = self.extras.make();
        extras.last_upload += 1;
        let number = extras.last_upload;
        extras.upload = (!is_complete).then_some(Upload { number, request });
        Ok((UploadId(number), request))
    }

    /// Sends the next bytes of a payload. Returns the number of bytes that the client has accepted,
    /// at most 16 KiB.
    ///
    /// # Errors
    /// An [`UploadError`]. With [`Full`](UploadError::Full), try again after [`Event::Room`].
    pub fn upload_chunk(&mut self, upload: UploadId, data: &[u8]) -> Result<usize, UploadError> {
        let Some(Upload { number, .. }) = self.upload() else {
            return Err(UploadError::Lost);
        };
        if number != upload.0 {
            return Err(UploadError::Lost);
        }
        let (len, remaining) = (data.len(), self.protocol.payload_remaining());
        if len as u64 > u64::from(remaining) {
            return Err(UploadError::TooLong { len, remaining });
        }
        let piece = data.get(..PIECE).unwrap_or(data);
        if !self.output.reserve(piece.len()) {
            self.wants_room = true;
            return Err(UploadError::Full);
        }
        match self.protocol.publish_chunk(piece, &mut self.output.out()) {
            Ok(n) => {
                if self.protocol.payload_remaining() == 0 {
                    self.extras.make().upload = None;
                }
                Ok(n)
            }
            Err(SendError::Full) => {
                self.wants_room = true;
                Err(UploadError::Full)
            }
            Err(_) => Err(UploadError::Lost),
        }
    }

    /// Aborts an upload, so that the message is not published. The client closes the connection and
    /// makes another one, since a packet that was sent in part cannot be taken back. It has no
    /// effect if the payload is complete.
    pub fn abort_upload(&mut self, upload: UploadId, now: Duration) {
        if self
            .upload()
            .is_some_and(|current| current.number == upload.0)
        {
            self.close_connection(DisconnectReason::UploadAborted, now, now);
        }
    }

    /// Ends the client: it accepts no more commands, waits until the time `until` for all messages
    /// that are in flight or wait to be sent, sends DISCONNECT, so that the broker does not publish
    /// the will, and closes the connection. All streams end, and messages that were not taken from
    /// them are not acknowledged. The client does not wait for the answers to SUBSCRIBE and
    /// UNSUBSCRIBE.
    ///
    /// [`Event::Ended`] reports when the client has ended. Another call can set an earlier time.
    pub fn disconnect(&mut self, until: Duration) {
        let until = self
            .leave_until
            .map_or(until, |other| other.get().min(until));
        self.leave_until = Some(until.into());
        self.inbox.leave(&mut self.protocol);
        self.tell_room();
    }
}

pub(super) fn check_topic<T: Copy>(publish: &Publish<'_, T>) -> Result<(), PublishError> {
    match TopicName::new(publish.topic()) {
        Ok(_) => Ok(()),
        Err(error) => Err(PublishError::Topic {
            topic: shortened(publish.topic()),
            error,
        }),
    }
}

/// Returns the error for a message that is longer than a packet can be.
#[cold]
pub(super) fn too_long<'p, T: PublishProperties<'p>>(publish: &Publish<'p, T>) -> PublishError {
    let list = publish.properties.list();
    let room = room_for(list).filter(|_| !list.is_empty());
    let len = publish.topic().len() + publish.payload.len() + room.unwrap_or_default();
    PublishError::TooLong {
        len: len as u64 + u64::from(publish.remaining),
    }
}

/// Returns the error for a message that is no upload, and whose payload is not complete or longer
/// than a packet can be.
#[cold]
pub(super) fn incomplete_or_too_long<'p, T: PublishProperties<'p>>(
    publish: &Publish<'p, T>,
) -> PublishError {
    match (too_long(publish), publish.remaining) {
        (PublishError::TooLong { len }, remaining @ 1..) if len <= LONGEST_MESSAGE => {
            PublishError::Incomplete { remaining }
        }
        (error, _) => error,
    }
}
