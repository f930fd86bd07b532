//! What time brings: connections that are silent; sessions, wills and acknowledgements whose time
//! has come.
use super::{Broker, Connection};
use motemq::ReasonCode;

impl Broker {
    /// Closes connections that were silent for too long, ends sessions that have expired, publishes
    /// wills that were delayed, and sends acknowledgements that were held back; tells in how many
    /// milliseconds the next would be.
    ///
    /// One and a half keep-alives without a packet [MQTT-3.1.2-24]; half a packet is none.
    pub fn tick(&mut self, now: u64) -> Option<u64> {
        self.now = now;
        let late: Vec<_> = self
            .silences()
            .filter(|&(_, deadline)| deadline <= now)
            .map(|(connection, _)| connection)
            .collect();
        for connection in late {
            self.disconnect_with(connection, ReasonCode::KEEP_ALIVE_TIMEOUT, None);
        }
        self.publish_delayed_wills();
        self.end_expired_sessions();
        self.send_acknowledgements();
        let silences = self.silences().map(|(_, deadline)| deadline);
        let sessions = self.sessions.values();
        let others = sessions.flat_map(|session| {
            let will = session.will.as_ref().map(|&(due, _)| due);
            [session.expiry, will].into_iter().flatten()
        });
        let links = self.connections.values();
        let held = links.filter_map(|link| link.acknowledgements.due());
        let deadlines = silences.chain(others).chain(held);
        deadlines.map(|deadline| deadline - now).min()
    }

    /// [MQTT-3.1.3-9]
    fn publish_delayed_wills(&mut self) {
        let now = self.now;
        let sessions = self.sessions.values_mut();
        let due: Vec<_> = sessions
            .filter_map(|session| session.will.take_if(|(due, _)| *due <= now))
            .collect();
        for (_, will) in due {
            self.publish_will(will);
        }
    }

    /// [MQTT-3.1.2-23]
    fn end_expired_sessions(&mut self) {
        let sessions = self.sessions.iter();
        let expired: Vec<_> = sessions
            .filter(|(_, session)| session.expiry.is_some_and(|expiry| expiry <= self.now))
            .map(|(id, _)| id.clone())
            .collect();
        for id in expired {
            self.end_session(&id);
        }
    }

    fn silences(&self) -> impl Iterator<Item = (Connection, u64)> {
        self.connections.iter().filter_map(|(&connection, link)| {
            let silence = link
                .client
                .as_ref()
                .map_or(self.config.connect_timeout, |client| {
                    client.keep_alive * 3 / 2
                });
            (silence != 0).then_some((connection, link.heard + silence))
        })
    }
}
