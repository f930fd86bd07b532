//! What the application does.
use super::{FILTERS, Run, TOPICS};
use motemq::{Filter, Publish, QoS};
use motemq_client::{AckMode, Client, PublishError, Taken, UploadError};

impl Run<'_> {
    /// Gives a command, which changes nothing that is stored if it fails.
    fn command<T, E>(&mut self, command: impl FnOnce(&mut Client) -> Result<T, E>) -> Result<T, E> {
        let version = self.client.version();
        let result = command(&mut self.client);
        if result.is_err() {
            assert_eq!(self.client.version(), version);
        }
        result
    }

    pub(super) fn publish(&mut self) {
        let how = self.bytes.byte();
        let qos = QoS::try_from(how & 3).unwrap_or(QoS::AtLeastOnce);
        self.number += 1;
        let mut payload = self.number.to_be_bytes().to_vec();
        payload.resize([4, 100, 6000, 80_000][usize::from(how >> 2 & 3)], how);
        let topic = TOPICS[usize::from(how >> 4 & 3)];
        let publish = Publish::to(topic).payload(&payload).qos(qos);
        let is_shared = self.is_shared;
        let published = self.command(|client| {
            if is_shared {
                client.publish_bytes(&publish, &payload.clone().into())
            } else {
                client.publish(&publish)
            }
        });
        match published {
            Ok(Some(request)) => self.requests.push((request, self.number)),
            Ok(None) => assert_eq!(qos, QoS::AtMostOnce),
            Err(PublishError::Ended(_)) => {}
            Err(error) => assert!(!self.is_ended, "{error}"),
        }
    }

    pub(super) fn subscribe(&mut self) {
        let how = self.bytes.byte();
        let qos = QoS::try_from(how & 3).unwrap_or(QoS::AtMostOnce);
        let filter = FILTERS[usize::from(how >> 2) % FILTERS.len()];
        if self.streams.len() < 8
            && let Ok((request, stream)) =
                self.command(|client| client.subscribe(&[Filter::new(filter, qos)]))
        {
            self.requests.push((request, 0));
            self.streams.push(stream);
        }
    }

    pub(super) fn take(&mut self, mode: AckMode) {
        let at = self.bytes.below(self.streams.len());
        let Some(&stream) = self.streams.get(at) else {
            return;
        };
        if let Taken::Message(item) = self.client.take(stream, mode) {
            let payload = item.message.payload.first_chunk();
            let number = payload.map_or(0, |number| u32::from_be_bytes(*number));
            if item.message.qos == QoS::ExactlyOnce && item.message.rest.is_none() {
                let came_twice = self.had.contains(&(stream, number));
                assert!(
                    !came_twice || self.declined.contains(&number),
                    "{number} came twice"
                );
                self.had.push((stream, number));
            }
            self.payloads.extend(item.message.rest);
            match item.ack {
                Some(ack) => self.acks.push((ack, number)),
                None => {
                    self.taken.insert(number);
                }
            }
        }
    }

    pub(super) fn request(&mut self) {
        let at = self.bytes.below(self.requests.len());
        let Some(&(request, number)) = self.requests.get(at) else {
            return;
        };
        match self.bytes.byte() % 3 {
            0 => {
                self.client.poll_outcome(request);
            }
            1 => {
                self.client.forget(request);
                self.requests.swap_remove(at);
            }
            _ => {
                self.client.withdraw(request);
                // It may leave, but is not sent again.
                self.stored.insert(number);
                self.requests.swap_remove(at);
            }
        }
    }

    pub(super) fn upload(&mut self) {
        let how = self.bytes.byte();
        match self.upload {
            None => {
                let qos = QoS::try_from(how & 3).unwrap_or(QoS::AtLeastOnce);
                let publish = Publish::to("t").payload(b"....").qos(qos).remaining(200);
                let begun = self.command(|client| client.begin_upload(&publish));
                if let Ok((upload, request)) = begun {
                    self.upload = Some(upload);
                    self.requests.extend(request.map(|request| (request, 0)));
                }
            }
            Some(upload) if how & 7 == 0 => {
                self.client.abort_upload(upload, self.now);
                self.upload = None;
            }
            Some(upload) => {
                let chunk = vec![how; usize::from(how)];
                if let Err(UploadError::Lost) = self.client.upload_chunk(upload, &chunk) {
                    self.upload = None;
                }
            }
        }
    }
}
