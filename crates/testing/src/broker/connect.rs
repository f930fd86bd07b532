//! How connections begin and end.
use super::{
    Answer, Broker, Challenge, Client, Connection, Limits, Session, answers::bare, message::Will,
};
use crate::codec::{Packet, Sent, level, lower_connect};
use motemq::{Connect, Properties, Property, ReasonCode, ReturnCode, Version};

impl Broker {
    /// CONNECT, the first packet of its connection. `bytes` are the packet.
    pub(super) fn connect(
        &mut self,
        from: Connection,
        connect: &Connect<'_, Properties<'_>>,
        bytes: &[u8],
    ) {
        let Some(link) = self.connections.get_mut(&from) else {
            return;
        };
        link.output.limit(connect.properties);
        let version = link.output.version();
        if version == Version::Mqtt311 && connect.client_id.is_empty() && !connect.clean {
            // [MQTT-3.1.3-8]
            return self.refuse(from, number(ReturnCode::IDENTIFIER_REJECTED), None);
        }
        let code = self
            .config
            .login
            .as_ref()
            .map_or(ReturnCode::ACCEPTED, |login| login(&lower_connect(connect)));
        if code != ReturnCode::ACCEPTED {
            let code = match version {
                Version::Mqtt5 => reason(code),
                _ => number(code),
            };
            return self.refuse(from, code, None);
        }
        if version == Version::Mqtt5 {
            let will = connect.will.as_ref();
            // [MQTT-3.2.2-12] [MQTT-3.2.2-13]
            let objection =
                will.and_then(|will| self.config.limits.objection(will.qos, will.retain));
            if let Some(code) = objection {
                return self.refuse(from, code, None);
            }
            let answer = self.answer_to(connect.client_id, &Packet::Connect(*connect));
            if let Some(answer) = answer.filter(|answer| answer.code.is_error()) {
                return self.refuse(from, answer.code, answer.reason.as_deref());
            }
        }
        match self.begin_authentication(from, connect.properties, bytes) {
            None => self.accept(from, connect, None),
            Some(Challenge::Accept(data)) => {
                self.complete_authentication(from);
                self.accept(from, connect, Some(&data));
            }
            Some(Challenge::Continue(data)) => {
                self.send_auth(from, ReasonCode::CONTINUE_AUTHENTICATION, &data);
            }
            Some(Challenge::Refuse(code)) => self.refuse(from, code, None),
        }
    }

    /// Answers a CONNECT with yes; `data` completes its authentication.
    pub(super) fn accept(
        &mut self,
        from: Connection,
        connect: &Connect<'_, Properties<'_>>,
        data: Option<&[u8]>,
    ) {
        let id = if connect.client_id.is_empty() {
            self.name()
        } else {
            connect.client_id.to_owned()
        };
        // [MQTT-3.1.4-2]
        let older = self.connection_of(&id);
        if let Some(older) = older {
            self.disconnect_with(older, ReasonCode::SESSION_TAKEN_OVER, None);
        }
        if connect.clean {
            self.end_session(&id);
        }
        let session_present = self.sessions.contains_key(&id);
        let session = self.sessions.entry(id.clone()).or_insert_with(Session::new);
        session.resume();
        let Some(link) = self.connections.get_mut(&from) else {
            return;
        };
        let is_5 = link.output.version() == Version::Mqtt5;
        let asked = requested(connect, is_5);
        let limits = self.config.limits;
        let expiry = asked.expiry.min(limits.session_expiry_maximum);
        let mut properties = if is_5 {
            limits.properties()
        } else {
            Vec::new()
        };
        if is_5 && expiry != asked.expiry {
            properties.push(Property::SessionExpiryInterval(expiry));
        }
        if connect.client_id.is_empty() {
            // [MQTT-3.2.2-16]
            properties.push(Property::AssignedClientIdentifier(id.as_str().into()));
        }
        if let (Some(exchange), Some(data)) = (&link.exchange, data) {
            properties.extend([exchange.method(), Property::AuthenticationData(data)]);
        }
        link.output.send(&Sent::ConnAck {
            session_present,
            code: ReasonCode::SUCCESS,
            properties: &properties,
        });
        let server_keep_alive = limits.server_keep_alive.filter(|_| is_5);
        let keep_alive = server_keep_alive.unwrap_or(connect.keep_alive);
        link.limits = if is_5 { limits } else { Limits::NONE };
        link.client = Some(Client {
            id,
            expiry,
            keep_alive: u64::from(keep_alive) * 1000,
            window: asked.window,
            will: connect.will.map(Will::from),
        });
        self.fill(from);
        self.ready.insert(from);
    }

    /// Returns the open connection of a client.
    pub(super) fn connection_of(&self, id: &str) -> Option<Connection> {
        let mut links = self.connections.iter();
        let is_of = |client: &Client| client.id == id;
        let found = links.find(|(_, link)| link.client.as_ref().is_some_and(is_of));
        found.map(|(&connection, _)| connection)
    }

    /// Ends a connection, whoever wished it: its session if that ends with it, and its will is
    /// published if it still has one, now or later.
    pub(super) fn close(&mut self, connection: Connection) {
        let Some(link) = self.connections.remove(&connection) else {
            return;
        };
        self.closed.insert(connection, link.output.into_bytes());
        self.ready.insert(connection);
        let Some(client) = link.client else { return };
        let lasts = u64::from(client.expiry) * 1000;
        if client.expiry == 0 {
            self.end_session(&client.id);
        } else if let Some(session) = self.sessions.get_mut(&client.id) {
            session.expiry = (client.expiry != u32::MAX).then_some(self.now + lasts);
        }
        let Some(mut will) = client.will else { return };
        if let Some(pass) = &self.config.on_will {
            pass(&client.id, connection, &mut will.message.payload);
        }
        match self.sessions.get_mut(&client.id) {
            Some(session) if will.delay > 0 => {
                session.will = Some((self.now + will.delay, will));
            }
            _ => self.publish_will(will),
        }
    }

