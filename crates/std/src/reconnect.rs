//! Connections as they begin and end, and what is between them.
use crate::{
    Cause, Client, Error, Transport,
    client::{BUFFER, Link},
    engine::GLANCE,
};
use motemq::{Fault, ReturnCode};
use motemq_net::unconnectable;
use std::{thread, time::Instant};

impl<T: Transport> Client<T> {
    /// Begins a connection over a transport.
    pub(crate) fn start(&mut self, transport: T) -> Result<(), Error> {
        let connect = self.options.identity.connect();
        self.options.profile.check_connect(&connect)?;
        let begun = self.session.connect(&connect, &mut self.rx, &mut self.tx);
        begun.map_err(|error| Error::Invalid(unconnectable(error, BUFFER)))?;
        self.link = Link::Up(transport);
        self.connections += 1;
        self.connected_at = None;
        self.read_limit = None;
        self.stalled_at = None;
        self.late_since = None;
        self.choked = false;
        if let Some(tracer) = &mut self.tracer {
            tracer.restart();
        }
        Ok(())
    }

    /// The connection has ended. An error if there will be no other.
    pub(crate) fn broke(&mut self, cause: Cause) -> Result<(), Error> {
        self.blame(&cause);
        self.session.on_connection_lost();
        self.tx.clear();
        self.work.lost();
        self.inbox.partial = None;
        // What the application holds in its hands it has had: it must not come again with QoS 2.
        self.accept();
        self.last_cause = Some(cause.clone());
        let connected_at = self.connected_at.take();
        if let Some((at, waits)) = connected_at.zip(self.waits.as_mut()) {
            waits.ended_after(at.elapsed());
        }
        let error = if connected_at.is_some() {
            Error::of(cause)
        } else {
            Error::at_first(cause, &self.options.route)
        };
        self.wait_or_end(error)
    }

    fn wait_or_end(&mut self, error: Error) -> Result<(), Error> {
        // Asking again will not change these.
        let in_vain = match error {
            Error::Refused(code) => code != ReturnCode::SERVER_UNAVAILABLE,
            Error::NotAuthorized(_) | Error::Invalid(_) | Error::OverLimit(_) => true,
            _ => false,
        };
        let wait = if in_vain || self.dial.is_none() {
            None
        } else {
            self.waits.as_mut().and_then(Iterator::next)
        };
        match wait {
            Some(wait) => {
                self.link = Link::Down(Instant::now() + wait);
                Ok(())
            }
            None => {
                self.link = Link::Over(error.clone());
                Err(error)
            }
        }
    }

    pub(crate) fn redial(&mut self, at: Instant, until: Option<Instant>) -> Result<(), Error> {
        let now = Instant::now();
        if now < at {
            let end = until.map_or(at, |until| until.min(at));
            let mut nap = end.saturating_duration_since(now);
            if self.options.stop.is_some() {
                nap = nap.min(GLANCE);
            }
            thread::sleep(nap);
            return Ok(());
        }
        let Some(dial) = &mut self.dial else {
            return Ok(());
        };
        match dial().and_then(|transport| self.start(transport)) {
            // Not a failed attempt. Who leaves has put the flag aside, and goes on until the time
            // is up.
            Err(error @ Error::Stopped) if self.options.stop.is_some() => Err(error),
            outcome => outcome.or_else(|error| self.wait_or_end(error)),
        }
    }

    /// The first connection, which is tried once.
    pub(crate) fn open(&mut self, transport: T) -> Result<(), Error> {
        self.start(transport)?;
        let waits = self.waits.take();
        let limit = self.options.identity.timeout;
        let until = Instant::now().checked_add(limit);
        let opened = self.wait(until, |client| client.known.is_some());
        self.waits = waits;
        match opened {
            Ok(true) => Ok(()),
            Ok(false) | Err(Error::ConnectionLost(Cause::Fault(Fault::Timeout))) => {
                Err(Error::NoAnswer { limit })
            }
            Err(error) => Err(error),
        }
    }
}
