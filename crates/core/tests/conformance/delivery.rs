//! Delivery by QoS, and its order: 4.3, 4.5 and 4.6.
use crate::script::*;
use motemq::*;

const ONCE: Publish<'_> = Publish::to("t").payload(b"p").qos(QoS::AtLeastOnce);
const EXACTLY: Publish<'_> = Publish::to("t").payload(b"p").qos(QoS::ExactlyOnce);

#[test]
fn mqtt_4_3_1_1() {
    let mut d = Dialogue::<1>::open_kept();
    let message = Publish::to("t").payload(b"p");
    assert_eq!(d.publish(&message), Ok(None));
    assert_eq!(d.publish(&message.retain()), Ok(None));
    d.sends(b"\x30\x04\0\x01tp\x31\x04\0\x01tp");
    assert_eq!(d.session.oldest_in_flight(), None);
    // It is not sent again.
    assert_eq!(d.publish(&message), Ok(None));
    d.resumes(&[RESUMED]);
    d.sends_nothing();
}

#[test]
fn mqtt_4_3_2_1() {
    let mut d = Dialogue::<2>::open_kept();
    assert_eq!(d.publish(&ONCE), Ok(Some(id(1))));
    assert_eq!(d.publish(&ONCE.retain()), Ok(Some(id(2))));
    d.sends(b"\x32\x06\0\x01t\0\x01p\x33\x06\0\x01t\0\x02p");
    // Another's acknowledgement does not end it, nor does one of the wrong kind.
    d.receives(b"\x40\x02\0\x02\x40\x02\x01\0\x40\x02\x01\x01", &[acked(2)]);
    assert_eq!(d.session.oldest_in_flight(), Some(id(1)));
    for wrong in [
        &b"\x50\x02\0\x01"[..],
        b"\x70\x02\0\x01",
        b"\x90\x03\0\x01\0",
        b"\xb0\x02\0\x01",
    ] {
        let mut d = d.clone();
        d.receives(wrong, &[fault(Fault::Unexpected)]);
        d.sends_nothing();
        d.resumes(&[RESUMED, resend(1, QoS::AtLeastOnce)]);
    }
    d.receives(b"\x40\x02\0\x01", &[acked(1)]);
    assert_eq!(d.session.oldest_in_flight(), None);
    d.resumes(&[RESUMED]);
}

#[test]
fn mqtt_4_3_2_2() {
    let mut d = Dialogue::<1>::open();
    d.receives(b"\x32\x05\0\x01t\0\x01", &[message("t", b"").qos1(1)]);
    d.sends(b"\x40\x02\0\x01");
    d.receives(
        b"\x3a\x05\0\x01t\0\x01\x32\x05\0\x01t\0\x01",
        &[message("t", b"").qos1(1).dup(), message("t", b"").qos1(1)],
    );
    d.sends(b"\x40\x02\0\x01\x40\x02\0\x01");
    // Not before the application has had it.
    d.buffer(b"\x32\x05\0\x01t\0\x02");
    assert_eq!(d.next_event(), Some(message("t", b"").qos1(2)));
    d.sends_nothing();
    assert_eq!(d.next_event(), None);
    d.sends(b"\x40\x02\0\x02");
    // Nor before its last byte.
    let mut d = Dialogue::<1, 16>::open();
    d.receives(
        b"\x32\x14\0\x01t\0\x010123456789abcd",
        &[
            message("t", b"012345678").qos1(1).remaining(6),
            payload(b"9abcd", 1),
        ],
    );
    d.sends_nothing();
    d.receives(b"e", &[payload(b"e", 0)]);
    d.sends(b"\x40\x02\0\x01");
    // And when there is room.
    let mut d = Dialogue::<1, 256, 16>::open();
    assert_eq!(d.publish(&Publish::to("t").payload(b"12345678")), Ok(None));
    d.receives(
        b"\x32\x05\0\x01t\0\x01\x30\x03\0\x01t",
        &[message("t", b"").qos1(1)],
    );
    d.sends(b"\x30\x0b\0\x01t12345678");
    assert_eq!(d.drain_events(), [message("t", b"")]);
    d.sends(b"\x40\x02\0\x01");
}

