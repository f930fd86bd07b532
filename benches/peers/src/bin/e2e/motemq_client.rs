//! motemq-tokio: a driver beside the task that publishes.
use crate::meter::{Meter, PAYLOAD, TOPIC, Task, WINDOW, Work};
use motemq_tokio::{Client, Filter, Options, Publish, QoS};

pub async fn run(task: Task) -> Meter {
    let options = Options::new("bench")
        .broker("127.0.0.1", task.port)
        .in_flight(WINDOW.into());
    let (client, driver) = Client::new(options).expect("good options");
    let driver = tokio::task::spawn_local(driver);
    client.connected().await.expect("a connection");
    let meter = Meter::start();
    let publish = |qos| Publish::to(TOPIC).payload(&PAYLOAD).qos(qos);
    let meter = match task.work {
        Work::Publish(qos) => {
            let qos = QoS::try_from(qos).expect("0 to 2");
            for _ in 1..task.messages {
                drop(client.publish(&publish(qos)).await.expect("accepted"));
            }
            // Acknowledged last.
            let last = if qos == QoS::AtMostOnce {
                QoS::AtLeastOnce
            } else {
                qos
            };
            client
                .publish(&publish(last))
                .await
                .expect("accepted")
                .await
                .expect("acknowledged");
            meter.stop()
        }
        Work::Receive(qos) => {
            let mut messages = client.messages();
            let filter = task.flood();
            let _subscription = client
                .subscribe(&[Filter::new(&filter, QoS::try_from(qos).expect("0 to 2"))])
                .await
                .expect("granted");
            for _ in 0..task.messages {
                messages.recv().await.expect("a message");
            }
            meter.stop()
        }
        Work::RoundTrip => {
            for _ in 0..task.messages {
                client
                    .publish(&publish(QoS::AtLeastOnce))
                    .await
                    .expect("accepted")
                    .await
                    .expect("acknowledged");
            }
            meter.stop()
        }
    };
    driver.abort();
    meter
}
