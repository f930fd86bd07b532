//! A client for adapters that carry a session and do nothing else: the loop that an application
//! writes around one, in a thread of its own.
mod client;
mod work;

use super::{Adapter, Received, SOON, Setup};
use crate::protocol::TestProtocol;
use client::Client;
use motemq::{Buffer, Event, Fault, Protocol, QoS, Session, Slot, Version};
use std::{
    marker::PhantomData,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};
use work::Message;

/// The number of requests that wait for the client. Further ones wait for room.
const QUEUE: usize = 64;

/// Moves the bytes of one connection after the other, by an adapter under test.
pub trait Carrier<P: Protocol> {
    /// Makes a carrier without a connection.
    fn new(setup: &Setup) -> Self;

    /// Opens a connection, or begins to. Returns whether the session can be connected.
    fn open(&mut self) -> bool;

    /// Returns the next event of the session.
    ///
    /// # Errors
    /// As [`Session::next_event`].
    fn next_event<'r>(
        &'r mut self,
        session: &mut Session<[Slot], P>,
        rx: &'r mut Buffer,
        tx: &mut Buffer,
    ) -> Result<Option<Event<'r, P::Properties<'r>>>, Fault> {
        session.next_event(rx, tx)
    }

    /// Moves bytes, passes the time, and waits for a moment if nothing has moved. Returns whether
    /// there is no connection.
    fn turn(&mut self, session: &mut Session<[Slot], P>, rx: &mut Buffer, tx: &mut Buffer) -> bool;
}

/// A request of the application.
enum Request {
    Publish(Message),
    Subscribe(String, QoS),
    Leave,
}

/// The reports to the application.
struct News {
    inbox: Sender<Received>,
    /// A message came to its end; whether it is known to have arrived.
    ended: Sender<bool>,
    subscribed: Sender<()>,
    connections: Arc<AtomicU64>,
}

/// An application over a session that speaks `P` and that `C` carries.
#[derive(Debug)]
pub struct Device<C, P> {
    requests: SyncSender<Request>,
    inbox: Receiver<Received>,
    ended: Receiver<bool>,
    subscribed: Receiver<()>,
    connections: Arc<AtomicU64>,
    published: usize,
    thread: JoinHandle<()>,
    client: PhantomData<fn() -> (C, P)>,
}

impl<C: Carrier<P> + 'static, P: TestProtocol> Adapter for Device<C, P> {
    const RUNS_BY_ITSELF: bool = true;

    fn version() -> Version {
        P::version(&Session::<[Slot; 1], P>::with_protocol())
    }

    fn connect(setup: &Setup) -> Self {
        let (requests, asked) = sync_channel(QUEUE);
        let (tell_inbox, inbox) = channel();
        let (tell_ended, ended) = channel();
        let (tell_subscribed, subscribed) = channel();
        let connections = Arc::new(AtomicU64::new(0));
        let news = News {
            inbox: tell_inbox,
            ended: tell_ended,
            subscribed: tell_subscribed,
            connections: connections.clone(),
        };
        let setup = setup.clone();
        let thread = thread::spawn(move || Client::<C, P>::new(setup, asked, news).run());
        let device = Device {
            requests,
            inbox,
            ended,
            subscribed,
            connections,
            published: 0,
            thread,
            client: PhantomData,
        };
        let end = Instant::now() + SOON;
        while device.connections() == 0 {
            assert!(
                Instant::now() < end && !device.thread.is_finished(),
                "no connection"
            );
            thread::sleep(Duration::from_millis(1));
        }
        device
    }

    fn subscribe(&mut self, filter: &str, qos: QoS) {
        self.requests
            .send(Request::Subscribe(filter.into(), qos))
            .expect("the client runs");
        self.subscribed
            .recv_timeout(SOON)
            .expect("an answer to SUBSCRIBE");
    }

    fn publish(&mut self, topic: &str, payload: &[u8], qos: QoS) {
        self.requests
            .send(Request::Publish(Message {
                topic: topic.into(),
                payload: payload.into(),
                qos,
            }))
            .expect("the client runs");
        self.published += 1;
    }

    fn flush(&mut self) -> usize {
        let ends = (0..std::mem::take(&mut self.published))
            .map(|_| self.ended.recv_timeout(SOON).expect("an end"));
        ends.filter(|known| !known).count()
    }

    fn recv(&mut self, limit: Duration) -> Option<Received> {
        match self.inbox.recv_timeout(limit) {
            Ok(message) => Some(message),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => panic!("the client has ended"),
        }
    }

    fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }

    fn leave(self) {
        self.requests.send(Request::Leave).expect("the client runs");
        self.thread.join().expect("the client leaves");
    }
}
