//! The exchange of AUTH packets (MQTT 5, section 4.12).
use super::{Broker, Connection};
use crate::codec::{Packet, Sent};
use motemq::{Properties, Property, ReasonCode};
use std::sync::Arc;

/// What follows on the data of a client.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Challenge {
    /// AUTH with this data.
    Continue(Vec<u8>),
    /// The client is known: CONNACK, or AUTH, with this data.
    Accept(Vec<u8>),
    /// The client is refused: CONNACK, or DISCONNECT.
    Refuse(ReasonCode),
}

type Check = Arc<dyn Fn(&[u8], u32) -> Challenge + Send + Sync>;

/// A method that the broker offers.
#[derive(Clone)]
pub(super) struct Method {
    name: String,
    check: Check,
}

impl Method {
    pub fn new(
        name: &str,
        check: impl Fn(&[u8], u32) -> Challenge + Send + Sync + 'static,
    ) -> Self {
        Method {
            name: name.to_owned(),
            check: Arc::new(check),
        }
    }
}

/// An exchange on a connection.
#[derive(Clone, Debug)]
pub(super) struct Exchange {
    method: String,
    /// The packets of the client that have come.
    packets: u32,
    /// The CONNECT that waits for its end.
    connect: Option<Vec<u8>>,
    is_complete: bool,
}

impl Exchange {
    /// Returns the method, as a property.
    pub fn method(&self) -> Property<'_> {
        Property::AuthenticationMethod(self.method.as_str().into())
    }
}

impl Broker {
    /// Begins the exchange that a CONNECT asks for. Returns what follows on it, or `None` if there
    /// is none.
    pub(super) fn begin_authentication(
        &mut self,
        from: Connection,
        properties: Properties<'_>,
        connect: &[u8],
    ) -> Option<Challenge> {
        let method = properties.authentication_method()?;
        let offered = self.config.authenticate.as_ref();
        let Some(offered) = offered.filter(|offered| method == offered.name.as_str()) else {
            return Some(Challenge::Refuse(ReasonCode::BAD_AUTHENTICATION_METHOD));
        };
        let data = properties.authentication_data().unwrap_or_default();
        let challenge = (offered.check)(data, 0);
        self.connections.get_mut(&from)?.exchange = Some(Exchange {
            method: method.as_str().to_owned(),
            packets: 1,
            connect: Some(connect.to_owned()),
            is_complete: false,
        });
        Some(challenge)
    }

    /// AUTH: the next step of an exchange, or the first of a new one.
    pub(super) fn on_auth(
        &mut self,
        from: Connection,
        code: ReasonCode,
        properties: Properties<'_>,
    ) {
        let Some(link) = self.connections.get_mut(&from) else {
            return;
        };
        let Some(exchange) = &mut link.exchange else {
            return self.object(from, ReasonCode::PROTOCOL_ERROR);
        };
        // Only the method of CONNECT is possible [MQTT-4.12.0-5] [MQTT-4.12.1-1].
        let has_method = properties
            .authentication_method()
            .is_some_and(|method| method == exchange.method.as_str());
        let begins_anew = code == ReasonCode::RE_AUTHENTICATE && exchange.is_complete;
        let goes_on = code == ReasonCode::CONTINUE_AUTHENTICATION && !exchange.is_complete;
        if !has_method || !(begins_anew || goes_on) {
            return self.object(from, ReasonCode::PROTOCOL_ERROR);
        }
        if begins_anew {
            exchange.packets = 0;
            exchange.is_complete = false;
        }
        let data = properties.authentication_data().unwrap_or_default();
        let Some(offered) = &self.config.authenticate else {
            return;
        };
        let challenge = (offered.check)(data, exchange.packets);
        exchange.packets += 1;
        match (challenge, exchange.connect.take()) {
            (Challenge::Continue(data), connect) => {
                exchange.connect = connect;
                self.send_auth(from, ReasonCode::CONTINUE_AUTHENTICATION, &data);
            }
            (Challenge::Refuse(code), None) => self.disconnect_with(from, code, None),
            (Challenge::Refuse(code), Some(_)) => self.refuse(from, code, None),
            (Challenge::Accept(data), None) => {
                exchange.is_complete = true;
                self.send_auth(from, ReasonCode::SUCCESS, &data);
            }
            (Challenge::Accept(data), Some(connect)) => {
                exchange.is_complete = true;
                if let Ok(Some((Packet::Connect(connect), _))) =
                    motemq::packet::v5::decode(&connect)
                {
                    self.accept(from, &connect, Some(&data));
                }
            }
        }
    }

    /// Marks the exchange of a connection as complete.
    pub(super) fn complete_authentication(&mut self, from: Connection) {
        let link = self.connections.get_mut(&from);
        if let Some(exchange) = link.and_then(|link| link.exchange.as_mut()) {
            exchange.is_complete = true;
            exchange.connect = None;
        }
    }

    pub(super) fn send_auth(&mut self, to: Connection, code: ReasonCode, data: &[u8]) {
        let Some(link) = self.connections.get_mut(&to) else {
            return;
        };
        let Some(exchange) = &link.exchange else {
            return;
        };
        let properties = [exchange.method(), Property::AuthenticationData(data)];
        link.output.send(&Sent::Auth {
            code,
            properties: &properties,
        });
        self.ready.insert(to);
    }
}
