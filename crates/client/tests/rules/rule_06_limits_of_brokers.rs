//! Rule 6: each broker gets what it accepts, up to the last byte, and nothing beyond.
use crate::common::*;
use motemq::Connect;
use profile::{AWS_IOT, AZURE_IOT_HUB, HIVEMQ_CLOUD, MOSQUITTO, Profile};

/// A topic that the broker has, of this length.
fn topic(profile: &Profile, length: usize) -> String {
    let root = profile.roots.first().copied().unwrap_or_default();
    format!("{root}{}", "x".repeat(length - root.len()))
}

fn connect<'c>(profile: &Profile, client_id: &'c str, keep_alive: u16) -> Connect<'c> {
    let connect = Connect::new(client_id).keep_alive(keep_alive);
    if profile.login {
        connect.login("u", b"p")
    } else {
        connect
    }
}

#[test]
fn rule_06_each_broker_has_its_port_and_its_way() {
    for (profile, port, tls, alpn, login) in [
        (&AWS_IOT, 8883, true, Some((443, "x-amzn-mqtt-ca")), false),
        (&AZURE_IOT_HUB, 8883, true, None, false),
        (&HIVEMQ_CLOUD, 8883, true, None, true),
        (&MOSQUITTO, 1883, false, None, false),
        (&Profile::ANY, 1883, false, None, false),
    ] {
        let way = (profile.port, profile.tls, profile.alpn);
        assert_eq!(way, (port, tls, alpn), "{}", profile.name);
        let without = profile.check_connect(&Connect::new("a").keep_alive(60));
        assert_eq!(without.is_err(), login, "{}", profile.name);
    }
}

#[test]
fn rule_06_each_broker_has_a_name_for_commands_and_one_for_errors() {
    for (name, broker) in [
        ("aws-iot", "AWS IoT Core"),
        ("azure-iot-hub", "Azure IoT Hub"),
        ("hivemq-cloud", "HiveMQ Cloud"),
        ("mosquitto", "mosquitto"),
    ] {
        let profile = Profile::named(name).unwrap();
        let topic = "x".repeat(70_000);
        let error = profile.check_publish(&Publish::to(&topic)).unwrap_err();
        assert!(error.to_string().starts_with(broker), "{error}");
    }
}

#[test]
fn rule_06_each_broker_accepts_connections_up_to_its_limits() {
    for (profile, client_id, keep_alive) in [
        (&AWS_IOT, 128, Some(1200)),
        (&AZURE_IOT_HUB, 257, Some(1177)),
        (&HIVEMQ_CLOUD, 65_535, None),
        (&MOSQUITTO, 65_535, None),
    ] {
        let name = "n".repeat(client_id + 1);
        let accepts = |length: usize, seconds| {
            let connect = connect(profile, &name[..length], seconds);
            profile.check_connect(&connect).is_ok()
        };
        assert!(accepts(client_id, 1), "{}", profile.name);
        assert!(!accepts(client_id + 1, 1), "{}", profile.name);
        let longest = keep_alive.unwrap_or(u16::MAX);
        assert!(accepts(1, longest), "{}", profile.name);
        assert_eq!(accepts(1, 0), keep_alive.is_none(), "{}", profile.name);
        let longer = longest.checked_add(1);
        assert!(longer.is_none_or(|longer| !accepts(1, longer)));
    }
}

#[test]
fn rule_06_each_broker_accepts_messages_up_to_its_limits() {
    for (profile, qos, length, slashes, payload) in [
        (&AWS_IOT, QoS::AtLeastOnce, 256, 7, 131_072),
        (&AZURE_IOT_HUB, QoS::AtLeastOnce, 65_535, 1000, 262_144),
        (&HIVEMQ_CLOUD, QoS::ExactlyOnce, 65_535, 1000, 5_242_880),
        (&MOSQUITTO, QoS::ExactlyOnce, 65_535, 1000, 1_999_970),
    ] {
        let short = topic(profile, 20);
        let accepts = |publish: Publish<'_>| profile.check_publish(&publish).is_ok();
        assert!(accepts(Publish::to(&short).qos(qos).remaining(payload)));
        assert!(!accepts(Publish::to(&short).remaining(payload + 1)));
        let beyond = accepts(Publish::to(&short).qos(QoS::ExactlyOnce));
        assert_eq!(beyond, qos == QoS::ExactlyOnce, "{}", profile.name);
        assert!(accepts(Publish::to(&topic(profile, length))));
        assert!(!accepts(Publish::to(&topic(profile, length + 1))));
        let levels = |count: usize| format!("{}{}", topic(profile, 20), "/x".repeat(count));
        let own = short.bytes().filter(|&byte| byte == b'/').count();
        assert!(accepts(Publish::to(&levels(slashes - own))));
        let more = accepts(Publish::to(&levels(slashes + 1)));
        assert_eq!(more, slashes != 7, "{}", profile.name);
    }
}

#[test]
fn rule_06_each_broker_gets_as_many_filters_and_messages_at_once_as_it_accepts() {
    for (profile, filters, in_flight) in [
        (&AWS_IOT, 8, 100),
        (&AZURE_IOT_HUB, 5, 65_535),
        (&HIVEMQ_CLOUD, 255, 65_535),
        (&MOSQUITTO, 255, 20),
    ] {
        assert_eq!(profile.in_flight, in_flight);
        let name = topic(profile, 20);
        let all = vec![Filter::new(&name, QoS::AtMostOnce); filters + 1];
        assert!(profile.check_subscribe(&all[1..]).is_ok());
        assert!(profile.check_subscribe(&all).is_err());
    }
}
