//! The calls that are measured, in the order of a conversation.
use crate::{
    List,
    gauge::Gauge,
    measured,
    node::{Node, PAYLOAD},
    v5::*,
};
use motemq::{
    Connect, Filter, Property, Publish, QoS, ReasonCode, RetainHandling, SubscriptionOptions,
};

const MESSAGE: Publish<'_> = Publish::to("plant/7/pressure");
const BARE: Publish<'_, List<'_>> = MESSAGE.payload(&PAYLOAD).properties(&[]);
const OPTIONS: SubscriptionOptions = SubscriptionOptions {
    no_local: true,
    retain_as_published: false,
    retain_handling: RetainHandling::SendAtSubscribe,
};
const FILTERS: [Filter<'_, SubscriptionOptions>; 1] =
    [Filter::new("plant/+/command", QoS::ExactlyOnce).options(OPTIONS)];

/// What a server says: the same message with a content type, and with identifier 5 if it has one.
const HEAD_0: [u8; 26] = *b"\x30\x58\0\x10plant/7/pressure\x05\x03\0\x02tx";
const HEAD_1: [u8; 28] = *b"\x32\x5a\0\x10plant/7/pressure\0\x05\x05\x03\0\x02tx";
const HEAD_2: [u8; 28] = *b"\x34\x5a\0\x10plant/7/pressure\0\x05\x05\x03\0\x02tx";

pub fn measure(gauge: &Gauge) {
    let mut node = Node::new();
    let properties = [
        Property::MessageExpiryInterval(60),
        Property::ContentType("text/plain".into()),
        Property::UserProperty {
            name: "unit".into(),
            value: "hPa".into(),
        },
    ];
    let message = MESSAGE.payload(&PAYLOAD[..16]).properties(&properties);
    let method = [Property::AuthenticationMethod("m".into())];
    let hello = Connect::new("node-7")
        .keep_session()
        .properties(&method)
        .login("node", b"secret")
        .will(Publish::to("gone").payload(b"node-7").properties(&[]));
    node.connect(gauge, "connect: with will, login and a property", &hello);
    node.next_event(gauge, "next_event: AUTH", &[b"\xf0\x06\x18\x04\x15\0\x01m"]);
    node.tx.clear();
    gauge.tell(
        measured!(mq_authenticate(
            &mut node.session,
            ReasonCode::CONTINUE_AUTHENTICATION,
            &&method[..],
            &mut node.tx
        )),
        "authenticate: one property",
    );
    node.next_event(
        gauge,
        "next_event: CONNACK with three properties",
        &[b"\x20\x0f\0\0\x0c\x21\0\x08\x27\0\0\x01\0\x15\0\x01m"],
    );
    node.tx.clear();
    let identifier = [Property::SubscriptionIdentifier(7)];
    gauge.tell(
        measured!(mq_subscribe(
            &mut node.session,
            &&FILTERS[..],
            &&identifier[..],
            &mut node.tx
        )),
        "subscribe: one filter with options, and a property",
    );
    node.next_event(gauge, "next_event: SUBACK", &[b"\x90\x04\0\x01\0\x02"]);
    node.publish(gauge, "publish: QoS 0, 64 bytes", &BARE);
    node.publish(
        gauge,
        "publish: QoS 0, 16 bytes, three properties",
        &message,
    );
    let message = message.qos(QoS::AtLeastOnce);
    node.publish(
        gauge,
        "publish: QoS 1, 16 bytes, three properties",
        &message,
    );
    node.next_event(
        gauge,
        "next_event: PUBACK that refuses, with a reason",
        &[b"\x40\x0c\0\x02\x97\x08\x1f\0\x05quota"],
    );
    let message = message.qos(QoS::ExactlyOnce);
    node.publish(
        gauge,
        "publish: QoS 2, 16 bytes, three properties",
        &message,
    );
    node.next_event(gauge, "next_event: PUBREC", &[b"\x50\x02\0\x03"]);
    node.next_event(
        gauge,
        "next_event: PUBCOMP, with PUBREL due",
        &[b"\x70\x02\0\x03"],
    );
    node.next_event(
        gauge,
        "next_event: PUBLISH with QoS 0, 64 bytes, a property",
        &[&HEAD_0, &PAYLOAD],
    );
    node.next_event(
        gauge,
        "next_event: PUBLISH with QoS 1, 64 bytes, a property",
        &[&HEAD_1, &PAYLOAD],
    );
    gauge.tell(
        measured!(mq_refuse(&mut node.session, ReasonCode::QUOTA_EXCEEDED)),
        "refuse",
    );
    node.next_event(gauge, "next_event: nothing but PUBACK due", &[]);
    node.next_event(
        gauge,
        "next_event: PUBLISH with QoS 2, 64 bytes, a property",
        &[&HEAD_2, &PAYLOAD],
    );
    node.next_event(
        gauge,
        "next_event: PUBREL, with PUBREC due",
        &[b"\x62\x02\0\x05"],
    );
    node.stream_and_tick(gauge, BARE);
    gauge.tell(
        measured!(mq_unsubscribe(
            &mut node.session,
            &&FILTERS[..],
            &&[][..],
            &mut node.tx
        )),
        "unsubscribe: one filter",
    );
    node.next_event(gauge, "next_event: UNSUBACK", &[b"\xb0\x04\0\x04\0\0"]);

    let message = BARE.payload(&PAYLOAD[..8]).qos(QoS::ExactlyOnce);
    node.lose_two(&message);
    node.connect(gauge, "connect: again", &hello);
    node.next_event(
        gauge,
        "next_event: CONNACK, resumed",
        &[b"\x20\x07\x01\0\x04\x15\0\x01m"],
    );
    node.resend_two(gauge, &message);
    gauge.tell(
        measured!(mq_disconnect(
            &mut node.session,
            ReasonCode::DISCONNECT_WITH_WILL_MESSAGE,
            &&properties[2..],
            &mut node.tx
        )),
        "disconnect: with the will and a property",
    );
}
