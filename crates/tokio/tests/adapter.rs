//! What every adapter has to withstand.
use futures_core::Stream;
use motemq_testing::adapter_tests::{Adapter, Received, SOON, Setup, open_cramped};
use motemq_tokio::{
    Address, Client, Filter, Message, Options, Publish, QoS, Receipt, Reconnect, Subscription,
};
use std::{
    collections::VecDeque,
    future::{Future, poll_fn},
    io,
    net::SocketAddr,
    pin::Pin,
    task::Poll,
    time::Duration,
};
use tokio::{
    net::TcpStream,
    runtime::{Builder, Runtime},
    time::timeout,
};

motemq_testing::adapter_kit!(Tokio);

/// A client with a runtime of its own.
struct Tokio {
    runtime: Runtime,
    client: Client,
    streams: Vec<Subscription>,
    receipts: VecDeque<Receipt>,
    unknown: usize,
}

impl Tokio {
    fn soon<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime
            .block_on(async { timeout(SOON, work).await.expect("done in time") })
    }

    fn settle(&mut self, most: usize) {
        while self.receipts.len() > most {
            let Some(receipt) = self.receipts.pop_front() else {
                return;
            };
            self.unknown += usize::from(self.soon(receipt).is_err());
        }
    }
}

async fn cramped(addr: SocketAddr) -> io::Result<TcpStream> {
    let stream = open_cramped(addr)?;
    stream.set_nonblocking(true)?;
    TcpStream::from_std(stream)
}

impl Adapter for Tokio {
    const RUNS_BY_ITSELF: bool = true;

    fn connect(setup: &Setup) -> Self {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let at_once = Reconnect::BackOff {
            first: Duration::from_millis(1),
            cap: Duration::from_millis(20),
            max_tries: None,
        };
        let options = Options::new(&setup.client_id)
            .broker(setup.addr.ip().to_string(), setup.addr.port())
            .keep_alive(setup.keep_alive)
            .connect_timeout(setup.timeout)
            .reconnect(at_once)
            .ack_timeout(Some(SOON));
        let options = if setup.keep_session {
            options.keep_session()
        } else {
            options
        };
        let addr = setup.addr;
        let (client, driver) = if setup.cramped {
            Client::dialing(options, move |_: Address| cramped(addr)).unwrap()
        } else {
            Client::new(options).unwrap()
        };
        let rest = client.messages();
        runtime.spawn(driver);
        let adapter = Tokio {
            runtime,
            client,
            streams: vec![rest],
            receipts: VecDeque::new(),
            unknown: 0,
        };
        adapter.soon(adapter.client.connected()).unwrap();
        adapter
    }

    fn subscribe(&mut self, filter: &str, qos: QoS) {
        let stream = self
            .soon(self.client.subscribe(&[Filter::new(filter, qos)]))
            .unwrap();
        self.streams.push(stream);
    }

    fn publish(&mut self, topic: &str, payload: &[u8], qos: QoS) {
        let publish = Publish::to(topic).payload(payload).qos(qos);
        let receipt = self.soon(self.client.publish(&publish)).unwrap();
        self.receipts.push_back(receipt);
        self.settle(1000);
    }

    fn flush(&mut self) -> usize {
        self.settle(0);
        std::mem::take(&mut self.unknown)
    }

    fn recv(&mut self, limit: Duration) -> Option<Received> {
        let streams = &mut self.streams;
        let next = poll_fn(|cx| {
            let mut ready =
                streams
                    .iter_mut()
                    .filter_map(|stream| match Pin::new(stream).poll_next(cx) {
                        Poll::Ready(message) => message,
                        Poll::Pending => None,
                    });
            ready.next().map_or(Poll::Pending, Poll::Ready)
        });
        let Message {
            topic,
            payload,
            qos,
            ..
        } = self
            .runtime
            .block_on(async { timeout(limit, next).await.ok() })?;
        Some(Received {
            topic: topic.to_string(),
            payload: payload.to_vec(),
            qos,
        })
    }

    fn connections(&self) -> u64 {
        self.client.counters().connections
    }

    fn leave(self) {
        self.soon(self.client.disconnect(SOON)).unwrap();
    }
}
