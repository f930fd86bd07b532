//! Messages as they are written down: see [`Store`](crate::store::Store).
use super::{Body, Entry, Letter, Work};
use motemq::{PacketId, QoS};
use tokio::time::Instant;

/// A message that was written down.
pub(crate) struct Kept {
    number: u64,
    id: Option<PacketId>,
    sent: bool,
    body: Body,
}

/// Bytes before the message: its identifier, and what is known of it.
const HEAD: usize = 3;
const GONE: u8 = 1;
const SENT: u8 = 2;

impl Kept {
    /// From the bytes that [`Work::kept`] gave.
    pub fn read(number: u64, bytes: &[u8]) -> Option<Self> {
        let (&[high, low, flags], rest) = bytes.split_first_chunk::<HEAD>()?;
        let body = if flags & GONE != 0 {
            Body::Gone
        } else {
            let (&[qos, retain, topic_high, topic_low], text) = rest.split_first_chunk()?;
            let topic = u16::from_be_bytes([topic_high, topic_low]);
            text.get(..topic.into())?;
            Body::Publish(Letter {
                text: text.into(),
                topic,
                qos: QoS::try_from(qos).ok()?,
                retain: retain != 0,
            })
        };
        Some(Kept {
            number,
            id: PacketId::new(u16::from_be_bytes([high, low])),
            sent: flags & SENT != 0,
            body,
        })
    }
}

impl Work {
    /// Tells of each message that is not acknowledged: its number, the bytes that may change, and
    /// how to write all of it.
    pub fn kept(&self, mut tell: impl FnMut(u64, [u8; HEAD], &dyn Fn() -> Vec<u8>)) {
        let flights = self.flights.iter().map(|&(id, key)| (id.get(), key));
        let waiting = self.queue.iter().map(|&key| (0, key));
        for (id, key) in flights.chain(waiting) {
            let entry: &Entry = &self.entries[key];
            let letter = match &entry.body {
                Body::Publish(letter) if letter.qos != QoS::AtMostOnce => Some(letter),
                Body::Gone => None,
                _ => continue,
            };
            let [high, low] = id.to_be_bytes();
            let flags = if letter.is_none() || entry.given_up {
                GONE
            } else {
                0
            } | if entry.sent { SENT } else { 0 };
            let head = [high, low, flags];
            tell(entry.number, head, &|| {
                let Some(letter) = letter else {
                    return head.to_vec();
                };
                let [topic_high, topic_low] = letter.topic.to_be_bytes();
                [
                    &head[..],
                    &[
                        letter.qos as u8,
                        letter.retain.into(),
                        topic_high,
                        topic_low,
                    ],
                    &letter.text,
                ]
                .concat()
            });
        }
    }

    /// Takes messages of an earlier process, in their order; they come before all others. Nobody
    /// holds their receipts.
    pub fn restore(&mut self, kept: Vec<Kept>) {
        let now = Instant::now();
        let new = std::mem::take(&mut self.queue);
        for Kept {
            number,
            id,
            sent,
            body,
        } in kept
        {
            let key = self.add(body, false, now);
            self.numbers = self.numbers.max(number);
            self.entries[key].number = number;
            self.entries[key].sent = sent;
            match id {
                Some(id) => self.flights.push_back((id, key)),
                None => self.put(self.queue.len(), key),
            }
        }
        for key in new {
            self.numbers += 1;
            self.entries[key].number = self.numbers;
            self.queue.push_back(key);
        }
    }
}
