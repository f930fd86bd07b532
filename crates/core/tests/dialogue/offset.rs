//! The offset at which identifiers begin if the broker has a session that the client does not know.
use crate::script::*;
use motemq::*;

const TWICE: Publish<'static> = Publish::to("t").qos(QoS::ExactlyOnce);

fn kept(offset: u16) -> Connect<'static> {
    Connect::new("c")
        .keep_alive(0)
        .keep_session()
        .identifier_offset(offset)
}

fn connect<const SLOTS: usize>(
    d: &mut Dialogue<SLOTS>,
    offset: u16,
    connack: Packet,
    emitted: &[Emitted],
) {
    d.session.on_connection_lost();
    d.connect(&kept(offset));
    d.tx.clear();
    d.receives(connack, emitted);
}

/// CONNACK of a broker that has a session.
fn present() -> Packet {
    connack().session_present()
}

/// After a crash without a snapshot the broker may hold a QoS 2 message under identifier 1. The
/// next message has another identifier, so that it is not taken for a repetition [MQTT-2.3.1-2].
#[test]
fn identifiers_of_an_unrecognized_session_begin_at_the_offset() {
    let mut d = Dialogue::<4>::new();
    connect(&mut d, 0x1234, present(), &[UNRECOGNIZED]);
    assert_eq!(d.publish(&TWICE), Ok(Some(id(0x1235))));
    d.sends(publish("t").qos2(0x1235));
    d.receives(pubrec(0x1235), &[received(0x1235)]);
    d.sends(pubrel(0x1235));
    assert_eq!(d.subscribe(&[("a", 1)]), Ok(id(0x1236)));
    assert_eq!(d.unsubscribe(&["a"]), Ok(id(0x1237)));
    d.publish(&Publish::to("t").qos(QoS::AtLeastOnce)).unwrap();
    assert_eq!(d.session.oldest_in_flight(), Some(id(0x1235)));
    d.tx.clear();
    // Packets of the broker for old identifiers are answered, and do not affect new ones.
    d.receives(pubrec(1), &[]);
    d.sends(pubrel(1));
    d.receives([pubcomp(1), puback(2)], &[]);
    d.receives(
        [
            pubcomp(0x1235),
            suback(0x1236, &[1]),
            unsuback(0x1237),
            puback(0x1238),
        ],
        &[
            acked(0x1235),
            subscribed(0x1236, &[1]),
            acked(0x1237),
            acked(0x1238),
        ],
    );
    // Round the ring.
    assert_eq!(d.publish(&TWICE), Ok(Some(id(0x1235))));
}

/// A session that is new or resumed keeps its identifiers.
#[test]
fn only_an_unrecognized_session_moves_the_identifiers() {
    let mut d = Dialogue::<4>::new();
    connect(&mut d, 100, connack(), &[NEW]);
    assert_eq!(d.publish(&TWICE), Ok(Some(id(1))));
    connect(
        &mut d,
        200,
        present(),
        &[RESUMED, resend(1, QoS::ExactlyOnce)],
    );
    d.republish(1, &TWICE).unwrap();
    d.sends(publish("t").qos2(1).dup());
    d.receives([pubrec(1), pubcomp(1)], &[received(1), acked(1)]);
    assert_eq!(d.publish(&TWICE), Ok(Some(id(2))));
    connect(&mut d, 300, connack(), &[outcome_unknown(2), NEW]);
    assert_eq!(d.publish(&TWICE), Ok(Some(id(3))));
}

/// Packets in flight under another client identifier end under their old packet identifiers, which
/// move only then.
#[test]
fn packets_in_flight_end_under_their_old_identifiers() {
    let mut d = Dialogue::<4>::open_kept();
    for n in 1..=3 {
        assert_eq!(d.publish(&TWICE), Ok(Some(id(n))));
    }
    d.session.on_connection_lost();
    d.connect(
        &Connect::new("other")
            .keep_alive(0)
            .keep_session()
            .identifier_offset(50),
    );
    d.tx.clear();
    d.receives(
        present(),
        &[
            outcome_unknown(1),
            outcome_unknown(2),
            outcome_unknown(3),
            UNRECOGNIZED,
        ],
    );
    assert_eq!(d.publish(&TWICE), Ok(Some(id(54))));
}

