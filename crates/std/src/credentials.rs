//! The function of the application that may change each attempt to connect.
use crate::Attempt;
use std::{error::Error, fmt, sync::Arc};

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

    pub fn ask(&self, attempt: Attempt) -> Result<Attempt, Arc<dyn Error + Send + Sync>> {
        (self.0)(attempt).map_err(Arc::from)
    }
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hook")
    }
}