#[test]
fn mqtt_4_3_3_1() {
    let mut d = Dialogue::<2>::open_kept();
    assert_eq!(d.publish(&EXACTLY), Ok(Some(id(1))));
    d.sends(b"\x34\x06\0\x01t\0\x01p");
    for wrong in [
        &b"\x40\x02\0\x01"[..],
        b"\x70\x02\0\x01",
        b"\x90\x03\0\x01\0",
        b"\xb0\x02\0\x01",
    ] {
        let mut d = d.clone();
        d.receives(wrong, &[fault(Fault::Unexpected)]);
        d.sends_nothing();
        d.resumes(&[RESUMED, resend(1, QoS::ExactlyOnce)]);
    }
    d.receives(b"\x50\x02\0\x01", &[received(1)]);
    d.sends(b"\x62\x02\0\x01");
    // The same again gives the same again.
    d.receives(b"\x50\x02\0\x01", &[]);
    d.sends(b"\x62\x02\0\x01");
    // Never PUBLISH from here on.
    for _ in 0..2 {
        d.resumes(&[RESUMED]);
        d.sends(b"\x62\x02\0\x01");
    }
    let mut wrong = d.clone();
    wrong.receives(b"\x40\x02\0\x01", &[fault(Fault::Unexpected)]);
    d.receives(b"\x70\x02\0\x01", &[acked(1)]);
    d.sends_nothing();
    d.resumes(&[RESUMED]);
    d.sends_nothing();
}

#[test]
fn mqtt_4_3_3_2() {
    let mut d = Dialogue::<2>::open_kept();
    d.receives(
        b"\x34\x05\0\x01t\0\x05\x3c\x05\0\x01t\0\x05\x62\x02\0\x05\x62\x02\0\x05",
        &[message("t", b"").qos2(5)],
    );
    d.sends(b"\x50\x02\0\x05\x50\x02\0\x05\x70\x02\0\x05\x70\x02\0\x05");
    // Once released, the identifier belongs to a new message, whatever DUP is.
    d.receives(b"\x3c\x05\0\x01t\0\x05", &[message("t", b"").qos2(5).dup()]);
    // It is not delivered again: with and without DUP, in pieces, and on the next connection; another
    // message is.
    d.receives(
        b"\x34\x05\0\x01t\0\x05\x34\x05\0\x01t\0\x06",
        &[message("t", b"").qos2(6)],
    );
    d.sends(b"\x50\x02\0\x05\x50\x02\0\x05\x50\x02\0\x06");
    d.resumes(&[RESUMED]);
    d.receives(
        b"\x3c\x05\0\x01t\0\x05\x3c\x05\0\x01t\0\x06\x62\x02\0\x06\x62\x02\0\x05",
        &[],
    );
    d.sends(b"\x50\x02\0\x05\x50\x02\0\x06\x70\x02\0\x06\x70\x02\0\x05");
    let mut d = Dialogue::<2, 16>::open();
    let long = b"\x34\x14\0\x01t\0\x010123456789abcde";
    d.receives(
        long,
        &[
            message("t", b"012345678").qos2(1).remaining(6),
            payload(b"9abcde", 0),
        ],
    );
    d.receives(long, &[]);
    d.sends(b"\x50\x02\0\x01\x50\x02\0\x01");
    // Delivered, but not accepted when the connection is lost: it is delivered again.
    let mut d = Dialogue::<2>::open_kept();
    d.buffer(b"\x34\x05\0\x01t\0\x05");
    assert_eq!(d.next_event(), Some(message("t", b"").qos2(5)));
    d.resumes(&[RESUMED]);
    d.receives(b"\x3c\x05\0\x01t\0\x05", &[message("t", b"").qos2(5).dup()]);
    // Accepted when there was no room for the answer: not again.
    let mut d = Dialogue::<2, 256, 16>::open_kept();
    assert_eq!(d.publish(&Publish::to("t").payload(b"12345678")), Ok(None));
    d.receives(b"\x34\x05\0\x01t\0\x05", &[message("t", b"").qos2(5)]);
    d.sends(b"\x30\x0b\0\x01t12345678");
    d.resumes(&[RESUMED]);
    d.receives(b"\x3c\x05\0\x01t\0\x05", &[]);
    d.sends(b"\x50\x02\0\x05");
    // PUBREL of what was never seen is answered.
    d.receives(b"\x62\x02\x77\x77", &[]);
    d.sends(b"\x70\x02\x77\x77");
}

