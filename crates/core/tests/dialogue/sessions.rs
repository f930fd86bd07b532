//! Sessions and connections: state that is kept, state that ends, and the events of it before
//! `Connected`.
use crate::script::*;
use motemq::*;

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
    d.receives(
        [puback(1), pubrec(4), publish("t").qos2(9)],
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

/// Everything in flight ends, the oldest first, and then the connection is open.
fn all_unknown(last: Emitted) -> Vec<Emitted> {
    [2, 3, 4, 5, 1]
        .map(outcome_unknown)
        .into_iter()
        .chain([last])
        .collect()
}

/// The broker continues the session: SUBSCRIBE and UNSUBSCRIBE end, since they are not Session
/// state; messages continue in order.
#[test]
fn a_resumed_session_continues() {
    let mut d = busy();
    again(&mut d, &KEPT);
    d.receives(
        connack().session_present(),
        &[
            outcome_unknown(3),
            outcome_unknown(5),
            RESUMED,
            resend(2, QoS::AtLeastOnce),
        ],
    );
    d.sends_nothing();
    d.abandon(2).unwrap();
    assert_eq!(d.drain_events(), [resend(1, QoS::ExactlyOnce)]);
    d.sends(pubrel(4));
    // The message that was accepted is still known.
    d.receives(publish("t").qos2(9).dup(), &[]);
    d.sends(pubrec(9));
}

/// The broker has no session: every identifier ends in the order of the ring before `Connected`,
/// and incoming identifiers end, too.
#[test]
fn a_session_that_is_new_at_the_broker_ends_all_identifiers() {
    let mut d = busy();
    again(&mut d, &KEPT);
    d.receives(connack(), &all_unknown(NEW));
    assert_eq!(d.session.oldest_in_flight(), None);
    d.receives(publish("t").qos2(9), &[message("t", b"").qos2(9)]);
    d.sends(pubrec(9));
    // The ring continues where it was, and all of it is free.
    for number in [2, 3, 4, 5, 1] {
        assert_eq!(d.publish(&ONCE), Ok(Some(id(number))));
    }
}

/// A clean session ends all state of the last one, on both sides.
#[test]
fn a_clean_session_ends_everything() {
    let mut d = busy();
    again(&mut d, &CLEAN);
    d.receives(connack(), &all_unknown(NEW));
    // It does not outlive its own connection, even if the broker has kept it.
    d.publish(&ONCE).unwrap();
    again(&mut d, &KEPT);
    d.receives(
        connack().session_present(),
        &[outcome_unknown(2), UNRECOGNIZED],
    );
    again(&mut d, &KEPT);
    d.receives(connack().session_present(), &[RESUMED]);
}

/// Two clean sessions, one behind the other.
#[test]
fn a_clean_session_ends_the_clean_session_before() {
    let mut d = Dialogue::<2>::open();
    d.publish(&ONCE).unwrap();
    d.receives(publish("t").qos2(9), &[message("t", b"").qos2(9)]);
    d.session.on_connection_lost();
    d.connect(&CLEAN);
    d.tx.clear();
    d.receives(
        [connack(), publish("t").qos2(9)],
        &[outcome_unknown(1), NEW, message("t", b"").qos2(9)],
    );
}

/// The broker has a session that the client does not know: from before a restart, or of another
/// client identifier.
#[test]
fn a_session_that_the_client_does_not_know_is_unrecognized() {
    let mut d = Dialogue::<5>::new();
    d.connect(&KEPT);
    d.tx.clear();
    d.receives(connack().session_present(), &[UNRECOGNIZED]);
    // From now on, the client knows it.
    d.publish(&ONCE).unwrap();
    d.resumes(&[RESUMED, resend(1, QoS::AtLeastOnce)]);

    let mut d = busy();
    again(&mut d, &Connect::new("d").keep_session());
    d.receives(connack().session_present(), &all_unknown(UNRECOGNIZED));
    d.receives(publish("t").qos2(9), &[message("t", b"").qos2(9)]);
    again(&mut d, &Connect::new("d").keep_session());
    d.receives(connack().session_present(), &[RESUMED]);
}

/// Client identifiers that are nearly equal are different.
#[test]
fn similar_client_identifiers_are_different() {
    let names = [
        "c", "b", "a", "node-1", "node-2", "node-3", "node-10", "Aa", "BB", "ab", "ba", "c0", "0c",
        "cc", "C", "é", "e",
    ];
    for one in names {
        for other in names {
            let mut d = Dialogue::<2>::new();
            d.connect(&Connect::new(one).keep_session());
            d.tx.clear();
            d.receives(connack(), &[NEW]);
            d.session.on_connection_lost();
            d.connect(&Connect::new(other).keep_session());
            d.tx.clear();
            d.receives(
                connack().session_present(),
                &[if one == other { RESUMED } else { UNRECOGNIZED }],
            );
        }
    }
}

/// Every client identifier can be remembered: none has a fingerprint that stands for no identifier.
/// This is the lower half of FNV-1a, with the lowest bit set.
#[test]
fn every_client_identifier_has_a_fingerprint() {
    let hash = |client: &str| {
        client.bytes().fold(0xffff, |hash: u16, byte| {
            (hash ^ u16::from(byte)).wrapping_mul(0x0193)
        })
    };
    for lowest in [0, 1] {
        let client = (0..1_000_000).map(|n| format!("c{n}"));
        let client = client.into_iter().find(|client| hash(client) == lowest);
        let connect = Connect::new(client.as_ref().unwrap()).keep_session();
        let mut d = Dialogue::<2>::new();
        d.connect(&connect);
        d.receives(connack(), &[NEW]);
        d.session.on_connection_lost();
        d.connect(&connect);
        d.receives(connack().session_present(), &[RESUMED]);
    }
}

/// A broker that kept a session although a clean one was requested is at fault.
#[test]
fn session_present_after_a_clean_connect_is_unexpected() {
    let mut d = busy();
    again(&mut d, &CLEAN);
    d.receives(connack().session_present(), &[fault(Fault::Unexpected)]);
    // Nothing has ended because of that.
    again(&mut d, &KEPT);
    d.receives(
        connack().session_present(),
        &[
            outcome_unknown(3),
            outcome_unknown(5),
            RESUMED,
            resend(2, QoS::AtLeastOnce),
        ],
    );
}

/// Any return code but 0 is a refusal, whatever its value and Session Present are; local state
/// stays until a connection is accepted.
#[test]
fn a_refused_connection_keeps_the_session() {
    for code in [1, 2, 3, 4, 5, 6, 7, 0x7f, 0x80, 255] {
        for refusal in [connack().code(code), connack().session_present().code(code)] {
            for connect in [KEPT, CLEAN, Connect::new("d").keep_session()] {
                let mut d = busy();
                again(&mut d, &connect);
                d.receives(&refusal, &[fault(Fault::Refused(ReturnCode::from(code)))]);
                assert!(d.session.is_closed());
                again(&mut d, &KEPT);
                d.receives(
                    connack().session_present(),
                    &[
                        outcome_unknown(3),
                        outcome_unknown(5),
                        RESUMED,
                        resend(2, QoS::AtLeastOnce),
                    ],
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

/// A connection that is lost, or times out, before CONNACK keeps the session, too.
#[test]
fn a_connection_without_connack_keeps_the_session() {
    for connect in [KEPT, CLEAN] {
        let mut d = busy();
        again(&mut d, &connect);
        d.buffer(b"\x20\x02\0");
        assert_eq!(d.next_event(), None);
        again(&mut d, &connect);
        assert_eq!(
            (d.tick(0), d.tick(10_000), d.tick(10_000)),
            (Ok(Some(10_000)), Ok(Some(0)), Err(Fault::Timeout))
        );
        again(&mut d, &KEPT);
        d.receives(
            connack().session_present(),
            &[
                outcome_unknown(3),
                outcome_unknown(5),
                RESUMED,
                resend(2, QoS::AtLeastOnce),
            ],
        );
    }
}

/// The bytes in the buffers belong to the last connection.
#[test]
fn connect_clears_the_buffers() {
    let mut d = Dialogue::<2>::open();
    d.publish(&Publish::to("t").remaining(5)).unwrap();
    d.buffer(publish("t").qos2(5).payload(b"123").remaining(15));
    assert_eq!(d.next_event(), None);
    d.connect(&CLEAN);
    d.sends(connect("c"));
    d.receives([connack(), publish("t")], &[NEW, message("t", b"")]);
    assert_eq!(d.session.payload_remaining(), 0);
    d.publish(&Publish::to("t")).unwrap();
}

/// The first packet must be a well-formed CONNACK, and there is only one.
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
    assert_eq!(d.feed(connack()), [fault(Fault::Unexpected)]);
}

/// Without a connection, nothing is read and nothing is sent.
#[test]
fn without_a_connection_nothing_is_read_or_sent() {
    let mut d = Dialogue::<2>::new();
    d.buffer([connack(), publish("t")]);
    assert_eq!(
        (
            d.next_event(),
            d.tick(0),
            d.tick(100_000),
            d.session.is_closed()
        ),
        (None, Ok(None), Ok(None), true)
    );
    assert_eq!(d.rx.bytes().len(), 9);
    d.sends_nothing();
}

/// Each `OutcomeUnknown` is emitted once, also if the connection is lost between two of them.
#[test]
fn outcome_unknown_is_emitted_once_for_each() {
    let mut d = busy();
    again(&mut d, &CLEAN);
    d.buffer(connack());
    assert_eq!(
        (d.next_event(), d.next_event()),
        (Some(outcome_unknown(2)), Some(outcome_unknown(3)))
    );
    again(&mut d, &CLEAN);
    d.receives(
        connack(),
        &[
            outcome_unknown(4),
            outcome_unknown(5),
            outcome_unknown(1),
            NEW,
        ],
    );
}

/// Until all `OutcomeUnknown` are emitted, there is no connection yet.
#[test]
fn commands_are_offline_before_connected() {
    let mut d = busy();
    again(&mut d, &KEPT);
    d.buffer(connack());
    assert_eq!(d.next_event(), Some(outcome_unknown(2)));
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
    d.sends_nothing();
    assert_eq!(
        d.drain_events(),
        [
            outcome_unknown(3),
            outcome_unknown(4),
            outcome_unknown(5),
            outcome_unknown(1),
            NEW
        ]
    );
    assert_eq!(d.publish(&Publish::to("a")), Ok(None));
}
