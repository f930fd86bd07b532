//! The blocking client.
use super::{Client, Connection, Message, Who, wire::Wire};
use crate::broker::Address;
use motemq_std::{
    Client as Handle, Ended, Filter, Options, Publish, QoS, Reconnect, RecvTimeoutError,
    SessionState, Subscription, Will,
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
        let wire = Wire::default();
        let look = wire.clone();
        let options =
            options(at, who)?.trace(move |direction, packet| look.pass(direction, packet));
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
            wire,
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
        .ack_timeout(Some(PATIENCE));
    options = options.reconnect(Reconnect::BackOff {
        first: Duration::from_millis(10),
        cap: Duration::from_millis(200),
        max_tries: Some(100),
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
    wire: Wire,
    /// The driver ends, as if the power failed.
    is_gone: Arc<AtomicBool>,
    driver: JoinHandle<()>,
}

impl Opened {
    /// Waits for a connection, and subscribes.
    fn begin(&mut self, who: Who<'_>) -> Result<(), String> {
        let session = self
            .client
            .connected_timeout(PATIENCE)
            .map_err(words)?
            .ok_or("not connected within 10 s")?;
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

    fn accepted(&self, payload: &[u8]) -> usize {
        self.wire.accepted(payload)
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
