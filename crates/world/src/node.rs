//! One client of the world: a process with a managed client and an application, and memory that
//! outlives the process.
mod act;
mod events;
mod idle;

use super::{
    application::{Came, Ends, Stored, StoredAtOnce, Volatile},
    message::Message,
    plan::Plan,
    trace::Trace,
    wills,
};
use core::time::Duration;
use fastrand::Rng;
use motemq::QoS;
use motemq_client::{Changes, Client, Record, RestoreError, State};
use std::{collections::BTreeMap, mem};

/// A client, what it is to do, what it remembers, and what of that survives the process.
#[derive(Debug)]
pub struct Node {
    /// Its number.
    pub me: u8,
    /// What it is to do.
    pub plan: Plan,
    /// Of which nodes no message may be missing.
    sure: Vec<bool>,
    /// The broker may lose its sessions.
    forgets: bool,
    /// The client of the process.
    pub client: Client,
    stored: Stored,
    stored_at_once: StoredAtOnce,
    volatile: Volatile,
    ends: Ends,
    store: Store,
    /// Changes that are being stored, with the step at which they are.
    storing: Option<(Changes, Stored, u64)>,
    /// It is leaving: the client has been told.
    is_leaving: bool,
    /// The next CONNACK that it gets is that of a new session.
    expects_new_session: bool,
    payload: Vec<u8>,
    random: Rng,
}

/// The memory that outlives the process. Each write to it is one transaction.
#[derive(Debug, Default)]
struct Store {
    image: Option<Vec<u8>>,
    records: BTreeMap<u64, Vec<u8>>,
    stored: Stored,
}

impl Node {
    /// A process that starts for the first time.
    pub fn new(me: u8, plan: Plan, sure: Vec<bool>, forgets: bool) -> Self {
        let client = Client::new(plan.options(me)).expect("the options are good");
        let random = Rng::with_seed(plan.seed);
        Node {
            me,
            plan,
            sure,
            forgets,
            client,
            stored: Stored::default(),
            stored_at_once: StoredAtOnce::default(),
            volatile: Volatile::default(),
            ends: Ends::default(),
            store: Store::default(),
            storing: None,
            is_leaving: false,
            expects_new_session: false,
            payload: Vec::new(),
            random,
        }
    }

    /// A random number.
    pub fn random(&mut self) -> &mut Rng {
        &mut self.random
    }

    /// The process ends, and starts again with what was stored.
    pub fn restart(&mut self) -> Result<(), String> {
        let restored = match &self.store.image {
            None => Client::new(self.plan.options(self.me)).map_err(RestoreError::from),
            Some(image) => {
                let records = self.store.records.iter().map(|(&number, bytes)| Record {
                    number,
                    bytes: bytes.clone(),
                });
                Client::restore(self.plan.options(self.me), image, records)
            }
        };
        self.client = restored.map_err(|error| format!("n{}: {error}", self.me))?;
        self.stored.clone_from(&self.store.stored);
        self.begin();
        // It was had, whether the process was connected, and it comes again, or not.
        if let Some(came) = self.stored.in_hand {
            self.process_in_hand()?;
            self.stored.doubtful = Some(came);
        }
        Ok(())
    }

    /// The client has ended, since the application left. The process goes on with another one.
    fn go_on(&mut self) -> Result<(), String> {
        if self.plan.stores.is_some() {
            self.store(u64::MAX);
            if !self.is_stored() {
                self.storing = Some((self.client.take_changes(), self.stored.clone(), 0));
                self.store(u64::MAX);
            }
            return self.restart();
        }
        self.end_all()?;
        let client = Client::new(self.plan.options(self.me));
        self.client = client.map_err(|error| format!("n{}: {error}", self.me))?;
        self.begin();
        Ok(())
    }

    fn begin(&mut self) {
        self.volatile = Volatile::default();
        self.storing = None;
        self.is_leaving = false;
    }

    /// Stores what is to be stored by now. Returns whether it did.
    pub fn store(&mut self, step: u64) -> bool {
        let Some((changes, stored, _)) = self.storing.take_if(|(_, _, at)| *at <= step) else {
            return false;
        };
        if changes.is_full {
            self.store.records.clear();
        }
        for Record { number, bytes } in changes.records {
            self.store.records.insert(number, bytes);
        }
        for number in changes.removed {
            self.store.records.remove(&number);
        }
        self.store.image = Some(changes.image);
        self.store.stored = stored;
        self.client.on_persisted(changes.version);
        true
    }

