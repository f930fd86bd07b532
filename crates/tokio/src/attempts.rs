//! Attempts to connect: where to, what went wrong, and how long to wait before the next.
use crate::{Address, Error, Options};
use motemq::{Fault, ReturnCode};
use motemq_net::Cause;
use std::{io, time::Duration};
use tokio::time::Instant;

pub(crate) struct Attempts<'o> {
    options: &'o Options,
    /// Brokers that were not reached so far.
    missed: u32,
    /// Waits since the last good connection.
    waits: u32,
}

impl<'o> Attempts<'o> {
    pub fn new(options: &'o Options) -> Self {
        Attempts {
            options,
            missed: 0,
            waits: 0,
        }
    }

    /// Where the next one goes.
    pub fn address(&self) -> Address {
        let chosen = self.options.brokers.get(self.turn()).cloned();
        chosen.unwrap_or_else(|| Address {
            host: "localhost".into(),
            port: self.options.port(),
        })
    }

    /// Which broker's turn it is.
    fn turn(&self) -> usize {
        self.missed as usize % self.options.brokers.len().max(1)
    }

    /// Nothing was opened there.
    pub fn failed(&mut self, error: io::Error) -> Error {
        let mut error = Error::unconnected(self.address().to_string(), error);
        let proxy = self
            .options
            .route
            .as_ref()
            .and_then(|route| route.proxy.as_ref());
        if let Some((proxy, Error::Connect { address, .. })) = proxy.zip(Some(&mut error)) {
            *address = format!("the proxy {}:{}", proxy.host(), proxy.port());
        }
        self.missed = self.missed.wrapping_add(1);
        error
    }

    /// A connection has ended, which the broker had accepted then, or not at all.
    ///
    /// # Errors
    /// The reason why there will be no other.
    pub fn ended(&mut self, cause: Cause, accepted: Option<Instant>) -> Result<Error, Error> {
        if let Some((at, waits)) = accepted.zip(self.options.reconnect.waits())
            && waits.is_good(at.elapsed())
        {
            self.waits = 0;
        }
        match cause {
            Cause::Fault(Fault::Refused(code)) if code != ReturnCode::SERVER_UNAVAILABLE => {
                Err(Error::Refused(code))
            }
            Cause::Fault(Fault::Refused(code)) => Ok(Error::Refused(code)),
            cause if accepted.is_some() => Ok(Error::ConnectionLost(cause)),
            cause => {
                let address = self.address().to_string();
                self.missed = self.missed.wrapping_add(1);
                Ok(Error::at_first(
                    address,
                    cause,
                    self.options.route.as_deref(),
                ))
            }
        }
    }

    /// How long to wait after this; `None`: there is to be no other attempt.
    pub fn wait(&mut self, error: &Error) -> Option<Duration> {
        // Another broker is tried at once, if this one was not reached.
        if self.turn() != 0 && error.is_unreached() {
            return Some(Duration::ZERO);
        }
        let wait = self.options.reconnect.waits()?.after(self.waits).next()?;
        self.waits += 1;
        Some(wait)
    }
}