#[test]
fn mqtt_4_5_0_2() {
    // Asking for the next event suffices: whatever the application makes of the message, also if it
    // cannot have it.
    let mut d = Dialogue::<4, 16>::open();
    d.receives(
        b"\x32\x05\0\x01t\0\x01\x34\x05\0\x01u\0\x02",
        &[message("t", b"").qos1(1), message("u", b"").qos2(2)],
    );
    d.sends(b"\x40\x02\0\x01\x50\x02\0\x02");
    d.receives(
        b"\x32\x18\0\x14longer/than/the/room\0\x03",
        &[Emitted::Skipped(0)],
    );
    d.sends(b"\x40\x02\0\x03");
    // By its QoS, not by what was subscribed to.
    d.receives(
        b"\x33\x05\0\x01$\0\x04",
        &[message("$", b"").qos1(4).retain()],
    );
    d.sends(b"\x40\x02\0\x04");
}

#[test]
fn mqtt_4_6_0_1() {
    // In the order of their first time, also round the end of the identifiers.
    let mut d = Dialogue::<5>::open_kept();
    for number in 1..=3 {
        assert_eq!(d.publish(&ONCE), Ok(Some(id(number))));
    }
    d.receives(
        b"\x40\x02\0\x01\x40\x02\0\x02\x40\x02\0\x03",
        &[acked(1), acked(2), acked(3)],
    );
    for (number, message) in [
        (4, ONCE),
        (5, EXACTLY),
        (1, EXACTLY),
        (2, ONCE),
        (3, EXACTLY),
    ] {
        assert_eq!(d.publish(&message), Ok(Some(id(number))));
    }
    d.receives(b"\x40\x02\0\x02", &[acked(2)]);
    for _ in 0..2 {
        d.resumes(&[RESUMED, resend(4, QoS::AtLeastOnce)]);
        assert_eq!(d.republish(4, &ONCE), Ok(()));
        for number in [5, 1, 3] {
            assert_eq!(d.drain_events(), [resend(number, QoS::ExactlyOnce)]);
            assert_eq!(d.republish(number, &EXACTLY), Ok(()));
        }
        assert_eq!(d.drain_events(), []);
        d.sends(b"\x3a\x06\0\x01t\0\x04p\x3c\x06\0\x01t\0\x05p\x3c\x06\0\x01t\0\x01p\x3c\x06\0\x01t\0\x03p");
    }
    // Interrupted, it begins from the oldest again.
    d.resumes(&[RESUMED, resend(4, QoS::AtLeastOnce)]);
    assert_eq!(d.republish(4, &ONCE), Ok(()));
    d.receives(b"\x40\x02\0\x04", &[resend(5, QoS::ExactlyOnce), acked(4)]);
    d.resumes(&[RESUMED, resend(5, QoS::ExactlyOnce)]);
}

#[test]
fn mqtt_4_6_0_2() {
    let mut d = Dialogue::<4>::open();
    d.receives(
        b"\x32\x05\0\x01t\0\x09\x32\x05\0\x01t\0\x03\x32\x05\0\x01t\0\x07",
        &[
            message("t", b"").qos1(9),
            message("t", b"").qos1(3),
            message("t", b"").qos1(7),
        ],
    );
    d.sends(b"\x40\x02\0\x09\x40\x02\0\x03\x40\x02\0\x07");
    // Allowed in any order, they leave in that in which the messages came.
    let mut d = Dialogue::<8>::open();
    let mut manual = ManualAcks::<[PendingAck; 4]>::new();
    let mut tokens = manually(
        &mut manual,
        &mut d,
        b"\x32\x05\0\x01t\0\x01\x32\x05\0\x01t\0\x02\x32\x05\0\x01t\0\x03",
    );
    assert_eq!(tokens.len(), 3);
    d.sends_nothing();
    assert_eq!(manual.ack(&mut d.session, tokens.pop().unwrap()), Ok(()));
    assert_eq!(manually(&mut manual, &mut d, b""), []);
    d.sends_nothing();
    assert_eq!(manual.ack(&mut d.session, tokens.remove(0)), Ok(()));
    assert_eq!(manually(&mut manual, &mut d, b""), []);
    d.sends(b"\x40\x02\0\x01");
    assert_eq!(manual.ack(&mut d.session, tokens[0]), Ok(()));
    assert_eq!(
        manual.ack(&mut d.session, tokens[0]),
        Err(SendError::Invalid)
    );
    assert_eq!(manually(&mut manual, &mut d, b""), []);
    d.sends(b"\x40\x02\0\x02\x40\x02\0\x03");
}

