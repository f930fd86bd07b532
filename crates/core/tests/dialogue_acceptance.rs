//! A message is acknowledged only after the application has had it (promise 6); acceptance and its
//! packet are two things.
mod script;
use motemq::*;
use script::*;

const KEPT: Connect<'_> = Connect::new("c").keep_session().keep_alive(0);

/// `tx` takes nothing more.
fn fill<const S: usize, const R: usize, const T: usize>(d: &mut Dialogue<S, R, T>) {
    let room = d.tx.room();
    d.tx.commit(room);
}

#[test]
fn the_next_call_accepts() {
    for (head, told, reply) in [
        (0x32, message("t", b"hi").qos1(5), &b"\x40\x02\0\x05"[..]),
        (0x34, message("t", b"hi").qos2(5), b"\x50\x02\0\x05"),
    ] {
        let mut d = Dialogue::<2>::open();
        d.gets(&[&[head], &b"\x07\0\x01t\0\x05hi"[..]].concat());
        assert_eq!(d.next(), Some(told));
        d.silent();
        assert_eq!(d.next(), None);
        d.says(reply);
        assert_eq!(d.next(), None);
        d.silent();
    }
}

/// Of a message in pieces it is the call after the last piece.
#[test]
fn the_call_after_the_last_piece_accepts() {
    let mut d = Dialogue::<2, 16>::open();
    d.gets(b"\x34\x17\0\x01t\0\x05123456789");
    assert_eq!(
        d.next(),
        Some(message("t", b"123456789").remaining(9).qos2(5))
    );
    assert_eq!(d.next(), None);
    d.gets(b"abcdefgh");
    assert_eq!((d.next(), d.next()), (Some(payload(b"abcdefgh", 1)), None));
    d.silent();
    d.gets(b"i");
    assert_eq!(d.next(), Some(payload(b"i", 0)));
    d.silent();
    assert_eq!(d.next(), None);
    d.says(b"\x50\x02\0\x05");
}

/// And of one that is skipped the call after its last byte, however late that comes.
#[test]
fn a_skipped_message_is_accepted_at_its_end() {
    let mut d = Dialogue::<2, 16>::open();
    assert_eq!(
        d.feed(b"\x32\x1b\0\x14abcdefghijklmnopqrst\0\x0512"),
        [Told::Skipped(3)]
    );
    d.silent();
    d.gets(b"3");
    assert_eq!(d.next(), None);
    d.says(b"\x40\x02\0\x05");
}

/// Link lost before acceptance: it is delivered again, with QoS 2, too.
#[test]
fn lost_before_acceptance() {
    let mut d = Dialogue::<2>::open_kept();
    d.gets(b"\x34\x07\0\x01t\0\x05hi");
    assert_eq!(d.next(), Some(message("t", b"hi").qos2(5)));
    d.resumes(&[RESUMED]);
    d.silent();
    d.hears(
        b"\x3c\x07\0\x01t\0\x05hi",
        &[message("t", b"hi").qos2(5).dup()],
    );
    d.says(b"\x50\x02\0\x05");
    // In the middle of a long one likewise.
    let mut d = Dialogue::<2, 16>::open_kept();
    d.gets(b"\x34\x17\0\x01t\0\x05123456789");
    d.turn();
    d.resumes(&[RESUMED]);
    d.hears(
        b"\x3c\x07\0\x01t\0\x05hi",
        &[message("t", b"hi").qos2(5).dup()],
    );
    d.says(b"\x50\x02\0\x05");
}

/// Link lost after acceptance, PUBREC written or not: QoS 2 is never delivered again, only
/// answered; QoS 1 may be.
#[test]
fn lost_after_acceptance() {
    for full in [false, true] {
        let mut d = Dialogue::<2>::open_kept();
        if full {
            fill(&mut d);
        }
        d.gets(b"\x34\x07\0\x01t\0\x05hi");
        assert_eq!(
            (d.next(), d.next()),
            (Some(message("t", b"hi").qos2(5)), None)
        );
        d.resumes(&[RESUMED]);
        d.silent();
        d.hears(b"\x3c\x07\0\x01t\0\x05hi", &[]);
        d.says(b"\x50\x02\0\x05");
        d.hears(b"\x62\x02\0\x05", &[]);
        d.says(b"\x70\x02\0\x05");
        // The broker may use the identifier again.
        d.hears(b"\x34\x07\0\x01t\0\x05ho", &[message("t", b"ho").qos2(5)]);
    }
    let mut d = Dialogue::<2>::open_kept();
    d.hears(b"\x32\x07\0\x01t\0\x05hi", &[message("t", b"hi").qos1(5)]);
    d.resumes(&[RESUMED]);
    d.hears(
        b"\x3a\x07\0\x01t\0\x05hi",
        &[message("t", b"hi").qos1(5).dup()],
    );
}

