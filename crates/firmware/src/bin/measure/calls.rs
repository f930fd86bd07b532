//! The calls that are measured, in the order of a conversation.
use crate::{
    full::*,
    gauge::Gauge,
    measured,
    node::{Node, PAYLOAD},
};
use motemq::{Connect, Filter, Publish, QoS};

const MESSAGE: Publish<'_> = Publish::to("plant/7/pressure").payload(&PAYLOAD);
const FILTERS: [Filter<'_>; 1] = [Filter::new("plant/+/command", QoS::ExactlyOnce)];
const HELLO: Connect<'_> = Connect::new("node-7")
    .keep_session()
    .login("node", b"secret")
    .will(Publish::to("gone").payload(b"node-7"));

/// What a broker says: the same message, with identifier 5 if it has one.
const HEAD_0: [u8; 20] = *b"\x30\x52\0\x10plant/7/pressure";
const HEAD_1: [u8; 22] = *b"\x32\x54\0\x10plant/7/pressure\0\x05";
const HEAD_2: [u8; 22] = *b"\x34\x54\0\x10plant/7/pressure\0\x05";

pub fn measure(gauge: &Gauge) {
    let mut node = Node::new();
    node.connect(gauge, "connect: with will, user and password", &HELLO);
    node.next_event(gauge, "next_event: CONNACK", &[b"\x20\x02\0\0"]);
    node.tx.clear();
    gauge.tell(
        measured!(mq_subscribe(&mut node.session, &&FILTERS[..], &mut node.tx)),
        "subscribe: one filter",
    );
    node.next_event(gauge, "next_event: SUBACK", &[b"\x90\x03\0\x01\x02"]);
    node.publish(gauge, "publish: QoS 0, 64 bytes", &MESSAGE);
    node.publish(
        gauge,
        "publish: QoS 1, 64 bytes",
        &MESSAGE.qos(QoS::AtLeastOnce),
    );
    node.next_event(gauge, "next_event: PUBACK", &[b"\x40\x02\0\x02"]);
    node.publish(
        gauge,
        "publish: QoS 2, 64 bytes",
        &MESSAGE.qos(QoS::ExactlyOnce),
    );
    node.next_event(gauge, "next_event: PUBREC", &[b"\x50\x02\0\x03"]);
    node.next_event(
        gauge,
        "next_event: PUBCOMP, with PUBREL due",
        &[b"\x70\x02\0\x03"],
    );
    node.next_event(
        gauge,
        "next_event: PUBLISH with QoS 0, 64 bytes",
        &[&HEAD_0, &PAYLOAD],
    );
    node.next_event(
        gauge,
        "next_event: PUBLISH with QoS 1, 64 bytes",
        &[&HEAD_1, &PAYLOAD],
    );
    node.next_event(gauge, "next_event: nothing but PUBACK due", &[]);
    node.next_event(
        gauge,
        "next_event: PUBLISH with QoS 2, 64 bytes",
        &[&HEAD_2, &PAYLOAD],
    );
    node.next_event(
        gauge,
        "next_event: PUBREL, with PUBREC due",
        &[b"\x62\x02\0\x05"],
    );
    node.stream_and_tick(gauge, MESSAGE);
    gauge.tell(
        measured!(mq_unsubscribe(
            &mut node.session,
            &&FILTERS[..],
            &mut node.tx
        )),
        "unsubscribe: one filter",
    );
    node.next_event(gauge, "next_event: UNSUBACK", &[b"\xb0\x02\0\x04"]);

    let message = MESSAGE.payload(&PAYLOAD[..8]).qos(QoS::ExactlyOnce);
    node.lose_two(&message);
    node.connect(gauge, "connect: again", &HELLO);
    node.next_event(gauge, "next_event: CONNACK, resumed", &[b"\x20\x02\x01\0"]);
    node.resend_two(gauge, &message);
    gauge.tell(
        measured!(mq_disconnect(&mut node.session, &mut node.tx)),
        "disconnect",
    );
}
