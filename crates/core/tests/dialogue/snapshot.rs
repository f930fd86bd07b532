//! Snapshots: the state that outlives a reset.
use crate::script::*;
use motemq::*;

type Three = Session<[Slot; 3]>;

const ONCE: Publish<'_> = Publish::to("a").qos(QoS::AtLeastOnce);
const TWICE: Publish<'_> = Publish::to("a").qos(QoS::ExactlyOnce);

fn saved(session: &Three) -> [u8; Three::IMAGE] {
    let mut image = [0xaa; Three::IMAGE];
    session.save(&mut image).unwrap();
    image
}

fn restored(image: &[u8]) -> Three {
    let mut session = Three::new();
    session.restore(image).unwrap();
    session
}

/// Returns everything that a session does from its next connection on, in several cases.
fn future(session: &Three) -> Vec<(Vec<Emitted>, Vec<u8>)> {
    let mut all = vec![];
    for connect in [
        Connect::new("c").keep_session(),
        Connect::new("c"),
        Connect::new("d").keep_session(),
    ] {
        for connack in [connack(), connack().session_present(), connack().code(3)] {
            let mut d = Dialogue::<3>::new();
            d.session = session.clone();
            d.connect(&connect);
            let mut emitted = d.feed(connack);
            while let Some(&Emitted::Resend(number, qos)) = emitted.last() {
                d.republish(number, &Publish::to("a").qos(qos)).unwrap();
                emitted.push(Emitted::Payload(d.tx.bytes().to_vec(), 0));
                emitted.extend(d.drain_events());
            }
            for number in 1..=9 {
                emitted.extend(d.feed(publish("t").qos2(number).dup()));
                d.tx.consume(200);
            }
            for _ in 0..4 {
                if let Ok(Some(id)) = d.publish(&ONCE) {
                    emitted.push(Emitted::Acked(id.get()));
                }
            }
            emitted.extend(
                d.session
                    .oldest_in_flight()
                    .map(|id| Emitted::OutcomeUnknown(id.get())),
            );
            all.push((emitted, d.tx.bytes().to_vec()));
        }
    }
    all
}

/// A snapshot equals the session with its connection just lost, after every call of a long
/// dialogue.
#[test]
fn a_snapshot_is_a_session_whose_connection_was_lost() {
    let mut d = Dialogue::<3, 16, 256>::new();
    let mut looks = 0;
    let mut look = |d: &Dialogue<3, 16, 256>| {
        let mut cut = d.session.clone();
        cut.on_connection_lost();
        let again = restored(&saved(&d.session));
        assert_eq!(saved(&again), saved(&cut));
        assert_eq!(
            (
                again.is_closed(),
                again.oldest_in_flight(),
                again.payload_remaining()
            ),
            (true, cut.oldest_in_flight(), 0)
        );
        assert_eq!(future(&again), future(&cut), "look {looks}");
        looks += 1;
    };
    look(&d);
    d.connect(&Connect::new("c").keep_session().keep_alive(9));
    look(&d);
    d.buffer(b"\x20\x02\0");
    d.next_event();
    look(&d);
    d.buffer(b"\0");
    assert_eq!(d.next_event(), Some(NEW));
    look(&d);
    d.publish(&ONCE).unwrap();
    look(&d);
    d.publish(&TWICE).unwrap();
    look(&d);
    d.subscribe(&[("x", 1)]).unwrap();
    look(&d);
    d.tx.clear();
    for piece in [
        &b"\x34\x05\0\x01t\0\x05"[..],
        b"\x50\x02\0\x02",
        b"\x40\x02\0\x01",
        b"\x62\x02\0\x05\x34",
        b"\x17\0\x01t\0\x06",
        b"123456789",
        b"12345678",
        b"9",
        b"\x34\x1b\0\x14abcdefghi",
        b"jklmnopqrst\0\x07",
        b"xy",
        b"z",
    ] {
        d.buffer(piece);
        while d.next_event().is_some() {
            look(&d);
        }
        look(&d);
    }
    d.tick(0).unwrap();
    d.tick(100_000).unwrap();
    look(&d);
    d.publish(&ONCE.remaining(10)).unwrap();
    look(&d);
    d.session.publish_chunk(b"12345", &mut d.tx).unwrap();
    look(&d);
    // Over a resumption.
    d.session.on_connection_lost();
    d.connect(&Connect::new("c").keep_session());
    look(&d);
    d.buffer(connack().session_present());
    while d.next_event().is_some() {
        look(&d);
    }
    d.republish(1, &ONCE).unwrap();
    look(&d);
    d.drain_events();
    d.disconnect().unwrap();
    look(&d);
    // And in a clean session, which has nothing that outlives it.
    d.connect(&Connect::new("c"));
    look(&d);
    d.buffer(connack());
    while d.next_event().is_some() {
        look(&d);
    }
    d.publish(&TWICE).unwrap();
    look(&d);
    assert!(looks > 35, "{looks}");
}

