//! From options to CONNECT.
use super::*;
use crate::{OptionsError, protocol::identifier_offset, write_buf::LIMIT};
use motemq::{Connect, Publish, TopicName};

/// The longest time limit that CONNECT's answer can have.
const LONGEST_ANSWER: Duration = Duration::from_secs(255);

impl Options {
    /// Returns the same options with another login.
    pub(crate) fn with_login(&self, user: Option<String>, password: Option<Vec<u8>>) -> Self {
        Options {
            login: Login::new(user, password),
            ..self.clone()
        }
    }

    /// Returns user name and password.
    fn user_and_password(&self) -> (Option<&str>, Option<&[u8]>) {
        match &self.login {
            Some(login) => (login.user.as_deref(), login.password.as_deref()),
            None => (None, None),
        }
    }

    /// Checks that a CONNECT can be made of the options.
    ///
    /// # Errors
    /// The first [`OptionsError`].
    pub fn check(&self) -> Result<(), OptionsError> {
        if self.client_id.is_empty() && !self.clean {
            return Err(OptionsError::ClientIdMissing);
        }
        check_text("client identifier", &self.client_id)?;
        let (user, password) = self.user_and_password();
        check_text("user name", user.unwrap_or_default())?;
        check_length("password", password.map_or(0, <[u8]>::len))?;
        if password.is_some() && user.is_none() {
            return Err(OptionsError::UserMissing);
        }
        if let Some(will) = &self.will {
            TopicName::new(&will.topic).map_err(OptionsError::WillTopic)?;
            check_length("payload of the will", will.payload.len())?;
        }
        let (len, limit) = (self.connect_length(), LIMIT);
        if len > limit {
            return Err(OptionsError::ConnectTooLong { len, limit });
        }
        if let Some(profile) = self.limits() {
            profile.check_connect(&self.connect(0))?;
        }
        Ok(())
    }

    /// Returns the length of CONNECT, or more.
    pub(crate) fn connect_length(&self) -> usize {
        let will = self.will.as_ref();
        let will = will.map_or(0, |will| will.topic.len() + will.payload.len());
        let (user, password) = self.user_and_password();
        let user = user.map_or(0, str::len);
        let password = password.map_or(0, <[u8]>::len);
        self.client_id.len() + will + user + password + 64
    }

    /// Returns how long the answer to a request may take, or what stands for it if that is not
    /// limited.
    pub(crate) fn answer_limit(&self) -> Duration {
        let limit = self.settings.ack_timeout;
        limit.unwrap_or(self.settings.connect_timeout)
    }

    /// Returns how long the answer to CONNECT may take: whole seconds, 1 to 255.
    pub(crate) fn answer_timeout(&self) -> Duration {
        let limit = self.settings.connect_timeout.min(LONGEST_ANSWER);
        Duration::from_secs(limit.as_millis().div_ceil(1000).max(1) as u64)
    }

    /// Returns what CONNECT says. If the broker has a session that is not known here, packet
    /// identifiers begin at a random offset.
    pub(crate) fn connect(&self, random: u64) -> Connect<'_> {
        let will = self.will.as_deref().map(|will| {
            let message = Publish::to(&will.topic)
                .payload(&will.payload)
                .qos(will.qos);
            if will.retain {
                message.retain()
            } else {
                message
            }
        });
        let (user, password) = self.user_and_password();
        Connect {
            will,
            user,
            password,
            keep_alive: self.keep_alive,
            timeout: self.answer_timeout().as_secs() as u8,
            clean: self.clean,
            identifier_offset: identifier_offset(random),
            ..Connect::new(&self.client_id)
        }
    }
}

fn check_text(field: &'static str, text: &str) -> Result<(), OptionsError> {
    check_length(field, text.len())?;
    match text.find('\0') {
        Some(at) => Err(OptionsError::NullCharacter { field, at }),
        None => Ok(()),
    }
}

fn check_length(field: &'static str, len: usize) -> Result<(), OptionsError> {
    if len > 0xffff {
        return Err(OptionsError::TooLong { field, len });
    }
    Ok(())
}
