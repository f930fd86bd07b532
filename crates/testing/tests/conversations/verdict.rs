//! What has to have become of the messages of a station.
use crate::{
    message::{Fate, Message, Outcome, fate},
    station::Station,
};
use motemq::{QoS, Version};
use motemq_testing::ledger::Ledger;

/// The messages of one station to another.
pub struct Way<'a> {
    pub from: &'a dyn Station,
    pub to: &'a dyn Station,
    pub messages: &'a [Message],
    /// The sessions of both outlive their connections.
    pub keep: bool,
}

impl Way<'_> {
    /// Every message has the one outcome that it can have, and has arrived as its QoS promises.
    pub fn check(&self) -> Result<(), String> {
        let mut ledger = Ledger::new();
        let topic = self.from.name();
        let record = self.from.record();
        for message in self.messages {
            ledger.published(topic, &message.payload, message.qos);
            let Some(&outcome) = record.outcomes.get(&message.number) else {
                return Err(format!("{message:?} has no outcome"));
            };
            let is_refused = self.is_refused(message);
            let is_possible = match outcome {
                Outcome::Done => !is_refused,
                Outcome::Refused => is_refused,
                Outcome::Unknown => !self.keep,
                Outcome::Unsupported | Outcome::Abandoned => self.from.speaks(Version::Mqtt5),
            };
            if !is_possible {
                return Err(format!("{message:?} is {outcome:?}"));
            }
            let arrives = outcome == Outcome::Done && !self.is_declined(message) && self.keep;
            if !arrives && message.qos != QoS::AtMostOnce {
                ledger.doubtful(topic, &message.payload);
            }
        }
        let from_it = |(other, _): &&(String, Vec<u8>)| other == topic;
        for (topic, payload) in self.to.record().delivered.iter().filter(from_it) {
            let of = |message: &&Message| message.payload == *payload;
            let message = self.messages.iter().find(of);
            let never = |message: &Message| {
                let outcome = record.outcomes.get(&message.number);
                self.is_refused(message)
                    || self.is_declined(message)
                    || outcome == Some(&Outcome::Unsupported)
            };
            if message.is_some_and(never) {
                return Err(format!("{message:?} has arrived"));
            }
            ledger.delivered(topic, payload);
        }
        let verdict = ledger.judge();
        if verdict.is_clean() {
            Ok(())
        } else {
            Err(verdict.to_string())
        }
    }

    /// All connections of the station speak MQTT 5, without which nothing can be refused.
    fn is_5(&self, station: &dyn Station) -> bool {
        !station.speaks(Version::Mqtt311)
    }

    /// The broker refuses the message.
    fn is_refused(&self, message: &Message) -> bool {
        let can_be = message.qos != QoS::AtMostOnce && self.is_5(self.from);
        can_be && fate(&message.payload) == Fate::IsRefused
    }

    /// The subscriber refuses the message.
    fn is_declined(&self, message: &Message) -> bool {
        let can_be = message.qos != QoS::AtMostOnce && self.is_5(self.to);
        can_be && fate(&message.payload) == Fate::IsDeclined
    }
}
