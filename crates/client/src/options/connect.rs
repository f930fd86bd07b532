//! From options to CONNECT.
use super::*;
use crate::{
    AliasPolicy, OptionsError, authentication::Authentication, protocol::identifier_offset,
    write_buf::LIMIT,
};
use motemq::{Connect, Property, Publish, TopicName};

/// The longest time limit that CONNECT's answer can have.
const LONGEST_ANSWER: Duration = Duration::from_secs(255);
/// The most bytes of the user properties of a SUBSCRIBE, UNSUBSCRIBE or DISCONNECT: half of what is
/// reserved for answers.
const LONGEST_PROPERTIES: usize = 2 << 10;

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

    /// Checks the options: whether they make a valid CONNECT, and exceed no limit of the
    /// [profile](Self::profile). [`Client::new`](crate::Client::new) does the same.
    ///
    /// # Errors
    /// An [`OptionsError`] for the first option that is not valid.
    ///
    /// # Examples
    /// ```
    /// use motemq_client::{Options, OptionsError};
    /// let error = Options::new("").keep_session().check();
    /// assert_eq!(error, Err(OptionsError::ClientIdMissing));
    /// ```
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
        if let Some(authentication) = self.auth_method() {
            check_text("authentication method", &authentication.method)?;
        }
        for property in self.all_user_properties() {
            check_text("name of a user property", &property.name)?;
            check_text("value of a user property", &property.value)?;
        }
        for packet in [
            PropertyPacket::Subscribe,
            PropertyPacket::Unsubscribe,
            PropertyPacket::Disconnect,
        ] {
            let (len, limit) = (self.user_properties_length(packet), LONGEST_PROPERTIES);
            if len > limit {
                return Err(OptionsError::UserPropertiesTooLong { len, limit });
            }
        }
        if let (AliasPolicy::Fixed(topics), _) = self.topic_aliases() {
            for topic in topics {
                TopicName::new(topic).map_err(OptionsError::AliasTopic)?;
            }
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
        let will = will.map_or(0, |will| {
            will.topic.len() + will.payload.len() + will.properties.as_bytes().len()
        });
        let properties = self.user_properties_length(PropertyPacket::Connect);
        let (user, password) = self.user_and_password();
        let user = user.map_or(0, str::len);
        let password = password.map_or(0, <[u8]>::len);
        let method = self.auth_method();
        let method = method.map_or(0, |authentication| authentication.method.len() + 6);
        self.client_id.len() + will + properties + user + password + method + 64
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

/// The properties of CONNECT and of its will.
pub(crate) struct ConnectProperties<'o> {
    connect: Vec<Property<'o>>,
    will: Vec<Property<'o>>,
}

impl Options {
    /// Returns the seconds for which a broker of MQTT 5 is asked to keep the session.
    pub(crate) fn asked_session_expiry(&self) -> u32 {
        let mqtt5 = self.settings.mqtt5.as_deref();
        let given = mqtt5.and_then(|mqtt5| mqtt5.session_expiry);
        given.unwrap_or(self.default_session_expiry())
    }

    /// Returns the seconds for which the broker keeps the session if no property says so. The core
    /// asks for a kept session by itself.
    fn default_session_expiry(&self) -> u32 {
        if self.clean { 0 } else { u32::MAX }
    }

