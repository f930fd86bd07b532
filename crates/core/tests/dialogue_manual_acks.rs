//! Manual acknowledgement: the application acknowledges in any order, and the packets leave in the
//! order of arrival.
mod script;
use motemq::*;
use script::*;
use std::ops::{Deref, DerefMut};

/// A dialogue whose events are taken through `ManualAcks`.
struct ManualDialogue<const PENDING: usize, const SLOTS: usize = 8> {
    dialogue: Dialogue<SLOTS, 64, 64>,
    acks: ManualAcks<[PendingAck; PENDING]>,
}

impl<const PENDING: usize, const SLOTS: usize> Deref for ManualDialogue<PENDING, SLOTS> {
    type Target = Dialogue<SLOTS, 64, 64>;

    fn deref(&self) -> &Self::Target {
        &self.dialogue
    }
}

impl<const PENDING: usize, const SLOTS: usize> DerefMut for ManualDialogue<PENDING, SLOTS> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.dialogue
    }
}

impl<const PENDING: usize, const SLOTS: usize> ManualDialogue<PENDING, SLOTS> {
    /// Connected with a session that is kept and that is new to the broker.
    fn open() -> Self {
        let mut d = ManualDialogue {
            dialogue: Dialogue::new(),
            acks: ManualAcks::new(),
        };
        d.connect(&Connect::new("c").keep_session().keep_alive(0));
        d.tx.clear();
        assert_eq!(d.feed(connack()), (vec![NEW], vec![]));
        d
    }

    /// The connection is lost and opened again, and the broker continues the session.
    fn resumes(&mut self) {
        self.session.on_connection_lost();
        self.connect(&Connect::new("c").keep_session().keep_alive(0));
        self.tx.clear();
        assert_eq!(
            self.feed(connack().session_present()),
            (vec![RESUMED], vec![])
        );
    }

    /// Returns all events that are emitted without further bytes, and their tokens.
    fn drain_events(&mut self) -> (Vec<Emitted>, Vec<AckToken>) {
        let (mut emitted, mut tokens) = (vec![], vec![]);
        let Dialogue { session, rx, tx } = &mut self.dialogue;
        loop {
            match self.acks.next_event(session, rx, tx) {
                Ok(None) => return (emitted, tokens),
                Ok(Some((event, token))) => {
                    emitted.push(event.into());
                    tokens.extend(token);
                }
                Err(error) => {
                    emitted.push(fault(error));
                    return (emitted, tokens);
                }
            }
        }
    }

    /// These bytes arrive; returns the events that are emitted, and their tokens.
    fn feed(&mut self, bytes: impl ToBytes) -> (Vec<Emitted>, Vec<AckToken>) {
        let bytes = bytes.to_bytes();
        let mut bytes = &bytes[..];
        let (mut emitted, mut tokens) = (vec![], vec![]);
        while !bytes.is_empty() {
            let n = bytes.len().min(self.rx.space().len());
            self.buffer(&bytes[..n]);
            bytes = &bytes[n..];
            let (events, more) = self.drain_events();
            emitted.extend(events);
            tokens.extend(more);
        }
        (emitted, tokens)
    }

    fn ack(&mut self, token: AckToken) -> Result<(), SendError> {
        self.acks.ack(&mut self.dialogue.session, token)
    }

    /// Acknowledges a message, and calls `next_event`, which emits nothing.
    fn acknowledge(&mut self, token: AckToken) {
        assert_eq!(self.ack(token), Ok(()));
        assert_eq!(self.drain_events(), (vec![], vec![]));
    }

    fn disconnect(&mut self) -> Result<(), SendError> {
        let Dialogue { session, tx, .. } = &mut self.dialogue;
        self.acks.disconnect(session, tx)
    }
}

