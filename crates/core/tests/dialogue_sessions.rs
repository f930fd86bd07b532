//! Sessions and connections: what is kept, what ends, and what is told of it before `Connected`.
mod script;
use motemq::*;
use script::*;

const KEPT: Connect<'_> = Connect::new("c").keep_session().keep_alive(0);
const CLEAN: Connect<'_> = Connect::new("c").keep_alive(0);
const ONCE: Publish<'_> = Publish::to("a").qos(QoS::AtLeastOnce);
const TWICE: Publish<'_> = Publish::to("a").qos(QoS::ExactlyOnce);

/// Over a kept session: 1 free, 2 PUBLISH with QoS 1, 3 SUBSCRIBE, 4 QoS 2 with PUBREC, 5
/// UNSUBSCRIBE, 1 again with QoS 2, and the broker's message 9 accepted. The next is 2, so the
/// oldest is 2.
fn busy() -> Dialogue<5> {
    let mut d = Dialogue::<5>::open_kept();
    d.publish(&ONCE).unwrap();
    d.publish(&ONCE).unwrap();
    d.subscribe(&[("a", 0)]).unwrap();
    d.publish(&TWICE).unwrap();
    d.unsubscribe(&["a"]).unwrap();
    d.hears(
        b"\x40\x02\0\x01\x50\x02\0\x04\x34\x05\0\x01t\0\x09",
        &[acked(1), received(4), message("t", b"").qos2(9)],
    );
    assert_eq!(d.publish(&TWICE), Ok(Some(id(1))));
    d.tx.clear();
    d
}

fn again(d: &mut Dialogue<5>, connect: &Connect<'_>) {
    d.session.on_connection_lost();
    d.connect(connect);
    d.tx.clear();
}

/// All that was under way ends, the oldest first, and then there is a connection.
fn all_unknown(last: Told) -> Vec<Told> {
    [2, 3, 4, 5, 1]
        .map(unknown)
        .into_iter()
        .chain([last])
        .collect()
}

/// The broker continues: SUBSCRIBE and UNSUBSCRIBE end, since they are no Session state; what was
/// published goes on, in order.
#[test]
fn resumed() {
    let mut d = busy();
    again(&mut d, &KEPT);
    d.hears(
        b"\x20\x02\x01\0",
        &[unknown(3), unknown(5), RESUMED, resend(2, QoS::AtLeastOnce)],
    );
    d.silent();
    d.abandon(2).unwrap();
    assert_eq!(d.turn(), [resend(1, QoS::ExactlyOnce)]);
    d.says(b"\x62\x02\0\x04");
    // The message that was accepted is still known.
    d.hears(b"\x3c\x05\0\x01t\0\x09", &[]);
    d.says(b"\x50\x02\0\x09");
}

/// The broker starts empty: every identifier ends, in the order of the ring, before `Connected`;
/// identifiers that came in, too.
#[test]
fn new_at_the_broker() {
    let mut d = busy();
    again(&mut d, &KEPT);
    d.hears(b"\x20\x02\0\0", &all_unknown(NEW));
    assert_eq!(d.session.oldest_in_flight(), None);
    d.hears(b"\x34\x05\0\x01t\0\x09", &[message("t", b"").qos2(9)]);
    d.says(b"\x50\x02\0\x09");
    // The ring goes on where it was, and is free at once.
    for number in [2, 3, 4, 5, 1] {
        assert_eq!(d.publish(&ONCE), Ok(Some(id(number))));
    }
}

/// A clean session ends what there was, on both sides.
#[test]
fn a_clean_session_ends_everything() {
    let mut d = busy();
    again(&mut d, &CLEAN);
    d.hears(b"\x20\x02\0\0", &all_unknown(NEW));
    // And it does not outlive its own connection, whoever says so.
    d.publish(&ONCE).unwrap();
    again(&mut d, &KEPT);
    d.hears(b"\x20\x02\x01\0", &[unknown(2), FOREIGN]);
    again(&mut d, &KEPT);
    d.hears(b"\x20\x02\x01\0", &[RESUMED]);
}

