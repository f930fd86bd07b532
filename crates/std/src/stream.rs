//! Payloads of any size, which are never held whole.
use crate::{
    Cause, Client, Error, Header, Transport,
    engine::PAUSE,
    work::{Body, Request},
};
use motemq::{Publish, QoS, SendError, topic};
use std::{
    io::{self, ErrorKind, Read, Write},
    sync::Arc,
    time::{Duration, Instant},
};

/// Bytes read at a time.
const PIECE: usize = 16 << 10;

impl<T: Transport> Client<T> {
    /// Publishes `len` bytes from a reader without holding them. Returns when the broker has acknowledged them; with QoS 0 when they are
    /// written.
    ///
    /// There is no copy to send again: if the connection is lost before the last byte, nothing was published; if later, but before the
    /// acknowledgement, the call ends with [`OutcomeUnknown`](Error::OutcomeUnknown). Nothing else can be sent meanwhile, not even a ping:
    /// a broker may hang up if it takes longer than one and a half [keep-alives](crate::Options::keep_alive), and so it does if the reader
    /// blocks for long.
    ///
    /// # Errors
    /// `Source` if the reader fails or ends early: the connection is closed then, since half a packet cannot be taken back, and made again as
    /// the options say. `Invalid` for more than MQTT's 268,435,455 bytes, header included. Else as [`publish`](Self::publish).
    pub fn publish_from(&mut self, topic: &str, qos: QoS, retain: bool, len: u64, mut from: impl Read) -> Result<(), Error> {
        if !topic::is_name(topic) {
            return Err(Error::Invalid(format!("{topic:?} is no topic: use 1 to 65,535 bytes without wildcards (+ and #) and U+0000")));
        }
        let more =
            u32::try_from(len).map_err(|_| Error::Invalid(format!("{len} bytes are more than fit into an MQTT packet: send parts")))?;
        let until = self.deadline();
        let id = self.begin(&Publish { topic, payload: &[], more, qos, retain }, until)?;
        let connections = self.connections;
        let mut ticket = None;
        if let Some(id) = id {
            let new = self.work.ticket();
            self.work.sent(id, Request { ticket: new, body: Body::Gone });
            ticket = Some(new);
        }
        if let Err(error) = self.give_from(&mut from, connections) {
            if let Some(ticket) = ticket {
                self.work.withdraw(ticket);
            }
            return Err(error);
        }
        match ticket {
            Some(ticket) => self.settle(ticket),
            None => {
                self.is_on(connections)?;
                self.drain(connections)
            }
        }
    }

    fn give_from(&mut self, from: &mut impl Read, connections: u32) -> Result<(), Error> {
        let mut piece = vec![0; PIECE];
        self.is_on(connections)?;
        while self.session.unsent() > 0 {
            let want = piece.len().min(self.session.unsent() as usize);
            let got = match from.read(&mut piece[..want]) {
                Ok(0) => Err(io::Error::from(ErrorKind::UnexpectedEof)),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                got => got,
            };
            let got = match got {
                Ok(got) => got,
                Err(error) => {
                    let error = Error::Source(Arc::new(error));
                    // What the end of the connection means for later calls they will tell themselves.
                    let _ = self.broke(Cause::HungUp);
                    return Err(error);
                }
            };
            let mut rest = &piece[..got];
            while !rest.is_empty() {
                match self.session.publish_chunk(rest, &mut *self.tx) {
                    Ok(n) => rest = &rest[n..],
                    Err(SendError::Full) => {
                        self.serve()?;
                        if !self.tx.is_empty() {
                            self.turn(Some(Instant::now() + PAUSE))?;
                        }
                        self.is_on(connections)?;
                    }
                    Err(_) => return Err(self.lost()),
                }
            }
        }
        self.serve()?;
        self.is_on(connections)
    }

