//! What an application remembers for its messages.
use super::{
    message::{Message, Record},
    plan::Plan,
    wills::Will,
};
use motemq::{PacketId, QoS};
use std::{collections::BTreeMap, fmt};

/// A message that may be asked for again.
#[derive(Clone, Copy, Debug)]
pub struct Kept {
    /// Which.
    pub message: Message,
    /// The broker has it, and may not ask for it again.
    pub received: bool,
}

/// All that an application remembers. It is saved together with the session.
#[derive(Clone, Debug, Default)]
pub struct Application {
    /// The broker knows what it wants.
    pub subscribed: bool,
    /// How many messages it has published.
    pub published: u32,
    /// How many with each QoS.
    pub numbers: [u32; 3],
    /// By identifier.
    pub kept: BTreeMap<PacketId, Kept>,
    /// How many identifiers there may be at once.
    slots: usize,
    /// What it has had.
    pub record: Record,
    /// The wills that it has had.
    pub wills: Vec<Will>,
    /// How many messages it has abandoned, and of how many nobody can say what became of them.
    pub abandoned: u64,
    /// See `abandoned`.
    pub unknown: u64,
}

impl fmt::Display for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Application {
            subscribed,
            published,
            kept,
            record,
            wills,
            ..
        } = self;
        write!(
            f,
            "subscribed {subscribed}, {published} published, {} wills heard, under way {kept:?}, {record:?}",
            wills.len()
        )
    }
}

impl Application {
    /// Has done nothing; publishes over a session with so many slots.
    pub fn new(slots: usize) -> Self {
        Application {
            slots,
            ..Application::default()
        }
    }

    /// The message to be published next.
    pub fn next(&self, publisher: u8, plan: &Plan) -> Message {
        let qos = plan.qos[self.published as usize % plan.qos.len()];
        Message {
            publisher,
            qos,
            number: self.numbers[qos as usize],
        }
    }

    /// It was published, and is kept under its identifier.
    ///
    /// # Errors
    /// The identifier is taken, or all are.
    pub fn published(
        &mut self,
        message: Message,
        kept: Option<(PacketId, Kept)>,
    ) -> Result<(), String> {
        self.published += 1;
        self.numbers[message.qos as usize] += 1;
        let Some((id, kept)) = kept else {
            return Ok(());
        };
        if let Some(older) = self.kept.insert(id, kept) {
            return Err(format!(
                "identifier {id} was given to {message:?}, but is {older:?}'s"
            ));
        }
        if self.kept.len() > self.slots {
            return Err(format!("identifier {id} has no slot"));
        }
        Ok(())
    }

    /// What is kept under an identifier.
    pub fn kept(&self, id: PacketId) -> Option<Kept> {
        self.kept.get(&id).copied()
    }

    /// The broker has it.
    ///
    /// # Errors
    /// It was not under way, or the broker had it before.
    pub fn received(&mut self, id: PacketId) -> Result<(), String> {
        match self.kept.get_mut(&id) {
            Some(kept) if !kept.received && kept.message.qos == QoS::ExactlyOnce => {
                kept.received = true
            }
            other => return Err(format!("{id} was received: {other:?}")),
        }
        Ok(())
    }

    /// The identifier has ended.
    ///
    /// # Errors
    /// It had ended before.
    pub fn acked(&mut self, id: PacketId) -> Result<(), String> {
        match self.kept.remove(&id) {
            Some(kept) if kept.received == (kept.message.qos == QoS::ExactlyOnce) => Ok(()),
            other => Err(format!("{id} was acknowledged: {other:?}")),
        }
    }

    /// It is to be given again.
    ///
    /// # Errors
    /// It is not one that may be.
    pub fn asked(&mut self, id: PacketId, qos: QoS) -> Result<(), String> {
        match self.kept.get(&id) {
            Some(kept) if !kept.received && kept.message.qos == qos => Ok(()),
            other => Err(format!("{id} is asked for with {qos:?}: {other:?}")),
        }
    }

    /// Nobody can say what became of it.
    pub fn forget(&mut self, id: PacketId) -> Option<Kept> {
        let kept = self.kept.remove(&id);
        self.unknown += u64::from(kept.is_some());
        kept
    }

    /// It was asked for, and will not be given again. With QoS 1 its identifier has ended; with QoS
    /// 2 the broker is told to forget it.
    pub fn abandoned(&mut self, id: PacketId) {
        self.abandoned += 1;
        match self.kept.get_mut(&id) {
            Some(kept) if kept.message.qos == QoS::ExactlyOnce => kept.received = true,
            _ => drop(self.kept.remove(&id)),
        }
    }
}
