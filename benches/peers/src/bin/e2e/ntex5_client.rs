//! ntex-mqtt with MQTT 5: what is published goes into the write buffer at once; there is no other task.
use crate::meter::{Meter, PAYLOAD, TOPIC, Task, Work};
use futures_util::stream::{FuturesUnordered, StreamExt};
use ntex::{Pipeline, SharedCfg, io::IoConfig};
use ntex_bytes::{ByteString, Bytes};
use ntex_mqtt::{
    MqttServiceConfig, QoS,
    v5::{
        MqttSink, Publish, PublishAck, client,
        codec::{RetainHandling, SubscriptionOptions},
    },
};
use std::{cell::Cell, rc::Rc};

/// No message is refused.
#[derive(Debug)]
enum Never {}

#[expect(clippy::infallible_try_from, reason = "ntex-mqtt asks for it")]
impl TryFrom<Never> for PublishAck {
    type Error = Never;

    fn try_from(never: Never) -> Result<Self, Never> {
        Err(never)
    }
}

/// With ntex-io 4.6 a client stops reading for good once so many bytes wait to be read: 32 KiB if
/// nothing is said, as 400 messages have.
const NEVER: usize = 1 << 30;

pub fn run(task: Task) -> Meter {
    ntex::rt::System::new("bench", ntex::rt::DefaultRuntime).block_on(work(task))
}

async fn work(task: Task) -> Meter {
    let mqtt = MqttServiceConfig::new().set_max_send(task.window);
    let config = SharedCfg::new("bench")
        .add(mqtt)
        .add(IoConfig::new().set_read_backpressure(NEVER))
        .into();
    let address = format!("127.0.0.1:{}", task.port);
    let connect = client::Connect::new(address)
        .client_id("bench")
        .clean_start();
    let client = Pipeline::new(config, client::MqttConnector::new())
        .call(connect)
        .await
        .expect("a connection");
    let sink = client.sink();
    let received = Rc::new((Cell::new(0), tokio::sync::Notify::new()));
    let counted = received.clone();
    let router = client.resource(TOPIC, move |publish: Publish| {
        let counted = counted.clone();
        async move {
            counted.0.set(counted.0.get() + 1);
            if counted.0.get() == task.messages {
                counted.1.notify_one();
            }
            Ok::<_, Never>(publish.ack())
        }
    });
    drop(ntex::rt::spawn(router.start_default()));
    let meter = Meter::start();
    match task.work {
        Work::Publish(0) => {
            for _ in 1..task.messages {
                sink.publish(TOPIC)
                    .send_at_most_once(payload())
                    .await
                    .expect("sent");
            }
            sink.publish(TOPIC)
                .send_at_least_once(payload())
                .await
                .expect("acknowledged");
        }
        Work::Publish(1) => {
            sink.publish_ack_cb(|_, _| ());
            for _ in 1..task.messages {
                sink.ready().await;
                sink.publish(TOPIC)
                    .send_at_least_once_no_block(payload())
                    .expect("sent");
            }
            sink.ready().await;
            sink.publish(TOPIC)
                .send_at_least_once(payload())
                .await
                .expect("acknowledged");
        }
        Work::Publish(_) => {
            let mut under_way = FuturesUnordered::new();
            for _ in 0..task.messages {
                if under_way.len() == usize::from(task.window) {
                    under_way.next().await;
                }
                under_way.push(exactly_once(&sink));
            }
            while under_way.next().await.is_some() {}
        }
        Work::Receive(level) => {
            let filter = ByteString::from(task.flood());
            let options = SubscriptionOptions {
                qos: QoS::try_from(level).expect("0 to 2"),
                no_local: false,
                retain_as_published: false,
                retain_handling: RetainHandling::AtSubscribe,
            };
            sink.subscribe(None)
                .topic_filter(filter, options)
                .send()
                .await
                .expect("granted");
            received.1.notified().await;
        }
        Work::RoundTrip => {
            for _ in 0..task.messages {
                sink.publish(TOPIC)
                    .send_at_least_once(payload())
                    .await
                    .expect("acknowledged");
            }
        }
        _ => panic!("not measured"),
    }
    meter.stop()
}

fn payload() -> Bytes {
    Bytes::copy_from_slice(&PAYLOAD)
}

async fn exactly_once(sink: &MqttSink) {
    sink.publish(TOPIC)
        .send_exactly_once(payload())
        .await
        .expect("received")
        .release()
        .await
        .expect("completed");
}
