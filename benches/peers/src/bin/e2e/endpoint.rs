//! mqtt-endpoint-tokio: an endpoint that several tasks send to and one receives from.
use crate::meter::{Meter, PAYLOAD, TOPIC, Task, Work};
use mqtt_endpoint_tokio::mqtt_ep::{
    self, Endpoint, Mode, Version,
    packet::{Packet, Qos, SubEntry, SubOpts, v3_1_1},
    role,
};
use std::rc::Rc;
use tokio::sync::Semaphore;

type Client = Endpoint<role::Client>;

pub async fn run(task: Task) -> Meter {
    let client = Rc::new(Client::new(Version::V3_1_1));
    let stream = tokio::net::TcpStream::connect(("127.0.0.1", task.port))
        .await
        .expect("a connection");
    client
        .attach(
            mqtt_ep::transport::TcpTransport::from_stream(stream),
            Mode::Client,
        )
        .await
        .expect("a transport");
    client.set_auto_pub_response(true).await.expect("an option");
    let connect = v3_1_1::Connect::builder()
        .client_id("bench")
        .expect("a client identifier")
        .clean_session(true)
        .keep_alive(60);
    client
        .send(connect.build().expect("CONNECT"))
        .await
        .expect("sent");
    until(&client, 1, |packet| {
        matches!(packet, Packet::V3_1_1Connack(_))
    })
    .await;
    let meter = Meter::start();
    match task.work {
        Work::Publish(level) => {
            let level = Qos::try_from(level).expect("0 to 2");
            let acknowledged = if level == Qos::AtMostOnce {
                1
            } else {
                task.messages
            };
            let window = Rc::new(Semaphore::new(task.window.into()));
            let (publisher, room) = (client.clone(), window.clone());
            let publisher = tokio::task::spawn_local(async move {
                for _ in 1..task.messages {
                    publish(&publisher, level, &room).await;
                }
                publish(
                    &publisher,
                    if level == Qos::AtMostOnce {
                        Qos::AtLeastOnce
                    } else {
                        level
                    },
                    &room,
                )
                .await;
            });
            until(&client, acknowledged, |packet| {
                let ends = matches!(packet, Packet::V3_1_1Puback(_) | Packet::V3_1_1Pubcomp(_));
                window.add_permits(usize::from(ends));
                ends
            })
            .await;
            let meter = meter.stop();
            publisher.await.expect("the publisher");
            meter
        }
        Work::Receive(level) => {
            let id = client.acquire_packet_id().await.expect("an identifier");
            let options = SubOpts::new().set_qos(Qos::try_from(level).expect("0 to 2"));
            let entries = vec![SubEntry::new(task.flood(), options).expect("a filter")];
            let subscribe = v3_1_1::Subscribe::builder()
                .packet_id(id)
                .entries(entries)
                .build()
                .expect("SUBSCRIBE");
            client.send(subscribe).await.expect("sent");
            until(&client, task.messages, |packet| {
                matches!(packet, Packet::V3_1_1Publish(_))
            })
            .await;
            meter.stop()
        }
        Work::RoundTrip => {
            let window = Semaphore::new(task.messages);
            for _ in 0..task.messages {
                publish(&client, Qos::AtLeastOnce, &window).await;
                until(&client, 1, |packet| {
                    matches!(packet, Packet::V3_1_1Puback(_))
                })
                .await;
            }
            meter.stop()
        }
        _ => panic!("not measured"),
    }
}

async fn publish(client: &Client, level: Qos, window: &Semaphore) {
    let mut publish = v3_1_1::Publish::builder()
        .topic_name(TOPIC)
        .expect("a topic")
        .qos(level)
        .payload(&PAYLOAD[..]);
    if level != Qos::AtMostOnce {
        window.acquire().await.expect("a window").forget();
        publish = publish.packet_id(client.acquire_packet_id().await.expect("an identifier"));
    }
    client
        .send(publish.build().expect("PUBLISH"))
        .await
        .expect("sent");
}

/// Goes on until so many packets have come.
async fn until(client: &Client, mut packets: usize, wanted: impl Fn(&Packet) -> bool) {
    while packets > 0 {
        let packet = client.recv().await.expect("a packet");
        packets -= usize::from(wanted(&packet));
    }
}
