//! SUBSCRIBE and UNSUBSCRIBE: 3.8 and 3.10.
use crate::*;
use motemq::{Filter, Property, QoS, RetainHandling, SubscriptionOptions, packet::Filters};

type List<'a> = [Filter<'a, SubscriptionOptions>];

fn subscribe<'a>(list: &'a List<'a>) -> Packet<'a, ()> {
    Packet::Subscribe {
        id: 7.try_into().unwrap(),
        filters: Filters::from(list),
        properties: (),
    }
}

fn unsubscribe<'a>(list: &'a List<'a>) -> Packet<'a, ()> {
    Packet::Unsubscribe {
        id: 7.try_into().unwrap(),
        filters: Filters::from(list),
        properties: (),
    }
}

/// SUBSCRIBE to `filter` with these options.
fn with_options(filter: &str, options: u8) -> Vec<u8> {
    packet(0x82, &[b"\0\x07\0", &field(filter.as_bytes()), &[options]])
}

#[test]
fn mqtt_3_8_1_1() {
    for flags in (0..16).filter(|&flags| flags != 2) {
        let mut bytes = with_options("f", 0);
        bytes[0] = 0x80 | flags;
        malformed(&bytes);
    }
    let list = [Filter::new("f", QoS::AtMostOnce).options(Default::default())];
    assert_eq!(encoded(&subscribe(&list)).unwrap(), with_options("f", 0));
}

#[test]
fn mqtt_3_8_3_1() {
    malformed(b"\x82\x07\0\x07\0\0\x01\xff\0");
    let list = [Filter::new("a\0", QoS::AtMostOnce).options(Default::default())];
    assert_eq!(encoded(&subscribe(&list)), Err(SendError::Invalid));
    same(&with_options("é", 1));
}

#[test]
fn mqtt_3_8_3_2() {
    malformed(b"\x82\x03\0\x07\0");
    assert_eq!(encoded(&subscribe(&[])), Err(SendError::Invalid));
    same(b"\x82\x0b\0\x07\0\0\x01f\0\0\x01g\x02");
}

#[test]
fn mqtt_3_8_3_5() {
    for options in 0..=255 {
        let bytes = with_options("f", options);
        if options & 0xc0 != 0 {
            malformed(&bytes);
        } else if options & 3 == 3 || options & 0x30 == 0x30 {
            assert_eq!(decode(&bytes), Err(DecodeError::Options));
        } else {
            same(&bytes);
        }
    }
    // The options of a list are the bits of their byte.
    for (bits, no_local, retain_as_published, retain_handling) in [
        (0x00, false, false, RetainHandling::SendAtSubscribe),
        (0x04, true, false, RetainHandling::SendAtSubscribe),
        (0x08, false, true, RetainHandling::SendAtSubscribe),
        (0x10, false, false, RetainHandling::SendIfNew),
        (0x2c, true, true, RetainHandling::DoNotSend),
    ] {
        let options = SubscriptionOptions {
            no_local,
            retain_as_published,
            retain_handling,
        };
        for qos in 0..3 {
            let list = [Filter::new("f", qos.try_into().unwrap()).options(options)];
            let bytes = with_options("f", bits | qos);
            assert_eq!(encoded(&subscribe(&list)).unwrap(), bytes);
            let Ok(Some((Packet::Subscribe { filters, .. }, _))) = decode(&bytes) else {
                panic!("{}", hex(&bytes));
            };
            assert!(filters.iter().eq(list), "{filters:?}");
        }
    }
}

#[test]
fn u_3_8_3_1() {
    for qos in 0..4 {
        protocol_error(&with_options("f", 0x30 | qos));
    }
}

#[test]
fn u_3_8_2_1() {
    let section = section(&[b"\x0b\x01\x0b\x02"]);
    let bytes = packet(0x82, &[b"\0\x07", &section, b"\0\x01f\0"]);
    let repeated = PropertyError::Repeated { id: 0x0b };
    assert_eq!(decode(&bytes), Err(DecodeError::Property(repeated)));
    protocol_error(&bytes);
    let list = [1, 2].map(Property::SubscriptionIdentifier);
    let filters = [Filter::new("f", QoS::AtMostOnce).options(Default::default())];
    let given = Packet::Subscribe {
        id: 7.try_into().unwrap(),
        filters: Filters::from(&filters[..]),
        properties: &list[..],
    };
    assert_eq!(encoded(&given), Err(SendError::Invalid));
}