    /// Waits for a message, and writes its payload, of any size, into what `sink` returns for it; `Ok(None)` when `timeout` has passed
    /// without a message beginning.
    ///
    /// It is acknowledged like one given by [`recv`](Self::recv), by the next call. If the connection is lost half-way the call ends
    /// with `ConnectionLost`, even if another one is made: what was written is incomplete, and with QoS 1 and 2 the message comes again,
    /// for which `sink` is asked again.
    ///
    /// # Errors
    /// `Sink` if the writer fails; the rest of the message is dropped. Else as [`recv`](Self::recv).
    ///
    /// ```
    /// # use motemq_std::{Client, Options, Publish, QoS, Filter};
    /// # use std::time::Duration;
    /// # let broker = motemq_rig::server::Server::start(motemq_rig::broker::Config::new())?;
    /// # let mut client = Client::connect(&Options::new("a").host("127.0.0.1").port(broker.addr().port()))?;
    /// client.subscribe(&[Filter::new("image", QoS::AtLeastOnce)])?;
    /// client.publish_from("image", QoS::AtLeastOnce, false, 300_000, std::io::repeat(7))?;
    /// let mut file = Vec::new(); // any Write
    /// let header = client.recv_into(Some(Duration::from_secs(5)), |_| &mut file)?.expect("our own image");
    /// assert_eq!((header.topic.as_str(), header.len, file.len()), ("image", 300_000, 300_000));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn recv_into<W: Write>(&mut self, timeout: Option<Duration>, sink: impl FnOnce(&Header) -> W) -> Result<Option<Header>, Error> {
        self.accept();
        let until = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        self.inbox.direct = true;
        let begun = self.wait_for_beginning(until);
        self.inbox.direct = false;
        if !begun? {
            return Ok(None);
        }
        if let Some((item, token)) = self.inbox.pop() {
            self.serve_between();
            self.in_hand = token;
            let message = item?;
            let header = message.header();
            let mut writer = sink(&header);
            write_all(&mut writer, &message.payload).and_then(|()| writer.flush()).map_err(|error| Error::Sink(Arc::new(error)))?;
            return Ok(Some(header));
        }
        self.inbox.flowing = true;
        let taken = self.take_large(sink);
        self.inbox.flowing = false;
        if taken.is_err()
            && let Some(partial) = &mut self.inbox.partial
        {
            partial.broken = true;
        }
        taken.map(Some)
    }

    fn wait_for_beginning(&mut self, until: Option<Instant>) -> Result<bool, Error> {
        let mut looked = false;
        loop {
            if self.inbox.partial.as_ref().is_some_and(|partial| partial.broken) {
                self.drop_large();
            } else if !self.inbox.is_empty() || self.inbox.partial.as_ref().is_some_and(|partial| partial.large) {
                self.inbox.flowing = false;
                return Ok(true);
            }
            if looked && until.is_some_and(|until| Instant::now() >= until) {
                return Ok(false);
            }
            self.turn(until)?;
            looked = true;
        }
    }

    fn take_large<W: Write>(&mut self, sink: impl FnOnce(&Header) -> W) -> Result<Header, Error> {
        let Some(header) = self.inbox.partial.as_ref().map(|partial| partial.header.clone()) else { return Err(self.lost()) };
        let mut writer = sink(&header);
        let connections = self.connections;
        loop {
            self.is_on(connections)?;
            let Some(partial) = &mut self.inbox.partial else { return Err(self.lost()) };
            write_all(&mut writer, &partial.data).map_err(|error| Error::Sink(Arc::new(error)))?;
            partial.data.clear();
            if partial.left == 0 {
                self.in_hand = partial.token;
                self.inbox.partial = None;
                self.serve_between();
                writer.flush().map_err(|error| Error::Sink(Arc::new(error)))?;
                return Ok(header);
            }
            self.turn(None)?;
        }
    }

    /// Drops what has come of a message too large for memory; an error when it was the last of it.
    pub(crate) fn drop_large(&mut self) -> Option<Error> {
        let partial = self.inbox.partial.as_mut().filter(|partial| partial.large);
        self.inbox.flowing = partial.is_some();
        let partial = partial?;
        partial.data.clear();
        if partial.left > 0 {
            return None;
        }
        self.inbox.flowing = false;
        let partial = self.inbox.partial.take()?;
        self.in_hand = partial.token;
        if partial.broken {
            self.accept();
            return None;
        }
        Some(Error::MessageTooLarge { topic: Some(partial.header.topic), len: partial.header.len })
    }
}

/// [`Write::write_all`] that bears with writers that have a time-out of their own.
fn write_all(writer: &mut impl Write, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match writer.write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(n) => bytes = &bytes[n..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
