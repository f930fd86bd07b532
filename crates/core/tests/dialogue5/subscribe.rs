//! Subscriptions.
use super::*;

#[test]
fn options_and_properties() {
    let mut d = Dialogue::<Full>::open(ACCEPTED);
    let options = SubscriptionOptions {
        no_local: true,
        retain_as_published: true,
        retain_handling: RetainHandling::DoNotSend,
    };
    let filters = [Filter::new("t", QoS::ExactlyOnce).options(options)];
    let properties = [Property::SubscriptionIdentifier(128)];
    let id = d.session.subscribe_with(&filters, &properties, &mut d.tx);
    assert_eq!(id.map(PacketId::get), Ok(1));
    d.sends(b"\x82\x0a\0\x01\x03\x0b\x80\x01\0\x01t\x2e");
    let subscribed = "Subscribed { id: 1, codes: [2], properties: [reason string \"y\"] }";
    d.receives(b"\x90\x08\0\x01\x04\x1f\0\x01y\x02", &[subscribed]);
    d.session
        .unsubscribe(
            &[
                Filter::new("t", QoS::AtMostOnce),
                Filter::new("u", QoS::AtMostOnce),
            ],
            &mut d.tx,
        )
        .unwrap();
    d.sends(b"\xa2\x09\0\x02\0\0\x01t\0\x01u");
    let unsubscribed = "Unsubscribed { id: 2, codes: [0, 17], properties: [] }";
    d.receives(b"\xb0\x05\0\x02\0\0\x11", &[unsubscribed]);
}

#[test]
fn faults() {
    let cases: [(&[u8], &str, u8); 8] = [
        (b"\x90\x04\0\x01\0\x03", "Unexpected", 0x82),
        (b"\x90\x04\0\x01\0\x79", "Unexpected", 0x82),
        (b"\x90\x03\0\x01\0", "Malformed", 0x81),
        (b"\x90\x05\0\x01\0\0\0", "Malformed", 0x81),
        (b"\xb0\x04\0\x01\0\0", "Unexpected", 0x82),
        (b"\xb0\x05\0\x02\0\0\0", "Malformed", 0x81),
        (b"\xb0\x04\0\x02\0\x8e", "Unexpected", 0x82),
        (b"\xb0\x02\0\x02", "Malformed", 0x81),
    ];
    for (packet, fault, code) in cases {
        let mut d = Dialogue::<Full>::open(ACCEPTED);
        let filters = [Filter::new("t", QoS::AtMostOnce)];
        d.session.subscribe(&filters, &mut d.tx).unwrap();
        d.session.unsubscribe(&filters, &mut d.tx).unwrap();
        d.tx.clear();
        d.receives(packet, &[fault]);
        d.sends(&[0xe0, 1, code]);
    }
}

/// [MQTT-3.8.3-4] [MQTT-4.8.2-1] [MQTT-4.8.2-2]
#[test]
fn shared_subscriptions() {
    let mut d = Dialogue::<Full>::open(ACCEPTED);
    for wrong in [
        "$share",
        "$share/",
        "$share/g",
        "$share/g/",
        "$share//t",
        "$share/+/t",
        "$share/#",
    ] {
        d.refuses(SendError::Invalid, |s, tx| {
            s.subscribe(&[Filter::new(wrong, QoS::AtMostOnce)], tx)
        });
    }
    let options = SubscriptionOptions {
        no_local: true,
        ..SubscriptionOptions::default()
    };
    d.refuses(SendError::Invalid, |s, tx| {
        s.subscribe(
            &[Filter::new("$share/g/t", QoS::AtMostOnce).options(options)],
            tx,
        )
    });
    d.session
        .subscribe(&[Filter::new("$share/g/+", QoS::AtMostOnce)], &mut d.tx)
        .unwrap();
    d.sends(b"\x82\x10\0\x01\0\0\x0a$share/g/+\0");
    for wrong in [0, 0x1000_0000] {
        d.refuses(SendError::Invalid, |s, tx| {
            let list = [Property::SubscriptionIdentifier(wrong)];
            s.subscribe_with(&[Filter::new("t", QoS::AtMostOnce)], &list, tx)
        });
    }
}
