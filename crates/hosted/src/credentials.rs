//! The application's function that can change each attempt to connect.
use crate::Attempt;
use std::{error::Error, fmt, sync::Arc};

/// An error of a function of the application.
pub type BoxError = Box<dyn Error + Send + Sync>;

type Ask<R> = dyn Fn(Attempt) -> R + Send + Sync;

/// The function of `Options::credentials`. It returns `R`, which is a result or a future of one.
pub struct Credentials<R>(Arc<Ask<R>>);

impl<R> Credentials<R> {
    /// Stores this function.
    pub fn new(ask: impl Fn(Attempt) -> R + Send + Sync + 'static) -> Self {
        Credentials(Arc::new(ask))
    }

    /// Calls the function with this attempt, and returns its result.
    pub fn ask(&self, attempt: Attempt) -> R {
        (self.0)(attempt)
    }
}

impl<R> Clone for Credentials<R> {
    fn clone(&self) -> Self {
        Credentials(self.0.clone())
    }
}

impl<R> fmt::Debug for Credentials<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials")
    }
}
