//! motemq-std: a driver in a thread of its own.
use crate::meter::{GROUP, LONG, Meter, TOPIC, Task, Work};
use bytes::Bytes;
use motemq_std::{Client, Driver, Filter, Options, Publish, QoS, Receipt, WhenFull};
use std::{iter, thread};

/// The number of messages in a call of `publish_all`.
const BATCH: usize = 1000;

/// Does the work. Messages are published one by one, or in batches by `publish_all`.
pub fn run(task: Task, in_batches: bool) -> Meter {
    let payload = task.payload();
    let publish = Publish::to(TOPIC).payload(&payload);
    match task.work {
        Work::Publish(qos) => {
            let client = connected(task);
            let last = publish.qos(level(task.last_qos(qos)));
            let publish = publish.qos(level(qos));
            let long = (task.payload >= LONG).then(|| Bytes::from(task.payload()));
            let meter = Meter::start();
            if let Some(payload) = long {
                for _ in 1..task.messages {
                    let published = client.publish_bytes(&publish, &payload);
                    drop(published.expect("accepted"));
                }
                let last = client.publish_bytes(&last, &payload).expect("accepted");
                last.wait().expect("acknowledged");
                return meter.stop();
            }
            if in_batches {
                publish_all(&client, &publish, task.messages - 1);
            } else {
                for _ in 1..task.messages {
                    drop(accepted(&client, &publish));
                }
            }
            accepted(&client, &last).wait().expect("acknowledged");
            meter.stop()
        }
        Work::Receive(qos) => receive(task, level(qos)),
        Work::RoundTrip => {
            let clients = [connected(task)];
            let meter = Meter::start();
            round_trips(&clients, &publish.qos(QoS::AtLeastOnce), task.messages);
            meter.stop()
        }
        Work::Queue => queue(task, &publish.qos(QoS::AtLeastOnce), in_batches),
        Work::Connect => {
            let meter = Meter::start();
            let clients = connections(task);
            let meter = meter.stop();
            drop(clients);
            meter
        }
        Work::Connections => {
            let clients = connections(task);
            let each = task.messages / task.connections;
            let meter = Meter::start();
            round_trips(&clients, &publish.qos(QoS::AtLeastOnce), each);
            meter.stop()
        }
    }
}

fn level(qos: u8) -> QoS {
    QoS::try_from(qos).expect("0 to 2")
}

fn client(task: Task) -> (Client, Driver) {
    let options = Options::new("bench")
        .version(task.version)
        .broker("127.0.0.1", task.port)
        .in_flight(task.window.into())
        .queue(task.queue, usize::MAX, WhenFull::Wait);
    Client::new(options).expect("good options")
}

fn start(driver: Driver) {
    thread::spawn(|| driver.run());
}

fn connected(task: Task) -> Client {
    let (client, driver) = client(task);
    start(driver);
    client.connected().expect("a connection");
    client
}

fn connections(task: Task) -> Vec<Client> {
    let mut clients: Vec<Client> = Vec::new();
    while clients.len() < task.connections {
        let first = clients.len();
        for _ in first..task.connections.min(first + GROUP) {
            let (client, driver) = client(task);
            start(driver);
            clients.push(client);
        }
        for client in &clients[first..] {
            client.connected().expect("a connection");
        }
    }
    clients
}

fn accepted(client: &Client, publish: &Publish<'_>) -> Receipt {
    client.publish(publish).expect("accepted")
}

fn publish_all(client: &Client, publish: &Publish<'_>, messages: usize) {
    let batch: Vec<_> = iter::repeat_n(*publish, BATCH.min(messages)).collect();
    let mut left = messages;
    while left > 0 {
        let batch = &batch[..batch.len().min(left)];
        drop(client.publish_all(batch).expect("accepted"));
        left -= batch.len();
    }
}

fn round_trips(clients: &[Client], publish: &Publish<'_>, messages: usize) {
    let mut receipts = Vec::new();
    for _ in 0..messages {
        receipts.extend(clients.iter().map(|client| accepted(client, publish)));
        for receipt in receipts.drain(..) {
            receipt.wait().expect("acknowledged");
        }
    }
}

fn queue(task: Task, publish: &Publish<'_>, in_batches: bool) -> Meter {
    let meter = Meter::start();
    for _ in 0..task.messages / task.queue {
        let (client, driver) = client(task);
        if in_batches {
            publish_all(&client, publish, task.queue - 1);
        } else {
            for _ in 1..task.queue {
                drop(accepted(&client, publish));
            }
        }
        let last = accepted(&client, publish);
        start(driver);
        last.wait().expect("acknowledged");
    }
    meter.stop()
}

fn receive(task: Task, qos: QoS) -> Meter {
    let client = connected(task);
    let mut others = Vec::new();
    for n in 1..task.subscriptions {
        let filter = format!("other/{n}/+");
        let subscribed = client.subscribe(&[Filter::new(&filter, qos)]);
        others.push(subscribed.expect("granted"));
    }
    let (flood, topics) = (task.flood(), format!("{TOPIC}/#"));
    let meter = Meter::start();
    let filters = [Filter::new(&flood, qos), Filter::new(&topics, qos)];
    let mut messages = client.subscribe(&filters).expect("granted");
    for _ in 0..task.messages {
        messages.recv().expect("a message");
    }
    meter.stop()
}
