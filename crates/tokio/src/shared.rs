//! What the handles and the driver share, behind one lock that is held for short times and never
//! across an await.
use crate::{
    Error, Options, State,
    inbox::{Hold, Inbox},
    tx::{LIMIT, Tx},
    work::{Body, Letter, Work},
};
use motemq::{ManualAcks, PendingAck, Publish, QoS, SendError, Session, Slot};
use motemq_net::{Cause, check_topic, unsendable};
use std::{
    mem,
    sync::{Arc, Mutex, PoisonError},
    task::Waker,
};
use tokio::{sync::Notify, time::Instant};

/// Bytes of a packet besides its topic and payload, at most.
pub(crate) const HEADER: usize = 16;

#[derive(Debug)]
pub(crate) struct Shared {
    core: Mutex<Core>,
    pub options: Options,
    /// There may be room for another message.
    pub room: Notify,
    /// The state of the connection is another.
    pub changed: Notify,
}

/// What is behind the lock.
#[derive(Debug)]
pub(crate) struct Core {
    pub session: Box<Session>,
    pub manual: Box<ManualAcks>,
    pub tx: Tx,
    pub work: Work,
    pub inbox: Inbox,
    pub state: State,
    /// Counts changes of the state.
    pub version: u64,
    pub driver: Option<Waker>,
    nudged: bool,
    pub connected_at: Option<Instant>,
    pub leave_until: Option<Instant>,
    /// Half a packet was left behind, which cannot be taken back.
    pub hang_up: bool,
    /// How many handles there are.
    pub handles: usize,
    /// How many wait for room to publish.
    pub waiting: usize,
    /// The payload of this one comes from a reader.
    pub upload: Option<u64>,
    pub uploads: u64,
    pub last_cause: Option<Cause>,
    #[cfg(feature = "store")]
    pub store: Option<Box<crate::store::Store>>,
    /// What is counted here: see [`Counters`](crate::Counters).
    pub connections: u64,
    pub sent: u64,
    pub resent: u64,
    pub bytes_out: u64,
    pub bytes_in: u64,
}

impl Shared {
    pub fn new(mut options: Options) -> Arc<Self> {
        options.brokers.shrink_to_fit();
        let core = Core {
            session: session(options.slots),
            manual: manual(options.slots),
            tx: Tx::default(),
            work: Work::new(),
            inbox: Inbox::new(),
            state: State::Connecting,
            version: 0,
            driver: None,
            nudged: false,
            connected_at: None,
            leave_until: None,
            hang_up: false,
            handles: 1,
            waiting: 0,
            upload: None,
            uploads: 0,
            last_cause: None,
            #[cfg(feature = "store")]
            store: None,
            connections: 0,
            sent: 0,
            resent: 0,
            bytes_out: 0,
            bytes_in: 0,
        };
        Arc::new(Shared {
            core: Mutex::new(core),
            options,
            room: Notify::new(),
            changed: Notify::new(),
        })
    }

    /// Does something under the lock; wakes and drops behind it what may need it.
    #[inline]
    pub fn with<R>(&self, work: impl FnOnce(&mut Core) -> R) -> R {
        let mut core = self.core.lock().unwrap_or_else(PoisonError::into_inner);
        let done = work(&mut core);
        let driver = if mem::take(&mut core.nudged) {
            core.driver.take()
        } else {
            None
        };
        if core.work.wakes.is_empty() && core.inbox.wakes.is_empty() && core.inbox.trash.is_empty()
        {
            drop(core);
            if let Some(driver) = driver {
                driver.wake();
            }
            return done;
        }
        let receipts = mem::take(&mut core.work.wakes);
        let streams = mem::take(&mut core.inbox.wakes);
        let trash = mem::take(&mut core.inbox.trash);
        drop(core);
        drop(trash);
        receipts
            .into_iter()
            .chain(streams)
            .chain(driver)
            .for_each(Waker::wake);
        done
    }

    /// The application has dealt with a message.
    pub fn had(&self, hold: Option<Hold>) {
        if hold.is_some() {
            self.with(|core| {
                core.inbox.had(hold, &mut core.session, &mut core.manual);
                core.nudge();
            });
        }
    }

    /// A new state.
    pub fn enter(&self, state: State) {
        self.with(|core| {
            core.state = state;
            core.version += 1;
        });
        self.changed.notify_waiters();
        self.room.notify_waiters();
    }

    /// Nothing will happen any more. The first reason counts.
    pub fn close(&self, error: Option<Error>) {
        self.with(|core| {
            core.session.on_connection_lost();
            core.inbox.lost(&mut core.session, &mut core.manual);
            core.inbox.leave(&mut core.session, &mut core.manual);
            // Another client may open its file from now on.
            #[cfg(feature = "store")]
            {
                core.store = None;
            }
            core.work.close();
            core.tx = Tx::default();
            core.upload = None;
            if !matches!(core.state, State::Over { .. }) {
                core.state = State::Over { error };
                core.version += 1;
            }
        });
        self.changed.notify_waiters();
        self.room.notify_waiters();
    }
}

impl Core {
    /// The driver has something to do.
    pub fn nudge(&mut self) {
        self.nudged = true;
    }

