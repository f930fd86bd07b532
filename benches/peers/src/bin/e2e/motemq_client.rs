//! motemq-tokio: a driver beside the task that publishes.
use crate::meter::{GROUP, LONG, Meter, TOPIC, Task, Work};
use bytes::Bytes;
use futures_util::future::join_all;
use motemq_tokio::{Client, Driver, Filter, Options, Publish, QoS, Receipt, WhenFull};
use tokio::task::{JoinHandle, spawn_local};

pub async fn run(task: Task) -> Meter {
    match task.work {
        Work::Publish(qos) => publish(task, level(qos), level(task.last_qos(qos))).await,
        Work::Receive(qos) => receive(task, level(qos)).await,
        Work::RoundTrip => {
            let (client, _driver) = connected(task).await;
            let meter = Meter::start();
            round_trips(&client, task, task.messages).await;
            meter.stop()
        }
        Work::Queue => queue(task).await,
        Work::Connect => {
            let meter = Meter::start();
            let clients = connections(task).await;
            let meter = meter.stop();
            drop(clients);
            meter
        }
        Work::Connections => {
            let clients = connections(task).await;
            let each = task.messages / task.connections;
            let meter = Meter::start();
            let clients = clients.iter();
            join_all(clients.map(|(client, _)| round_trips(client, task, each))).await;
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

type Running = (Client, JoinHandle<Result<(), motemq_tokio::Ended>>);

async fn connected(task: Task) -> Running {
    let (client, driver) = client(task);
    let driver = spawn_local(driver);
    client.connected().await.expect("a connection");
    (client, driver)
}

async fn connections(task: Task) -> Vec<Running> {
    let mut clients = Vec::new();
    while clients.len() < task.connections {
        let group = GROUP.min(task.connections - clients.len());
        clients.extend(join_all((0..group).map(|_| connected(task))).await);
    }
    clients
}

async fn accepted(client: &Client, publish: &Publish<'_>) -> Receipt {
    client.publish(publish).await.expect("accepted")
}

async fn publish(task: Task, qos: QoS, last: QoS) -> Meter {
    let (client, _driver) = connected(task).await;
    let payload = task.payload();
    let publish = Publish::to(TOPIC).payload(&payload);
    if task.payload >= LONG {
        return publish_long(task, &client, publish.qos(qos), publish.qos(last)).await;
    }
    let meter = Meter::start();
    for _ in 1..task.messages {
        drop(accepted(&client, &publish.qos(qos)).await);
    }
    let last = accepted(&client, &publish.qos(last)).await;
    last.await.expect("acknowledged");
    meter.stop()
}

async fn publish_long(
    task: Task,
    client: &Client,
    publish: Publish<'_>,
    last: Publish<'_>,
) -> Meter {
    let payload = Bytes::from(task.payload());
    let meter = Meter::start();
    for _ in 1..task.messages {
        let published = client.publish_bytes(&publish, &payload).await;
        drop(published.expect("accepted"));
    }
    let last = client.publish_bytes(&last, &payload).await;
    last.expect("accepted").await.expect("acknowledged");
    meter.stop()
}

async fn round_trips(client: &Client, task: Task, messages: usize) {
    let payload = task.payload();
    let publish = Publish::to(TOPIC).payload(&payload).qos(QoS::AtLeastOnce);
    for _ in 0..messages {
        let receipt = accepted(client, &publish).await;
        receipt.await.expect("acknowledged");
    }
}

async fn queue(task: Task) -> Meter {
    let payload = task.payload();
    let publish = Publish::to(TOPIC).payload(&payload).qos(QoS::AtLeastOnce);
    let meter = Meter::start();
    for _ in 0..task.messages / task.queue {
        let (client, driver) = client(task);
        for _ in 1..task.queue {
            drop(accepted(&client, &publish).await);
        }
        let last = accepted(&client, &publish).await;
        let driver = spawn_local(driver);
        last.await.expect("acknowledged");
        driver.abort();
    }
    meter.stop()
}

async fn receive(task: Task, qos: QoS) -> Meter {
    let (client, _driver) = connected(task).await;
    let mut others = Vec::new();
    for n in 1..task.subscriptions {
        let filter = format!("other/{n}/+");
        let subscribed = client.subscribe(&[Filter::new(&filter, qos)]).await;
        others.push(subscribed.expect("granted"));
    }
    let (flood, topics) = (task.flood(), format!("{TOPIC}/#"));
    let meter = Meter::start();
    let filters = [Filter::new(&flood, qos), Filter::new(&topics, qos)];
    let mut messages = client.subscribe(&filters).await.expect("granted");
    for _ in 0..task.messages {
        messages.recv().await.expect("a message");
    }
    meter.stop()
}
