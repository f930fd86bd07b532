//! What an application remembers for its messages.
use super::{
    message::{Message, Record},
    plan::Plan,
};
use motemq::{PacketId, QoS};

/// A message that may be asked for again.
#[derive(Clone, Copy, Debug)]
pub struct Kept {
    /// Which.
    pub message: Message,
    /// The broker has it, and may not ask for it again.
    pub received: bool,
}

/// All that an application remembers. It is saved together with the session.
#[derive(Clone, Debug)]
pub struct Application {
    /// The broker knows what it wants.
    pub subscribed: bool,
    /// How many messages it has published.
    pub published: u32,
    /// How many with each QoS.
    pub numbers: [u32; 3],
    /// By identifier, from 1 on.
    pub kept: Vec<Option<Kept>>,
    /// What it has had.
    pub record: Record,
}

impl Application {
    /// Has done nothing; publishes over a session with so many slots.
    pub fn new(slots: usize) -> Self {
        Application { subscribed: false, published: 0, numbers: [0; 3], kept: vec![None; slots], record: Record::default() }
    }

    /// The message to be published next.
    pub fn next(&self, publisher: u8, plan: &Plan) -> Message {
        let qos = plan.qos[self.published as usize % plan.qos.len()];
        Message { publisher, qos, number: self.numbers[qos as usize] }
    }

    /// It was published, and is kept under its identifier.
    ///
    /// # Errors
    /// The identifier is taken.
    pub fn published(&mut self, message: Message, kept: Option<(PacketId, Kept)>) -> Result<(), String> {
        self.published += 1;
        self.numbers[message.qos as usize] += 1;
        if let Some((id, kept)) = kept
            && let Some(older) = self.place(id)?.replace(kept)
        {
            return Err(format!("identifier {id} was given to {message:?}, but is {older:?}'s"));
        }
        Ok(())
    }

    /// What is kept under an identifier.
    pub fn kept(&self, id: PacketId) -> Option<Kept> {
        self.kept.get(usize::from(id.get()) - 1).copied().flatten()
    }

    /// The broker has it.
    ///
    /// # Errors
    /// It was not under way, or the broker had it before.
    pub fn received(&mut self, id: PacketId) -> Result<(), String> {
        match self.place(id)? {
            Some(kept) if !kept.received && kept.message.qos == QoS::ExactlyOnce => kept.received = true,
            other => return Err(format!("{id} was received: {other:?}")),
        }
        Ok(())
    }

    /// The identifier has ended.
    ///
    /// # Errors
    /// It had ended before.
    pub fn acked(&mut self, id: PacketId) -> Result<(), String> {
        match self.place(id)?.take() {
            Some(kept) if kept.received == (kept.message.qos == QoS::ExactlyOnce) => Ok(()),
            other => Err(format!("{id} was acknowledged: {other:?}")),
        }
    }

    /// It is to be given again.
    ///
    /// # Errors
    /// It is not one that may be.
    pub fn asked(&mut self, id: PacketId, qos: QoS) -> Result<(), String> {
        match self.place(id)? {
            Some(kept) if !kept.received && kept.message.qos == qos => Ok(()),
            other => Err(format!("{id} is asked for with {qos:?}: {other:?}")),
        }
    }

    /// Nobody can say what became of it.
    pub fn forget(&mut self, id: PacketId) -> Option<Kept> {
        self.place(id).ok()?.take()
    }

    fn place(&mut self, id: PacketId) -> Result<&mut Option<Kept>, String> {
        self.kept.get_mut(usize::from(id.get()) - 1).ok_or_else(|| format!("identifier {id} has no slot"))
    }
}
