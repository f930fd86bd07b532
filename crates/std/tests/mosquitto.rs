//! Against a real mosquitto. Where it is not installed these tests are skipped by name, unless `MOTEMQ_REQUIRE` is set.
use motemq_rig::mosquitto::{self, Mosquitto};
use motemq_std::{Client, Filter, Message, Options, Publish, QoS, Reconnect};
use std::time::Duration;

const SOON: Option<Duration> = Some(Duration::from_secs(10));
const LEVELS: [QoS; 3] = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce];

fn options(broker: &Mosquitto, client_id: &str) -> Options {
    Options::from_url(&broker.url()).unwrap().client_id(client_id).reconnect(Reconnect::Never)
}

fn connect(broker: &Mosquitto, client_id: &str) -> Client {
    Client::connect(&options(broker, client_id)).unwrap()
}

fn next(client: &mut Client) -> Message {
    client.recv(SOON).unwrap().expect("a message within ten seconds")
}

#[test]
fn each_qos_both_ways() {
    let Some(broker) = mosquitto::for_test("each_qos_both_ways", &["allow_anonymous true"]) else { return };
    let mut from = connect(&broker, "from");
    let mut to = connect(&broker, "to");
    for qos in LEVELS {
        to.subscribe(&[Filter::new("t", qos)]).unwrap();
        for n in 0..50u8 {
            from.publish(&Publish::to("t").payload(&[n]).qos(qos)).unwrap();
        }
        for n in 0..50 {
            let message = next(&mut to);
            assert_eq!((message.payload.as_slice(), message.qos, message.topic.as_str()), (&[n][..], qos, "t"));
        }
    }
    from.disconnect().unwrap();
    to.disconnect().unwrap();
}
