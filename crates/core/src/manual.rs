//! Manual acknowledgement: a layer over [`Session`], which knows nothing of it. Who does not use it
//! does not pay for it.
use crate::{
    Event, Fault, Message, Out, Output, PacketId, SendError, Session,
    buffer::{Buffer, held},
    session::link,
    wire,
};
use core::ops::{Deref, DerefMut};

/// Memory for one acknowledgement owed; four bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Owed {
    /// Identifier of the message; 0: none is owed.
    id: u16,
    /// First byte of the acknowledgement.
    head: u8,
    /// The application has allowed it.
    ready: bool,
}

impl Owed {
    /// A free place.
    pub const NONE: Owed = Owed {
        id: 0,
        head: 0,
        ready: false,
    };
}

/// Names a message that is to be [acknowledged](Manual::ack), on the connection over which it came.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Token {
    id: PacketId,
    connection: u16,
}

/// Holds acknowledgements back until [`ack`](Self::ack), which may come in any order; they leave in
/// the order in which the messages came [MQTT-4.6.0-2] [MQTT-4.6.0-3].
///
/// Take events from here instead of from the session, and leave by [`disconnect`](Self::disconnect)
/// here. Reading goes on until as many acknowledgements are owed as there are places. A message
/// that was not acknowledged when the link is lost is delivered again.
///
/// ```
/// # use motemq::*;
/// # let mut session = Session::<[Slot; 8]>::new();
/// # let (mut rx, mut tx) = (Buffer::<[u8; 64]>::new(), Buffer::<[u8; 64]>::new());
/// # session.connect(&Connect::new("a"), &mut rx, &mut tx)?;
/// # rx.space()[..13].copy_from_slice(b"\x20\x02\0\0\x32\x07\0\x01t\0\x05hi"); rx.commit(13); tx.clear();
/// let mut manual = Manual::<[Owed; 4]>::new();
/// let mut later = None;
/// while let Some((event, token)) = manual.next_event(&mut session, &mut rx, &mut tx)? {
///     later = later.or(token); // give it to the worker that deals with the message
/// }
/// assert!(tx.is_empty());
/// manual.ack(later.unwrap())?; // the worker is done
/// manual.next_event(&mut session, &mut rx, &mut tx)?;
/// assert_eq!(tx.bytes(), b"\x40\x02\0\x05");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Manual<Q: ?Sized = [Owed]> {
    /// Counts connections.
    connection: u16,
    /// What is being received was delivered on this connection before, and is not acknowledged
    /// yet.
    again: bool,
    /// All are of QoS 1, and each identifier is the next of the one before, as brokers count: with
    /// the feature `fast` each is then looked for only where counting leads.
    counted: bool,
    /// Oldest first, free places last.
    pub(crate) owed: Q,
}

impl<const N: usize> Manual<[Owed; N]> {
    /// Owes nothing. `N` messages can be dealt with at once.
    pub const fn new() -> Self {
        Manual {
            connection: 0,
            again: false,
            counted: true,
            owed: [Owed::NONE; N],
        }
    }
}

impl<const N: usize> Default for Manual<[Owed; N]> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Deref for Manual<[Owed; N]> {
    type Target = Manual;
    fn deref(&self) -> &Manual {
        self
    }
}

impl<const N: usize> DerefMut for Manual<[Owed; N]> {
    fn deref_mut(&mut self) -> &mut Manual {
        self
    }
}

impl Manual {
    /// Allows the acknowledgement of a message. It is written by the next call of
    /// [`next_event`](Self::next_event) for which all earlier ones are allowed, too.
    ///
    /// # Errors
    /// [`Invalid`](SendError::Invalid) if it is not owed: acknowledged before, or of an earlier
    /// connection, over which it would be another message's by now; the broker delivers that
    /// one again.
    pub fn ack(&mut self, token: Token) -> Result<(), SendError> {
        let owes = |owed: &&mut Owed| owed.id == token.id.get() && !owed.ready;
        let place = self.place(token.id.get());
        let owed = if self.is_counted() {
            self.owed.get_mut(place).filter(owes)
        } else {
            self.owed.iter_mut().find(owes)
        };
        let owed = owed
            .filter(|_| token.connection == self.connection)
            .ok_or(SendError::Invalid)?;
        owed.ready = true;
        Ok(())
    }