    /// Ends a session, and publishes the will that waits [MQTT-3.1.2-8].
    pub(super) fn end_session(&mut self, id: &str) {
        let will = self.sessions.remove(id).and_then(|session| session.will);
        if let Some((_, will)) = will {
            self.publish_will(will);
        }
    }

    /// Publishes a will.
    pub(super) fn publish_will(&mut self, will: Will) {
        let retain = will.retain;
        let message = will.into_message(self.now);
        self.publish(None, message, retain);
    }

    /// What is no packet ends its connection without an answer [MQTT-4.8.0-1], but for a CONNECT of
    /// another protocol level [MQTT-3.1.2-2], and with MQTT 5.
    pub(super) fn malformed(&mut self, from: Connection, bytes: &[u8], code: ReasonCode) {
        let Some(link) = self.connections.get(&from) else {
            return;
        };
        let is_new = link.client.is_none() && link.exchange.is_none();
        if is_new && link.output.version() == Version::Mqtt5 {
            self.refuse(from, code, None);
        } else if is_new && level(bytes).is_some_and(|level| level != 4) {
            let code = number(ReturnCode::UNACCEPTABLE_PROTOCOL_VERSION);
            self.refuse(from, code, None);
        } else {
            self.object(from, code);
        }
    }

    /// Refuses a CONNECT [MQTT-3.2.2-4] [MQTT-3.2.2-5].
    pub(super) fn refuse(&mut self, from: Connection, code: ReasonCode, reason: Option<&str>) {
        let answer = Answer::new(code);
        let answer = reason.into_iter().fold(answer, Answer::reason);
        self.send_last(
            from,
            &Sent::ConnAck {
                session_present: false,
                code,
                properties: &answer.properties(),
            },
        );
    }

    /// Sends DISCONNECT if the client speaks MQTT 5 and is accepted [MQTT-3.14.0-1], and closes the
    /// connection.
    pub(super) fn disconnect_with(
        &mut self,
        connection: Connection,
        code: ReasonCode,
        reason: Option<&str>,
    ) {
        let link = self.connections.get(&connection);
        if link.is_some_and(|link| link.client.is_none()) {
            return self.close(connection);
        }
        let answer = Answer::new(code);
        let answer = reason.into_iter().fold(answer, Answer::reason);
        self.send_last(
            connection,
            &Sent::Disconnect {
                code,
                properties: &answer.properties(),
            },
        );
    }

    /// Closes the connection of a client that has not kept to the standard, and tells it why if it
    /// speaks MQTT 5.
    pub(super) fn object(&mut self, from: Connection, code: ReasonCode) {
        self.objections.push((from, code));
        let link = self.connections.get(&from);
        if link.is_some_and(|link| link.client.is_none() && link.exchange.is_some()) {
            self.refuse(from, code, None);
        } else {
            self.disconnect_with(from, code, None);
        }
    }

    /// Sends a packet with its reason, or without if that would be too long, and closes the
    /// connection.
    fn send_last(&mut self, to: Connection, packet: &Sent<'_>) {
        if let Some(link) = self.connections.get_mut(&to)
            && !link.output.send(packet)
        {
            link.output.send(&bare(packet));
        }
        self.close(to);
    }

    /// An identifier that nobody has [MQTT-3.1.3-6].
    fn name(&mut self) -> String {
        loop {
            self.named += 1;
            let name = format!("unnamed-{}", self.named);
            if !self.sessions.contains_key(&name) {
                return name;
            }
        }
    }
}

/// What a CONNECT asks for.
struct Requested {
    /// The seconds for which the session outlives the connection.
    expiry: u32,
    /// The messages with QoS 1 and 2 that may be in flight to the client.
    window: usize,
}

fn requested(connect: &Connect<'_, Properties<'_>>, is_5: bool) -> Requested {
    let mut requested = Requested {
        expiry: if is_5 || connect.clean { 0 } else { u32::MAX },
        window: usize::from(u16::MAX),
    };
    for property in connect.properties.iter() {
        match property {
            Property::SessionExpiryInterval(seconds) => requested.expiry = seconds,
            Property::ReceiveMaximum(maximum) => requested.window = maximum.get().into(),
            _ => {}
        }
    }
    requested
}

/// Returns a return code of MQTT 3.1.1 in the type of a reason code.
fn number(code: ReturnCode) -> ReasonCode {
    code.get().into()
}

/// Returns the reason code that says the same as a return code.
fn reason(code: ReturnCode) -> ReasonCode {
    match code {
        ReturnCode::UNACCEPTABLE_PROTOCOL_VERSION => ReasonCode::UNSUPPORTED_PROTOCOL_VERSION,
        ReturnCode::IDENTIFIER_REJECTED => ReasonCode::CLIENT_IDENTIFIER_NOT_VALID,
        ReturnCode::SERVER_UNAVAILABLE => ReasonCode::SERVER_UNAVAILABLE,
        ReturnCode::BAD_USER_NAME_OR_PASSWORD => ReasonCode::BAD_USER_NAME_OR_PASSWORD,
        ReturnCode::NOT_AUTHORIZED => ReasonCode::NOT_AUTHORIZED,
        _ => ReasonCode::UNSPECIFIED_ERROR,
    }
}
