//! The blocking client.
use super::{Client, Connection, Message, Speech, Who};
use crate::broker::Address;
use motemq_std::{
    Client as Handle, Ended, Filter, Options, Publish, QoS, Receipt, Reconnect, RecvTimeoutError,
    SessionState, Subscription, Version, WhenFull, Will,
};
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// `motemq-std`.
pub struct Blocking;

/// How long an acknowledgement may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a patient client waits for its first connection.
const LONG: Duration = Duration::from_secs(60);
/// How often the driver looks whether it is to vanish, and how often streams are looked at.
const LOOK: Duration = Duration::from_millis(5);

impl Client for Blocking {
    fn name(&self) -> &'static str {
        "std"
    }

    fn comes_back(&self) -> bool {
        true
    }

    fn open(&self, at: &Address, who: Who<'_>) -> Result<Box<dyn Connection>, String> {
        let options = options(at, who)?;
        let (client, mut driver) = Handle::new(options).map_err(words)?;
        let others = client.messages();
        let is_gone = Arc::new(AtomicBool::new(false));
        let is_over = is_gone.clone();
        let driver = thread::spawn(move || {
            while !is_over.load(Ordering::Relaxed) && driver.drive(LOOK).is_none() {}
        });
        let mut connection = Box::new(Opened {
            client,
            streams: vec![others],
            granted: None,
            receipts: Vec::new(),
            is_gone,
            driver,
        });
        match connection.begin(who) {
            Ok(()) => Ok(connection),
            Err(why) => {
                connection.vanish();
                Err(why)
            }
        }
    }
}

fn words(error: impl fmt::Display) -> String {
    error.to_string()
}

fn options(at: &Address, who: Who<'_>) -> Result<Options, String> {
    let mut options = Options::from_url(&at.url)
        .map_err(words)?
        .client_id(who.id)
        .ack_timeout((!who.patient).then_some(PATIENCE))
        .queue(100_000, 64 << 20, WhenFull::Wait);
    for node in &at.others {
        options = options.broker(node.ip().to_string(), node.port());
    }
    options = match who.speech {
        Speech::Mqtt311 => options,
        Speech::Mqtt5 => options.version(Version::Mqtt5),
        Speech::Either => options.version(Version::Mqtt5).fall_back(),
    };
    options = options.reconnect(Reconnect::BackOff {
        first: Duration::from_millis(10),
        cap: Duration::from_millis(200),
        max_tries: (!who.patient).then_some(100),
    });
    if let Some(tls) = at.tls()? {
        options = options.tls(tls);
    }
    if let Some((user, password)) = at.login {
        options = options.login(user, password);
    }
    if let Some((topic, payload)) = who.will {
        options = options.will(Will {
            payload: payload.into(),
            qos: QoS::AtLeastOnce,
            ..Will::new(topic)
        });
    }
    Ok(if who.keep {
        options.keep_session()
    } else {
        options
    })
}

struct Opened {
    client: Handle,
    /// The first one is for a session that a broker goes on with, even where it has said that there
    /// is none.
    streams: Vec<Subscription>,
    granted: Option<QoS>,
    receipts: Vec<Receipt>,
    /// The driver ends, as if the power failed.
    is_gone: Arc<AtomicBool>,
    driver: JoinHandle<()>,
}

impl Opened {
    /// Waits for a connection, and subscribes.
    fn begin(&mut self, who: Who<'_>) -> Result<(), String> {
        let limit = if who.patient { LONG } else { PATIENCE };
        let session = self
            .client
            .connected_timeout(limit)
            .map_err(words)?
            .ok_or_else(|| format!("not connected within {limit:?}"))?;
        match who.filter {
            Some((filter, qos)) if !(who.resume && session != SessionState::New) => {
                let stream = self
                    .client
                    .subscribe(&[Filter::new(filter, qos)])
                    .map_err(words)?;
                self.granted = stream.granted().first().copied();
                self.streams.push(stream);
            }
            _ => {}
        }
        Ok(())
    }
}

impl Connection for Opened {
    fn granted(&self) -> Option<QoS> {
        self.granted
    }

    fn publish(
        &mut self,
        topic: &str,
        payload: &[u8],
        qos: QoS,
        retain: bool,
    ) -> Result<(), String> {
        let mut publish = Publish::to(topic).payload(payload).qos(qos);
        publish.retain = retain;
        let receipt = self.client.publish(&publish).map_err(words)?;
        receipt.wait().map(drop).map_err(words)
    }

    fn send(&mut self, topic: &str, payload: &[u8], qos: QoS) -> Result<(), String> {
        let publish = Publish::to(topic).payload(payload).qos(qos);
        self.receipts
            .push(self.client.publish(&publish).map_err(words)?);
        Ok(())
    }

    fn outcomes(&mut self, patience: Duration) -> Vec<Result<(), String>> {
        let end = Instant::now() + patience;
        let wait = |mut receipt: Receipt| {
            let left = end.saturating_duration_since(Instant::now());
            let outcome = receipt.wait_timeout(left);
            outcome.map_or_else(
                || Err(format!("no acknowledgement within {patience:?}")),
                |known| known.map(drop).map_err(words),
            )
        };
        std::mem::take(&mut self.receipts)
            .into_iter()
            .map(wait)
            .collect()
    }

    fn next(&mut self, patience: Duration) -> Result<Option<Message>, String> {
        let begun = Instant::now();
        loop {
            for stream in &mut self.streams {
                match stream.recv_timeout(Duration::ZERO) {
                    Ok(message) => {
                        return Ok(Some(Message {
                            payload: message.payload.to_vec(),
                            qos: message.qos as u8,
                            retain: message.retain,
                        }));
                    }
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(error) => return Err(error.to_string()),
                }
            }
            if begun.elapsed() >= patience {
                return Ok(None);
            }
            thread::sleep(LOOK);
        }
    }

    fn leave(self: Box<Self>) -> Result<(), String> {
        match self.client.disconnect(PATIENCE) {
            // Told when it was published.
            Ok(()) | Err(Ended::Unfinished) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }

    fn vanish(self: Box<Self>) {
        self.is_gone.store(true, Ordering::Relaxed);
        // The handles go last: they would take leave.
        let _ = self.driver.join();
    }
}
