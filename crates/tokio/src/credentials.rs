//! The login and the route of each attempt to connect, which the application can change.
use crate::dial::BoxFuture;
use motemq_net::Route;
use std::{error::Error, fmt, future::Future, sync::Arc};

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
type Ask = dyn Fn(Attempt) -> BoxFuture<Result<Attempt, BoxError>> + Send + Sync;

/// Asks the application.
#[derive(Clone)]
pub(crate) struct Hook(Arc<Ask>);

impl Hook {
    pub fn new<F, E>(ask: impl Fn(Attempt) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Attempt, E>> + Send + 'static,
        E: Into<BoxError>,
    {
        Hook(Arc::new(move |attempt| {
            let answer = ask(attempt);
            Box::pin(async { answer.await.map_err(Into::into) })
        }))
    }

    pub async fn ask(&self, route: Route) -> Result<Attempt, Arc<dyn Error + Send + Sync>> {
        let login = None;
        (self.0)(Attempt { route, login }).await.map_err(Arc::from)
    }
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hook")
    }
}
