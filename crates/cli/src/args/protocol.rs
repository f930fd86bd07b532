//! The options of the version of MQTT, and those that only MQTT 5 has.
mod property;

use super::values::{protocol, session_expiry};
use clap::Args;
use motemq_std::{RetainHandling, SubscriptionOptions};
pub use property::{Given, PacketKind, Value, joined};
use std::time::Duration;

const PROPERTY: &str = "Give a packet a property of MQTT 5, as often as wished: connect, publish, subscribe, \
                        unsubscribe, disconnect or will, the name of the property, its value; \
                        user-property has a name and a value. Without -V, it means -V mqttv5";

/// The version of MQTT.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Protocol {
    Mqtt311,
    Mqtt5,
    /// MQTT 5, or 3.1.1 with a broker that does not speak MQTT 5.
    Auto,
}

#[derive(Args, Debug, Default)]
pub struct ProtocolArgs {
    /// Version of MQTT: mqttv311 or 311, mqttv5 or 5, or auto, which is MQTT 5, and 3.1.1 with a
    /// broker that does not speak MQTT 5 [default: mqttv311]
    #[arg(short = 'V', long, value_name = "VERSION", value_parser = protocol)]
    pub protocol_version: Option<Protocol>,

    #[arg(short = 'D', long = "property", help = PROPERTY, value_name = "PACKET NAME VALUE", value_parser = Given::read)]
    pub properties: Vec<Given>,

    /// With MQTT 5: the time for which the broker keeps the session without a connection; -1: for
    /// ever, as with -c alone. Without -c the session begins anew
    #[arg(short = 'x', long, value_name = "SECONDS", value_parser = session_expiry, allow_hyphen_values = true)]
    pub session_expiry: Option<SessionExpiry>,
}

/// The time for which the broker keeps a session; `None`: for ever.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SessionExpiry(pub Option<Duration>);

impl SessionExpiry {
    /// Returns that of these seconds, the most of which stand for ever.
    pub fn of(seconds: u32) -> Self {
        let is_for_ever = seconds == u32::MAX;
        SessionExpiry((!is_for_ever).then(|| Duration::from_secs(seconds.into())))
    }
}

impl ProtocolArgs {
    /// Returns the version of MQTT. Properties choose MQTT 5, as they do with mosquitto's tools.
    pub fn version(&self) -> Protocol {
        self.protocol_version
            .unwrap_or(if self.properties.is_empty() {
                Protocol::Mqtt311
            } else {
                Protocol::Mqtt5
            })
    }

    /// Returns whether MQTT 3.1.1 is all that is spoken.
    pub fn is_311(&self) -> bool {
        self.version() == Protocol::Mqtt311
    }

    /// Checks that what only MQTT 5 has is used with it, and that each property is one of CONNECT,
    /// the will, DISCONNECT or these packets.
    ///
    /// # Errors
    /// The words for the user.
    pub fn check(&self, packets: &[PacketKind]) -> Result<(), String> {
        if self.session_expiry.is_some() {
            self.needs_5("-x")?;
        }
        for given in &self.properties {
            self.needs_5("-D")?;
            let always = [
                PacketKind::Connect,
                PacketKind::Will,
                PacketKind::Disconnect,
            ];
            if !always.contains(&given.packet) && !packets.contains(&given.packet) {
                let name = given.packet.name();
                return Err(format!(
                    "-D {name}: this command sends no such packet, or none with properties"
                ));
            }
        }
        Ok(())
    }

    /// Checks that MQTT 5 can be spoken, which an option needs.
    ///
    /// # Errors
    /// The words for the user.
    pub fn needs_5(&self, option: &str) -> Result<(), String> {
        if self.is_311() {
            return Err(format!(
                "{option} is for MQTT 5: say -V mqttv5 (or -V auto), too"
            ));
        }
        Ok(())
    }

    /// Returns the values of the properties of these packets.
    pub fn of(&self, packet: PacketKind) -> impl Iterator<Item = &Value> {
        let mine = self
            .properties
            .iter()
            .filter(move |given| given.packet == packet);
        mine.map(|given| &given.value)
    }
}

/// The options of subscriptions that only MQTT 5 has.
#[derive(Args, Debug)]
pub struct FilterArgs {
    /// With MQTT 5: do not receive what this client publishes
    #[arg(long)]
    pub no_local: bool,

    /// With MQTT 5: receive messages with the retain flag with which they were published
    #[arg(long)]
    pub retain_as_published: bool,

    /// With MQTT 5: receive retained messages always, only if the subscription is new, or never
    #[arg(long, value_name = "always|new|never", value_parser = super::values::retain_handling)]
    pub retain_handling: Option<RetainHandling>,
}

impl FilterArgs {
    /// Returns the options of a filter.
    pub fn options(&self) -> SubscriptionOptions {
        SubscriptionOptions {
            no_local: self.no_local,
            retain_as_published: self.retain_as_published,
            retain_handling: self.retain_handling.unwrap_or_default(),
        }
    }

    /// Returns the name of an option that is given.
    pub fn named(&self) -> Option<&'static str> {
        let given = [
            ("--no-local", self.no_local),
            ("--retain-as-published", self.retain_as_published),
            ("--retain-handling", self.retain_handling.is_some()),
        ];
        let mut given = given.into_iter().filter(|(_, is_given)| *is_given);
        given.next().map(|(name, _)| name)
    }
}
