//! What every adapter has to withstand, over smoltcp: a client with a small loop of its own, whose
//! socket a gateway connects to real ones.
mod client;
mod gateway;
mod work;

use client::Client;
use motemq::QoS;
use motemq_testing::adapter_tests::{Adapter, Received, SOON, Setup};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, channel, sync_channel},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};
use work::Message;

motemq_testing::adapter_kit!(Smoltcp);

/// What waits for the client; who asks for more waits, too.
const QUEUE: usize = 64;

/// What the application asks of its client.
enum Request {
    Publish(Message),
    Subscribe(String, QoS),
    Leave,
}

/// What it is told.
struct News {
    inbox: std::sync::mpsc::Sender<Received>,
    /// A message came to its end; whether it is known to have arrived.
    ended: std::sync::mpsc::Sender<bool>,
    subscribed: std::sync::mpsc::Sender<()>,
    connections: Arc<AtomicU64>,
}

/// The application's side of a client that runs in a thread.
struct Smoltcp {
    requests: SyncSender<Request>,
    inbox: Receiver<Received>,
    ended: Receiver<bool>,
    subscribed: Receiver<()>,
    connections: Arc<AtomicU64>,
    published: usize,
    thread: JoinHandle<()>,
}

impl Adapter for Smoltcp {
    const RUNS_BY_ITSELF: bool = true;

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
        let thread = thread::spawn(move || Client::new(setup, asked, news).run());
        let client = Smoltcp {
            requests,
            inbox,
            ended,
            subscribed,
            connections,
            published: 0,
            thread,
        };
        let end = Instant::now() + SOON;
        while client.connections() == 0 {
            assert!(
                Instant::now() < end && !client.thread.is_finished(),
                "no connection"
            );
            thread::sleep(Duration::from_millis(1));
        }
        client
    }

    fn subscribe(&mut self, filter: &str, qos: QoS) {
        self.requests
            .send(Request::Subscribe(filter.into(), qos))
            .unwrap();
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
            .unwrap();
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
        self.requests.send(Request::Leave).unwrap();
        self.thread.join().expect("the client leaves");
    }
}
