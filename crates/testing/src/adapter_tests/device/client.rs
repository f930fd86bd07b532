//! The client: its loop, and what belongs to reconnections.
use super::{
    Carrier, News, Request,
    work::{Flight, Work},
};
use crate::{
    adapter_tests::{Received, Setup},
    protocol::TestProtocol,
};
use motemq::{
    Buffer, Connect, Event, Fault, QoS, ReasonCode, SendError, Session, SessionState, Slot,
};
use std::{
    mem,
    sync::{
        atomic::Ordering,
        mpsc::{Receiver, TryRecvError},
    },
};

pub struct Client<C, P: TestProtocol> {
    setup: Setup,
    asked: Receiver<Request>,
    news: News,
    carrier: C,
    session: Session<[Slot; 64], P>,
    rx: Buffer<[u8; 256]>,
    tx: Buffer<[u8; 256]>,
    work: Work,
    partial: Received,
    leaving: bool,
}

impl<C: Carrier<P>, P: TestProtocol> Client<C, P> {
    pub fn new(setup: Setup, asked: Receiver<Request>, news: News) -> Self {
        Client {
            carrier: C::new(&setup),
            setup,
            asked,
            news,
            session: Session::with_protocol(),
            rx: Buffer::new(),
            tx: Buffer::new(),
            work: Work::default(),
            partial: Received {
                topic: String::new(),
                payload: Vec::new(),
                qos: QoS::default(),
            },
            leaving: false,
        }
    }

    /// Runs until it has left.
    pub fn run(mut self) {
        loop {
            // After a fault there are no more events, and the turns end the connection.
            let _ = self.events();
            if self.take_requests().is_err() {
                return;
            }
            self.give();
            if self
                .carrier
                .turn(&mut self.session, &mut self.rx, &mut self.tx)
            {
                if self.leaving {
                    return;
                }
                self.connect();
            }
        }
    }

    fn connect(&mut self) {
        self.work.on_connection_lost();
        if !self.carrier.open() {
            return;
        }
        let Setup {
            client_id,
            keep_session,
            keep_alive,
            timeout,
            ..
        } = &self.setup;
        let connect = Connect {
            clean: !keep_session,
            ..Connect::new(client_id)
                .keep_alive(*keep_alive)
                .timeout(timeout.as_secs() as u8)
                // The client does not know the session of an earlier one with its name.
                .identifier_offset(1000)
        };
        P::connect(&mut self.session, &connect, 0, &mut self.rx, &mut self.tx)
            .expect("CONNECT fits");
    }

    fn events(&mut self) -> Result<(), Fault> {
        let Client {
            session,
            rx,
            tx,
            carrier,
            work,
            news,
            partial,
            ..
        } = self;
        // The application may be gone.
        let ended = |is_known| {
            let _ = news.ended.send(is_known);
        };
        while let Some(event) = carrier.next_event(session, rx, tx)? {
            let remaining = match event {
                Event::Connected { session, .. } => {
                    for message in mem::take(&mut work.doubtful).into_iter().rev() {
                        work.queue.push_front(message);
                    }
                    if session != SessionState::Resumed {
                        work.to_subscribe = (0..work.subscriptions.len()).collect();
                    }
                    news.connections.fetch_add(1, Ordering::Relaxed);
                    continue;
                }
                Event::OutcomeUnknown { id } => {
                    match work.under_way.remove(&id) {
                        Some(Flight::Message(message)) if message.qos == QoS::AtLeastOnce => {
                            work.doubtful.push(message)
                        }
                        Some(Flight::Message(_)) => ended(false),
                        Some(Flight::Subscription(index)) => work.to_subscribe.push_back(index),
                        None => panic!("{id} was not in flight"),
                    }
                    continue;
                }
                Event::Acked { id } => {
                    assert!(
                        matches!(work.under_way.remove(&id), Some(Flight::Message(_))),
                        "{id} was not in flight"
                    );
                    ended(true);
                    continue;
                }
                Event::Subscribed { id, codes, .. } => {
                    assert!(work.under_way.remove(&id).is_some() && codes[0] < 3);
                    let _ = news.subscribed.send(());
                    continue;
                }
                Event::Resend { id, .. } => {
                    work.resend = Some(id);
                    continue;
                }
                Event::Skipped { len } => panic!("a message of {len} bytes was skipped"),
                // With MQTT 5, PUBREL was sent again, and the broker has completed the message.
                Event::Refused { code, id, .. } => {
                    assert_eq!(code, ReasonCode::PACKET_IDENTIFIER_NOT_FOUND);
                    assert!(work.under_way.remove(&id).is_some());
                    ended(true);
                    continue;
                }
                Event::Message(m) => {
                    *partial = Received {
                        topic: m.topic.as_str().into(),
                        payload: m.payload.to_vec(),
                        qos: m.qos(),
                    };
                    m.remaining
                }
                Event::Payload { data, remaining } => {
                    partial.payload.extend_from_slice(data);
                    remaining
                }
                // That the broker has a message, or has ended the connection, changes nothing here.
                _ => continue,
            };
            if remaining == 0 {
                let _ = news.inbox.send(partial.clone());
            }
        }
        Ok(())
    }

    /// Takes the requests of the application if nothing waits to be published.
    ///
    /// # Errors
    /// The application is gone.
    fn take_requests(&mut self) -> Result<(), TryRecvError> {
        while !self.leaving && self.work.queue.is_empty() {
            match self.asked.try_recv() {
                Ok(Request::Publish(message)) => self.work.queue.push_back(message),
                Ok(Request::Subscribe(filter, qos)) => {
                    self.work
                        .to_subscribe
                        .push_back(self.work.subscriptions.len());
                    self.work.subscriptions.push((filter, qos));
                }
                Ok(Request::Leave) => self.leaving = true,
                Err(TryRecvError::Empty) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Gives the session as much to send as it takes.
    fn give(&mut self) {
        loop {
            match self.work.give(&mut self.session, &mut self.tx) {
                Ok(true) => {}
                Ok(false) | Err(SendError::Full | SendError::Busy | SendError::Offline) => break,
                Err(error) => panic!("{error}"),
            }
        }
        for _ in 0..mem::take(&mut self.work.sent) {
            let _ = self.news.ended.send(true);
        }
        if self.leaving && self.work.queue.is_empty() {
            // Or later, when there is room.
            let _ = self.session.disconnect(&mut *self.tx);
        }
    }
}
