//! rumqttc with MQTT 5: an event loop beside the task that publishes.
use crate::meter::{Meter, TOPIC, Task, Work};
use bytes::Bytes;
use rumqttc::v5::{
    AsyncClient, Event, EventLoop, MqttOptions,
    mqttbytes::{QoS, qos, v5::Packet},
};
use tokio::task::spawn_local;

pub async fn run(task: Task) -> Meter {
    let mut options = MqttOptions::new("bench", "127.0.0.1", task.port);
    options.set_outgoing_inflight_upper_limit(task.window);
    let (client, mut events) = AsyncClient::new(options, task.window.into());
    count(&mut events, 1, |packet| {
        matches!(packet, Packet::ConnAck(_))
    })
    .await;
    let payload = Bytes::from(task.payload());
    let meter = Meter::start();
    match task.work {
        Work::Publish(level) => {
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
        Work::Receive(level) => {
            let level = qos(level).expect("0 to 2");
            client.subscribe(task.flood(), level).await.expect("room");
            count(&mut events, task.messages, |packet| {
                matches!(packet, Packet::Publish(_))
            })
            .await;
            meter.stop()
        }
        Work::RoundTrip => {
            for _ in 0..task.messages {
                send(&client, QoS::AtLeastOnce as u8, &payload).await;
                count(&mut events, 1, is_acknowledgement).await;
            }
            meter.stop()
        }
        _ => panic!("not measured"),
    }
}

async fn send(client: &AsyncClient, level: u8, payload: &Bytes) {
    let level = qos(level).expect("0 to 2");
    let sent = client.publish(TOPIC, level, false, payload.clone()).await;
    sent.expect("room");
}

/// Returns whether the packet ends the exchange of a message.
fn is_acknowledgement(packet: &Packet) -> bool {
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
