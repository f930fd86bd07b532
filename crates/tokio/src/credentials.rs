//! The function of the application that may change each attempt to connect.
use crate::Attempt;
use crate::dial::BoxFuture;
use std::{error::Error, fmt, future::Future, sync::Arc};

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

    pub async fn ask(&self, attempt: Attempt) -> Result<Attempt, Arc<dyn Error + Send + Sync>> {
        (self.0)(attempt).await.map_err(Arc::from)
    }
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hook")
    }
}
