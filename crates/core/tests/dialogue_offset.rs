//! Where identifiers begin when the broker has a session that the client does not know.
mod script;
use motemq::*;
use script::*;

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
    connack: &[u8],
    told: &[Told],
) {
    d.session.on_connection_lost();
    d.connect(&kept(offset));
    d.tx.clear();
    d.hears(connack, told);
}

const PRESENT: &[u8] = b"\x20\x02\x01\0";
const ABSENT: &[u8] = b"\x20\x02\0\0";

/// After a crash without a snapshot the broker may hold a QoS 2 message under identifier 1. The
/// next message goes under another one, so that it is not taken for a repetition [MQTT-2.3.1-2].
#[test]
fn an_unrecognized_session_begins_elsewhere() {
    let mut d = Dialogue::<4>::new();
    connect(&mut d, 0x1234, PRESENT, &[FOREIGN]);
    assert_eq!(d.publish(&TWICE), Ok(Some(id(0x1235))));
    d.says(b"\x34\x05\0\x01t\x12\x35");
    d.hears(b"\x50\x02\x12\x35", &[received(0x1235)]);
    d.says(b"\x62\x02\x12\x35");
    assert_eq!(d.subscribe(&[("a", 1)]), Ok(id(0x1236)));
    assert_eq!(d.unsubscribe(&["a"]), Ok(id(0x1237)));
    d.publish(&Publish::to("t").qos(QoS::AtLeastOnce)).unwrap();
    assert_eq!(d.session.oldest_in_flight(), Some(id(0x1235)));
    d.tx.clear();
    // What the broker still owes the old identifiers is answered, and meets none of the new.
    d.hears(b"\x50\x02\0\x01", &[]);
    d.says(b"\x62\x02\0\x01");
    d.hears(b"\x70\x02\0\x01\x40\x02\0\x02", &[]);
    d.hears(
        b"\x70\x02\x12\x35\x90\x03\x12\x36\x01\xb0\x02\x12\x37\x40\x02\x12\x38",
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

/// A session that is new or resumed keeps the identifiers that it has.
#[test]
fn only_an_unrecognized_session_moves() {
    let mut d = Dialogue::<4>::new();
    connect(&mut d, 100, ABSENT, &[NEW]);
    assert_eq!(d.publish(&TWICE), Ok(Some(id(1))));
    connect(
        &mut d,
        200,
        PRESENT,
        &[RESUMED, resend(1, QoS::ExactlyOnce)],
    );
    d.republish(1, &TWICE).unwrap();
    d.says(b"\x3c\x05\0\x01t\0\x01");
    d.hears(b"\x50\x02\0\x01\x70\x02\0\x01", &[received(1), acked(1)]);
    assert_eq!(d.publish(&TWICE), Ok(Some(id(2))));
    connect(&mut d, 300, ABSENT, &[unknown(2), NEW]);
    assert_eq!(d.publish(&TWICE), Ok(Some(id(3))));
}

/// What is in flight for another client identifier ends under its old identifiers; only then do
/// they move.
#[test]
fn what_is_in_flight_ends_under_its_old_identifiers() {
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
    d.hears(PRESENT, &[unknown(1), unknown(2), unknown(3), FOREIGN]);
    assert_eq!(d.publish(&TWICE), Ok(Some(id(54))));
}

/// A snapshot keeps where identifiers begin, and a resumption goes on there.
#[test]
fn a_snapshot_keeps_the_offset() {
    let mut d = Dialogue::<3>::new();
    connect(&mut d, 40_000, PRESENT, &[FOREIGN]);
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
        PRESENT,
        &[RESUMED, resend(40_001, QoS::ExactlyOnce)],
    );
    again.republish(40_001, &TWICE).unwrap();
    assert_eq!(again.turn(), [resend(40_002, QoS::AtLeastOnce)]);
    again.abandon(40_002).unwrap();
    again.tx.clear();
    assert_eq!(
        again.publish(&Publish::to("t").qos(QoS::AtLeastOnce)),
        Ok(Some(id(40_003)))
    );
}

/// However large the random number is, all slots have an identifier from 1 to 65,535.
#[test]
fn every_offset_leaves_room_for_all_slots() {
    for offset in [0, 1, 65_530, 65_531, 65_532, 65_533, 65_534, 65_535] {
        let mut d = Dialogue::<4>::new();
        connect(&mut d, offset, PRESENT, &[FOREIGN]);
        let first = offset.min(65_531) + 1;
        for round in 0..3 {
            for n in 0..4 {
                let expected = id(first + n);
                assert_eq!(d.publish(&TWICE), Ok(Some(expected)), "{offset} {round}");
            }
            assert_eq!(d.publish(&TWICE), Err(SendError::Busy));
            d.tx.clear();
            for n in 0..4u16 {
                let [high, low] = (first + n).to_be_bytes();
                d.hears(&[0x50, 2, high, low], &[received(first + n)]);
                d.hears(&[0x70, 2, high, low], &[acked(first + n)]);
                d.tx.clear();
            }
        }
        // Identifiers next to them belong to no slot.
        for stray in [first.wrapping_sub(1), first.wrapping_add(4)] {
            if let Some(stray) = PacketId::new(stray) {
                let [high, low] = stray.get().to_be_bytes();
                d.hears(&[0x40, 2, high, low], &[]);
            }
        }
    }
}

/// A connection that is lost before CONNACK leaves nothing of the offset behind.
#[test]
fn an_offset_ends_with_its_connection() {
    let mut d = Dialogue::<4>::new();
    d.connect(&kept(77));
    assert_eq!(d.session.payload_remaining(), 0);
    d.session.on_connection_lost();
    assert_eq!(d.session.payload_remaining(), 0);
    connect(&mut d, 0, PRESENT, &[FOREIGN]);
    assert_eq!(d.publish(&TWICE), Ok(Some(id(1))));
    let mut clean = Dialogue::<4>::new();
    clean.connect(&Connect::new("c").identifier_offset(5));
    clean.tx.clear();
    clean.hears(ABSENT, &[NEW]);
    assert_eq!(clean.publish(&Publish::to("t").remaining(3)), Ok(None));
    assert_eq!(clean.session.payload_remaining(), 3);
}
