//! The blocking client.
use super::{Client, Connection, Message, Who, wire::Wire};
use crate::broker::Address;
use motemq_std::{
    Client as Std, Error, Filter, Granted, Options, Publish, QoS, Reconnect, SessionState, Will,
};
use std::time::Duration;

/// `motemq-std`.
pub struct Blocking;

/// How long an acknowledgement may take.
const PATIENCE: Duration = Duration::from_secs(10);

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
        let client = Std::connect(&options).map_err(|error| error.to_string())?;
        let mut connection = Opened {
            client,
            granted: None,
            wire,
        };
        match who.filter {
            Some((filter, qos))
                if !(who.resume && connection.client.session() != SessionState::New) =>
            {
                let granted = connection
                    .client
                    .subscribe(&[Filter::new(filter, qos)])
                    .map_err(|error| error.to_string())?;
                if let [Granted::AtMost(qos)] = granted[..] {
                    connection.granted = Some(qos);
                }
            }
            _ => {}
        }
        Ok(Box::new(connection))
    }
}

fn options(at: &Address, who: Who<'_>) -> Result<Options, String> {
    let mut options = Options::from_url(&at.url)
        .map_err(|error| error.to_string())?
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
    client: Std,
    granted: Option<QoS>,
    wire: Wire,
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
        self.client
            .publish(&publish)
            .map_err(|error| error.to_string())
    }

    fn next(&mut self, patience: Duration) -> Result<Option<Message>, String> {
        match self.client.recv(Some(patience)) {
            Ok(message) => Ok(message.map(|message| Message {
                payload: message.payload,
                qos: message.qos as u8,
                retain: message.retain,
            })),
            Err(error) => Err(error.to_string()),
        }
    }

    fn accepted(&self, payload: &[u8]) -> usize {
        self.wire.accepted(payload)
    }

    fn leave(self: Box<Self>) -> Result<(), String> {
        match self.client.disconnect() {
            // Told when it was published.
            Ok(())
            | Err(
                Error::NotAcknowledged { .. } | Error::OutcomeUnknown | Error::Abandoned { .. },
            ) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }

    fn vanish(self: Box<Self>) {}
}
