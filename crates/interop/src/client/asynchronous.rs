//! The client for tokio.
use super::{Client, Connection, Message, Who, wire::Wire};
use crate::broker::Address;
use motemq_tokio::{
    Client as Handle, Ended, Filter, Options, Publish, QoS, Reconnect, SessionState, Subscription,
    Will,
};
use std::{fmt, time::Duration};
use tokio::{
    runtime::{Builder, Runtime},
    task::JoinHandle,
    time::timeout,
};

/// `motemq-tokio`.
pub struct Asynchronous;

/// How long an acknowledgement may take.
const PATIENCE: Duration = Duration::from_secs(10);

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
        let wire = Wire::default();
        let look = wire.clone();
        let options =
            options(at, who)?.trace(move |direction, packet| look.pass(direction, packet));
        let (client, driver) = Handle::new(options).map_err(words)?;
        let others = client.messages();
        let mut messages = None;
        let mut granted = None;
        let driver = runtime.spawn(async { driver.await.map(drop) });
        let opened = runtime.block_on(async {
            let session = timeout(PATIENCE, client.connected())
                .await
                .map_err(|_| "not connected within 10 s".to_owned())?
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
            wire,
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
    /// Of a session that a broker goes on with, even where it has said that there is none.
    others: Subscription,
    messages: Option<Subscription>,
    granted: Option<QoS>,
    wire: Wire,
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

    fn accepted(&self, payload: &[u8]) -> usize {
        self.wire.accepted(payload)
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
