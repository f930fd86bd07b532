//! rumqttc's blocking client: the connection in one thread, and the program that publishes in
//! another.
use crate::{
    meter::{Meter, TOPIC, Task, Work},
    rumqttc_client::{is_acknowledgement, options},
};
use rumqttc::{Client, Connection, Event, Packet, QoS, qos};
use std::thread;

pub fn run(task: Task) -> Meter {
    let (client, mut connection) = Client::new(options(task), task.window.into());
    count(&mut connection, 1, |packet| {
        matches!(packet, Packet::ConnAck(_))
    });
    let payload = task.payload();
    let send = move |client: &Client, level| {
        let level = qos(level).expect("0 to 2");
        let sent = client.publish(TOPIC, level, false, &payload[..]);
        sent.expect("room");
    };
    let meter = Meter::start();
    match task.work {
        Work::Publish(level) => {
            let publisher = thread::spawn(move || {
                for _ in 1..task.messages {
                    send(&client, level);
                }
                send(&client, task.last_qos(level));
                client
            });
            let acknowledged = task.acknowledged(level);
            count(&mut connection, acknowledged, is_acknowledgement);
            let meter = meter.stop();
            publisher.join().expect("the client");
            meter
        }
        Work::Receive(level) => {
            let level = qos(level).expect("0 to 2");
            client.subscribe(task.flood(), level).expect("room");
            count(&mut connection, task.messages, |packet| {
                matches!(packet, Packet::Publish(_))
            });
            meter.stop()
        }
        Work::RoundTrip => {
            for _ in 0..task.messages {
                send(&client, QoS::AtLeastOnce as u8);
                count(&mut connection, 1, is_acknowledgement);
            }
            meter.stop()
        }
        _ => panic!("not measured"),
    }
}

/// Goes on until so many packets have come.
fn count(connection: &mut Connection, mut packets: usize, wanted: impl Fn(&Packet) -> bool) {
    for event in connection.iter() {
        if let Event::Incoming(packet) = event.expect("a connection") {
            packets -= usize::from(wanted(&packet));
            if packets == 0 {
                return;
            }
        }
    }
}
