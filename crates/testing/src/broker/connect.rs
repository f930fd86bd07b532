//! How connections begin and end.
use super::{Broker, Client, Connection, Session, append, messages::Will};
use motemq::{Connect, ReturnCode, packet::Packet};

impl Broker {
    /// CONNECT, the first packet of its connection.
    pub(super) fn connect(&mut self, from: Connection, connect: &Connect<'_>) {
        if connect.client_id.is_empty() && !connect.clean {
            // [MQTT-3.1.3-8]
            return self.refuse(from, ReturnCode::IDENTIFIER_REJECTED);
        }
        let code = self
            .config
            .login
            .as_ref()
            .map_or(ReturnCode::ACCEPTED, |login| login(connect));
        if code != ReturnCode::ACCEPTED {
            return self.refuse(from, code);
        }
        let id = if connect.client_id.is_empty() {
            self.name()
        } else {
            connect.client_id.to_owned()
        };
        // [MQTT-3.1.4-2]
        let older = self
            .connections
            .iter()
            .find(|(_, link)| link.client.as_ref().is_some_and(|client| client.id == id));
        if let Some((&older, _)) = older {
            self.close(older);
        }
        if connect.clean {
            self.sessions.remove(&id);
        }
        let session_present = self.sessions.contains_key(&id);
        let session = self.sessions.entry(id.clone()).or_insert_with(Session::new);
        let Some(link) = self.connections.get_mut(&from) else {
            return;
        };
        append(
            &Packet::ConnAck {
                session_present,
                code,
            },
            &mut link.output,
        );
        session.resend(&mut link.output);
        let keep_alive = u64::from(connect.keep_alive) * 1000;
        link.client = Some(Client {
            id,
            clean: connect.clean,
            keep_alive,
            will: connect.will.map(Will::from),
        });
        self.fill(from);
    }

    /// Ends a connection, whoever wished it: its session if that is clean, and its will is
    /// published if it still has one.
    pub(super) fn close(&mut self, connection: Connection) {
        let Some(link) = self.connections.remove(&connection) else {
            return;
        };
        self.closed.insert(connection, link.output);
        self.ready.insert(connection);
        let Some(client) = link.client else { return };
        if client.clean {
            self.sessions.remove(&client.id);
        }
        if let Some(mut will) = client.will {
            if let Some(pass) = &self.config.on_will {
                pass(&client.id, connection, &mut will.message.payload);
            }
            self.publish(will.message, will.retain);
        }
    }

    /// What is no packet ends its connection without an answer [MQTT-4.8.0-1], but for a CONNECT of
    /// another protocol level [MQTT-3.1.2-2].
    pub(super) fn malformed(&mut self, from: Connection, bytes: &[u8]) {
        let fresh = self
            .connections
            .get(&from)
            .is_some_and(|link| link.client.is_none());
        if fresh && is_connect_of_other_level(bytes) {
            self.refuse(from, ReturnCode::UNACCEPTABLE_PROTOCOL_VERSION);
        } else {
            self.close(from);
        }
    }

    /// [MQTT-3.2.2-4] [MQTT-3.2.2-5]
    fn refuse(&mut self, from: Connection, code: ReturnCode) {
        if let Some(link) = self.connections.get_mut(&from) {
            append(
                &Packet::ConnAck {
                    session_present: false,
                    code,
                },
                &mut link.output,
            );
        }
        self.close(from);
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

/// The codec does not read such a packet, so this looks at its first bytes, and at none behind the
/// packet: those may not have come yet.
fn is_connect_of_other_level(bytes: &[u8]) -> bool {
    let Some((0x10, rest)) = bytes.split_first() else {
        return false;
    };
    // A remaining length of four bytes at most, and not longer than need be.
    let Some(last) = rest
        .iter()
        .take(4)
        .position(|&byte| byte < 0x80)
        .filter(|&last| last == 0 || rest.get(last) != Some(&0))
    else {
        return false;
    };
    let (digits, behind) = rest.split_at(last + 1);
    let length = digits
        .iter()
        .rev()
        .fold(0, |length, &digit| length << 7 | usize::from(digit & 0x7f));
    let body = behind.get(..length).unwrap_or_default();
    body.strip_prefix(b"\0\x04MQTT")
        .and_then(|after| after.first())
        .is_some_and(|&level| level != 4)
}