    /// Why nothing can be done any more.
    pub fn check_open(&self) -> Result<(), Error> {
        match &self.state {
            State::Over { error } => Err(error.clone().unwrap_or(Error::Closed)),
            _ if self.leave_until.is_some() => Err(Error::Closed),
            _ => Ok(()),
        }
    }

    /// A message would overtake others, or cannot be sent now.
    pub fn must_wait(&mut self, qos: QoS, options: &Options) -> bool {
        let many = qos != QoS::AtMostOnce && self.work.in_flight() >= options.places();
        if many {
            self.unblock();
        }
        let again = qos != QoS::AtMostOnce && self.work.resend.is_some();
        many || again || !self.work.is_queue_empty() || self.session.payload_remaining() > 0
    }

    /// There is no room for a message with QoS 1 or 2. What nobody waits for any more must not
    /// stand in everybody's way for ever: only the end of the connection frees its identifier.
    pub fn unblock(&mut self) {
        if self.work.is_blocked() {
            self.hang_up = true;
            self.nudge();
        }
    }

    /// Sends a message or lets it wait for a connection, if there is room for it. Returns its key
    /// if its end is to be told.
    #[inline]
    pub fn publish(
        &mut self,
        publish: &Publish<'_>,
        options: &Options,
    ) -> Result<Option<usize>, Error> {
        self.check_open()?;
        if publish.remaining != 0 {
            return Err(Error::Invalid(
                "a payload that comes in pieces is published with publish_from".into(),
            ));
        }
        options.rules().check_publish(publish)?;
        if self.connected_at.is_none() {
            return self.keep(publish, options);
        }
        let need = publish.topic().len() + publish.payload.len() + HEADER;
        if self.must_wait(publish.qos, options) {
            return Err(Error::Full);
        }
        if need > LIMIT {
            // Its payload is sent piece by piece, from a copy.
            check_topic(publish.topic()).map_err(Error::Invalid)?;
            let key = self
                .work
                .enqueue(Body::Publish(Letter::new(publish)), Instant::now());
            self.nudge();
            return Ok(Some(key));
        }
        if !self.tx.has_room(need) {
            return Err(Error::Full);
        }
        match self.session.publish(publish, &mut self.tx.out()) {
            Ok(id) => {
                self.sent += 1;
                self.nudge();
                Ok(id.map(|id| {
                    self.work
                        .launch(id, Body::Publish(Letter::new(publish)), Instant::now())
                }))
            }
            Err(SendError::Busy) => {
                self.unblock();
                Err(Error::Full)
            }
            Err(SendError::Full) => Err(Error::Full),
            Err(SendError::Offline) => self.keep(publish, options),
            Err(SendError::Invalid) => Err(Error::Invalid(
                check_topic(publish.topic())
                    .err()
                    .unwrap_or_else(|| unsendable(SendError::Invalid)),
            )),
            Err(error) => Err(Error::Invalid(unsendable(error))),
        }
    }

    /// Lets a message wait for a connection.
    fn keep(&mut self, publish: &Publish<'_>, options: &Options) -> Result<Option<usize>, Error> {
        check_topic(publish.topic()).map_err(Error::Invalid)?;
        let limits = options.queue;
        if publish.qos == QoS::AtMostOnce && !limits.qos0 {
            return Err(Error::Offline);
        }
        let weight = publish.topic().len() + publish.payload.len();
        loop {
            let (messages, bytes) = self.work.queued();
            if messages < limits.messages && bytes + weight <= limits.bytes {
                break;
            }
            if limits.when_full == crate::WhenFull::Wait || !self.work.drop_oldest() {
                return Err(Error::Full);
            }
        }
        self.nudge();
        Ok(Some(self.work.enqueue(
            Body::Publish(Letter::new(publish)),
            Instant::now(),
        )))
    }

    /// Gives memory back that is not needed while nothing happens.
    pub fn shrink(&mut self) {
        self.tx.shrink();
        self.work.shrink();
        self.inbox.shrink();
    }
}

/// How many slots there are when so many are asked for.
pub(crate) fn slots(wanted: u16) -> u16 {
    [16, 64, 256, 1024]
        .into_iter()
        .find(|&slots| wanted <= slots)
        .unwrap_or(4096)
}

/// A session with at least so many slots.
fn session(wanted: u16) -> Box<Session> {
    match slots(wanted) {
        16 => Box::new(Session::<[Slot; 16]>::new()),
        64 => Box::new(Session::<[Slot; 64]>::new()),
        256 => Box::new(Session::<[Slot; 256]>::new()),
        1024 => Box::new(Session::<[Slot; 1024]>::new()),
        _ => Box::new(Session::<[Slot; 4096]>::new()),
    }
}

/// Owes nothing. Not more may be owed than a session with so many slots can accept.
pub(crate) fn manual(slots: u16) -> Box<ManualAcks> {
    match slots {
        0..=16 => Box::new(ManualAcks::<[PendingAck; 16]>::new()),
        17..=64 => Box::new(ManualAcks::<[PendingAck; 64]>::new()),
        _ => Box::new(ManualAcks::<[PendingAck; 128]>::new()),
    }
}
