//! The session: what is remembered between packets and between connections.
use crate::{Connect, Full, Out, Output, Profile, SendError, buffer::Buffer, profile, wire};
use core::{
    marker::PhantomData,
    num::NonZeroU16,
    ops::{Deref, DerefMut},
};

/// Names a packet on its way until the broker has answered it [MQTT-2.3.1-1].
///
/// PUBLISH, SUBSCRIBE and UNSUBSCRIBE share one set of identifiers: the number of a [`Slot`],
/// counted from 1.
pub type PacketId = NonZeroU16;

/// Memory for one packet on its way out and one QoS 2 message on its way in; four bytes.
///
/// How many a session needs: as many packets as are to be under way at once, and as many QoS 2
/// messages as the broker sends before it sees the first answer (mosquitto: 20), whichever is more.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(C)]
pub struct Slot {
    /// Identifier of a QoS 2 message that was accepted but not yet released by the broker; 0:
    /// none.
    pub(crate) received: u16,
    /// Type of the packet that our packet with this slot's identifier awaits; 0: none, the slot is
    /// free.
    pub(crate) awaits: u8,
    /// Of a SUBSCRIBE under way: number of its filters. Of a PUBLISH: 1 if it is to be sent again
    /// over this connection.
    pub(crate) count: u8,
}

impl Slot {
    /// Nothing under way.
    pub const FREE: Slot = Slot {
        received: 0,
        awaits: 0,
        count: 0,
    };
}

/// What the connection is and waits for, a bit for each; 0: there is none.
pub(crate) mod link {
    pub const CLOSED: u8 = 0;
    /// The broker owes an answer: CONNACK or PINGRESP.
    pub const WAITING: u8 = 1;
    /// CONNACK has come.
    pub const OPEN: u8 = 2;
    /// A time limit was found passed; the next tick reports it unless something has come by then.
    pub const LATE: u8 = 4;
    /// A PINGREQ is due that could not be written.
    pub const DUE: u8 = 8;
    /// There may be slots that are to be sent again.
    pub const RESUMING: u8 = 16;
}

/// An MQTT session, which outlives its connections: all protocol state, and no bytes.
///
/// Events say what has happened ([`next_event`](Self::next_event)), commands ask for something
/// ([`connect`](Self::connect), [`publish`](Self::publish), [`subscribe`](Self::subscribe) ...),
/// and [`tick`](Self::tick) tells the time. The same calls give the same bytes: nothing here reads
/// a clock, a socket or a random number.
///
/// A session over `N` [`Slot`]s takes 40 bytes and 4 for each of them; make it with
/// [`new`](Self::new), and pass it as `&mut Session`. It can be cloned, compared and hashed, for
/// those who check models.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[repr(C)]
pub struct Session<S: ?Sized = [Slot], P: Profile = Full> {
    pub(crate) link: u8,
    /// First byte of the PUBLISH being received.
    pub(crate) head: u8,
    /// First byte of the reply owed for `id`; 0: none.
    pub(crate) reply: u8,
    /// What is being received is not told.
    pub(crate) mute: bool,
    /// Something was written since the last tick.
    pub(crate) sent: bool,
    /// Something was heard since the last tick.
    pub(crate) heard: bool,
    /// Seconds that an answer may take; 0: forever.
    pub(crate) timeout: u8,
    /// Filters whose SUBACK fits into `rx`.
    pub(crate) most: u8,
    /// Packet identifier of what was received last; before CONNACK, `client` of the connection
    /// being opened.
    pub(crate) id: u16,
    /// Index of the slot of the next outgoing identifier; those behind it, round the ring, are
    /// older and older.
    pub(crate) next: u16,
    /// Identifier of the message that the application was asked to give again; 0: none.
    pub(crate) asked: u16,
    /// Seconds; 0: off.
    pub(crate) keep_alive: u16,
    /// Whose state the slots hold: a checksum of the client identifier, not 0; 0: nobody's, the
    /// session ends with the connection.
    pub(crate) client: u16,
    /// Bytes in `rx` at the end of the last look (its lower half: it only has to show a change).
    pub(crate) seen: u16,
    /// Bytes still to come of a topic too long for `rx`, and of the identifier behind it ...
    pub(crate) gap: u32,
    /// ... and then of the payload.
    pub(crate) left: u32,
    /// Bytes of our own streamed payload still to be given.
    pub(crate) unsent: u32,
    /// When something was sent last.
    pub(crate) sent_at: u32,
    /// When something was heard, or began to be waited for.
    pub(crate) heard_at: u32,
    pub(crate) profile: PhantomData<P>,
    pub(crate) slots: S,
}

