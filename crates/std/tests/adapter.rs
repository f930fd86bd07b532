//! What every adapter has to withstand.
use motemq_std::{
    Address, Client, Filter, Message, Options, Publish, QoS, Receipt, Reconnect, RecvTimeoutError,
    Subscription,
};
use motemq_testing::adapter_tests::{Adapter, Received, SOON, Setup, open_cramped};
use std::{
    collections::VecDeque,
    thread,
    time::{Duration, Instant},
};

motemq_testing::adapter_kit!(Std);

struct Std {
    client: Client,
    streams: Vec<Subscription>,
    receipts: VecDeque<Receipt>,
    unknown: usize,
}

impl Std {
    fn settle(&mut self, most: usize) {
        while self.receipts.len() > most {
            let Some(mut receipt) = self.receipts.pop_front() else {
                return;
            };
            let outcome = receipt.wait_timeout(SOON).expect("done in time");
            self.unknown += usize::from(outcome.is_err());
        }
    }

    /// Returns a message of any of the streams.
    fn next(&mut self) -> Option<Message> {
        let streams = self.streams.iter_mut();
        streams
            .map(|stream| stream.recv_timeout(Duration::ZERO))
            .find(|message| !matches!(message, Err(RecvTimeoutError::Timeout)))
            .map(|message| message.expect("the client goes on"))
    }
}

impl Adapter for Std {
    const RUNS_BY_ITSELF: bool = true;

    fn connect(setup: &Setup) -> Self {
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
            Client::dialing(options, move |_: &Address| open_cramped(addr)).unwrap()
        } else {
            Client::new(options).unwrap()
        };
        let rest = client.messages();
        thread::spawn(move || driver.run());
        let connected = client.connected_timeout(SOON).unwrap();
        connected.expect("a connection in time");
        Std {
            client,
            streams: vec![rest],
            receipts: VecDeque::new(),
            unknown: 0,
        }
    }

    fn subscribe(&mut self, filter: &str, qos: QoS) {
        let stream = self.client.subscribe(&[Filter::new(filter, qos)]).unwrap();
        self.streams.push(stream);
    }

    fn publish(&mut self, topic: &str, payload: &[u8], qos: QoS) {
        let publish = Publish::to(topic).payload(payload).qos(qos);
        self.receipts
            .push_back(self.client.publish(&publish).unwrap());
        self.settle(1000);
    }

    fn flush(&mut self) -> usize {
        self.settle(0);
        std::mem::take(&mut self.unknown)
    }

    fn recv(&mut self, limit: Duration) -> Option<Received> {
        let begun = Instant::now();
        let message = loop {
            match self.next() {
                Some(message) => break message,
                None if begun.elapsed() >= limit => return None,
                None => thread::sleep(Duration::from_millis(1)),
            }
        };
        Some(Received {
            topic: message.topic.to_string(),
            payload: message.payload.to_vec(),
            qos: message.qos,
        })
    }

    fn connections(&self) -> u64 {
        self.client.counters().connections
    }

    fn leave(self) {
        self.client.disconnect(SOON).unwrap();
    }
}
