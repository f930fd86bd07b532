//! The messages of one check.
use super::{PATIENCE, QUIET, Verdict};
use crate::{client::Connection, recorder::Recorder};
use motemq_std::QoS;
use std::collections::BTreeMap;

/// What was published, what its sender was told, and how often it came.
pub struct Ledger {
    qos: QoS,
    granted: Option<QoS>,
    acknowledged: Vec<String>,
    failed: Vec<(String, String)>,
    came: BTreeMap<String, usize>,
    order: Vec<String>,
    raised: bool,
    /// How many came once more because of the broker, and because of us.
    again: [usize; 2],
    /// How many did not come, and were never sent to the client.
    unsent: usize,
}

impl Ledger {
    pub fn new(qos: QoS, granted: Option<QoS>) -> Self {
        Ledger {
            qos,
            granted,
            acknowledged: vec![],
            failed: vec![],
            came: BTreeMap::new(),
            order: vec![],
            raised: false,
            again: [0, 0],
            unsent: 0,
        }
    }

    pub fn published(&mut self, payload: String, told: Result<(), String>) {
        match told {
            Ok(()) => self.acknowledged.push(payload),
            Err(words) => self.failed.push((payload, words)),
        }
    }

    /// Takes what comes, until all is there that was acknowledged, and a moment longer.
    pub fn collect(
        &mut self,
        to: &mut dyn Connection,
        recorder: Option<&Recorder>,
    ) -> Result<(), String> {
        loop {
            let complete = self.lost().next().is_none();
            let Some(message) = to.next(if complete { QUIET } else { PATIENCE })? else {
                break;
            };
            let payload = String::from_utf8_lossy(&message.payload).into_owned();
            self.raised |= message.qos > self.deliverable() as u8;
            self.order.push(payload.clone());
            *self.came.entry(payload).or_default() += 1;
        }
        let record = recorder.map(Recorder::record);
        let accepted = |payload: &str| {
            record
                .as_ref()
                .map_or(1, |record| record.accepted(payload.as_bytes()))
        };
        if let Some(record) = &record {
            let never = |payload: &&String| record.received(payload.as_bytes()) == 0;
            self.unsent = self.lost().filter(never).count();
        }
        let doubled = self.came.iter().filter(|&(_, &times)| times > 1);
        for (payload, &times) in doubled {
            let ours =
                self.deliverable() == QoS::ExactlyOnce && !self.raised && accepted(payload) < times;
            self.again[usize::from(ours)] += 1;
        }
        Ok(())
    }

    fn lost(&self) -> impl Iterator<Item = &String> {
        self.acknowledged
            .iter()
            .filter(|payload| !self.came.contains_key(*payload))
    }

    fn deliverable(&self) -> QoS {
        self.granted.unwrap_or(QoS::AtMostOnce).min(self.qos)
    }

    pub fn verdict(&self) -> Verdict {
        let lost = self.lost().count();
        let [doubled, ours] = self.again;
        if lost > self.unsent {
            return Verdict::Failed(format!(
                "{lost} of {} messages that were acknowledged did not come",
                self.acknowledged.len()
            ));
        }
        if ours > 0 {
            return Verdict::Failed(format!(
                "{ours} messages of QoS 2 were delivered more than once"
            ));
        }
        let mut notes = Vec::new();
        if lost > 0 {
            notes.push(format!(
                "never sends {lost} of {} messages that it acknowledged",
                self.acknowledged.len()
            ));
        }
        if self.granted != Some(self.qos) {
            let granted = self
                .granted
                .map_or("nothing".into(), |qos| format!("QoS {}", qos as u8));
            notes.push(format!("grants {granted} for QoS {}", self.qos as u8));
        }
        if let Some((_, words)) = self.failed.first() {
            let arrived = self
                .failed
                .iter()
                .filter(|(payload, _)| self.came.contains_key(payload))
                .count();
            notes.push(format!(
                "the client reported {} messages as possibly lost, and {arrived} had arrived ({words})",
                self.failed.len()
            ));
        }
        if self.raised {
            notes.push("delivers with a higher QoS than was published".into());
        }
        if doubled > 0 && self.deliverable() == QoS::ExactlyOnce {
            notes.push(
                "sends accepted QoS 2 messages again as new ones: after PUBREL, or after reporting no session"
                    .into(),
            );
        } else if doubled > 0 && self.deliverable() == QoS::AtMostOnce {
            notes.push("sends messages of QoS 0 more than once".into());
        }
        if doubled == 0 && !self.order.is_sorted() {
            notes.push("messages arrived out of order".into());
        }
        if notes.is_empty() {
            Verdict::Good
        } else {
            Verdict::Deviates(notes.join("; "))
        }
    }
}
