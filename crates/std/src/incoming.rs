//! What the application receives.
use crate::{Client, Error, Header, Message, Transport, client::Link};
use std::{
    io::{self, ErrorKind, Write},
    ops::ControlFlow,
    sync::Arc,
    time::{Duration, Instant},
};

/// How long acknowledgements may wait for others while messages are taken.
const SERVE: Duration = Duration::from_millis(10);

impl<T: Transport> Client<T> {
    /// Waits for a message; `Ok(None)` when `timeout` has passed without one, `None`: as long as it
    /// takes. With a time-out of zero it takes what is there.
    ///
    /// The message given before counts as dealt with, and is acknowledged. While an attempt to
    /// connect again is being made it may take
    /// [`Options::connect_timeout`](crate::Options::connect_timeout) longer.
    ///
    /// # Errors
    /// `ConnectionLost`; `MessageTooLarge` and `SubscriptionLost`, after which it can be called
    /// again.
    pub fn recv(&mut self, timeout: Option<Duration>) -> Result<Option<Message>, Error> {
        self.accept();
        let until = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut looked = false;
        loop {
            if let Some(item) = self.take() {
                return item.map(Some);
            }
            if let Some(dropped) = self.drop_large() {
                return Err(dropped);
            }
            if looked && until.is_some_and(|until| Instant::now() >= until) {
                return Ok(None);
            }
            self.turn(until)?;
            looked = true;
        }
    }

