//! An open connection: bytes between the transport and the client.
use crate::{
    link::{Link, PAUSE},
    received::Received,
    shared::{Inner, Shared, Sleep},
    woken::Woken,
};
use motemq_client::{Direction, PayloadBuf, State, Transport, WriteBuf};
use motemq_hosted::{Trace, slices};
use motemq_net::PartialRead;
use std::{
    io::{self, ErrorKind},
    mem,
    time::{Duration, Instant},
};

/// The time without a byte after which memory is given back.
const IDLE: Duration = Duration::from_secs(1);

/// A place for the connection. Its buffers are touched by the driver, and by threads that write when
/// nothing waits, so that no system call is made while the client is locked.
#[derive(Debug, Default)]
pub(crate) struct Io(Option<Connection>);

impl Io {
    /// From now on this is the connection.
    pub fn put(&mut self, link: Link, trace: Option<Trace>, now: Duration) {
        self.0 = Some(Connection::new(link, trace, now));
    }

    pub fn get(&mut self) -> Option<&mut Connection> {
        self.0.as_mut()
    }

    /// There is no connection any more.
    pub fn take(&mut self) -> Option<Link> {
        self.0.take().map(|connection| connection.link)
    }

    /// Writes the replies that wait for more of them, since nothing is read for now. Changes that
    /// are to be stored are left in `woken`.
    pub fn flush_gathered(&mut self, shared: &Shared, woken: &mut Woken) {
        if self.0.as_ref().is_some_and(|io| io.is_gathering) {
            self.flush_with(shared, woken);
        }
    }

    /// Writes what the client wants written, with the thread of a command. It is not for a client
    /// that stores its state.
    pub fn flush(&mut self, shared: &Shared) {
        self.flush_with(shared, &mut Woken::default());
    }

    fn flush_with(&mut self, shared: &Shared, woken: &mut Woken) {
        let Some(connection) = &mut self.0 else {
            // The command waits for a connection.
            shared.with(Inner::wake_driver);
            return;
        };
        let (mut has_written, mut has_failed) = (false, false);
        let mut now = shared.now();
        loop {
            let is_done = shared.drive(woken, |inner| {
                let is_done = connection.hand_over(inner, now) || has_failed;
                if has_failed {
                    inner.wake_driver();
                }
                inner.is_flushing = !is_done;
                is_done
            });
            if is_done {
                return;
            }
            // What is written at once takes no time that matters.
            if has_written {
                now = shared.now();
            }
            has_failed = connection.write(now);
            has_written = true;
        }
    }
}

/// A connection.
#[derive(Debug)]
pub(crate) struct Connection {
    pub link: Link,
    rx: Received,
    /// The memory of a long message, of which the rest is read next.
    payload: PayloadBuf,
    tx: WriteBuf,
    trace: Option<Box<Trace>>,
    /// The size of the read buffer while something is to be read, else 0.
    read_limit: usize,
    /// The number of bytes that were read in this turn, if more may be there, else 0.
    filled: usize,
    /// Replies wait to be written until more is read.
    is_gathering: bool,
    /// All that has arrived was given to the client, as far as it is complete.
    is_rx_read: bool,
    /// A part of something that can be read only when it is complete has arrived.
    has_partial_read: bool,
    /// The number of bytes that the transport has taken, and of which the client does not know.
    written: usize,
    /// Bytes were written that the transport may hold back.
    is_unflushed: bool,
    /// The transport has failed, or the broker has closed it.
    lost: Option<Option<io::Error>>,
    moved_at: Duration,
    /// There is memory that could be given back.
    is_shrinkable: bool,
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
    fn new(link: Link, trace: Option<Trace>, now: Duration) -> Self {
        Connection {
            link,
            rx: Received::default(),
            payload: PayloadBuf::new(),
            tx: WriteBuf::new(),
            trace: trace.map(Box::new),
            read_limit: 0,
            filled: 0,
            is_gathering: false,
            is_rx_read: true,
            has_partial_read: false,
            written: 0,
            is_unflushed: false,
            lost: None,
            moved_at: now,
            is_shrinkable: true,
        }
    }