/// A checksum of a client identifier (FNV-1a), never 0.
#[inline(always)]
fn fingerprint(client: &str) -> u16 {
    client.bytes().fold(0xffffu32, |sum, byte| {
        (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    }) as u16
        | 1
}

impl<const N: usize> Session<[Slot; N]> {
    /// A session without a past. 1 to 65,535 slots.
    pub const fn new() -> Self {
        Self::with_profile()
    }
}

impl<const N: usize, P: Profile> Session<[Slot; N], P> {
    /// As [`new`](Session::new), for those who do not need everything: see [`Profile`].
    pub const fn with_profile() -> Self {
        const { assert!(N > 0 && N <= 0xffff, "a session has 1 to 65,535 slots") };
        Session {
            link: link::CLOSED,
            head: 0,
            reply: 0,
            mute: false,
            sent: false,
            heard: false,
            timeout: 0,
            most: 0,
            id: 0,
            next: 0,
            asked: 0,
            keep_alive: 0,
            client: 0,
            seen: 0,
            gap: 0,
            left: 0,
            unsent: 0,
            sent_at: 0,
            heard_at: 0,
            profile: PhantomData,
            slots: [Slot::FREE; N],
        }
    }
}

impl<const N: usize, P: Profile> Default for Session<[Slot; N], P> {
    fn default() -> Self {
        Self::with_profile()
    }
}

impl<const N: usize, P: Profile> Deref for Session<[Slot; N], P> {
    type Target = Session<[Slot], P>;
    fn deref(&self) -> &Self::Target {
        self
    }
}

impl<const N: usize, P: Profile> DerefMut for Session<[Slot; N], P> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        self
    }
}

impl<P: Profile> Session<[Slot], P> {
    /// Begins a connection over a transport just opened: writes CONNECT [MQTT-3.1.0-1].
    ///
    /// Whatever connection there was is over, and what is in the buffers, which belongs to it, is
    /// dropped, also if this fails. What is remembered of messages under way is kept until the
    /// broker has accepted the connection.
    ///
    /// # Errors
    /// [`Invalid`](SendError::Invalid) for text that MQTT does not allow, an empty client
    /// identifier without clean session, or a will with [`more`](crate::Publish::more);
    /// [`TooLong`](SendError::TooLong) if it does not fit into `tx`.
    pub fn connect(
        &mut self,
        connect: &Connect<'_>,
        rx: &mut Buffer,
        tx: &mut Buffer,
    ) -> Result<(), SendError> {
        rx.clear();
        tx.clear();
        tx.lend(|out| self.connect_slices(connect, rx.mem.len(), out))
    }

    /// The slice form of [`connect`](Self::connect): `room` is the most that the input of
    /// [`receive`](Self::receive) can ever hold. `tx` is to be empty.
    pub fn connect_slices(
        &mut self,
        connect: &Connect<'_>,
        room: usize,
        out: &mut Out<'_>,
    ) -> Result<(), SendError> {
        self.lost();
        let mut draft = wire::Draft::<P>::new(out, wire::CONNECT << 4);
        draft.connect(connect);
        if !P::RESUMES && !connect.clean {
            draft.refuse(SendError::Invalid);
        }
        draft.finish(0)?;
        self.link = link::WAITING;
        self.keep_alive = connect.keep_alive;
        self.timeout = connect.timeout;
        // SUBACK has five bytes besides its codes at most.
        if P::RECEIVES {
            self.most = room.saturating_sub(5).min(0xff) as u8;
        }
        if P::RESUMES {
            self.id = if connect.clean {
                0
            } else {
                fingerprint(connect.client_id)
            };
        }
        self.heard = true;
        self.sent = true;
        Ok(())
    }

    /// The transport is gone. What is remembered of messages under way is kept for the next
    /// connection; a message told but not yet accepted is not part of it, and will be delivered
    /// again.
    // Four callers: a copy in each would be larger.
    #[inline(never)]
    pub fn lost(&mut self) {
        self.link = link::CLOSED;
        self.seen = 0;
        if profile::replies::<P>() {
            self.reply = 0;
        }
        if P::RECEIVES {
            self.mute = false;
            self.gap = 0;
            self.left = 0;
        }
        if P::STREAMS_OUT {
            self.unsent = 0;
        }
        if P::RESUMES {
            self.asked = 0;
        }
    }

    /// There is no connection: none was begun, it was ended, or it has failed. Close the transport
    /// when `tx` is written out.
    pub fn is_closed(&self) -> bool {
        self.link == link::CLOSED
    }

    /// The identifier that has been under way longest, if any is. When commands say `Busy`, this is
    /// what they wait for.
    ///
    /// A broker may never answer (AWS IoT keeps silent about QoS 2). An identifier is not freed on
    /// a live link [MQTT-2.3.1-3]: close it, connect again, and answer its
    /// [`Resend`](crate::Event::Resend) with [`abandon`](Self::abandon).
    pub fn oldest(&self) -> Option<PacketId> {
        self.first(1, 0)
    }

    /// Bytes of the payload announced with [`more`](crate::Publish::more) that are still to be
    /// given.
    pub fn unsent(&self) -> u32 {
        self.unsent
    }

    /// The slot of an outgoing identifier, if there is such a one.
    pub(crate) fn slot(&mut self, id: u16) -> Option<&mut Slot> {
        self.slots.get_mut((id as usize).wrapping_sub(1))
    }

    /// A slot with this incoming identifier of a QoS 2 message; with 0 one that is free for it.
    pub(crate) fn received(&mut self, id: u16) -> Option<&mut Slot> {
        self.slots.iter_mut().find(|slot| slot.received == id)
    }

    /// The oldest identifier whose slot awaits a packet of type `least` or above, and has a count
    /// of that.
    #[inline(never)]
    pub(crate) fn first(&self, least: u8, count: u8) -> Option<PacketId> {
        let mut id = self.next;
        for _ in 0..self.slots.len() {
            if usize::from(id) == self.slots.len() {
                id = 0;
            }
            let slot = self.slots.get(usize::from(id));
            id = id.wrapping_add(1);
            if slot.is_some_and(|slot| slot.awaits >= least && slot.count >= count) {
                return PacketId::new(id);
            }
        }
        None
    }
}