    /// Returns the session expiry interval of the DISCONNECT with which the client leaves. If the
    /// session ends with the connection anyway, there is none.
    pub(crate) fn last_session_expiry(&self, is_kept: bool) -> Option<Property<'_>> {
        let seconds = self.settings.mqtt5.as_deref()?.last_session_expiry?;
        is_kept.then_some(Property::SessionExpiryInterval(seconds))
    }

    /// Returns the authentication method, if there is one.
    pub(crate) fn auth_method(&self) -> Option<&Authentication> {
        self.settings.mqtt5.as_deref()?.authentication.as_ref()
    }

    /// Returns whether the client goes to the servers that brokers name.
    pub(crate) fn follows_references(&self) -> bool {
        let mqtt5 = self.settings.mqtt5.as_deref();
        mqtt5.is_some_and(|mqtt5| mqtt5.follows_references)
    }

    /// Returns the policy for the aliases of the client, and how many the broker may use.
    pub(crate) fn topic_aliases(&self) -> (&AliasPolicy, u16) {
        match self.settings.mqtt5.as_deref() {
            Some(mqtt5) => (&mqtt5.alias_policy, mqtt5.topic_alias_maximum),
            None => (&AliasPolicy::Never, 0),
        }
    }

    fn all_user_properties(&self) -> &[UserProperty] {
        let mqtt5 = self.settings.mqtt5.as_deref();
        mqtt5.map_or(&[], |mqtt5| &mqtt5.user_properties)
    }

    fn user_properties_of(&self, packet: PropertyPacket) -> impl Iterator<Item = &UserProperty> {
        let all = self.all_user_properties().iter();
        all.filter(move |property| property.packet == packet)
    }

    /// Returns the length of the user properties of a packet.
    pub(crate) fn user_properties_length(&self, packet: PropertyPacket) -> usize {
        self.user_properties_of(packet)
            .map(UserProperty::length)
            .sum()
    }

    /// Returns the user properties of a packet. MQTT 3.1.1 has none.
    pub(crate) fn user_properties(
        &self,
        packet: PropertyPacket,
        version: Version,
    ) -> Vec<Property<'_>> {
        match version {
            Version::Mqtt5 => {
                let mine = self.user_properties_of(packet);
                mine.map(UserProperty::to_send).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Returns the properties that CONNECT has with MQTT 5. Those that the core sets by itself,
    /// unless they are given, are left out: a session that is kept for ever, and the number of
    /// messages that can be received at once.
    /// The authentication begins with `data`.
    pub(crate) fn connect_properties<'o>(&'o self, data: &'o [u8]) -> ConnectProperties<'o> {
        let (mut connect, mut will) = (Vec::new(), Vec::new());
        if let Some(mqtt5) = self.settings.mqtt5.as_deref() {
            let expiry = self.asked_session_expiry();
            if expiry != self.default_session_expiry() {
                connect.push(Property::SessionExpiryInterval(expiry));
            }
            connect.extend(mqtt5.receive_maximum.map(Property::ReceiveMaximum));
            let size = mqtt5.maximum_packet_size;
            connect.extend(size.map(Property::MaximumPacketSize));
            let problem = mqtt5.request_problem_information;
            connect.extend(problem.map(Property::RequestProblemInformation));
            let response = mqtt5.request_response_information;
            connect.extend(response.map(Property::RequestResponseInformation));
            if let Some(authentication) = &mqtt5.authentication {
                let method = authentication.method.as_str();
                connect.push(Property::AuthenticationMethod(method.into()));
                connect.push(Property::AuthenticationData(data));
            }
            if mqtt5.topic_alias_maximum > 0 {
                connect.push(Property::TopicAliasMaximum(mqtt5.topic_alias_maximum));
            }
        }
        connect.extend(self.user_properties(PropertyPacket::Connect, Version::Mqtt5));
        if let Some(message) = self.will.as_deref() {
            if !message.delay.is_zero() {
                will.push(Property::WillDelayInterval(seconds(message.delay)));
            }
            will.extend(message.properties.to_publish());
        }
        ConnectProperties { connect, will }
    }
}

impl<'o> ConnectProperties<'o> {
    /// Returns a CONNECT with these properties.
    pub fn of<'c>(&'c self, connect: Connect<'c>) -> Connect<'c, &'c [Property<'c>]>
    where
        'o: 'c,
    {
        let will = connect.will.map(|will| will.properties(&self.will[..]));
        let connect = connect.properties(&self.connect);
        Connect { will, ..connect }
    }
}

/// Returns a time as MQTT has it: whole seconds, not less than it is, and not for ever.
pub(super) fn seconds(time: Duration) -> u32 {
    let seconds = time.as_secs();
    let seconds = seconds.saturating_add(u64::from(time.subsec_nanos() > 0));
    seconds.min(u64::from(u32::MAX) - 1) as u32
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
