//! The reasons that brokers give, which only MQTT 5 has.
use alloc::{string::String, sync::Arc};
use core::fmt;
use motemq::{Properties, ReasonCode, Text};

/// The reason that a broker of MQTT 5 gives: its code, and what it says besides.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct BrokerReason(Arc<Content>);

#[derive(PartialEq, Eq, Hash, Debug)]
struct Content {
    code: ReasonCode,
    text: Option<String>,
    servers: Option<String>,
}

impl BrokerReason {
    /// Makes a reason from a packet with this code and these properties.
    pub(crate) fn new(code: ReasonCode, properties: Properties<'_>) -> Self {
        let owned = |text: Text<'_>| String::from(text.as_str());
        BrokerReason(Arc::new(Content {
            code,
            text: properties.reason_string().map(owned),
            servers: properties.server_reference().map(owned),
        }))
    }

    /// Returns the reason code.
    pub fn code(&self) -> ReasonCode {
        self.0.code
    }

    /// Returns the reason string, if the broker gave one.
    pub fn reason_string(&self) -> Option<&str> {
        self.0.text.as_deref()
    }

    /// Returns the other servers that the client can use, separated by spaces, if the broker named
    /// any.
    pub fn server_reference(&self) -> Option<&str> {
        self.0.servers.as_deref()
    }
}

/// Shows the code in words, and the texts shortened.
impl fmt::Display for BrokerReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.code.fmt(f)?;
        if let Some(text) = self.reason_string() {
            write!(f, ", {}", super::shortened(text))?;
        }
        if let Some(servers) = self.server_reference() {
            write!(f, ", use {}", super::shortened(servers))?;
        }
        Ok(())
    }
}
