//! The reasons why an authentication does not begin anew.
use super::Ended;
use alloc::sync::Arc;

/// The reason why an authentication does not begin anew.
#[derive(Clone, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthenticateError {
    /// The options name no authentication method.
    #[error("there is no authentication method: set one in the options")]
    NoMethod,
    /// There is no connection of MQTT 5. The next one begins with an authentication.
    #[error("there is no connection of MQTT 5: the next one begins with an authentication")]
    Offline,
    /// There is no room now. [`Event::Room`](crate::Event::Room) says when to try again.
    #[error("there is no room for AUTH now: try again when there is")]
    Full,
    /// The application has nothing to say.
    #[error("the authentication failed: {0}")]
    Failed(Arc<str>),
    /// The client has ended.
    #[error(transparent)]
    Ended(Ended),
}