/// In whatever order the application acknowledges messages, the packets leave in the order of
/// arrival [MQTT-4.6.0-2] [MQTT-4.6.0-3].
#[test]
fn acknowledgements_leave_in_the_order_of_arrival() {
    let messages = [
        publish("t").qos1(1),
        publish("t").qos2(2),
        publish("t").qos2(3),
        publish("t").qos1(4),
    ];
    let replies = [puback(1), pubrec(2), pubrec(3), puback(4)];
    for order in 0..256usize {
        let order = [order & 3, order >> 2 & 3, order >> 4 & 3, order >> 6];
        if (0..4).any(|at| order[..at].contains(&order[at])) {
            continue;
        }
        let mut d = ManualDialogue::<4>::open();
        let (emitted, tokens) = d.feed(&messages);
        assert_eq!((emitted.len(), tokens.len()), (4, 4));
        d.sends_nothing();
        let (mut acknowledged, mut written) = ([false; 4], 0);
        for one in order {
            d.acknowledge(tokens[one]);
            assert_eq!(d.ack(tokens[one]), Err(SendError::Invalid));
            acknowledged[one] = true;
            let ready = acknowledged.iter().take_while(|&&ready| ready).count();
            d.sends(&replies[written..ready]);
            written = ready;
        }
    }
}

/// A token comes with the last piece of a message, and only with QoS 1 and 2.
#[test]
fn tokens_come_with_the_last_piece() {
    let mut d = ManualDialogue::<4>::open();
    assert_eq!(d.feed(publish("t")).1, []);
    let long = publish("t").qos1(5).payload(&[b'x'; 123]).to_bytes();
    let (emitted, tokens) = d.feed(&long[..130]);
    assert_eq!((emitted.len(), tokens.len()), (3, 0));
    let (emitted, tokens) = d.feed(&long[130..]);
    assert_eq!((emitted, tokens.len()), (vec![payload(b"x", 0)], 1));
    d.sends_nothing();
    d.acknowledge(tokens[0]);
    d.sends(puback(5));
}

/// Reading stops while all places hold pending acknowledgements, and continues when one is free.
#[test]
fn reading_stops_while_all_places_are_pending() {
    let mut d = ManualDialogue::<2>::open();
    let stream = [
        publish("t").qos1(1),
        publish("t").qos2(2),
        publish("t").qos1(3),
        publish("t").qos1(4),
    ];
    let (emitted, tokens) = d.feed(stream);
    assert_eq!(
        emitted,
        [message("t", b"").qos1(1), message("t", b"").qos2(2)]
    );
    assert_eq!(
        (d.drain_events(), d.rx.bytes().len()),
        ((vec![], vec![]), 14)
    );
    d.acknowledge(tokens[1]);
    assert_eq!(d.rx.bytes().len(), 14);
    assert_eq!(d.ack(tokens[0]), Ok(()));
    let (emitted, tokens) = d.drain_events();
    assert_eq!(
        emitted,
        [message("t", b"").qos1(3), message("t", b"").qos1(4)]
    );
    d.sends([puback(1), pubrec(2)]);
    // Without room, acknowledgements stay pending, and their places taken.
    d.tx.commit(62);
    for token in tokens {
        d.acknowledge(token);
    }
    assert_eq!(d.feed(publish("t").qos1(5)).0, []);
    d.tx.clear();
    assert_eq!(d.drain_events().0, [message("t", b"").qos1(5)]);
    d.sends([puback(3), puback(4)]);
}

/// A token belongs to its connection: on another one the broker may have used its identifier again.
#[test]
fn tokens_of_an_earlier_connection_are_invalid() {
    let mut d = ManualDialogue::<4>::open();
    let (_, old) = d.feed([publish("t").qos1(1), publish("t").qos2(2)]);
    d.resumes();
    assert_eq!(
        (d.ack(old[0]), d.ack(old[1])),
        (Err(SendError::Invalid), Err(SendError::Invalid))
    );
    // Other messages have the same identifiers.
    let (emitted, new) = d.feed([publish("t").qos1(1), publish("t").qos2(2).dup()]);
    assert_eq!(
        emitted,
        [message("t", b"").qos1(1), message("t", b"").qos2(2).dup()]
    );
    assert_eq!(
        (d.ack(old[0]), d.ack(old[1])),
        (Err(SendError::Invalid), Err(SendError::Invalid))
    );
    assert_eq!(d.drain_events(), (vec![], vec![]));
    d.sends_nothing();
    d.acknowledge(new[0]);
    d.acknowledge(new[1]);
    d.sends([puback(1), pubrec(2)]);
}