/// Two clean sessions, one behind the other.
#[test]
fn clean_after_clean() {
    let mut d = Dialogue::<2>::open();
    d.publish(&ONCE).unwrap();
    d.hears(b"\x34\x05\0\x01t\0\x09", &[message("t", b"").qos2(9)]);
    d.session.on_connection_lost();
    d.connect(&CLEAN);
    d.tx.clear();
    d.hears(
        b"\x20\x02\0\0\x34\x05\0\x01t\0\x09",
        &[unknown(1), NEW, message("t", b"").qos2(9)],
    );
}

/// The broker kept a session of which we know nothing: from before a restart, or of another client
/// identifier.
#[test]
fn foreign() {
    let mut d = Dialogue::<5>::new();
    d.connect(&KEPT);
    d.tx.clear();
    d.hears(b"\x20\x02\x01\0", &[FOREIGN]);
    // From here on it is ours.
    d.publish(&ONCE).unwrap();
    d.resumes(&[RESUMED, resend(1, QoS::AtLeastOnce)]);

    let mut d = busy();
    again(&mut d, &Connect::new("d").keep_session());
    d.hears(b"\x20\x02\x01\0", &all_unknown(FOREIGN));
    d.hears(b"\x34\x05\0\x01t\0\x09", &[message("t", b"").qos2(9)]);
    again(&mut d, &Connect::new("d").keep_session());
    d.hears(b"\x20\x02\x01\0", &[RESUMED]);
}

/// Client identifiers that are nearly the same are not the same.
#[test]
fn neighbours_are_foreign() {
    let names = [
        "c", "b", "a", "node-1", "node-2", "node-3", "node-10", "Aa", "BB", "ab", "ba", "c0", "0c",
        "cc", "C", "é", "e",
    ];
    for one in names {
        for other in names {
            let mut d = Dialogue::<2>::new();
            d.connect(&Connect::new(one).keep_session());
            d.tx.clear();
            d.hears(b"\x20\x02\0\0", &[NEW]);
            d.session.on_connection_lost();
            d.connect(&Connect::new(other).keep_session());
            d.tx.clear();
            d.hears(
                b"\x20\x02\x01\0",
                &[if one == other { RESUMED } else { FOREIGN }],
            );
        }
    }
}

/// We asked for a clean session; a broker that kept one all the same is not to be trusted.
#[test]
fn session_present_after_a_clean_connect() {
    let mut d = busy();
    again(&mut d, &CLEAN);
    d.hears(b"\x20\x02\x01\0", &[fault(Fault::Unexpected)]);
    // Nothing has ended by that.
    again(&mut d, &KEPT);
    d.hears(
        b"\x20\x02\x01\0",
        &[unknown(3), unknown(5), RESUMED, resend(2, QoS::AtLeastOnce)],
    );
}

/// Any return code but 0 is a refusal, whatever its value and the flag; local state stays until a
/// connection is accepted.
#[test]
fn refused_keeps_the_session() {
    for code in [1, 2, 3, 4, 5, 6, 7, 0x7f, 0x80, 255] {
        for present in [0, 1] {
            for connect in [KEPT, CLEAN, Connect::new("d").keep_session()] {
                let mut d = busy();
                again(&mut d, &connect);
                d.hears(
                    &[0x20, 2, present, code],
                    &[fault(Fault::Refused(ReturnCode::from(code)))],
                );
                assert!(d.session.is_closed());
                again(&mut d, &KEPT);
                d.hears(
                    b"\x20\x02\x01\0",
                    &[unknown(3), unknown(5), RESUMED, resend(2, QoS::AtLeastOnce)],
                );
            }
        }
    }
    assert_eq!(ReturnCode::from(5), ReturnCode::NOT_AUTHORIZED);
    assert_eq!(
        (
            ReturnCode::NOT_AUTHORIZED.get(),
            ReturnCode::from(255).get()
        ),
        (5, 255)
    );
}

