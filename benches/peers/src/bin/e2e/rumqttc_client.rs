//! rumqttc: an event loop beside the task that publishes.
use crate::meter::{GROUP, Meter, TOPIC, Task, Work};
use bytes::Bytes;
use futures_util::future::join_all;
use rumqttc::{AsyncClient, Event, EventLoop, MqttOptions, Packet, QoS, qos};
use tokio::task::spawn_local;

pub async fn run(task: Task) -> Meter {
    match task.work {
        Work::Publish(qos) => publish(task, qos).await,
        Work::Receive(level) => {
            let (client, mut events) = connected(task).await;
            let meter = Meter::start();
            let level = qos(level).expect("0 to 2");
            client.subscribe(task.flood(), level).await.expect("room");
            count(&mut events, task.messages, |packet| {
                matches!(packet, Packet::Publish(_))
            })
            .await;
            meter.stop()
        }
        Work::RoundTrip => {
            let mut running = connected(task).await;
            let meter = Meter::start();
            round_trips(&mut running, task, task.messages).await;
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
            let mut clients = connections(task).await;
            let each = task.messages / task.connections;
            let meter = Meter::start();
            let clients = clients.iter_mut();
            join_all(clients.map(|running| round_trips(running, task, each))).await;
            meter.stop()
        }
    }
}

type Running = (AsyncClient, EventLoop);

/// Makes options, which the blocking client has, too.
pub fn options(task: Task) -> MqttOptions {
    let mut options = MqttOptions::new("bench", "127.0.0.1", task.port);
    let longest = task.payload + 1024;
    options.set_inflight(task.window);
    options.set_max_packet_size(longest.max(10 << 10), longest.max(10 << 10));
    options
}

async fn connected(task: Task) -> Running {
    let (client, mut events) = AsyncClient::new(options(task), task.window.into());
    count(&mut events, 1, |packet| {
        matches!(packet, Packet::ConnAck(_))
    })
    .await;
    (client, events)
}

async fn connections(task: Task) -> Vec<Running> {
    let mut clients = Vec::new();
    while clients.len() < task.connections {
        let group = GROUP.min(task.connections - clients.len());
        clients.extend(join_all((0..group).map(|_| connected(task))).await);
    }
    clients
}

async fn send(client: &AsyncClient, level: u8, payload: &Bytes) {
    let level = qos(level).expect("0 to 2");
    client
        .publish_bytes(TOPIC, level, false, payload.clone())
        .await
        .expect("room");
}

async fn publish(task: Task, level: u8) -> Meter {
    let (client, mut events) = connected(task).await;
    let payload = Bytes::from(task.payload());
    let meter = Meter::start();
    let publisher = spawn_local(async move {
        for _ in 1..task.messages {
            send(&client, level, &payload).await;
        }
        send(&client, task.last_qos(level), &payload).await;
        client
    });
    count(&mut events, task.acknowledged(level), is_acknowledgement).await;
    let meter = meter.stop();
    publisher.await.expect("the client");
    meter
}

async fn round_trips((client, events): &mut Running, task: Task, messages: usize) {
    let payload = Bytes::from(task.payload());
    for _ in 0..messages {
        send(client, QoS::AtLeastOnce as u8, &payload).await;
        count(events, 1, is_acknowledgement).await;
    }
}

async fn queue(task: Task) -> Meter {
    let payload = Bytes::from(task.payload());
    let meter = Meter::start();
    for _ in 0..task.messages / task.queue {
        let (client, mut events) = AsyncClient::new(options(task), task.queue);
        for _ in 0..task.queue {
            send(&client, QoS::AtLeastOnce as u8, &payload).await;
        }
        count(&mut events, task.queue, is_acknowledgement).await;
    }
    meter.stop()
}

/// Returns whether the packet ends the exchange of a message.
pub fn is_acknowledgement(packet: &Packet) -> bool {
    matches!(packet, Packet::PubAck(_) | Packet::PubComp(_))
}

/// Goes on until so many packets have come.
async fn count(events: &mut EventLoop, mut packets: usize, wanted: impl Fn(&Packet) -> bool) {
    while packets > 0 {
        if let Event::Incoming(packet) = events.poll().await.expect("a connection") {
            packets -= usize::from(wanted(&packet));
        }
    }
}
