//! Messages that leave in pieces: no other packet is written between the pieces.
use crate::script::*;
use motemq::*;

type Client = Dialogue<4, 64, 64>;

const ONCE: QoS = QoS::AtLeastOnce;

fn chunk(d: &mut Client, data: &[u8]) -> Result<usize, SendError> {
    d.session.publish_chunk(data, &mut d.tx)
}

fn direct(d: &mut Client, n: u32) -> Result<(), SendError> {
    d.session.publish_direct(n, &mut d.tx)
}

fn streaming() -> Client {
    let mut d = Client::open();
    assert_eq!(
        d.publish(&Publish::to("t").payload(b"begin").qos(ONCE).remaining(10)),
        Ok(Some(id(1)))
    );
    d.sends(publish("t").qos1(1).payload(b"begin").remaining(10));
    d
}

#[test]
fn pieces_of_a_payload_leave_in_order() {
    let mut d = streaming();
    assert_eq!(
        (chunk(&mut d, b"123"), d.session.payload_remaining()),
        (Ok(3), 7)
    );
    assert_eq!(
        (chunk(&mut d, b""), d.session.payload_remaining()),
        (Ok(0), 7)
    );
    assert_eq!(
        (chunk(&mut d, b"4567890"), d.session.payload_remaining()),
        (Ok(7), 0)
    );
    d.sends(b"1234567890");
    d.publish(&Publish::to("u")).unwrap();
    d.sends(publish("u"));
    d.receives(puback(1), &[acked(1)]);
}

/// As much of a piece is taken as there is room for; without room it is `Full`.
#[test]
fn as_much_of_a_piece_is_taken_as_there_is_room_for() {
    let mut d = streaming();
    d.tx.commit(60);
    assert_eq!(
        (chunk(&mut d, b"1234567890"), d.session.payload_remaining()),
        (Ok(4), 6)
    );
    let before = d.clone();
    assert_eq!(chunk(&mut d, b"567890"), Err(SendError::Full));
    assert_eq!((&d.session, &d.tx), (&before.session, &before.tx));
    d.tx.consume(60);
    d.sends(b"1234");
    assert_eq!(chunk(&mut d, b"567890"), Ok(6));
    d.sends(b"567890");
}

/// Other commands are `Busy`, and do nothing.
#[test]
fn other_commands_are_busy_during_a_stream() {
    let mut d = streaming();
    chunk(&mut d, b"12345").unwrap();
    let before = d.clone();
    for publish in [
        Publish::to("u"),
        Publish::to("u").qos(ONCE),
        Publish::to("u").remaining(7),
    ] {
        assert_eq!(d.publish(&publish), Err(SendError::Busy));
    }
    assert_eq!(
        (
            d.subscribe(&[("a", 0)]),
            d.unsubscribe(&["a"]),
            d.disconnect()
        ),
        (
            Err(SendError::Busy),
            Err(SendError::Busy),
            Err(SendError::Busy)
        )
    );
    assert_eq!(
        (d.republish(1, &Publish::to("t").qos(ONCE)), d.abandon(1)),
        (Err(SendError::Busy), Err(SendError::Busy))
    );
    assert_eq!((&d.session, &d.tx), (&before.session, &before.tx));
    chunk(&mut d, b"67890").unwrap();
    d.disconnect().unwrap();
    d.sends((b"1234567890", disconnect()));
}

/// More payload than was announced is `Invalid` as a whole; likewise before, after and without a
/// stream.
#[test]
fn more_payload_than_announced_is_invalid() {
    let mut d = streaming();
    assert_eq!(
        (
            chunk(&mut d, b"12345678901"),
            direct(&mut d, 11),
            d.session.payload_remaining()
        ),
        (Err(SendError::Invalid), Err(SendError::Invalid), 10)
    );
    d.sends_nothing();
    chunk(&mut d, b"1234567890").unwrap();
    assert_eq!(
        (chunk(&mut d, b"1"), d.session.payload_remaining()),
        (Err(SendError::Invalid), 0)
    );
    d.sends(b"1234567890");
    assert_eq!(direct(&mut d, 1), Err(SendError::Invalid));
}