/// Messages that were not acknowledged when the connection was lost are delivered again; QoS 2
/// messages that were acknowledged are not, whether PUBREC was written or not.
#[test]
fn unacknowledged_messages_are_delivered_again_on_the_next_connection() {
    for full in [false, true] {
        let mut d = ManualDialogue::<4>::open();
        let (_, tokens) = d.feed([
            publish("t").qos2(1),
            publish("t").qos2(2),
            publish("t").qos2(3),
        ]);
        if full {
            let room = d.tx.room();
            d.tx.commit(room);
        }
        // 3 is acknowledged, but has to wait for 2.
        d.acknowledge(tokens[0]);
        d.acknowledge(tokens[2]);
        d.resumes();
        let (emitted, again) = d.feed([
            publish("t").qos2(1).dup(),
            publish("t").qos2(2).dup(),
            publish("t").qos2(3).dup(),
        ]);
        assert_eq!(
            (emitted, again.len()),
            (vec![message("t", b"").qos2(2).dup()], 1)
        );
        // The answer to 3 does not overtake 2 here either.
        d.sends(pubrec(1));
        d.acknowledge(again[0]);
        d.sends([pubrec(2), pubrec(3)]);
        assert_eq!(d.feed([pubrel(3), pubrel(1), pubrel(2)]).0, []);
        d.sends([pubcomp(3), pubcomp(1), pubcomp(2)]);
    }
}

/// The next connection begins also if all places held pending acknowledgements when the last one
/// was lost.
#[test]
fn the_next_connection_begins_with_all_places_pending() {
    let mut d = ManualDialogue::<1>::open();
    let (_, old) = d.feed(publish("t").qos2(1));
    assert_eq!(old.len(), 1);
    d.resumes();
    let (emitted, tokens) = d.feed(publish("t").qos2(1).dup());
    assert_eq!(emitted, [message("t", b"").qos2(1).dup()]);
    d.acknowledge(tokens[0]);
    d.sends(pubrec(1));
    // With the acknowledgement allowed but not written, too.
    let mut d = ManualDialogue::<1>::open();
    let (_, tokens) = d.feed(publish("t").qos2(1));
    d.tx.commit(64);
    d.acknowledge(tokens[0]);
    d.resumes();
    d.sends_nothing();
    assert_eq!(d.feed(publish("t").qos2(1).dup()).0, []);
    d.sends(pubrec(1));
}

/// A message that is repeated on the same connection before it was acknowledged, however often, is
/// delivered once and acknowledged once; after that it is answered.
#[test]
fn a_message_repeated_before_its_acknowledgement_is_delivered_once() {
    for (publish, reply, is_emitted_again) in [
        (publish("t").qos1(1), puback(1), true),
        (publish("t").qos2(1), pubrec(1), false),
    ] {
        let mut d = ManualDialogue::<4>::open();
        let again = [(); 3].map(|()| publish.clone().dup());
        let (emitted, tokens) = d.feed((&publish, again));
        assert_eq!((emitted.len(), tokens.len()), (1, 1));
        d.acknowledge(tokens[0]);
        d.sends(reply);
        let (emitted, _) = d.feed(publish.dup());
        assert_eq!(emitted.len(), if is_emitted_again { 1 } else { 0 });
    }
}

/// A broker that sends a message again says so with DUP. Without DUP it has forgotten that the
/// identifier is taken: the message is another one, and both are acknowledged.
#[test]
fn without_dup_a_pending_identifier_stands_for_another_message() {
    let mut d = ManualDialogue::<4>::open();
    let (emitted, tokens) = d.feed([
        publish("t").qos1(7).payload(b"a"),
        publish("t").qos1(7).payload(b"b"),
        publish("t").qos1(7).payload(b"b").dup(),
    ]);
    assert_eq!(
        emitted,
        [message("t", b"a").qos1(7), message("t", b"b").qos1(7)]
    );
    d.acknowledge(tokens[0]);
    d.sends(puback(7));
    d.acknowledge(tokens[1]);
    d.sends(puback(7));
    assert_eq!(d.ack(tokens[1]), Err(SendError::Invalid));
}