/// The name and the filter of a shared subscription.
#[test]
fn mqtt_4_8_2_1() {
    for filter in [
        "$share/g/f",
        "$share/é/+/#",
        "$share/g//",
        "$shared",
        "$shar/f",
        "a/$share",
    ] {
        same(&with_options(filter, 1));
        let list = [Filter::new(filter, QoS::AtLeastOnce).options(Default::default())];
        assert_eq!(encoded(&subscribe(&list)).unwrap(), with_options(filter, 1));
    }
    for filter in ["$share", "$share/", "$share//f"] {
        check_share(filter);
    }
}

#[test]
fn mqtt_4_8_2_2() {
    for filter in ["$share/g", "$share/g/", "$share/+/f", "$share/#"] {
        check_share(filter);
    }
    same(&packet(0xa2, &[b"\0\x07\0", &field(b"$share/g/f")]));
}

/// SUBSCRIBE and UNSUBSCRIBE cannot have this filter.
#[track_caller]
fn check_share(filter: &str) {
    let list = [Filter::new(filter, QoS::AtMostOnce).options(Default::default())];
    for (given, bytes) in [
        (subscribe(&list), with_options(filter, 0)),
        (
            unsubscribe(&list),
            packet(0xa2, &[b"\0\x07\0", &field(filter.as_bytes())]),
        ),
    ] {
        assert_eq!(decode(&bytes), Err(DecodeError::Share), "{filter}");
        protocol_error(&bytes);
        assert_eq!(encoded(&given), Err(SendError::Invalid), "{filter}");
    }
}

#[test]
fn mqtt_3_8_3_4() {
    let bytes = with_options("$share/g/f", 4);
    assert_eq!(decode(&bytes), Err(DecodeError::Options));
    protocol_error(&bytes);
    same(&with_options("$share/g/f", 0x28));
    let options = SubscriptionOptions {
        no_local: true,
        ..Default::default()
    };
    let list = [Filter::new("$share/g/f", QoS::AtMostOnce).options(options)];
    assert_eq!(encoded(&subscribe(&list)), Err(SendError::Invalid));
    // UNSUBSCRIBE has no options.
    let bytes = packet(0xa2, &[b"\0\x07\0", &field(b"$share/g/f")]);
    assert_eq!(encoded(&unsubscribe(&list)).unwrap(), bytes);
}

#[test]
fn mqtt_3_10_1_1() {
    for flags in (0..16).filter(|&flags| flags != 2) {
        let mut bytes = packet(0xa2, &[b"\0\x07\0\0\x01f"]);
        bytes[0] = 0xa0 | flags;
        malformed(&bytes);
    }
    let list = [Filter::new("f", QoS::AtMostOnce).options(Default::default())];
    assert_eq!(encoded(&unsubscribe(&list)).unwrap()[0], 0xa2);
}

#[test]
fn mqtt_3_10_3_1() {
    malformed(b"\xa2\x06\0\x07\0\0\x01\xff");
    let list = [Filter::new("a\0", QoS::AtMostOnce).options(Default::default())];
    assert_eq!(encoded(&unsubscribe(&list)), Err(SendError::Invalid));
}

#[test]
fn mqtt_3_10_3_2() {
    malformed(b"\xa2\x03\0\x07\0");
    assert_eq!(encoded(&unsubscribe(&[])), Err(SendError::Invalid));
}

/// Filters that were read are written into the other packet, too: without their options, or with
/// the first ones.
#[test]
fn filters_of_one_packet_are_written_into_the_other() {
    let with_options = b"\x82\x0b\0\x07\0\0\x01a\x2e\0\x01#\x01";
    let without = b"\xa2\x09\0\x07\0\0\x01a\0\x01#";
    let with_none = b"\x82\x0b\0\x07\0\0\x01a\0\0\x01#\0";
    for (read, [into_subscribe, into_unsubscribe]) in [
        (&with_options[..], [&with_options[..], without]),
        (without, [with_none, without]),
    ] {
        let Ok(Some((
            Packet::Subscribe {
                id,
                filters,
                properties,
            }
            | Packet::Unsubscribe {
                id,
                filters,
                properties,
            },
            _,
        ))) = decode(read)
        else {
            panic!("{}", hex(read));
        };
        let subscribe = Packet::Subscribe {
            id,
            filters,
            properties,
        };
        let unsubscribe = Packet::Unsubscribe {
            id,
            filters,
            properties,
        };
        assert_eq!(encoded(&subscribe).unwrap(), into_subscribe);
        assert_eq!(encoded(&unsubscribe).unwrap(), into_unsubscribe);
    }
}