/// Replies wait, and so does reading from the first message with QoS 1 or 2. QoS 0 and
/// acknowledgements of messages of the client are read.
#[test]
fn replies_wait_for_the_end_of_a_stream() {
    let mut d = streaming();
    d.buffer([
        publish("a"),
        puback(1),
        pingresp(),
        publish("b").qos1(5),
        publish("c").qos2(6),
        publish("d"),
    ]);
    assert_eq!(
        d.drain_events(),
        [message("a", b""), acked(1), message("b", b"").qos1(5)]
    );
    let waiting = d.rx.bytes().len();
    assert_eq!((d.drain_events(), d.rx.bytes().len()), (vec![], waiting));
    chunk(&mut d, b"123456789").unwrap();
    assert_eq!((d.drain_events(), d.rx.bytes().len()), (vec![], waiting));
    chunk(&mut d, b"0").unwrap();
    assert_eq!(
        d.drain_events(),
        [message("c", b"").qos2(6), message("d", b"")]
    );
    d.sends((b"1234567890", [puback(5), pubrec(6)]));
}

/// A message that waits for its reply is accepted nevertheless.
#[test]
fn acceptance_does_not_wait_for_the_end_of_a_stream() {
    let mut d = Dialogue::<4>::open_kept();
    d.publish(&Publish::to("t").remaining(10)).unwrap();
    d.buffer(publish("b").qos2(5));
    assert_eq!(
        (d.next_event(), d.next_event()),
        (Some(message("b", b"").qos2(5)), None)
    );
    d.resumes(&[RESUMED]);
    d.receives(publish("b").qos2(5).dup(), &[]);
    d.sends(pubrec(5));
}

/// PUBREL and PUBCOMP are not written between the pieces either.
#[test]
fn pubrel_and_pubcomp_wait_for_the_end_of_a_stream() {
    let mut d = Dialogue::<4>::open();
    d.publish(&Publish::to("t").qos(QoS::ExactlyOnce).remaining(2))
        .unwrap();
    d.tx.clear();
    d.buffer([pubrec(1), pubrel(9), publish("a")]);
    assert_eq!(d.drain_events(), [received(1)]);
    d.sends_nothing();
    d.session.publish_chunk(b"12", &mut d.tx).unwrap();
    assert_eq!(d.drain_events(), [message("a", b"")]);
    d.sends((b"12", [pubrel(1), pubcomp(9)]));
}

/// A PINGREQ that is due follows directly behind the last byte.
#[test]
fn a_due_pingreq_follows_the_last_byte_of_a_stream() {
    let mut d = Dialogue::<4>::new();
    d.connect(&Connect::new("c").keep_alive(10));
    d.tx.clear();
    d.receives(connack(), &[NEW]);
    d.tick(0).unwrap();
    d.publish(&Publish::to("t").remaining(3)).unwrap();
    d.sends(publish("t").remaining(3));
    d.tick(1).unwrap();
    assert!(d.tick(7501).is_ok());
    d.sends_nothing();
    d.session.publish_chunk(b"12", &mut d.tx).unwrap();
    assert!(d.tick(8000).is_ok());
    d.sends(b"12");
    d.session.publish_chunk(b"3", &mut d.tx).unwrap();
    assert!(d.tick(8001).is_ok());
    d.sends((b"3", pingreq()));
}

/// Payload that the caller sends itself is counted, and is allowed only when all of `tx` has left.
#[test]
fn payload_sent_by_the_caller_is_counted() {
    let mut d = streaming();
    d.tx.commit(3);
    assert_eq!(direct(&mut d, 4), Err(SendError::Full));
    d.tx.consume(2);
    assert_eq!(
        (direct(&mut d, 4), d.session.payload_remaining()),
        (Err(SendError::Full), 10)
    );
    d.tx.consume(1);
    assert_eq!(
        (direct(&mut d, 4), d.session.payload_remaining()),
        (Ok(()), 6)
    );
    d.sends_nothing();
    chunk(&mut d, b"5").unwrap();
    assert_eq!(direct(&mut d, 5), Err(SendError::Full));
    d.tx.clear();
    assert_eq!(
        (direct(&mut d, 5), d.session.payload_remaining()),
        (Ok(()), 0)
    );
    d.publish(&Publish::to("u")).unwrap();
    d.sends(publish("u"));
}

