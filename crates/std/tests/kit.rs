//! What every adapter has to withstand.
use motemq_rig::kit::{Adapter, Received, SOON, Setup, open_cramped};
use motemq_std::{Client, Filter, Message, Options, Publish, QoS, Receipt, Reconnect, Transport};
use std::{collections::VecDeque, time::Duration};

motemq_rig::adapter_kit!(Std);

type Link = Box<dyn Transport + Send>;

struct Std {
    client: Client<Link>,
    receipts: VecDeque<Receipt>,
    /// What came while something else was waited for.
    inbox: VecDeque<Message>,
    unknown: usize,
}

impl Std {
    /// Messages have to be taken, or nothing goes on behind them.
    fn take(&mut self) {
        while let Some(message) = self.client.recv(Some(Duration::ZERO)).unwrap() {
            self.inbox.push_back(message);
        }
    }
}

impl Adapter for Std {
    const RUNS_BY_ITSELF: bool = false;

    fn connect(setup: &Setup) -> Self {
        let at_once = Reconnect::BackOff {
            first: Duration::from_millis(1),
            cap: Duration::from_millis(20),
            max_tries: None,
        };
        let options = Options::new(&setup.client_id)
            .host(setup.addr.ip().to_string())
            .port(setup.addr.port())
            .keep_alive(setup.keep_alive)
            .connect_timeout(setup.timeout)
            .reconnect(at_once)
            .ack_timeout(Some(SOON));
        let options = if setup.keep_session {
            options.keep_session()
        } else {
            options
        };
        let (addr, cramped, way) = (setup.addr, setup.cramped, options.clone());
        let dial = move || -> Result<Link, _> {
            Ok(if cramped {
                Box::new(open_cramped(addr).expect("a connection"))
            } else {
                Box::new(way.dial()?)
            })
        };
        let client = Client::dialing(dial, &options).unwrap();
        Std {
            client,
            receipts: VecDeque::new(),
            inbox: VecDeque::new(),
            unknown: 0,
        }
    }

    fn subscribe(&mut self, filter: &str, qos: QoS) {
        self.client.subscribe(&[Filter::new(filter, qos)]).unwrap();
    }

    fn publish(&mut self, topic: &str, payload: &[u8], qos: QoS) {
        self.take();
        self.receipts.push_back(
            self.client
                .send(&Publish::to(topic).payload(payload).qos(qos))
                .unwrap(),
        );
    }

    fn flush(&mut self) -> usize {
        while let Some(receipt) = self.receipts.pop_front() {
            self.take();
            self.unknown += usize::from(self.client.wait_for(receipt).is_err());
        }
        std::mem::take(&mut self.unknown)
    }

    fn recv(&mut self, limit: Duration) -> Option<Received> {
        let message = self
            .inbox
            .pop_front()
            .or_else(|| self.client.recv(Some(limit)).unwrap())?;
        Some(Received {
            topic: message.topic,
            payload: message.payload,
            qos: message.qos,
        })
    }

    fn connections(&self) -> u64 {
        self.client.connections().into()
    }

    fn leave(self) {
        self.client.disconnect().unwrap();
    }
}