    /// [`Session::next_event`] without acknowledgements: with (the last piece of) a message of QoS
    /// 1 or 2 comes the token that [`ack`](Self::ack) takes. `Ok(None)` also while no place is
    /// free.
    ///
    /// # Errors
    /// As [`Session::next_event`].
    pub fn next_event<'r>(
        &mut self,
        session: &mut Session,
        rx: &'r mut Buffer,
        tx: &mut (impl Output + ?Sized),
    ) -> Result<Option<(Event<'r>, Option<Token>)>, Fault> {
        let Buffer { start, end, mem } = rx;
        let mut input = held(mem, *start, *end);
        let event = self.receive(session, &mut input, mem.len(), tx);
        *start = end.wrapping_sub(input.len());
        event
    }

    /// The slice form of [`next_event`](Self::next_event): see [`Session::receive`].
    pub fn receive<'i>(
        &mut self,
        session: &mut Session,
        input: &mut &'i [u8],
        room: usize,
        tx: &mut (impl Output + ?Sized),
    ) -> Result<Option<(Event<'i>, Option<Token>)>, Fault> {
        tx.lend(|out| {
            loop {
                self.settle(session, out);
                // First what was read: it may take the last place, which was free when reading
                // began.
                if !self.take_reply(session, out) {
                    return Ok(None);
                }
                if session.link & link::OPEN != 0 && !self.has_place(session) {
                    // Nor can a PINGRESP be read that waits behind: as long as there is something
                    // to read, the broker is not silent.
                    session.heard |= !input.is_empty();
                    return Ok(None);
                }
                // The session finds no room, so that it writes no reply before its turn. It sees
                // whether `tx` is empty; what is owed still has to go there, and
                // may free a slot.
                let owes = self.owed.first().is_some_and(|owed| owed.id != 0);
                let mut end = usize::from(owes || *out.end != 0);
                let event = session.receive(
                    input,
                    room,
                    &mut Out {
                        mem: &mut [],
                        end: &mut end,
                    },
                )?;
                let Some(event) = event else {
                    if session.reply == 0 {
                        // Nothing is read while all slots are taken, either.
                        session.heard |= owes && !input.is_empty() && session.received(0).is_none();
                        return Ok(None);
                    }
                    continue;
                };
                let last = match event {
                    Event::Connected { .. } => {
                        // What was owed on the last connection comes again.
                        self.owed.fill(Owed::NONE);
                        self.connection = self.connection.wrapping_add(1);
                        self.again = false;
                        false
                    }
                    Event::Message(Message { left, .. }) => {
                        let head = wire::reply(session.head);
                        let again = |owed: &Owed| owed.id == session.id && owed.head == head;
                        self.again = head != 0
                            && if self.is_counted() {
                                self.owed.get(self.place(session.id)).is_some_and(again)
                            } else if cfg!(feature = "fast") {
                                // Without an exit the loop takes a few steps on large machines, and
                                // more code on small ones.
                                self.owed
                                    .iter()
                                    .fold(false, |found, owed| found | again(owed))
                            } else {
                                self.owed.iter().any(again)
                            };
                        left == 0
                    }
                    Event::Payload { left, .. } => left == 0,
                    _ => return Ok(Some((event, None))),
                };
                let mut token = None;
                if last && session.reply != 0 {
                    let head = core::mem::take(&mut session.reply);
                    if !self.again {
                        self.owe(Owed {
                            id: session.id,
                            head,
                            ready: false,
                        });
                        token = PacketId::new(session.id).map(|id| Token {
                            id,
                            connection: self.connection,
                        });
                    }
                }
                if !self.again {
                    return Ok(Some((event, token)));
                }
            }
        })
    }

    /// [`Session::disconnect`] behind the acknowledgements that may be written.
    ///
    /// # Errors
    /// As [`Session::disconnect`]; acknowledgements may have been written even so.
    pub fn disconnect(
        &mut self,
        session: &mut Session,
        tx: &mut (impl Output + ?Sized),
    ) -> Result<(), SendError> {
        tx.lend(|out| {
            if !self.take_reply(session, out) {
                return Err(if session.unsent == 0 {
                    SendError::Full
                } else {
                    SendError::Busy
                });
            }
            self.settle(session, out);
            session.disconnect(out)
        })
    }

    /// Accepts what the application allowed, and writes the acknowledgements whose turn has come.
    fn settle(&mut self, session: &mut Session, out: &mut Out<'_>) {
        if cfg!(feature = "fast") {
            self.counted |= self.owed.first().is_none_or(|owed| owed.id == 0);
        }
        if !self.is_counted() {
            for owed in self
                .owed
                .iter()
                .filter(|owed| owed.ready && owed.head == wire::PUBREC << 4)
            {
                if session.received(owed.id).is_none()
                    && let Some(slot) = session.received(0)
                {
                    slot.received = owed.id;
                }
            }
        }
        let mut written = 0;
        while let Some(&Owed {
            id,
            head,
            ready: true,
        }) = self.owed.get(written)
        {
            if session.link & link::OPEN == 0 || session.unsent != 0 || !wire::short(out, head, id)
            {
                break;
            }
            session.sent = true;
            if cfg!(feature = "fast") {
                written = usize::wrapping_add(written, 1);
            } else {
                // The others move up, one by one: rotating them would link memmove.
                self.owed
                    .iter_mut()
                    .rev()
                    .fold(Owed::NONE, |behind, owed| core::mem::replace(owed, behind));
            }
        }
        // It is never more than there are; without a look the compiler would keep a panic.
        if cfg!(feature = "fast") && written != 0 && written <= self.owed.len() {
            self.owed.rotate_left(written);
            self.owed
                .iter_mut()
                .rev()
                .take(written)
                .for_each(|owed| *owed = Owed::NONE);
        }
    }

    /// Deals with the reply that the session owes without the application's doing: for a message
    /// that was not told (again), which takes its turn, or of the second half of QoS 2.
    /// `false`: there is no room.
    fn take_reply(&mut self, session: &mut Session, out: &mut Out<'_>) -> bool {
        let (head, id) = (session.reply, session.id);
        if head == wire::PUBACK << 4 || head == wire::PUBREC << 4 {
            self.owe(Owed {
                id,
                head,
                ready: true,
            });
            self.settle(session, out);
        } else if head != 0 {
            if session.unsent != 0 || !wire::short(out, head, id) {
                return false;
            }
            session.sent = true;
        }
        session.reply = 0;
        true
    }

    /// Takes the first free place; there is one whenever a message is read.
    fn owe(&mut self, owed: Owed) {
        let place = if cfg!(feature = "fast") {
            let place = self.place(owed.id);
            let is_free = |place: &Owed| place.id == 0;
            let behind = place
                .checked_sub(1)
                .is_none_or(|before| self.owed.get(before).is_some_and(|owed| owed.id != 0));
            self.counted &= owed.head == wire::PUBACK << 4
                && behind
                && self.owed.get(place).is_some_and(is_free);
            let place = if self.is_counted() {
                place
            } else {
                self.owed.partition_point(|owed| owed.id != 0)
            };
            self.owed.get_mut(place)
        } else {
            self.owed.iter_mut().find(|place| place.id == 0)
        };
        if let Some(place) = place {
            *place = owed;
        }
    }

    fn is_counted(&self) -> bool {
        cfg!(feature = "fast") && self.counted
    }

    /// Where an identifier stands or will stand if they are counted: as far behind the first as it
    /// is greater.
    fn place(&self, id: u16) -> usize {
        self.owed
            .first()
            .filter(|first| first.id != 0)
            .map_or(0, |first| id.wrapping_sub(first.id).into())
    }

    /// Another message can be owed, and accepted with all the others.
    fn has_place(&self, session: &Session) -> bool {
        if self.owed.last().is_none_or(|owed| owed.id != 0) {
            return false;
        }
        if self.is_counted() {
            return true;
        }
        let unaccepted = self
            .owed
            .iter()
            .filter(|owed| !owed.ready && owed.head == wire::PUBREC << 4)
            .count();
        // Only then are the session's slots looked at, which may be many.
        unaccepted == 0
            || session
                .slots
                .iter()
                .filter(|slot| slot.received == 0)
                .nth(unaccepted)
                .is_some()
    }
}