/// Pieces of a payload postpone a PINGREQ, through `tx` or not.
#[test]
fn pieces_of_a_payload_postpone_a_pingreq() {
    for directly in [false, true] {
        let mut d = Dialogue::<4>::new();
        d.connect(&Connect::new("c").keep_alive(10));
        d.tx.clear();
        d.receives(connack(), &[NEW]);
        d.tick(0).unwrap();
        d.publish(&Publish::to("t").remaining(100)).unwrap();
        d.tx.clear();
        for second in 1..90 {
            if directly {
                d.session.publish_direct(1, &mut d.tx).unwrap()
            } else {
                assert_eq!(d.session.publish_chunk(b".", &mut d.tx), Ok(1))
            }
            d.tx.clear();
            assert_eq!(d.tick(second * 1000), Ok(Some(7500)));
        }
        d.sends_nothing();
    }
}

/// When the connection is lost, the stream has ended, and its message continues with the session.
#[test]
fn a_lost_connection_ends_a_stream() {
    let mut d = Dialogue::<4>::open_kept();
    d.publish(&Publish::to("t").qos(ONCE).remaining(100))
        .unwrap();
    d.session.on_connection_lost();
    assert_eq!(
        (
            d.session.payload_remaining(),
            d.session.publish_chunk(b"1", &mut d.tx)
        ),
        (0, Err(SendError::Offline))
    );
    assert_eq!(
        d.session.publish_direct(1, &mut Buffer::<[u8; 16]>::new()),
        Err(SendError::Offline)
    );
    d.resumes(&[RESUMED, resend(1, ONCE)]);
    d.republish(1, &Publish::to("t").qos(ONCE).remaining(2))
        .unwrap();
    d.session.publish_chunk(b"12", &mut d.tx).unwrap();
    d.sends(publish("t").qos1(1).dup().payload(b"12"));
}

/// The remaining length counts the payload that follows; `remaining(0)` begins no stream.
#[test]
fn the_remaining_length_counts_all_of_the_payload() {
    let mut d = Dialogue::<4>::open();
    d.publish(&Publish::to("t").payload(b"12").remaining(0))
        .unwrap();
    d.sends(publish("t").payload(b"12"));
    assert_eq!(d.session.payload_remaining(), 0);
    d.publish(&Publish::to("t").payload(b"12").remaining(123))
        .unwrap();
    d.sends(publish("t").payload(b"12").remaining(123));
    assert_eq!(d.session.payload_remaining(), 123);
}

/// An empty piece does not postpone a PINGREQ.
#[test]
fn empty_pieces_do_not_postpone_a_pingreq() {
    let mut s = Session::<[Slot; 1]>::new();
    let (mut rx, mut tx) = (Buffer::<[u8; 64]>::new(), Buffer::<[u8; 64]>::new());
    s.connect(&Connect::new("a").keep_alive(4), &mut rx, &mut tx)
        .unwrap();
    tx.clear();
    rx.space()[..4].copy_from_slice(&connack().to_bytes());
    rx.commit(4);
    s.next_event(&mut rx, &mut tx).unwrap();
    s.tick(0, &mut tx).unwrap();
    for now in [1000, 2000] {
        assert_eq!(
            (s.publish_chunk(b"", &mut tx), s.publish_direct(0, &mut tx)),
            (Ok(0), Ok(()))
        );
        assert_eq!(s.tick(now, &mut tx), Ok(Some(3000 - now)));
    }
    s.tick(3000, &mut tx).unwrap();
    assert_eq!(tx.bytes(), pingreq().to_bytes());
}