/// Brokers need not count: identifiers may have gaps, decrease and start again.
#[test]
fn identifiers_in_any_order() {
    for ids in [[5, 7, 8, 9], [5, 6, 8, 7], [9, 8, 7, 6], [254, 255, 1, 2]] {
        let mut d = ManualDialogue::<4>::open();
        let (emitted, tokens) = d.feed(ids.map(|id| publish("t").qos1(id)));
        assert_eq!(emitted, ids.map(|id| message("t", b"").qos1(id)));
        for token in tokens[1..].iter().rev() {
            d.acknowledge(*token);
            d.sends_nothing();
        }
        d.acknowledge(tokens[0]);
        d.sends(ids.map(puback));
    }
}

/// The acknowledgement of a skipped message keeps its place in the order, too.
#[test]
fn skipped_messages_are_acknowledged_in_order() {
    let mut d = ManualDialogue::<4>::open();
    let skipped = publish(&"x".repeat(70)).qos2(2).payload(b"!!");
    let (emitted, tokens) = d.feed([publish("t").qos1(1), skipped, publish("t").qos1(3)]);
    assert_eq!(
        emitted,
        [
            message("t", b"").qos1(1),
            Emitted::Skipped(2),
            message("t", b"").qos1(3)
        ]
    );
    assert_eq!(tokens.len(), 2);
    d.acknowledge(tokens[1]);
    d.sends_nothing();
    d.acknowledge(tokens[0]);
    d.sends([puback(1), pubrec(2), puback(3)]);
}

/// A message that was skipped and is not acknowledged yet is not delivered when it is repeated,
/// even if it fits then.
#[test]
fn a_skipped_message_that_is_repeated_is_not_delivered() {
    let mut d = ManualDialogue::<4>::open();
    let skipped = publish(&"x".repeat(70)).qos1(2);
    let (emitted, tokens) = d.feed([
        publish("t").qos1(1),
        skipped.clone(),
        skipped,
        publish("t").qos1(2).dup(),
    ]);
    assert_eq!(
        emitted,
        [
            message("t", b"").qos1(1),
            Emitted::Skipped(0),
            Emitted::Skipped(0)
        ]
    );
    d.acknowledge(tokens[0]);
    d.sends([puback(1), puback(2), puback(2)]);
}

/// A skipped message takes a place, too: behind the last place nothing is read, and no token is
/// returned for which there is none.
#[test]
fn a_skipped_message_takes_the_last_place() {
    let mut d = ManualDialogue::<3>::open();
    let skipped = publish(&"x".repeat(70)).qos1(3);
    let (emitted, tokens) = d.feed([
        publish("t").qos2(1),
        publish("t").qos2(2),
        skipped,
        publish("t").qos2(4),
    ]);
    assert_eq!(
        emitted,
        [
            message("t", b"").qos2(1),
            message("t", b"").qos2(2),
            Emitted::Skipped(0)
        ]
    );
    assert_eq!(d.ack(tokens[0]), Ok(()));
    let (emitted, more) = d.drain_events();
    assert_eq!(emitted, [message("t", b"").qos2(4)]);
    d.sends(pubrec(1));
    d.acknowledge(more[0]);
    d.sends_nothing();
    d.acknowledge(tokens[1]);
    d.sends([pubrec(2), puback(3), pubrec(4)]);
}

/// All other packets pass pending acknowledgements: answers to messages of the client, QoS 0,
/// PUBREL, and messages sent again.
#[test]
fn other_packets_pass_pending_acknowledgements() {
    let mut d = ManualDialogue::<4>::open();
    d.publish(&Publish::to("a").qos(QoS::ExactlyOnce)).unwrap();
    d.publish(&Publish::to("a").qos(QoS::AtLeastOnce)).unwrap();
    d.tx.clear();
    let (emitted, tokens) = d.feed([
        publish("t").qos1(1),
        pubrec(1),
        pubrel(9),
        pubcomp(1),
        publish("t"),
        pingresp(),
    ]);
    assert_eq!(
        emitted,
        [
            message("t", b"").qos1(1),
            received(1),
            acked(1),
            message("t", b"")
        ]
    );
    d.sends([pubrel(1), pubcomp(9)]);
    d.acknowledge(tokens[0]);
    d.sends(puback(1));
    d.session.on_connection_lost();
    d.connect(&Connect::new("c").keep_session());
    d.tx.clear();
    assert_eq!(
        d.feed(connack().session_present()).0,
        [RESUMED, resend(2, QoS::AtLeastOnce)]
    );
    d.republish(2, &Publish::to("a").qos(QoS::AtLeastOnce))
        .unwrap();
    assert_eq!(d.feed(puback(2)).0, [acked(2)]);
}

