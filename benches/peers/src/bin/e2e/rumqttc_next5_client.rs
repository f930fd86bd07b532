//! rumqttc-v5-next: an event loop beside the task that publishes.
use crate::meter::{Meter, PAYLOAD, TOPIC, Task, Work};
use rumqttc_next5::{AsyncClient, Event, EventLoop, MqttOptions, Packet, PublishOptions, QoS, qos};

pub async fn run(task: Task) -> Meter {
    let mut options = MqttOptions::new("bench", ("127.0.0.1", task.port));
    options.set_outgoing_inflight_upper_limit(task.window);
    let (client, mut events) = AsyncClient::builder(options)
        .capacity(task.window.into())
        .build();
    while !matches!(
        events.poll().await.expect("a connection"),
        Event::Incoming(Packet::ConnAck(_))
    ) {}
    let meter = Meter::start();
    match task.work {
        Work::Publish(level) => {
            let level = qos(level).expect("0 to 2");
            let publisher = tokio::task::spawn_local(async move {
                for _ in 1..task.messages {
                    publish(&client, level).await;
                }
                publish(
                    &client,
                    if level == QoS::AtMostOnce {
                        QoS::AtLeastOnce
                    } else {
                        level
                    },
                )
                .await;
                client
            });
            count(
                &mut events,
                if level == QoS::AtMostOnce {
                    1
                } else {
                    task.messages
                },
                |packet| matches!(packet, Packet::PubAck(_) | Packet::PubComp(_)),
            )
            .await;
            let meter = meter.stop();
            publisher.await.expect("the client");
            meter
        }
        Work::Receive(level) => {
            client
                .subscribe(task.flood(), qos(level).expect("0 to 2"))
                .await
                .expect("room");
            count(&mut events, task.messages, |packet| {
                matches!(packet, Packet::Publish(_))
            })
            .await;
            meter.stop()
        }
        Work::RoundTrip => {
            for _ in 0..task.messages {
                publish(&client, QoS::AtLeastOnce).await;
                count(&mut events, 1, |packet| matches!(packet, Packet::PubAck(_))).await;
            }
            meter.stop()
        }
        _ => panic!("not measured"),
    }
}

async fn publish(client: &AsyncClient, level: QoS) {
    client
        .publish(TOPIC, &PAYLOAD[..], PublishOptions::new(level))
        .await
        .expect("room");
}

/// Goes on until so many packets have come.
async fn count(events: &mut EventLoop, mut packets: usize, wanted: impl Fn(&Packet) -> bool) {
    while packets > 0 {
        if let Event::Incoming(packet) = events.poll().await.expect("a connection") {
            packets -= usize::from(wanted(&packet));
        }
    }
}