/// A session with every kind of state.
fn full() -> Dialogue<3> {
    let mut d = Dialogue::<3>::open_kept();
    d.publish(&ONCE).unwrap();
    d.receives(
        [puback(1), publish("t").qos2(0x1234)],
        &[acked(1), message("t", b"").qos2(0x1234)],
    );
    d.publish(&TWICE).unwrap();
    d.subscribe(&[("x", 1)]).unwrap();
    d.publish(&ONCE).unwrap();
    d.receives(pubrec(2), &[received(2)]);
    d
}

/// Whatever this crate was built with, it reads what another build of the same version wrote.
#[test]
fn the_bytes_of_an_image_are_the_same_in_every_build() {
    let image = [2, 98, 149, 0, 1, 0, 0, 4, 18, 52, 7, 0, 0, 9, 0, 0, 36, 249];
    assert_eq!(saved(&full().session), image);
}

#[test]
fn exactly_once_delivery_survives_a_reset() {
    let image = saved(&full().session);
    let mut d = Dialogue::<3>::new();
    d.session = restored(&image);
    d.connect(&Connect::new("c").keep_session());
    d.tx.clear();
    d.receives(
        connack().session_present(),
        &[outcome_unknown(3), RESUMED, resend(1, QoS::AtLeastOnce)],
    );
    d.sends(pubrel(2));
    d.receives(publish("t").qos2(0x1234).dup(), &[]);
    d.sends(pubrec(0x1234));
}

/// Under another client identifier nothing is resumed.
#[test]
fn a_snapshot_is_not_resumed_under_another_client_identifier() {
    for name in ["d", "b", "cc", "C"] {
        let mut d = Dialogue::<3>::new();
        d.session = restored(&saved(&full().session));
        d.connect(&Connect::new(name).keep_session());
        d.tx.clear();
        d.receives(
            connack().session_present(),
            &[
                outcome_unknown(2),
                outcome_unknown(3),
                outcome_unknown(1),
                UNRECOGNIZED,
            ],
        );
        d.receives(
            publish("t").qos2(0x1234).dup(),
            &[message("t", b"").qos2(0x1234).dup()],
        );
    }
}

/// Every change of a byte, and of two adjacent bytes, is noticed, and leaves the session unchanged.
#[test]
fn damage_is_noticed() {
    let image = saved(&full().session);
    let mut session = full().session;
    let before = session.clone();
    for at in 0..image.len() {
        for change in 1..=255 {
            let mut damaged = image;
            damaged[at] ^= change;
            let error = session.restore(&damaged).unwrap_err();
            assert_eq!(
                error,
                if at == 0 {
                    SnapshotError::Version
                } else {
                    SnapshotError::Damaged
                }
            );
            if at > 0 && at + 1 < image.len() {
                for next in [1, 0x55, 0xff, change] {
                    let mut damaged = damaged;
                    damaged[at + 1] ^= next;
                    assert_eq!(
                        session.restore(&damaged),
                        Err(SnapshotError::Damaged),
                        "{at} {change} {next}"
                    );
                }
            }
        }
    }
    // Bytes exchanged, rotated, cleared from some place on; memory that was never written.
    for at in 1..image.len() {
        let mut swapped = image;
        swapped.swap(at - 1, at);
        assert!(
            swapped == image || session.restore(&swapped).is_err(),
            "{at}"
        );
        for filler in [0, 0xff] {
            let mut half = image;
            half[at..].fill(filler);
            assert!(half == image || session.restore(&half).is_err(), "{at}");
        }
    }
    assert!(
        session.restore(&[0; Three::IMAGE]).is_err()
            && session.restore(&[0xff; Three::IMAGE]).is_err()
    );
    assert!(session == before);
}