/// A snapshot keeps the offset, and a resumption continues with it.
#[test]
fn a_snapshot_keeps_the_offset() {
    let mut d = Dialogue::<3>::new();
    connect(&mut d, 40_000, present(), &[UNRECOGNIZED]);
    d.publish(&TWICE).unwrap();
    d.publish(&Publish::to("t").qos(QoS::AtLeastOnce)).unwrap();
    let mut image = [0; Session::<[Slot; 3]>::IMAGE];
    d.session.save(&mut image).unwrap();
    let mut again = Dialogue::<3>::new();
    again.session.restore(&image).unwrap();
    assert_eq!(again.session.oldest_in_flight(), Some(id(40_001)));
    connect(
        &mut again,
        7,
        present(),
        &[RESUMED, resend(40_001, QoS::ExactlyOnce)],
    );
    again.republish(40_001, &TWICE).unwrap();
    assert_eq!(again.drain_events(), [resend(40_002, QoS::AtLeastOnce)]);
    again.abandon(40_002).unwrap();
    again.tx.clear();
    assert_eq!(
        again.publish(&Publish::to("t").qos(QoS::AtLeastOnce)),
        Ok(Some(id(40_003)))
    );
}

/// However large the offset is, all slots have an identifier from 1 to 65,535.
#[test]
fn every_offset_leaves_room_for_all_slots() {
    for offset in [0, 1, 65_530, 65_531, 65_532, 65_533, 65_534, 65_535] {
        let mut d = Dialogue::<4>::new();
        connect(&mut d, offset, present(), &[UNRECOGNIZED]);
        let first = offset.min(65_531) + 1;
        for round in 0..3 {
            for n in 0..4 {
                let expected = id(first + n);
                assert_eq!(d.publish(&TWICE), Ok(Some(expected)), "{offset} {round}");
            }
            assert_eq!(d.publish(&TWICE), Err(SendError::Busy));
            d.tx.clear();
            for n in 0..4u16 {
                d.receives(pubrec(first + n), &[received(first + n)]);
                d.receives(pubcomp(first + n), &[acked(first + n)]);
                d.tx.clear();
            }
        }
        // Identifiers next to them belong to no slot.
        for stray in [first.wrapping_sub(1), first.wrapping_add(4)] {
            if let Some(stray) = PacketId::new(stray) {
                d.receives(puback(stray.get()), &[]);
            }
        }
    }
}

/// A connection that is lost before CONNACK leaves nothing of its offset behind.
#[test]
fn an_offset_ends_with_its_connection() {
    let mut d = Dialogue::<4>::new();
    d.connect(&kept(77));
    assert_eq!(d.session.payload_remaining(), 0);
    d.session.on_connection_lost();
    assert_eq!(d.session.payload_remaining(), 0);
    connect(&mut d, 0, present(), &[UNRECOGNIZED]);
    assert_eq!(d.publish(&TWICE), Ok(Some(id(1))));
    let mut clean = Dialogue::<4>::new();
    clean.connect(&Connect::new("c").identifier_offset(5));
    clean.tx.clear();
    clean.receives(connack(), &[NEW]);
    assert_eq!(clean.publish(&Publish::to("t").remaining(3)), Ok(None));
    assert_eq!(clean.session.payload_remaining(), 3);
}

/// The broker began a new session, and the connection ended before everything was reported: over
/// the next one its session is not the one that the slots belong to.
#[test]
fn a_new_session_is_not_forgotten_with_its_connection() {
    for ends in [2, 1] {
        let mut d = Dialogue::<4>::open_kept();
        d.feed(b"\x34\x05\0\x01t\0\x07");
        for _ in 0..ends {
            d.publish(&TWICE).unwrap();
        }
        d.session.on_connection_lost();
        d.connect(&kept(0));
        d.tx.clear();
        d.buffer(b"\x20\x02\0\0");
        assert_eq!(d.next_event(), Some(outcome_unknown(1)));
        let expected = if ends == 2 {
            vec![outcome_unknown(2), UNRECOGNIZED]
        } else {
            vec![UNRECOGNIZED]
        };
        connect(&mut d, 0, present(), &expected);
        // A message under identifier 7 is another message now.
        d.receives(b"\x34\x06\0\x01t\0\x07y", &[message("t", b"y").qos2(7)]);
    }
}

/// A managed client can ask which identifiers the session uses, and which the broker has in use.
#[test]
fn the_session_returns_its_offset_and_unreleased_identifiers() {
    let mut d = Dialogue::<2>::new();
    assert_eq!(d.session.identifier_offset(), 0);
    connect(&mut d, 0x1234, present(), &[UNRECOGNIZED]);
    assert_eq!(d.session.identifier_offset(), 0x1234);
    let unreleased = |d: &Dialogue<2>| d.session.unreleased().collect::<Vec<_>>();
    assert_eq!(unreleased(&d), []);
    for n in [7, 9] {
        assert!(d.session.can_receive_qos_2());
        d.receives(publish("t").qos2(n), &[message("t", b"").qos2(n)]);
        d.sends(pubrec(n));
    }
    assert_eq!(unreleased(&d), [id(7), id(9)]);
    assert!(!d.session.can_receive_qos_2());
    d.receives(pubrel(7), &[]);
    d.sends(pubcomp(7));
    assert_eq!(unreleased(&d), [id(9)]);
    assert!(d.session.can_receive_qos_2());
}