/// Nor does a connection that breaks, or times out, before CONNACK.
#[test]
fn no_answer_keeps_the_session() {
    for connect in [KEPT, CLEAN] {
        let mut d = busy();
        again(&mut d, &connect);
        d.gets(b"\x20\x02\0");
        assert_eq!(d.next(), None);
        again(&mut d, &connect);
        assert_eq!(
            (d.at(0), d.at(10_000), d.at(10_000)),
            (Ok(Some(10_000)), Ok(Some(0)), Err(Fault::Timeout))
        );
        again(&mut d, &KEPT);
        d.hears(
            b"\x20\x02\x01\0",
            &[unknown(3), unknown(5), RESUMED, resend(2, QoS::AtLeastOnce)],
        );
    }
}

/// What was in the buffers belongs to the connection before.
#[test]
fn connect_drops_what_was_in_the_buffers() {
    let mut d = Dialogue::<2>::open();
    d.publish(&Publish::to("t").remaining(5)).unwrap();
    d.gets(b"\x34\x17\0\x01t\0\x05123");
    assert_eq!(d.next(), None);
    d.connect(&CLEAN);
    d.says(b"\x10\x0d\0\x04MQTT\x04\x02\0\0\0\x01c");
    d.hears(b"\x20\x02\0\0\x30\x03\0\x01t", &[NEW, message("t", b"")]);
    assert_eq!(d.session.payload_remaining(), 0);
    d.publish(&Publish::to("t")).unwrap();
}

/// CONNACK comes first, once, and is what it should be.
#[test]
fn connack_comes_first_and_once() {
    for bytes in [
        &b"\x30\x03\0\x01t"[..],
        b"\xd0\0",
        b"\x40\x02\0\x01",
        b"\x90\x03\0\x01\0",
        b"\x10\x0d",
        b"\xe0\0",
    ] {
        let mut d = Dialogue::<2>::new();
        d.connect(&CLEAN);
        assert_eq!(d.feed(bytes), [fault(Fault::Unexpected)], "{bytes:02x?}");
    }
    for bytes in [
        &b"\x20\x01\0"[..],
        b"\x20\x03\0\0\0",
        b"\x20\x02\x02\0",
        b"\x20\x02\x80\0",
        b"\x21\x02\0\0",
        b"\x20\x00",
        b"\x20\x82\0\0\0",
    ] {
        let mut d = Dialogue::<2>::new();
        d.connect(&CLEAN);
        assert_eq!(d.feed(bytes), [fault(Fault::Malformed)], "{bytes:02x?}");
    }
    let mut d = Dialogue::<2>::open();
    assert_eq!(d.feed(b"\x20\x02\0\0"), [fault(Fault::Unexpected)]);
}

/// Nothing is read and nothing said without a connection.
#[test]
fn without_a_connection_nothing_happens() {
    let mut d = Dialogue::<2>::new();
    d.gets(b"\x20\x02\0\0\x30\x03\0\x01t");
    assert_eq!(
        (d.next(), d.at(0), d.at(100_000), d.session.is_closed()),
        (None, Ok(None), Ok(None), true)
    );
    assert_eq!(d.rx.bytes().len(), 9);
    d.silent();
}

/// Each `Unknown` is told once, also when the link breaks between them.
#[test]
fn unknown_is_told_once_for_each() {
    let mut d = busy();
    again(&mut d, &CLEAN);
    d.gets(b"\x20\x02\0\0");
    assert_eq!((d.next(), d.next()), (Some(unknown(2)), Some(unknown(3))));
    again(&mut d, &CLEAN);
    d.hears(b"\x20\x02\0\0", &[unknown(4), unknown(5), unknown(1), NEW]);
}

/// While the end of identifiers is told there is no connection yet.
#[test]
fn no_commands_before_connected() {
    let mut d = busy();
    again(&mut d, &KEPT);
    d.gets(b"\x20\x02\0\0");
    assert_eq!(d.next(), Some(unknown(2)));
    assert_eq!(
        (
            d.publish(&Publish::to("a")),
            d.publish(&ONCE),
            d.disconnect()
        ),
        (
            Err(SendError::Offline),
            Err(SendError::Offline),
            Err(SendError::Offline)
        )
    );
    d.silent();
    assert_eq!(
        d.turn(),
        [unknown(3), unknown(4), unknown(5), unknown(1), NEW]
    );
    assert_eq!(d.publish(&Publish::to("a")), Ok(None));
}