/// While a payload is streamed, nothing is acknowledged; afterwards everything is, in order.
#[test]
fn acknowledgements_wait_for_the_end_of_a_stream() {
    let mut d = ManualDialogue::<4>::open();
    d.publish(&Publish::to("a").remaining(2)).unwrap();
    d.tx.clear();
    let (emitted, tokens) = d.feed([publish("t").qos1(1), publish("t").qos2(2)]);
    assert_eq!(emitted.len(), 2);
    d.acknowledge(tokens[1]);
    d.acknowledge(tokens[0]);
    d.sends_nothing();
    d.publish_chunk(b"!!").unwrap();
    assert_eq!(d.drain_events().0, []);
    d.sends((b"!!", [puback(1), pubrec(2)]));
}

/// `disconnect` writes the acknowledgements that are due, none of those that are not, and
/// DISCONNECT.
#[test]
fn disconnect_writes_the_acknowledgements_that_are_due() {
    let mut d = ManualDialogue::<4>::open();
    let (_, tokens) = d.feed([
        publish("t").qos2(1),
        publish("t").qos2(2),
        publish("t").qos2(3),
    ]);
    d.ack(tokens[0]).unwrap();
    d.ack(tokens[2]).unwrap();
    assert_eq!(d.disconnect(), Ok(()));
    d.sends([pubrec(1), disconnect()]);
    assert!(d.session.is_closed());
    assert_eq!(d.drain_events(), (vec![], vec![]));
    d.sends_nothing();
    // 1 and 3 were accepted, 2 was not.
    d.resumes();
    assert_eq!(
        d.feed([publish("t").qos2(2).dup(), publish("t").qos2(3).dup()])
            .0,
        [message("t", b"").qos2(2).dup()]
    );
    // Without room it is `Full`, and the connection goes on.
    d.tx.commit(63);
    assert_eq!(d.disconnect(), Err(SendError::Full));
    assert!(!d.session.is_closed());
}

/// A reply that waits for room or for the end of a stream is written before DISCONNECT.
#[test]
fn disconnect_writes_a_pending_reply_first() {
    let mut d = ManualDialogue::<4>::open();
    d.tx.commit(62);
    assert_eq!(d.feed(pubrel(9)).0, []);
    assert_eq!(d.disconnect(), Err(SendError::Full));
    d.tx.clear();
    d.publish(&Publish::to("a").remaining(2)).unwrap();
    assert_eq!(d.disconnect(), Err(SendError::Busy));
    d.publish_chunk(b"!!").unwrap();
    d.tx.clear();
    assert_eq!(d.disconnect(), Ok(()));
    d.sends([pubcomp(9), disconnect()]);
}

/// No more QoS 2 messages are delivered than can be accepted: each has its slot when it is
/// acknowledged.
#[test]
fn every_qos_2_message_delivered_can_be_accepted() {
    let mut d = ManualDialogue::<8, 2>::open();
    let stream = [1, 2, 3, 4].map(|id| publish("t").qos2(id));
    let (emitted, tokens) = d.feed(&stream);
    assert!(emitted.len() <= 2, "{emitted:?}");
    let mut done = tokens.len();
    for token in tokens {
        assert_eq!(d.ack(token), Ok(()));
    }
    let (emitted, tokens) = d.drain_events();
    done += emitted.len();
    for token in tokens {
        assert_eq!(d.ack(token), Ok(()));
    }
    assert_eq!((d.drain_events().0, done), (vec![], 2));
    // Both are held; the third is too many once their PUBRECs have left.
    d.sends([pubrec(1), pubrec(2)]);
    assert_eq!(d.drain_events().0, [fault(Fault::TooManyQos2)]);
    d.resumes();
    assert_eq!(
        d.feed([publish("t").qos2(1).dup(), publish("t").qos2(2).dup()])
            .0,
        []
    );
    d.sends([pubrec(1), pubrec(2)]);
}

