//! The login and the route of each attempt to connect, which the application can change.
use motemq_net::Route;
use std::{error::Error, fmt, sync::Arc};

/// User name and password.
pub(crate) type Login = (Option<String>, Option<Vec<u8>>);

/// An attempt to connect to a broker: see [`Options::credentials`](crate::Options::credentials).
#[derive(Debug)]
#[non_exhaustive]
pub struct Attempt {
    /// The way of the attempt to the broker, and its layers: host, port, path and query, proxy,
    /// certificates, headers of the WebSocket. A function of [`Options::credentials`] may change
    /// all of it.
    ///
    /// [`Options::credentials`]: crate::Options::credentials
    pub route: Route,
    pub(crate) login: Option<Login>,
}

impl Attempt {
    /// Sets user name and password, for this attempt and those after it.
    pub fn login(mut self, user: impl Into<String>, password: impl Into<Vec<u8>>) -> Self {
        self.login = Some((Some(user.into()), Some(password.into())));
        self
    }
}

type BoxError = Box<dyn Error + Send + Sync>;
type Ask = dyn Fn(Attempt) -> Result<Attempt, BoxError> + Send + Sync;

/// Asks the application.
#[derive(Clone)]
pub(crate) struct Hook(Arc<Ask>);

impl Hook {
    pub fn new<E>(ask: impl Fn(Attempt) -> Result<Attempt, E> + Send + Sync + 'static) -> Self
    where
        E: Into<BoxError>,
    {
        Hook(Arc::new(move |attempt| ask(attempt).map_err(Into::into)))
    }

    pub fn ask(&self, route: Route) -> Result<Attempt, Arc<dyn Error + Send + Sync>> {
        let login = None;
        (self.0)(Attempt { route, login }).map_err(Arc::from)
    }
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hook")
    }
}