    /// Messages as they come, until `timeout` has passed without one. When the connection is over
    /// the error that says so is the last item.
    ///
    /// ```
    /// # use motemq_std::{Client, Options, Publish, QoS, Filter};
    /// # use std::time::Duration;
    /// # let broker = motemq_rig::server::Server::start(motemq_rig::broker::Config::new())?;
    /// # let mut client = Client::connect(&Options::new("a").host("127.0.0.1").port(broker.addr().port()))?;
    /// # client.subscribe(&[Filter::new("lines", QoS::AtMostOnce)])?;
    /// # client.publish(&Publish::to("lines").payload(b"one"))?;
    /// for message in client.messages(Some(Duration::from_millis(200))) {
    ///     assert_eq!(message?.payload, b"one");
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn messages(&mut self, timeout: Option<Duration>) -> Messages<'_, T> {
        Messages {
            client: self,
            timeout,
            over: false,
        }
    }

    /// Gives each message to `handler`, until it says `Break`; returns what it breaks with.
    ///
    /// The handler may use the client: publish an answer, subscribe, take the next message itself.
    /// The message is acknowledged when the handler has returned. To leave, break and
    /// [`disconnect`](Self::disconnect).
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    ///
    /// ```
    /// # use motemq_std::{Client, Options, Publish, QoS, Filter};
    /// # let broker = motemq_rig::server::Server::start(motemq_rig::broker::Config::new())?;
    /// # let mut client = Client::connect(&Options::new("a").host("127.0.0.1").port(broker.addr().port()))?;
    /// use std::ops::ControlFlow;
    /// client.subscribe(&[Filter::new("ask", QoS::AtLeastOnce), Filter::new("answer", QoS::AtLeastOnce)])?;
    /// client.publish(&Publish::to("ask").payload(b"6*7").qos(QoS::AtLeastOnce))?;
    /// let answer = client.run(|client, message| match message.topic.as_str() {
    ///     "ask" => match client.publish(&Publish::to("answer").payload(b"42").qos(QoS::AtLeastOnce)) {
    ///         Ok(()) => ControlFlow::Continue(()),
    ///         Err(error) => ControlFlow::Break(Err(error)),
    ///     },
    ///     _ => ControlFlow::Break(Ok(message.payload)),
    /// })??;
    /// assert_eq!(answer, b"42");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn run<B>(
        &mut self,
        mut handler: impl FnMut(&mut Self, Message) -> ControlFlow<B>,
    ) -> Result<B, Error> {
        loop {
            if let Some(message) = self.recv(None)?
                && let ControlFlow::Break(value) = handler(self, message)
            {
                return Ok(value);
            }
        }
    }

    /// Waits for a message, and writes its payload, of any size, into what `sink` returns for it;
    /// `Ok(None)` when `timeout` has passed without a message beginning.
    ///
    /// It is acknowledged like one given by [`recv`](Self::recv), by the next call. If the
    /// connection is lost half-way the call ends with `ConnectionLost`, even if another one is
    /// made: what was written is incomplete, and with QoS 1 and 2 the message comes again,
    /// for which `sink` is asked again.
    ///
    /// # Errors
    /// `Sink` if the writer fails; the rest of the message is dropped. Else as
    /// [`recv`](Self::recv).
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
    pub fn recv_into<W: Write>(
        &mut self,
        timeout: Option<Duration>,
        sink: impl FnOnce(&Header) -> W,
    ) -> Result<Option<Header>, Error> {
        self.accept();
        let until = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        self.inbox.direct = true;
        let begun = self.wait_for_beginning(until);
        self.inbox.direct = false;
        if !begun? {
            return Ok(None);
        }
        if let Some(item) = self.take() {
            let message = item?;
            let header = message.header();
            let mut writer = sink(&header);
            write_all(&mut writer, &message.payload)
                .and_then(|()| writer.flush())
                .map_err(|error| Error::Sink(Arc::new(error)))?;
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
            if self
                .inbox
                .partial
                .as_ref()
                .is_some_and(|partial| partial.broken)
            {
                self.drop_large();
            } else if !self.inbox.is_empty()
                || self
                    .inbox
                    .partial
                    .as_ref()
                    .is_some_and(|partial| partial.large)
            {
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
        let Some(header) = self
            .inbox
            .partial
            .as_ref()
            .map(|partial| partial.header.clone())
        else {
            return Err(self.lost());
        };
        let mut writer = sink(&header);
        let connections = self.connections;
        loop {
            self.is_on(connections)?;
            let Some(partial) = &mut self.inbox.partial else {
                return Err(self.lost());
            };
            write_all(&mut writer, &partial.data).map_err(|error| Error::Sink(Arc::new(error)))?;
            partial.data.clear();
            if partial.remaining == 0 {
                self.in_hand = partial.token;
                self.inbox.partial = None;
                self.serve_between();
                writer
                    .flush()
                    .map_err(|error| Error::Sink(Arc::new(error)))?;
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
        if partial.remaining > 0 {
            return None;
        }
        self.inbox.flowing = false;
        let partial = self.inbox.partial.take()?;
        self.in_hand = partial.token;
        if partial.broken {
            self.accept();
            return None;
        }
        Some(Error::MessageTooLarge {
            topic: Some(partial.header.topic),
            len: partial.header.len,
        })
    }

    /// Gives what waits longest into the application's hands.
    fn take(&mut self) -> Option<Result<Message, Error>> {
        let (item, token) = self.inbox.pop()?;
        self.in_hand = token;
        if self.connected_at.is_none() {
            // As if the connection were lost only now: it must not come again with QoS 2, and the
            // next one may be open before anybody asks for another message.
            self.accept();
        }
        self.serve_between();
        Some(item)
    }

    /// The message in the application's hands counts as dealt with.
    pub(crate) fn accept(&mut self) {
        if let Some(token) = self.in_hand.take() {
            // It may be of an earlier connection: then the broker will deliver it again, and
            // nothing is owed.
            let _ = self.manual.ack(&mut self.session, token);
        }
    }

    /// Does what can be done without waiting while messages are taken, but not for each of them.
    pub(crate) fn serve_between(&mut self) {
        if self.inbox.is_empty() || self.served_at.elapsed() > SERVE {
            self.served_at = Instant::now();
            // What goes wrong here is told by the next call; the message is here.
            let _ = self.serve();
        }
    }
}

/// Messages as they come: see [`Client::messages`].
#[derive(Debug)]
pub struct Messages<'c, T: Transport> {
    client: &'c mut Client<T>,
    timeout: Option<Duration>,
    over: bool,
}

impl<T: Transport> Iterator for Messages<'_, T> {
    type Item = Result<Message, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let next = self.client.recv(self.timeout).transpose();
        self.over = matches!(self.client.link, Link::Over(_)) && !matches!(next, Some(Ok(_)));
        next
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