/// With all slots taken, pending acknowledgements go first, since the broker may wait for them.
/// Otherwise the next connection would end in the same way.
#[test]
fn with_all_slots_taken_pending_acknowledgements_go_first() {
    let mut d = ManualDialogue::<4, 1>::open();
    let (emitted, tokens) = d.feed(publish("t").qos2(1));
    assert_eq!(emitted, [message("t", b"").qos2(1)]);
    d.acknowledge(tokens[0]);
    d.sends(pubrec(1));
    d.connect(&Connect::new("c").keep_session().keep_alive(8).timeout(2));
    d.tx.clear();
    assert_eq!(d.feed(connack().session_present()).0, [RESUMED]);
    // The broker has not seen PUBREC: it repeats message 1 behind one of QoS 1, and sends another.
    let (emitted, tokens) = d.feed([
        publish("t").qos1(2),
        publish("t").qos2(1).dup(),
        publish("t").qos2(3),
    ]);
    assert_eq!(emitted, [message("t", b"").qos1(2)]);
    // The application takes its time. PINGRESP waits behind message 3.
    for ms in (0..60_000).step_by(500) {
        assert!(d.tick(ms).is_ok(), "{ms}");
        d.tx.clear();
        assert_eq!(d.drain_events().0, []);
    }
    d.acknowledge(tokens[0]);
    d.sends([puback(2), pubrec(1)]);
    let (emitted, tokens) = d.feed(pubrel(1));
    assert_eq!(
        (emitted, tokens.len()),
        (vec![fault(Fault::TooManyQos2)], 0)
    );
}

/// A connection that is alive stays open while all places are pending: PINGRESP waits in `rx` with
/// everything else.
#[test]
fn a_slow_application_does_not_end_the_connection() {
    let mut d = ManualDialogue::<1>::open();
    d.connect(&Connect::new("c").keep_session().keep_alive(8).timeout(2));
    d.tx.clear();
    assert_eq!(d.feed(connack().session_present()).0, [RESUMED]);
    let (_, tokens) = d.feed(publish("t").qos1(1));
    let mut pings = 0;
    for ms in (0..120_000).step_by(500) {
        assert!(d.tick(ms).is_ok(), "{ms}");
        if d.tx.bytes() == pingreq().to_bytes() {
            d.tx.clear();
            d.buffer(pingresp());
            pings += 1;
        }
        assert_eq!(d.drain_events().0, []);
    }
    assert!(pings >= 15);
    d.acknowledge(tokens[0]);
    d.sends(puback(1));
    assert!(d.tick(120_000).is_ok());
}

/// A broker that sends nothing is found dead also while acknowledgements are pending, while half a
/// packet has arrived, and while all slots are taken.
#[test]
fn a_dead_broker_is_found_while_acknowledgements_are_pending() {
    for (begins, acks) in [
        (publish("t").qos1(1).to_bytes(), false),
        ((publish("t").qos1(1), b"\x32\x05\0").to_bytes(), false),
        (publish("t").qos2(1).to_bytes(), true),
    ] {
        let mut d = ManualDialogue::<4, 1>::open();
        d.connect(&Connect::new("c").keep_session().keep_alive(8).timeout(2));
        d.tx.clear();
        assert_eq!(d.feed(connack().session_present()).0, [RESUMED]);
        let (_, tokens) = d.feed(&begins);
        if acks {
            // Its slot stays taken until PUBREL arrives.
            d.acknowledge(tokens[0]);
            d.tx.clear();
        }
        let found = (0..60_000).step_by(500).find(|ms| {
            let dead = d.tick(*ms) == Err(Fault::Timeout);
            d.tx.clear();
            assert_eq!(d.drain_events().0, []);
            dead
        });
        assert!(
            found.is_some_and(|ms| ms <= 10_000),
            "{begins:?}: {found:?}"
        );
    }
}