/// DUP says nothing: what was not accepted is told, what was is not, whether the broker sets it or
/// not.
#[test]
fn dup_does_not_matter() {
    let mut d = Dialogue::<2>::open();
    d.hears(b"\x3c\x05\0\x01t\0\x05", &[message("t", b"").qos2(5).dup()]);
    d.hears(b"\x34\x05\0\x01t\0\x05", &[]);
    d.hears(
        b"\x3a\x05\0\x01t\0\x06\x3a\x05\0\x01t\0\x06",
        &[
            message("t", b"").qos1(6).dup(),
            message("t", b"").qos1(6).dup(),
        ],
    );
    d.says(b"\x50\x02\0\x05\x50\x02\0\x05\x40\x02\0\x06\x40\x02\0\x06");
}

/// A repeated QoS 2 message that is longer than `rx` passes unseen.
#[test]
fn a_long_repetition_passes_unseen() {
    let mut d = Dialogue::<2, 16>::open();
    let long = b"\x34\x17\0\x01t\0\x05123456789abcdefghi";
    assert_eq!(
        joined(&d.feed(long)),
        [message("t", b"123456789abcdefghi").qos2(5)]
    );
    d.hears(long, &[]);
    d.hears(b"\x34\x1b\0\x14abcdefghijklmnopqrst\0\x05123", &[]);
    d.says(b"\x50\x02\0\x05\x50\x02\0\x05\x50\x02\0\x05");
}

/// At most one reply is owed, and it leaves first when there is room: replies keep the order of
/// what they answer.
#[test]
fn replies_leave_in_order() {
    let mut d = Dialogue::<4>::open();
    d.publish(&Publish::to("a").qos(QoS::ExactlyOnce)).unwrap();
    d.says(b"\x34\x05\0\x01a\0\x01");
    fill(&mut d);
    d.gets(b"\x32\x05\0\x01t\0\x05\x34\x05\0\x01t\0\x06\x62\x02\0\x07\x50\x02\0\x01\x32\x05\0\x01t\0\x08");
    assert_eq!(d.turn(), [message("t", b"").qos1(5)]);
    for (says, then) in [
        (&b"\x40\x02\0\x05"[..], Some(message("t", b"").qos2(6))),
        (b"\x50\x02\0\x06", None),
        (b"\x70\x02\0\x07", Some(received(1))),
        (b"\x62\x02\0\x01", Some(message("t", b"").qos1(8))),
        (b"\x40\x02\0\x08", None),
    ] {
        // Room for one more.
        d.tx.clear();
        d.tx.commit(252);
        assert_eq!(d.turn(), Vec::from_iter(then));
        assert_eq!(d.tx.bytes()[252..], *says);
        assert_eq!((d.turn(), d.tx.room()), (vec![], 0));
    }
}

/// Three bytes of room are no room for four.
#[test]
fn half_a_reply_is_not_written() {
    for room in 0..4 {
        let mut d = Dialogue::<2>::open();
        d.tx.commit(256 - room);
        d.gets(b"\x32\x05\0\x01t\0\x05\x30\x03\0\x01t");
        assert_eq!(d.turn(), [message("t", b"").qos1(5)]);
        assert_eq!((d.tx.room(), d.rx.bytes().len()), (room, 5));
        d.tx.consume(256);
        assert_eq!(d.turn(), [message("t", b"")]);
        d.says(b"\x40\x02\0\x05");
    }
}