    /// Everything that has changed is stored.
    pub fn is_stored(&mut self) -> bool {
        self.client.version() == self.client.persisted()
    }

    /// The driver sleeps.
    ///
    /// # Errors
    /// Something has changed that outlives the process, and the store was not asked.
    pub fn check_asleep(&mut self) -> Result<(), String> {
        if self.storing.is_some() || self.is_stored() {
            return Ok(());
        }
        Err(format!("n{}: a change waits to be stored", self.me))
    }

    /// The broker has lost its session, and the next CONNACK says so: no connection fails before.
    pub fn expect_new_session(&mut self) {
        self.expects_new_session = true;
    }

    /// The broker has accepted the connection.
    pub fn is_open(&self) -> bool {
        matches!(self.client.state(), State::Connected { .. })
    }

    /// Its subscription, if it has one, was granted once.
    pub fn is_ready(&self) -> bool {
        self.stored_at_once.subscribed || self.plan.wants.is_none()
    }

    /// All is published, and everything has an outcome.
    pub fn is_done(&self) -> bool {
        self.stored.published >= self.plan.messages
            && self.volatile.awaited == 0
            && self.volatile.upload.is_none()
    }

    /// How many messages it has published with this QoS.
    pub fn published(&self, qos: QoS) -> u32 {
        match qos {
            QoS::AtMostOnce => self.stored_at_once.number,
            qos => self.stored.numbers[qos as usize],
        }
    }

    /// How many it has published.
    pub fn all_published(&self) -> u64 {
        u64::from(self.stored.published)
    }

    /// The number of the message with this QoS that is to come next from `publisher`.
    pub fn next(&self, publisher: u8, qos: QoS) -> u32 {
        let at_once = &self.stored_at_once.received.record;
        let next = self.stored.received.record.next(publisher, qos);
        next.max(at_once.next(publisher, qos))
    }

    /// How many messages came, and how.
    pub fn count(&self) -> super::message::Count {
        let mut count = self.stored.received.record.count;
        count += self.stored_at_once.received.record.count;
        count
    }

    /// The wills that it has had; those of one QoS in their order.
    pub fn wills(&self) -> Vec<wills::Will> {
        let (other, at_once) = (&self.stored.received, &self.stored_at_once.received);
        [&other.wills[..], &at_once.wills].concat()
    }

    /// What became of its messages.
    pub fn ends(&self) -> Ends {
        self.ends
    }

    /// None of what `publisher` has sent, and the QoS of which promises it, may be missing here.
    pub fn is_sure_of(&self, publisher: u8) -> bool {
        let sure = self.sure.get(usize::from(publisher)).copied();
        self.plan.keep && sure.unwrap_or_default()
    }

    /// A message is processed.
    fn process(&mut self, came: Came) -> Result<(), String> {
        if self
            .stored
            .doubtful
            .take_if(|doubtful| *doubtful == came)
            .is_some()
        {
            return Ok(());
        }
        match came {
            Came::Will(will, QoS::AtLeastOnce) => self.stored_at_once.received.wills.push(will),
            Came::Will(will, _) => self.stored.received.wills.push(will),
            Came::Message(message, qos) => {
                let granted = self.plan.granted(message.publisher, message.qos);
                let gaps = !self.is_sure_of(message.publisher);
                if granted != Some(qos) {
                    let me = self.me;
                    return Err(format!("n{me}: {message:?} with {qos:?}, not {granted:?}"));
                }
                let received = if qos == QoS::AtLeastOnce {
                    &mut self.stored_at_once.received
                } else {
                    &mut self.stored.received
                };
                received
                    .record
                    .deliver(message, qos, gaps)
                    .map_err(|what| format!("n{}: {what}", self.me))?;
            }
        }
        Ok(())
    }

    /// The message that is in hand is processed.
    fn process_in_hand(&mut self) -> Result<(), String> {
        match self.stored.in_hand.take() {
            Some(came) => self.process(came),
            None => Ok(()),
        }
    }

    /// What it is doing, in words.
    pub fn text(&self) -> String {
        let (state, counters) = (self.client.state(), self.client.counters());
        format!(
            "{:?} {}, {state:?}, {counters:?}, {:?}",
            self.plan, self.stored, self.volatile
        )
    }
}
