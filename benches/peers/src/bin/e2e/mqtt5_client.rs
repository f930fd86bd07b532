//! mqtt5: the task that publishes writes, and awaits the acknowledgement; a task of the client reads.
use crate::meter::{Meter, TOPIC, Task, Work};
use futures_util::stream::{FuturesUnordered, StreamExt};
use mqtt5::{ConnectOptions, MqttClient, PublishResult, QoS, SubscribeOptions};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::sync::Notify;

pub async fn run(task: Task) -> Meter {
    let client = MqttClient::with_options(ConnectOptions::new("bench"));
    let broker = format!("mqtt://127.0.0.1:{}", task.port);
    client.connect(&broker).await.expect("a connection");
    let meter = Meter::start();
    match task.work {
        Work::Publish(0) => {
            for _ in 1..task.messages {
                publish(&client, task, QoS::AtMostOnce).await;
            }
            publish(&client, task, QoS::AtLeastOnce).await;
        }
        Work::Publish(level) => {
            let mut under_way = FuturesUnordered::new();
            for _ in 0..task.messages {
                if under_way.len() == usize::from(task.window) {
                    under_way.next().await;
                }
                under_way.push(publish(&client, task, QoS::from(level)));
            }
            while under_way.next().await.is_some() {}
        }
        Work::Receive(level) => receive(&client, task, QoS::from(level)).await,
        Work::RoundTrip => {
            for _ in 0..task.messages {
                publish(&client, task, QoS::AtLeastOnce).await;
            }
        }
        _ => panic!("not measured"),
    }
    meter.stop()
}

async fn publish(client: &MqttClient, task: Task, level: QoS) {
    let published = client.publish_qos(TOPIC, task.payload(), level).await;
    assert!(matches!(published, Ok(PublishResult::Sent(_))));
}

async fn receive(client: &MqttClient, task: Task, level: QoS) {
    let received = Arc::new((AtomicUsize::new(0), Notify::new()));
    let counted = received.clone();
    // What is sent for the first filter has a topic that matches the second.
    let count = move |_| {
        if counted.0.fetch_add(1, Ordering::Relaxed) + 1 == task.messages {
            counted.1.notify_one();
        }
    };
    let options = || SubscribeOptions {
        qos: level,
        ..SubscribeOptions::default()
    };
    let topic = client.subscribe_with_options(TOPIC, options(), count);
    topic.await.expect("granted");
    let flood = client.subscribe_with_options(task.flood(), options(), |_| ());
    flood.await.expect("granted");
    received.1.notified().await;
}