/// `disconnect` writes the reply owed, then DISCONNECT: both, or it is `Full`. The message in hand
/// counts as accepted.
#[test]
fn disconnect_accepts_the_message_in_hand() {
    for (head, reply) in [
        (0x32, &b"\x40\x02\0\x05\xe0\0"[..]),
        (0x34, b"\x50\x02\0\x05\xe0\0"),
        (0x30, b"\xe0\0"),
    ] {
        for room in 0..10 {
            let mut d = Dialogue::<2>::open_kept();
            d.gets(&if head == 0x30 {
                b"\x30\x05\0\x01thi".to_vec()
            } else {
                [&[head], &b"\x07\0\x01t\0\x05hi"[..]].concat()
            });
            assert!(d.next().is_some());
            d.tx.commit(256 - room);
            if room < reply.len() {
                let before = (d.session.clone(), d.tx.clone());
                assert_eq!(d.disconnect(), Err(SendError::Full), "{room}");
                assert_eq!((&d.session, &d.tx), (&before.0, &before.1));
                d.tx.clear();
                assert_eq!(d.next(), None);
            } else {
                assert_eq!(
                    (d.disconnect(), &d.tx.bytes()[256 - room..]),
                    (Ok(()), reply),
                    "{room}"
                );
            }
            d.resumes(&[RESUMED]);
            if head == 0x34 {
                d.hears(b"\x3c\x07\0\x01t\0\x05hi", &[]);
                d.says(b"\x50\x02\0\x05");
            }
        }
    }
}

/// The replies of QoS 2's second half go before DISCONNECT, too.
#[test]
fn disconnect_writes_other_replies() {
    let mut d = Dialogue::<2>::open();
    d.publish(&Publish::to("a").qos(QoS::ExactlyOnce)).unwrap();
    d.says(b"\x34\x05\0\x01a\0\x01");
    d.gets(b"\x50\x02\0\x01");
    assert_eq!(d.next(), Some(received(1)));
    d.disconnect().unwrap();
    d.says(b"\x62\x02\0\x01\xe0\0");
}

/// In the middle of a message there is nothing to accept yet.
#[test]
fn disconnect_in_the_middle_of_a_message() {
    let mut d = Dialogue::<2, 16>::open_kept();
    d.gets(b"\x34\x17\0\x01t\0\x05123456789");
    assert!(d.next().is_some());
    d.disconnect().unwrap();
    d.says(b"\xe0\0");
    d.resumes(&[RESUMED]);
    d.hears(
        b"\x3c\x07\0\x01t\0\x05hi",
        &[message("t", b"hi").qos2(5).dup()],
    );
}

/// Nothing after DISCONNECT [MQTT-3.14.4-2]: no reply, no PINGREQ, no command; nothing more is
/// told.
#[test]
fn nothing_after_disconnect() {
    let mut d = Dialogue::<2>::new();
    d.connect(&Connect::new("c").keep_alive(10));
    d.tx.clear();
    d.hears(b"\x20\x02\0\0", &[NEW]);
    assert!(d.at(0).is_ok());
    d.gets(b"\x32\x05\0\x01t\0\x05\x32\x05\0\x01t\0\x06\x62\x02\0\x07");
    assert_eq!(d.next(), Some(message("t", b"").qos1(5)));
    d.disconnect().unwrap();
    d.says(b"\x40\x02\0\x05\xe0\0");
    assert!(d.session.is_closed());
    d.gets(b"\x32\x05\0\x01t\0\x08\xff\xff");
    assert_eq!(
        (d.next(), d.at(100_000), d.at(200_000)),
        (None, Ok(None), Ok(None))
    );
    assert_eq!(d.publish(&Publish::to("t")), Err(SendError::Offline));
    assert_eq!(d.disconnect(), Err(SendError::Offline));
    d.silent();
}

/// Before CONNACK there is no DISCONNECT to be said.
#[test]
fn disconnect_needs_a_connection() {
    let mut d = Dialogue::<2>::new();
    assert_eq!(d.disconnect(), Err(SendError::Offline));
    d.connect(&KEPT);
    d.tx.clear();
    assert_eq!(d.disconnect(), Err(SendError::Offline));
    assert!(!d.session.is_closed());
    d.hears(b"\x20\x02\0\0", &[NEW]);
    assert_eq!(d.disconnect(), Ok(()));
}