/// A state that no session can have is refused, even if its checksum is right: an index outside of
/// the ring, a packet that is never awaited.
#[test]
fn an_impossible_state_is_damage() {
    // CRC-16, polynomial 0x1021, from 0xffff on; its value for "123456789" is known.
    fn crc(bytes: &[u8]) -> u16 {
        bytes.iter().fold(0xffff, |crc, &byte| {
            (0..8).fold(crc, |crc: u16, bit| {
                let carry = (crc >> 15) ^ u16::from(byte >> (7 - bit) & 1);
                (crc << 1) ^ (carry * 0x1021)
            })
        })
    }
    assert_eq!(crc(b"123456789"), 0x29b1);
    let sealed = |change: &dyn Fn(&mut [u8])| {
        let mut image = saved(&full().session);
        change(&mut image);
        let sum = crc(&image[..16]).to_be_bytes();
        image[16..].copy_from_slice(&sum);
        image
    };
    assert_eq!(sealed(&|_| ()), saved(&full().session));
    let mut session = Three::new();
    for next in 0..=255 {
        let expected = if next < 3 {
            Ok(())
        } else {
            Err(SnapshotError::Damaged)
        };
        assert_eq!(
            session.restore(&sealed(&|image| image[4] = next)),
            expected,
            "{next}"
        );
        assert_eq!(
            session.restore(&sealed(&|image| image[3] = next)).is_ok(),
            next == 0,
            "{next}"
        );
    }
    // With three slots, identifiers end at 65,535 if they begin at 65,533.
    for (offset, is_one) in [
        (0u16, true),
        (1, true),
        (65_532, true),
        (65_533, false),
        (65_535, false),
    ] {
        let image = sealed(&|image| image[5..7].copy_from_slice(&offset.to_be_bytes()));
        assert_eq!(session.restore(&image).is_ok(), is_one, "{offset}");
    }
    for slot in 0..3 {
        for awaits in 0..=255 {
            let expected = if matches!(awaits, 0 | 4 | 5 | 7 | 8 | 9 | 11) {
                Ok(())
            } else {
                Err(SnapshotError::Damaged)
            };
            assert_eq!(
                session.restore(&sealed(&|image| image[7 + 3 * slot] = awaits)),
                expected,
                "{slot} {awaits}"
            );
        }
    }
}

/// An image belongs to one number of slots.
#[test]
fn an_image_of_another_length_is_refused() {
    let image = saved(&full().session);
    let mut session = full().session;
    let before = session.clone();
    for length in (0..60).filter(|&length| length != image.len()) {
        let mut other = vec![0x55; length];
        other[..length.min(image.len())].copy_from_slice(&image[..length.min(image.len())]);
        assert_eq!(
            session.restore(&other),
            Err(SnapshotError::Length),
            "{length}"
        );
        let untouched = other.clone();
        assert_eq!(
            (session.save(&mut other), &other),
            (Err(SnapshotError::Length), &untouched),
            "{length}"
        );
    }
    assert!(session == before);
    let mut two = Session::<[Slot; 2]>::new();
    assert_eq!(two.restore(&image), Err(SnapshotError::Length));
    assert_eq!((Three::IMAGE, Session::<[Slot; 8]>::IMAGE), (18, 33));
}

/// Restoring a session that is connected ends its connection.
#[test]
fn restoring_ends_the_connection() {
    let mut d = full();
    let image = saved(&d.session);
    d.publish(&Publish::to("t").remaining(7)).unwrap();
    d.session.restore(&image).unwrap();
    assert!(d.session.is_closed());
    assert_eq!(
        (d.publish(&ONCE), d.session.payload_remaining()),
        (Err(SendError::Offline), 0)
    );
}

/// Images of sessions with many slots.
#[test]
fn a_session_with_many_slots_is_saved_and_restored() {
    type Many = Session<[Slot; 1000]>;
    let mut d = Dialogue::<1000>::open_kept();
    for number in 1..=700 {
        assert_eq!(d.publish(&ONCE), Ok(Some(id(number))));
        d.tx.clear();
    }
    let mut image = [0; Many::IMAGE];
    d.session.save(&mut image).unwrap();
    let mut again = Dialogue::<1000>::new();
    again.session.restore(&image).unwrap();
    again.connect(&Connect::new("c").keep_session());
    again.tx.clear();
    again.receives(
        connack().session_present(),
        &[RESUMED, resend(1, QoS::AtLeastOnce)],
    );
    for number in 1..=700 {
        again.abandon(number).unwrap();
        assert_eq!(
            again.drain_events(),
            if number < 700 {
                vec![resend(number + 1, QoS::AtLeastOnce)]
            } else {
                vec![]
            }
        );
    }
    assert_eq!(again.publish(&ONCE), Ok(Some(id(701))));
}
