//! An open connection: bytes between the transport and the client.
use crate::{
    link::Link,
    shared::{Inner, Shared, Sleep, Woken, begin_turn, fall_asleep},
};
use motemq_client::Transport;
use motemq_hosted::{Buffers, Read, Trace};
use std::{io, time::Duration};

/// A connection. It is touched by the driver, and by threads that write when nothing waits, so that no
/// system call is made while the client is locked.
#[derive(Debug)]
pub(crate) struct Connection {
    pub link: Link,
    buffers: Buffers,
    /// The last read, if it was in this turn.
    read: Read,
    /// Replies wait to be written until more is read.
    is_gathering: bool,
    /// The transport has failed, or the broker has closed it.
    lost: Option<Option<io::Error>>,
}

/// The next action of the driver.
#[derive(Debug)]
pub(crate) enum Next {
    /// The next turn.
    Again,
    Sleep(Sleep),
    /// To wait for bytes with the transport itself, which the system cannot wait for.
    Read(Option<Duration>),
    /// The client has nothing more to say.
    Close,
    /// The client does not want the connection any more.
    Drop,
    /// The broker closed it, or the transport failed.
    Lost(Option<io::Error>),
}

impl Connection {
    pub fn new(link: Link, trace: Option<Trace>, now: Duration) -> Self {
        Connection {
            link,
            buffers: Buffers::new(trace, now),
            read: Read::default(),
            is_gathering: false,
            lost: None,
        }
    }

    /// One turn of the driver. Threads that wait for room are left to be woken.
    pub fn turn(&mut self, shared: &Shared, woken: &mut Woken, now: Duration) -> Next {
        self.read = Read::default();
        if self.lost.is_none() && self.buffers.may_read() && self.link.is_readable() {
            self.read(Duration::ZERO, now);
        }
        if let Some(error) = self.lost.take() {
            return Next::Lost(error);
        }
        let next = shared.drive_silently(woken, |inner| self.inner_turn(inner, now));
        woken.wake_readers();
        let has_news = self.write(now) || self.buffers.has_written();
        if has_news && matches!(next, Next::Sleep(_) | Next::Read(_)) {
            return Next::Again;
        }
        match next {
            Next::Sleep(sleep) => {
                let idle = self.buffers.idle(shared, woken, now);
                let until = sleep.until.into_iter().chain(idle).min();
                Next::Sleep(Sleep { until })
            }
            next => next,
        }
    }

    /// The one hold of the lock in a turn.
    fn inner_turn(&mut self, inner: &mut Inner, now: Duration) -> Next {
        begin_turn(inner);
        let turn = self.buffers.turn(&mut inner.client, self.read, now);
        if turn.is_late {
            self.link.look_again();
        }
        self.is_gathering = turn.is_gathering;
        match turn.transport {
            Transport::Keep => {}
            Transport::Close => return Next::Close,
            _ => return Next::Drop,
        }
        let is_again = turn.is_again
            || (self.buffers.has_output() && self.link.is_writable())
            || (self.buffers.may_read() && self.link.is_readable());
        if is_again {
            return Next::Again;
        }
        if !self.link.is_polled() {
            return Next::Read(turn.until);
        }
        fall_asleep(inner, turn.until, now).map_or(Next::Again, Next::Sleep)
    }

    /// Writes the replies that wait for more of them, since nothing is read for now.
    pub fn flush_gathered(&mut self, shared: &Shared, woken: &mut Woken) {
        if self.is_gathering {
            self.flush(shared, woken);
        }
    }

    /// Writes what the client wants written. Changes that are to be stored are left in `woken`.
    pub fn flush(&mut self, shared: &Shared, woken: &mut Woken) {
        let (mut has_written, mut has_failed) = (false, false);
        let mut now = shared.now();
        loop {
            let is_done = shared.drive(woken, |inner| {
                let is_done = self.hand_over(inner, now) || has_failed;
                if has_failed {
                    inner.wake_driver();
                }
                inner.sleeper.is_flushing = !is_done;
                is_done
            });
            if is_done {
                return;
            }
            // What is written at once takes no time that matters.
            if has_written {
                now = shared.now();
            }
            has_failed = self.write(now);
            has_written = true;
        }
    }

    /// Reports what was written, and takes what is to be written. Returns whether that is nothing.
    fn hand_over(&mut self, inner: &mut Inner, now: Duration) -> bool {
        self.buffers.report_written(&mut inner.client, now);
        // The driver would do it, and sleeps.
        let sleeper = &inner.sleeper;
        let mut wakes = sleeper.is_asleep && inner.client.on_timeout(now, || 0);
        if wakes {
            self.link.look_again();
        }
        wakes |= self.buffers.poll_output(&mut inner.client);
        if sleeper.is_asleep {
            let until = inner.client.poll_timeout();
            wakes |= until.is_some_and(|until| sleeper.until.is_none_or(|asleep| until < asleep));
            if wakes {
                inner.wake_driver();
            }
        }
        !self.buffers.has_output() || !self.link.is_writable() || self.link.is_to_be_read()
    }

    /// Writes as much as the transport takes. Returns whether it has failed, of which the driver
    /// tells the client.
    fn write(&mut self, now: Duration) -> bool {
        if self.lost.is_none() {
            self.lost = self.buffers.write(&mut self.link, now).err();
        }
        self.lost.is_some()
    }

    /// Reads what is there, and waits for it no longer than `limit`.
    pub fn read(&mut self, limit: Duration, now: Duration) {
        if !self.buffers.may_read() {
            // It waits for the application, and looks at what is to be written meanwhile.
            std::thread::sleep(limit);
            return;
        }
        self.link.set_wait(limit);
        match self.buffers.read(&mut self.link, now) {
            Ok(read) => self.read = read,
            Err(error) => self.lost = Some(error),
        }
    }
}