/// Packets that are written through `ManualAcks` postpone a PINGREQ as others do.
#[test]
fn acknowledgements_postpone_a_pingreq() {
    let mut d = ManualDialogue::<4>::open();
    d.connect(&Connect::new("c").keep_session().keep_alive(8));
    d.tx.clear();
    assert_eq!(d.feed(connack().session_present()).0, [RESUMED]);
    assert_eq!(d.tick(0), Ok(Some(6000)));
    let (_, tokens) = d.feed(publish("t").qos1(1));
    assert_eq!(d.tick(1000), Ok(Some(5000)));
    d.acknowledge(tokens[0]);
    // From now on, the last bytes received are older than the last bytes sent.
    assert_eq!(d.tick(2000), Ok(Some(5000)));
    assert_eq!(d.feed(pubrel(9)).0, []);
    assert_eq!(d.tick(3000), Ok(Some(6000)));
    d.sends([puback(1), pubcomp(9)]);
}

/// A message that was acknowledged is in a snapshot that is taken directly afterwards, before the
/// next event: on the next connection it is not delivered again.
#[test]
fn an_acknowledged_message_is_in_the_snapshot() {
    let mut d = ManualDialogue::<4>::open();
    let (_, tokens) = d.feed(publish("t").qos2(5));
    let mut image = [0; Session::<[Slot; 8]>::IMAGE];
    d.session.save(&mut image).unwrap();
    let before = image;
    assert_eq!(d.ack(tokens[0]), Ok(()));
    d.session.save(&mut image).unwrap();
    for (image, is_delivered_again) in [(before, true), (image, false)] {
        let mut d = ManualDialogue::<4>::open();
        d.session.restore(&image).unwrap();
        d.resumes();
        let (emitted, tokens) = d.feed(publish("t").qos2(5).dup());
        assert_eq!(
            (emitted.len(), tokens.len()),
            if is_delivered_again { (1, 1) } else { (0, 0) }
        );
        if !is_delivered_again {
            d.sends(pubrec(5));
        }
    }
}

/// `Connected` is emitted also if the connection was lost behind a message that had arrived twice
/// on it.
#[test]
fn connected_is_reported_after_a_repeated_message() {
    let mut d = ManualDialogue::<4>::open();
    let (emitted, tokens) = d.feed([
        publish("t").qos1(5).payload(b"hi"),
        publish("t").qos1(5).dup().payload(b"hi"),
    ]);
    assert_eq!(
        (emitted, tokens.len()),
        (vec![message("t", b"hi").qos1(5)], 1)
    );
    d.resumes();
}

/// With a profile that delivers them, messages under an identifier that PUBREL has not released are
/// delivered and marked, through `ManualAcks` as well, and each is acknowledged.
#[test]
fn repeated_messages_are_delivered_if_the_profile_wishes() {
    #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
    struct Careful;
    impl Profile for Careful {
        const DELIVERS_REPEATED: bool = true;
    }
    let mut session = Session::<[Slot; 4], Mqtt311<Careful>>::with_protocol();
    let mut acks = ManualAcks::<[PendingAck; 4]>::new();
    let (mut rx, mut tx) = (Buffer::<[u8; 64]>::new(), Buffer::<[u8; 64]>::new());
    session
        .connect(&Connect::new("c").keep_session(), &mut rx, &mut tx)
        .unwrap();
    tx.clear();
    // Twice before it is acknowledged, once after, and once after PUBREL.
    let mut marks = vec![];
    let message = |payload| publish("t").qos2(5).payload(payload);
    let steps = [
        (vec![connack()], false),
        (vec![message(b"a"), message(b"b")], true),
        (vec![message(b"c").dup()], true),
        (vec![pubrel(5)], false),
        (vec![message(b"d")], true),
    ];
    for (packets, acknowledges) in steps {
        let bytes = packets.to_bytes();
        rx.space()[..bytes.len()].copy_from_slice(&bytes);
        rx.commit(bytes.len());
        let mut tokens = vec![];
        while let Some((event, token)) = acks.next_event(&mut session, &mut rx, &mut tx).unwrap() {
            if let Event::Message(m) = event {
                marks.push((m.payload[0], m.is_repeated(), m.dup()));
            }
            tokens.extend(token);
        }
        for &token in &tokens {
            acks.ack(&mut session, token).unwrap();
        }
        assert_eq!(acks.next_event(&mut session, &mut rx, &mut tx), Ok(None));
        if acknowledges {
            assert_eq!(tx.bytes(), vec![pubrec(5); tokens.len()].to_bytes());
        }
        tx.clear();
    }
    assert_eq!(
        marks,
        [
            (b'a', false, false),
            (b'b', true, false),
            (b'c', true, true),
            (b'd', false, false)
        ]
    );
}

