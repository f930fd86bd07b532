//! The client for tokio.
use super::{Client, Connection, Message, Speech, Who};
use crate::broker::Address;
use motemq_tokio::{
    Client as Handle, Ended, Filter, Options, Publish, QoS, Receipt, Reconnect, SessionState,
    Subscription, Version, WhenFull, Will,
};
use std::{fmt, time::Duration};
use tokio::{
    runtime::{Builder, Runtime},
    task::JoinHandle,
    time::{Instant, timeout, timeout_at},
};

/// `motemq-tokio`.
pub struct Asynchronous;

/// How long an acknowledgement may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a patient client waits for its first connection.
const LONG: Duration = Duration::from_secs(60);

impl Client for Asynchronous {
    fn name(&self) -> &'static str {
        "tokio"
    }

    fn comes_back(&self) -> bool {
        true
    }

    fn open(&self, at: &Address, who: Who<'_>) -> Result<Box<dyn Connection>, String> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(|error| error.to_string())?;
        let options = options(at, who)?;
        let (client, driver) = Handle::new(options).map_err(words)?;
        let others = client.messages();
        let mut messages = None;
        let mut granted = None;
        let driver = runtime.spawn(async { driver.await.map(drop) });
        let limit = if who.patient { LONG } else { PATIENCE };
        let opened = runtime.block_on(async {
            let session = timeout(limit, client.connected())
                .await
                .map_err(|_| format!("not connected within {limit:?}"))?
                .map_err(words)?;
            match who.filter {
                Some((filter, qos)) if !(who.resume && session != SessionState::New) => {
                    let stream = client
                        .subscribe(&[Filter::new(filter, qos)])
                        .await
                        .map_err(words)?;
                    granted = stream.granted().first().copied();
                    messages = Some(stream);
                }
                _ => {}
            }
            Ok::<_, String>(())
        });
        let connection = Opened {
            client,
            others,
            messages,
            granted,
            receipts: Vec::new(),
            driver,
            runtime,
        };
        match opened {
            Ok(()) => Ok(Box::new(connection)),
            Err(why) => {
                Box::new(connection).vanish();
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
    /// Of a session that a broker goes on with, even where it has said that there is none.
    others: Subscription,
    messages: Option<Subscription>,
    granted: Option<QoS>,
    receipts: Vec<Receipt>,
    driver: JoinHandle<Result<(), Ended>>,
    runtime: Runtime,
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
        self.runtime
            .block_on(async {
                self.client
                    .publish(&publish)
                    .await
                    .map_err(words)?
                    .await
                    .map_err(words)
            })
            .map(drop)
    }

    fn send(&mut self, topic: &str, payload: &[u8], qos: QoS) -> Result<(), String> {
        let publish = Publish::to(topic).payload(payload).qos(qos);
        let receipt = self.runtime.block_on(self.client.publish(&publish));
        self.receipts.push(receipt.map_err(words)?);
        Ok(())
    }

    fn outcomes(&mut self, patience: Duration) -> Vec<Result<(), String>> {
        let receipts = std::mem::take(&mut self.receipts);
        self.runtime.block_on(async {
            let end = Instant::now() + patience;
            let mut outcomes = Vec::new();
            for receipt in receipts {
                outcomes.push(match timeout_at(end, receipt).await {
                    Ok(outcome) => outcome.map(drop).map_err(words),
                    Err(_) => Err(format!("no acknowledgement within {patience:?}")),
                });
            }
            outcomes
        })
    }

    fn next(&mut self, patience: Duration) -> Result<Option<Message>, String> {
        let Opened {
            others,
            messages,
            runtime,
            ..
        } = self;
        let either = async {
            match messages {
                Some(messages) => {
                    tokio::select! { message = messages.recv() => message, message = others.recv() => message }
                }
                None => others.recv().await,
            }
        };
        match runtime.block_on(async { timeout(patience, either).await }) {
            Ok(Some(message)) => Ok(Some(Message {
                payload: message.payload.to_vec(),
                qos: message.qos as u8,
                retain: message.retain,
            })),
            Ok(None) => Err("the stream of messages has ended".into()),
            Err(_) => Ok(None),
        }
    }

    fn leave(self: Box<Self>) -> Result<(), String> {
        match self.runtime.block_on(self.client.disconnect(PATIENCE)) {
            // Told when it was published.
            Ok(()) | Err(Ended::Unfinished) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }

    fn vanish(self: Box<Self>) {
        self.driver.abort();
        // The handles go last: they would take leave.
        self.runtime.shutdown_background();
    }
}
