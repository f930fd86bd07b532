//! The reasons why an authentication does not begin anew.
use super::Ended;
use alloc::sync::Arc;

/// The reason why a [re-authentication](crate::Client::reauthenticate) does not begin.
#[derive(Clone, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthenticateError {
    /// The options have no [authentication method](crate::Options::authentication).
    #[error("there is no authentication method: set one in the options")]
    NoMethod,
    /// There is no connection, or it does not use MQTT 5. The next connection with MQTT 5 begins
    /// with an authentication anyway.
    #[error("there is no connection of MQTT 5: the next one begins with an authentication")]
    Offline,
    /// There is no room for AUTH now. Try again later; a driver does so after
    /// [`Event::Room`](crate::Event::Room).
    #[error("there is no room for AUTH now: try again when there is")]
    Full,
    /// The application's authentication function returned this error.
    #[error("the authentication failed: {0}")]
    Failed(Arc<str>),
    /// The client has ended.
    #[error(transparent)]
    Ended(Ended),
}