    /// One turn of the driver. Threads that wait for room are left to be woken.
    pub fn turn(&mut self, shared: &Shared, woken: &mut Woken, now: Duration) -> Next {
        self.filled = 0;
        if self.lost.is_none() && self.may_read() && self.link.is_readable() {
            self.read(Duration::ZERO, now);
        }
        if let Some(error) = self.lost.take() {
            return Next::Lost(error);
        }
        let next = shared.drive_silently(woken, |inner| self.inner_turn(inner, now));
        woken.wake_readers();
        if !self.tx.is_empty() || self.is_unflushed {
            self.write(now);
            let has_news = self.written > 0 || self.lost.is_some();
            if has_news && matches!(next, Next::Sleep(_) | Next::Read(_)) {
                return Next::Again;
            }
        }
        match next {
            Next::Sleep(sleep) => Next::Sleep(self.idle(shared, woken, sleep, now)),
            next => next,
        }
    }

    /// The one hold of the lock in a turn.
    fn inner_turn(&mut self, inner: &mut Inner, now: Duration) -> Next {
        inner.begin_turn();
        let client = &mut inner.client;
        if self.written > 0 {
            client.on_written(mem::take(&mut self.written), now);
        }
        if mem::take(&mut self.has_partial_read) {
            client.on_read_progress();
        }
        // Even if nothing has arrived, acknowledgements may have become due.
        let mut input = self.rx.bytes();
        let mut is_again = client.on_read(&mut input, now);
        let left = input.len();
        self.rx.keep(left);
        self.is_rx_read = !is_again;
        if left == 0 {
            client.poll_payload(&mut self.payload, now);
        }
        if client.on_timeout(now, || 0) {
            self.link.look_again();
            is_again = true;
        }
        // What is there already is read before replies leave, so that they leave together.
        self.is_gathering = self.filled > 0 && client.may_gather(self.filled);
        is_again |= self.is_gathering || client.poll_output(&mut self.tx);
        let transport = loop {
            match client.poll_transport(now, fastrand::u64(..)) {
                // The others were dropped when this one was opened.
                Transport::Cancel { .. } => {}
                transport => break transport,
            }
        };
        match transport {
            Transport::Keep => {}
            Transport::Close => return Next::Close,
            _ => return Next::Drop,
        }
        self.read_limit = client.read_limit();
        let until = client.poll_timeout();
        is_again |= (!self.tx.is_empty() && self.link.is_writable())
            || (self.may_read() && self.link.is_readable());
        if is_again {
            return Next::Again;
        }
        if !self.link.is_polled() {
            return Next::Read(until);
        }
        inner
            .fall_asleep(until, now)
            .map_or(Next::Again, Next::Sleep)
    }

    /// Reports what was written, and takes what is to be written. Returns whether that is nothing.
    fn hand_over(&mut self, inner: &mut Inner, now: Duration) -> bool {
        if self.written > 0 {
            inner.client.on_written(mem::take(&mut self.written), now);
        }
        // The driver would do it, and sleeps.
        let mut wakes = inner.is_asleep && inner.client.on_timeout(now, || 0);
        if wakes {
            self.link.look_again();
        }
        wakes |= inner.client.poll_output(&mut self.tx);
        if inner.is_asleep {
            let until = inner.client.poll_timeout();
            wakes |=
                until.is_some_and(|until| inner.asleep_until.is_none_or(|asleep| until < asleep));
            if wakes {
                inner.wake_driver();
            }
        }
        self.tx.is_empty() || !self.link.is_writable() || self.link.reads_first()
    }

    /// Writes as much as the transport takes. Returns whether it has failed, of which the driver
    /// tells the client.
    fn write(&mut self, now: Duration) -> bool {
        if self.lost.is_none()
            && let Err(error) = self.try_write(now)
        {
            self.lost = Some(error);
        }
        self.lost.is_some()
    }