/// These bytes arrive; returns the tokens of the messages that are delivered.
fn manually(manual: &mut ManualAcks, d: &mut Dialogue<8>, bytes: &[u8]) -> Vec<AckToken> {
    d.buffer(bytes);
    let mut tokens = Vec::new();
    while let Some((_, token)) = manual
        .next_event(&mut d.session, &mut d.rx, &mut d.tx)
        .unwrap()
    {
        tokens.extend(token);
    }
    tokens
}

#[test]
fn mqtt_4_6_0_3() {
    let mut d = Dialogue::<4>::open();
    d.receives(
        b"\x34\x05\0\x01t\0\x09\x34\x05\0\x01t\0\x03\x34\x05\0\x01t\0\x07",
        &[
            message("t", b"").qos2(9),
            message("t", b"").qos2(3),
            message("t", b"").qos2(7),
        ],
    );
    d.sends(b"\x50\x02\0\x09\x50\x02\0\x03\x50\x02\0\x07");
    d.receives(b"\x34\x05\0\x01t\0\x07\x34\x05\0\x01t\0\x09", &[]);
    d.sends(b"\x50\x02\0\x07\x50\x02\0\x09");
    let mut d = Dialogue::<8>::open_kept();
    let mut manual = ManualAcks::<[PendingAck; 4]>::new();
    let messages = b"\x34\x05\0\x01t\0\x09\x34\x05\0\x01t\0\x03\x34\x05\0\x01t\0\x07";
    let tokens = manually(&mut manual, &mut d, messages);
    assert_eq!(manual.ack(&mut d.session, tokens[1]), Ok(()));
    assert_eq!(manually(&mut manual, &mut d, b""), []);
    d.sends_nothing();
    // A message that was accepted in between is repeated, is not delivered again, and its
    // acknowledgement keeps its place in the order.
    d.session.on_connection_lost();
    d.connect(&Connect::new("c").keep_alive(0).keep_session());
    d.tx.clear();
    assert_eq!(manually(&mut manual, &mut d, b"\x20\x02\x01\0"), []);
    let tokens = manually(&mut manual, &mut d, messages);
    assert_eq!(tokens.len(), 2);
    d.sends_nothing();
    assert_eq!(manual.ack(&mut d.session, tokens[1]), Ok(()));
    assert_eq!(manual.ack(&mut d.session, tokens[0]), Ok(()));
    assert_eq!(manually(&mut manual, &mut d, b""), []);
    d.sends(b"\x50\x02\0\x09\x50\x02\0\x03\x50\x02\0\x07");
}

#[test]
fn mqtt_4_6_0_4() {
    let mut d = Dialogue::<4>::open_kept();
    for number in 1..=3 {
        assert_eq!(d.publish(&EXACTLY), Ok(Some(id(number))));
    }
    d.tx.clear();
    let mut odd = d.clone();
    odd.receives(
        b"\x50\x02\0\x02\x50\x02\0\x01\x50\x02\0\x03",
        &[received(2), received(1), received(3)],
    );
    odd.sends(b"\x62\x02\0\x02\x62\x02\0\x01\x62\x02\0\x03");
    // Over the next connection in the order of the messages, which is that of the PUBRECs, as the
    // broker is bound to it by MQTT-4.6.0-3.
    d.receives(
        b"\x50\x02\0\x01\x50\x02\0\x02\x50\x02\0\x03",
        &[received(1), received(2), received(3)],
    );
    d.sends(b"\x62\x02\0\x01\x62\x02\0\x02\x62\x02\0\x03");
    d.resumes(&[RESUMED]);
    d.sends(b"\x62\x02\0\x01\x62\x02\0\x02\x62\x02\0\x03");
    // One that does not find room keeps its place.
    let mut d = Dialogue::<4, 256, 16>::open_kept();
    assert_eq!(d.publish(&EXACTLY), Ok(Some(id(1))));
    d.tx.clear();
    assert_eq!(d.publish(&EXACTLY), Ok(Some(id(2))));
    d.tx.clear();
    assert_eq!(d.publish(&Publish::to("t").payload(b"12345678")), Ok(None));
    d.receives(b"\x50\x02\0\x02\x50\x02\0\x01", &[received(2)]);
    d.sends(b"\x30\x0b\0\x01t12345678");
    assert_eq!(d.drain_events(), [received(1)]);
    d.sends(b"\x62\x02\0\x02\x62\x02\0\x01");
}