/// A token converts to a number and back.
#[test]
fn tokens_convert_to_numbers_and_back() {
    let mut d = ManualDialogue::<4>::open();
    let (_, tokens) = d.feed(publish("t").qos1(7));
    let number = u32::from(tokens[0]);
    assert_ne!(number, 0);
    assert_eq!(AckToken::try_from(number), Ok(tokens[0]));
    for none in [0, 0x1_0000, 0xffff_0000] {
        assert_eq!(AckToken::try_from(none), Err(none));
    }
    d.acknowledge(AckToken::try_from(number).unwrap());
}

/// `disconnect` waits for room for the acknowledgements that are allowed.
#[test]
fn disconnect_does_not_leave_allowed_acknowledgements_behind() {
    let mut session = Session::<[Slot; 4]>::new();
    let mut acks = ManualAcks::<[PendingAck; 4]>::new();
    let (mut rx, mut tx) = (Buffer::<[u8; 64]>::new(), Buffer::<[u8; 32]>::new());
    session
        .connect(&Connect::new("c"), &mut rx, &mut tx)
        .unwrap();
    tx.clear();
    let bytes = b"\x20\x02\0\0\x32\x05\0\x01t\0\x05";
    rx.space()[..bytes.len()].copy_from_slice(bytes);
    rx.commit(bytes.len());
    let mut token = None;
    while let Some((_, with)) = acks.next_event(&mut session, &mut rx, &mut tx).unwrap() {
        token = token.or(with);
    }
    session
        .publish(&Publish::to("t").payload(&[b'.'; 21]), &mut tx)
        .unwrap();
    tx.space();
    acks.ack(&mut session, token.unwrap()).unwrap();
    while tx.room() >= 4 {
        tx.commit(1);
    }
    assert_eq!(acks.disconnect(&mut session, &mut tx), Err(SendError::Full));
    tx.clear();
    assert_eq!(acks.disconnect(&mut session, &mut tx), Ok(()));
    assert_eq!(tx.bytes(), b"\x40\x02\0\x05\xe0\0");
}

/// While a payload is streamed nothing can be acknowledged, and nothing is read. What arrives
/// meanwhile is a sign of life all the same.
#[test]
fn what_arrives_during_a_stream_is_a_sign_of_life() {
    let mut session = Session::<[Slot; 4]>::new();
    let mut acks = ManualAcks::<[PendingAck; 4]>::new();
    let (mut rx, mut tx) = (Buffer::<[u8; 64]>::new(), Buffer::<[u8; 64]>::new());
    let connect = Connect::new("c").keep_alive(10).timeout(5);
    session.connect(&connect, &mut rx, &mut tx).unwrap();
    tx.clear();
    let arrive = |rx: &mut Buffer, bytes: &[u8]| {
        rx.space()[..bytes.len()].copy_from_slice(bytes);
        rx.commit(bytes.len());
    };
    arrive(&mut rx, b"\x20\x02\0\0");
    assert!(
        acks.next_event(&mut session, &mut rx, &mut tx)
            .unwrap()
            .is_some()
    );
    session.tick(0, &mut tx).unwrap();
    session.tick(7500, &mut tx).unwrap();
    session
        .publish(&Publish::to("t").remaining(5), &mut tx)
        .unwrap();
    tx.clear();
    arrive(&mut rx, b"\x62\x02\0\x01");
    for second in 8..40 {
        assert_eq!(acks.next_event(&mut session, &mut rx, &mut tx), Ok(None));
        assert!(session.tick(second * 1000, &mut tx).is_ok(), "{second}");
        arrive(&mut rx, b"\x30");
    }
}