    fn try_write(&mut self, now: Duration) -> Result<(), Option<io::Error>> {
        // A transport for which the system cannot wait may take its time for each piece.
        let until = (!self.link.is_polled()).then(|| Instant::now() + PAUSE);
        while !self.tx.is_empty() {
            let written = if self.tx.is_contiguous() {
                self.link.write(self.tx.bytes())
            } else {
                let (slices, count) = slices(&self.tx);
                self.link.write_vectored(&slices[..count])
            };
            match written {
                Ok(0) => return Err(None),
                Ok(n) => {
                    if let Some(trace) = &mut self.trace {
                        trace.pass_chunks(Direction::Out, self.tx.chunks(), n);
                    }
                    self.tx.consume(n);
                    self.written += n;
                    self.is_unflushed = true;
                    self.has_moved(now);
                    if until.is_some_and(|until| Instant::now() >= until) {
                        self.link.look_again();
                        break;
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if is_pause(&error) => break,
                Err(error) => return Err(Some(error)),
            }
        }
        if self.is_unflushed {
            match self.link.flush() {
                Err(error) if is_pause(&error) => return Ok(()),
                flushed => flushed.map_err(Some)?,
            }
            self.is_unflushed = false;
        }
        Ok(())
    }

    fn may_read(&self) -> bool {
        self.rx.bytes().len() < self.read_limit && self.is_rx_read && !self.payload.has_unread()
    }

    /// Reads what is there, and waits for it no longer than `limit`.
    pub fn read(&mut self, limit: Duration, now: Duration) {
        if !self.may_read() {
            // It waits for the application, and looks at what is to be written meanwhile.
            std::thread::sleep(limit);
            return;
        }
        let link = &mut self.link;
        let is_direct = self.payload.wanted() > 0;
        let read = if is_direct {
            // What is behind the payload is read a little at a time, in case it is long, too.
            self.rx.read_little();
            self.payload.read_with(|space| link.read(space, limit))
        } else {
            link.read(self.rx.space(self.read_limit), limit)
        };
        match read {
            Ok(0) => self.lost = Some(None),
            Ok(n) => {
                if !is_direct {
                    self.rx.commit(n);
                }
                if self.link.is_readable() {
                    self.filled = n;
                }
                if let Some(trace) = &mut self.trace {
                    let bytes = if is_direct {
                        self.payload.unread()
                    } else {
                        self.rx.last(n)
                    };
                    trace.pass(Direction::In, bytes);
                }
                self.has_moved(now);
            }
            Err(error) if PartialRead::is(&error) => self.has_partial_read = true,
            Err(error) if is_pause(&error) => {}
            Err(error) => self.lost = Some(Some(error)),
        }
    }

    fn has_moved(&mut self, now: Duration) {
        (self.moved_at, self.is_shrinkable) = (now, true);
    }

    /// Gives memory back if no bytes have moved for a while, else wakes up when that will be.
    fn idle(&mut self, shared: &Shared, woken: &mut Woken, sleep: Sleep, now: Duration) -> Sleep {
        if !self.is_shrinkable {
            return sleep;
        }
        let is_idle =
            now >= self.moved_at + IDLE && self.rx.bytes().is_empty() && self.tx.is_empty();
        if !is_idle {
            let at = (self.moved_at + IDLE).max(now + IDLE / 2);
            let until = Some(sleep.until.map_or(at, |until| until.min(at)));
            return Sleep { until };
        }
        self.is_shrinkable = false;
        self.rx = Received::default();
        self.tx.shrink();
        woken.shrink();
        shared.with(Inner::shrink);
        sleep
    }

    /// Returns whether the broker has accepted the connection.
    pub fn is_accepted(inner: &Inner) -> bool {
        matches!(inner.client.state(), State::Connected { .. })
    }
}

/// Returns whether a stream can go on later after this error.
pub(crate) fn is_pause(error: &io::Error) -> bool {
    use ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), WouldBlock | TimedOut | Interrupted)
}
