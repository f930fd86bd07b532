//! Authentication in several steps, and anew.
use super::*;
use crate::{AuthenticateError, Exchange};
use alloc::sync::Arc;
use motemq::{Properties, Property, ReasonCode, SendError, Version};

impl Client {
    /// Begins a re-authentication over the present connection, which only MQTT 5 has. If it
    /// succeeds, the client emits [`Event::Authenticated`]; if it fails, the connection ends.
    ///
    /// # Errors
    /// An [`AuthenticateError`]. The re-authentication has not begun then.
    pub fn reauthenticate(&mut self) -> Result<(), AuthenticateError> {
        self.check_open().map_err(AuthenticateError::Ended)?;
        if self.options.auth_method().is_none() {
            return Err(AuthenticateError::NoMethod);
        }
        if self.accepted.is_none() || self.protocol.version() != Version::Mqtt5 {
            return Err(AuthenticateError::Offline);
        }
        let before = core::mem::take(&mut self.extras.make().exchange);
        let failed = match self.say_next() {
            Ok(data) => self.write_auth(ReasonCode::RE_AUTHENTICATE, &data),
            Err(reason) => Err(AuthenticateError::Failed(reason)),
        };
        if failed.is_err() {
            self.extras.make().exchange = before;
        }
        failed
    }

    /// Returns what CONNECT says of the authentication, which is nothing without a method.
    pub(super) fn begin_authentication(&mut self, version: Version) -> Result<Vec<u8>, Arc<str>> {
        if self.options.auth_method().is_none() || version != Version::Mqtt5 {
            return Ok(Vec::new());
        }
        self.extras.make().exchange = Exchange::default();
        self.say_next()
    }

    /// Asks the application for the next data, and takes note of them.
    fn say_next(&mut self) -> Result<Vec<u8>, Arc<str>> {
        let exchange = &mut self.extras.make().exchange;
        let Some(authentication) = self.options.auth_method() else {
            return Ok(Vec::new());
        };
        let data = authentication.next(exchange)?;
        exchange.push(data.clone());
        Ok(data)
    }

    fn write_auth(&mut self, code: ReasonCode, data: &[u8]) -> Result<(), AuthenticateError> {
        let Some(authentication) = self.options.auth_method() else {
            return Err(AuthenticateError::NoMethod);
        };
        let method = authentication.method.as_str();
        if !self.output.reserve(method.len() + data.len() + HEADER) {
            return Err(AuthenticateError::Full);
        }
        let list = [
            Property::AuthenticationMethod(method.into()),
            Property::AuthenticationData(data),
        ];
        let out = &mut self.output.out();
        match self.protocol.authenticate(code, &list, out) {
            Ok(()) => Ok(()),
            Err(SendError::Full | SendError::Busy) => Err(AuthenticateError::Full),
            Err(_) => Err(AuthenticateError::Offline),
        }
    }

    /// The broker goes on with the authentication, or has completed one that was begun anew.
    #[cold]
    pub(super) fn on_auth(&mut self, code: ReasonCode, properties: Properties<'_>, now: Duration) {
        if code == ReasonCode::SUCCESS {
            if self.complete_authentication(properties, now) {
                self.emit(Event::Authenticated);
            }
            return;
        }
        self.hear(properties);
        let said = match self.say_next() {
            Ok(data) => self.write_auth(ReasonCode::CONTINUE_AUTHENTICATION, &data),
            Err(reason) => Err(AuthenticateError::Failed(reason)),
        };
        if let Err(error) = said {
            let reason = match error {
                AuthenticateError::Failed(reason) => reason,
                error => Arc::from(alloc::format!("{error}")),
            };
            self.fail_authentication(reason, now);
        }
    }

    fn hear(&mut self, properties: Properties<'_>) {
        let data = properties.authentication_data().unwrap_or_default();
        self.extras.make().exchange.push(data.to_vec());
    }

    /// The broker accepts the client. Returns whether the client accepts the broker.
    pub(super) fn complete_authentication(
        &mut self,
        properties: Properties<'_>,
        now: Duration,
    ) -> bool {
        if self.options.auth_method().is_none() || self.protocol.version() != Version::Mqtt5 {
            return true;
        }
        self.hear(properties);
        self.extras.make().exchange.complete();
        let judged = self.say_next();
        // What was said may be secret.
        self.extras.make().exchange = Exchange::default();
        match judged {
            Ok(_) => true,
            Err(reason) => {
                self.fail_authentication(reason, now);
                false
            }
        }
    }

    /// The client does not go on with the authentication.
    pub(super) fn fail_authentication(&mut self, reason: Arc<str>, now: Duration) {
        self.output.reserve_reply(REPLY);
        let out = &mut self.output.out();
        // Before the broker has accepted the connection, closing it has to do.
        let _ = self
            .protocol
            .disconnect_with(ReasonCode::UNSPECIFIED_ERROR, &[], out);
        let reason = DisconnectReason::Authentication(reason);
        self.close_connection(reason, now.saturating_add(FLUSH), now);
    }
}
