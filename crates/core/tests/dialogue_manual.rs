//! Manual acknowledgement: any order from the application, the order of arrival on the wire.
mod script;
use motemq::*;
use script::*;

/// A dialogue whose events are taken through `ManualAcks`.
struct Talk<const OWED: usize, const SLOTS: usize = 8> {
    d: Dialogue<SLOTS, 64, 64>,
    manual: ManualAcks<[PendingAck; OWED]>,
}

impl<const OWED: usize, const SLOTS: usize> Talk<OWED, SLOTS> {
    fn open() -> Self {
        let mut talk = Talk {
            d: Dialogue::new(),
            manual: ManualAcks::new(),
        };
        talk.d
            .connect(&Connect::new("c").keep_session().keep_alive(0));
        talk.d.tx.clear();
        assert_eq!(talk.hears(b"\x20\x02\0\0"), (vec![NEW], vec![]));
        talk
    }

    fn resumes(&mut self) {
        self.d.session.on_connection_lost();
        self.d
            .connect(&Connect::new("c").keep_session().keep_alive(0));
        self.d.tx.clear();
        assert_eq!(self.hears(b"\x20\x02\x01\0"), (vec![RESUMED], vec![]));
    }

    /// What is told, and the tokens that come with it.
    fn turn(&mut self) -> (Vec<Told>, Vec<AckToken>) {
        let (mut told, mut tokens) = (vec![], vec![]);
        let Dialogue { session, rx, tx } = &mut self.d;
        loop {
            match self.manual.next_event(session, rx, tx) {
                Ok(None) => return (told, tokens),
                Ok(Some((event, token))) => {
                    told.push(event.into());
                    tokens.extend(token);
                }
                Err(what) => {
                    told.push(fault(what));
                    return (told, tokens);
                }
            }
        }
    }

    fn hears(&mut self, mut bytes: &[u8]) -> (Vec<Told>, Vec<AckToken>) {
        let (mut told, mut tokens) = (vec![], vec![]);
        while !bytes.is_empty() {
            let n = bytes.len().min(self.d.rx.space().len());
            self.d.gets(&bytes[..n]);
            bytes = &bytes[n..];
            let (events, more) = self.turn();
            told.extend(events);
            tokens.extend(more);
        }
        (told, tokens)
    }

    /// `ack`, and the call behind it.
    fn acks(&mut self, token: AckToken) {
        assert_eq!(self.manual.ack(&mut self.d.session, token), Ok(()));
        assert_eq!(self.turn(), (vec![], vec![]));
    }
}

/// PUBLISH with QoS 1 (`0x32`) or 2 (`0x34`), first byte and identifier.
fn publish(head: u8, id: u8) -> [u8; 7] {
    [head, 5, 0, 1, b't', 0, id]
}

/// In whatever order the application is done, acknowledgements leave in the order of arrival
/// [MQTT-4.6.0-2] [MQTT-4.6.0-3].
#[test]
fn any_order_from_the_application_one_on_the_wire() {
    let heads = [0x32, 0x34, 0x34, 0x32];
    let replies: [&[u8]; 4] = [
        b"\x40\x02\0\x01",
        b"\x50\x02\0\x02",
        b"\x50\x02\0\x03",
        b"\x40\x02\0\x04",
    ];
    for order in 0..256usize {
        let order = [order & 3, order >> 2 & 3, order >> 4 & 3, order >> 6];
        if (0..4).any(|at| order[..at].contains(&order[at])) {
            continue;
        }
        let mut talk = Talk::<4>::open();
        let stream: Vec<_> = (1..)
            .zip(heads)
            .flat_map(|(id, head)| publish(head, id))
            .collect();
        let (told, tokens) = talk.hears(&stream);
        assert_eq!((told.len(), tokens.len()), (4, 4));
        talk.d.silent();
        let (mut acknowledged, mut written) = ([false; 4], 0);
        for one in order {
            talk.acks(tokens[one]);
            assert_eq!(
                talk.manual.ack(&mut talk.d.session, tokens[one]),
                Err(SendError::Invalid)
            );
            acknowledged[one] = true;
            let ready = acknowledged.iter().take_while(|&&ready| ready).count();
            talk.d.says(&replies[written..ready].concat());
            written = ready;
        }
    }
}

/// Tokens come with the last piece, and only with QoS 1 and 2.
#[test]
fn tokens_come_with_the_last_piece() {
    let mut talk = Talk::<4>::open();
    assert_eq!(talk.hears(b"\x30\x03\0\x01t").1, []);
    let long = [&b"\x32\x80\x01\0\x01t\0\x05"[..], &[b'x'; 123]].concat();
    let (told, tokens) = talk.hears(&long[..130]);
    assert_eq!((told.len(), tokens.len()), (3, 0));
    let (told, tokens) = talk.hears(&long[130..]);
    assert_eq!((told, tokens.len()), (vec![payload(b"x", 0)], 1));
    talk.d.silent();
    talk.acks(tokens[0]);
    talk.d.says(b"\x40\x02\0\x05");
}

/// Reading goes on until as many are owed as there are places, and then when one is free.
#[test]
fn reading_stops_when_all_places_are_owed() {
    let mut talk = Talk::<2>::open();
    let stream = [
        publish(0x32, 1),
        publish(0x34, 2),
        publish(0x32, 3),
        publish(0x32, 4),
    ]
    .concat();
    let (told, tokens) = talk.hears(&stream);
    assert_eq!(told, [message("t", b"").qos1(1), message("t", b"").qos2(2)]);
    assert_eq!(
        (talk.turn(), talk.d.rx.bytes().len()),
        ((vec![], vec![]), 14)
    );
    talk.acks(tokens[1]);
    assert_eq!(talk.d.rx.bytes().len(), 14);
    assert_eq!(talk.manual.ack(&mut talk.d.session, tokens[0]), Ok(()));
    let (told, tokens) = talk.turn();
    assert_eq!(told, [message("t", b"").qos1(3), message("t", b"").qos1(4)]);
    talk.d.says(b"\x40\x02\0\x01\x50\x02\0\x02");
    // Without room they stay owed, and places taken.
    talk.d.tx.commit(62);
    for token in tokens {
        talk.acks(token);
    }
    assert_eq!(talk.hears(&publish(0x32, 5)).0, []);
    talk.d.tx.clear();
    assert_eq!(talk.turn().0, [message("t", b"").qos1(5)]);
    talk.d.says(b"\x40\x02\0\x03\x40\x02\0\x04");
}

/// A token is of its connection: over another one the broker may have used its identifier again.
#[test]
fn tokens_of_an_earlier_connection_are_invalid() {
    let mut talk = Talk::<4>::open();
    let (_, old) = talk.hears(&[publish(0x32, 1), publish(0x34, 2)].concat());
    talk.resumes();
    assert_eq!(
        (
            talk.manual.ack(&mut talk.d.session, old[0]),
            talk.manual.ack(&mut talk.d.session, old[1])
        ),
        (Err(SendError::Invalid), Err(SendError::Invalid))
    );
    // The same identifiers, other messages.
    let (told, new) = talk.hears(&[publish(0x32, 1), publish(0x3c, 2)].concat());
    assert_eq!(
        told,
        [message("t", b"").qos1(1), message("t", b"").qos2(2).dup()]
    );
    assert_eq!(
        (
            talk.manual.ack(&mut talk.d.session, old[0]),
            talk.manual.ack(&mut talk.d.session, old[1])
        ),
        (Err(SendError::Invalid), Err(SendError::Invalid))
    );
    assert_eq!(talk.turn(), (vec![], vec![]));
    talk.d.silent();
    talk.acks(new[0]);
    talk.acks(new[1]);
    talk.d.says(b"\x40\x02\0\x01\x50\x02\0\x02");
}

/// What was not acknowledged when the link was lost is delivered again; what was acknowledged with
/// QoS 2 never is, written or not.
#[test]
fn a_lost_link() {
    for full in [false, true] {
        let mut talk = Talk::<4>::open();
        let (_, tokens) =
            talk.hears(&[publish(0x34, 1), publish(0x34, 2), publish(0x34, 3)].concat());
        if full {
            let room = talk.d.tx.room();
            talk.d.tx.commit(room);
        }
        // 3 is done, but held back behind 2.
        talk.acks(tokens[0]);
        talk.acks(tokens[2]);
        talk.resumes();
        let (told, again) =
            talk.hears(&[publish(0x3c, 1), publish(0x3c, 2), publish(0x3c, 3)].concat());
        assert_eq!(
            (told, again.len()),
            (vec![message("t", b"").qos2(2).dup()], 1)
        );
        // Nor does the answer to 3 overtake.
        talk.d.says(b"\x50\x02\0\x01");
        talk.acks(again[0]);
        talk.d.says(b"\x50\x02\0\x02\x50\x02\0\x03");
        assert_eq!(
            talk.hears(b"\x62\x02\0\x03\x62\x02\0\x01\x62\x02\0\x02").0,
            []
        );
        talk.d.says(b"\x70\x02\0\x03\x70\x02\0\x01\x70\x02\0\x02");
    }
}

/// All places owed when the link is lost: the next connection begins all the same.
#[test]
fn a_lost_link_with_all_places_owed() {
    let mut talk = Talk::<1>::open();
    let (_, old) = talk.hears(&publish(0x34, 1));
    assert_eq!(old.len(), 1);
    talk.resumes();
    let (told, tokens) = talk.hears(&publish(0x3c, 1));
    assert_eq!(told, [message("t", b"").qos2(1).dup()]);
    talk.acks(tokens[0]);
    talk.d.says(b"\x50\x02\0\x01");
    // With the acknowledgement allowed but not written, too.
    let mut talk = Talk::<1>::open();
    let (_, tokens) = talk.hears(&publish(0x34, 1));
    talk.d.tx.commit(64);
    talk.acks(tokens[0]);
    talk.resumes();
    talk.d.silent();
    assert_eq!(talk.hears(&publish(0x3c, 1)).0, []);
    talk.d.says(b"\x50\x02\0\x01");
}

/// A message that comes again on the same connection before it was acknowledged, however often, is
/// told once, and owed once; after that it is answered.
#[test]
fn repetitions_on_one_connection() {
    for (head, reply) in [(0x32, 0x40), (0x34, 0x50)] {
        let mut talk = Talk::<4>::open();
        let again = publish(head | 8, 1);
        let (told, tokens) = talk.hears(&[publish(head, 1), again, again, again].concat());
        assert_eq!((told.len(), tokens.len()), (1, 1));
        talk.acks(tokens[0]);
        talk.d.says(&[reply, 2, 0, 1]);
        let (told, _) = talk.hears(&publish(head | 8, 1));
        assert_eq!(told.len(), if head == 0x32 { 1 } else { 0 });
    }
}

/// Brokers need not count: identifiers may leave gaps, go down, and start anew.
#[test]
fn identifiers_in_any_order() {
    for ids in [[5, 7, 8, 9], [5, 6, 8, 7], [9, 8, 7, 6], [254, 255, 1, 2]] {
        let mut talk = Talk::<4>::open();
        let (told, tokens) = talk.hears(&ids.map(|id| publish(0x32, id)).concat());
        assert_eq!(told, ids.map(|id| message("t", b"").qos1(id.into())));
        for token in tokens[1..].iter().rev() {
            talk.acks(*token);
            talk.d.silent();
        }
        talk.acks(tokens[0]);
        talk.d.says(&ids.map(|id| [0x40, 2, 0, id]).concat());
    }
}

/// A skipped message takes its turn, too.
#[test]
fn skipped_messages_take_their_turn() {
    let mut talk = Talk::<4>::open();
    let skipped = [&b"\x34\x4c\0\x46"[..], &[b'x'; 70], b"\0\x02!!"].concat();
    let (told, tokens) = talk.hears(&[&publish(0x32, 1)[..], &skipped, &publish(0x32, 3)].concat());
    assert_eq!(
        told,
        [
            message("t", b"").qos1(1),
            Told::Skipped(2),
            message("t", b"").qos1(3)
        ]
    );
    assert_eq!(tokens.len(), 2);
    talk.acks(tokens[1]);
    talk.d.silent();
    talk.acks(tokens[0]);
    talk.d.says(b"\x40\x02\0\x01\x50\x02\0\x02\x40\x02\0\x03");
}

/// What was skipped, and is not acknowledged yet, is not told when it comes again, even if it can
/// be then.
#[test]
fn a_skipped_message_that_comes_again_is_not_told() {
    let mut talk = Talk::<4>::open();
    let skipped = [&b"\x32\x4a\0\x46"[..], &[b'x'; 70], b"\0\x02"].concat();
    let (told, tokens) =
        talk.hears(&[&publish(0x32, 1)[..], &skipped, &skipped, &publish(0x3a, 2)].concat());
    assert_eq!(
        told,
        [
            message("t", b"").qos1(1),
            Told::Skipped(0),
            Told::Skipped(0)
        ]
    );
    talk.acks(tokens[0]);
    talk.d.says(b"\x40\x02\0\x01\x40\x02\0\x02\x40\x02\0\x02");
}

/// A skipped message takes a place, too: behind the last one nothing is read, and no token is given
/// that nobody owes.
#[test]
fn a_skipped_message_takes_the_last_place() {
    let mut talk = Talk::<3>::open();
    let skipped = [&b"\x32\x4a\0\x46"[..], &[b'x'; 70], b"\0\x03"].concat();
    let (told, tokens) = talk.hears(
        &[
            &publish(0x34, 1)[..],
            &publish(0x34, 2),
            &skipped,
            &publish(0x34, 4),
        ]
        .concat(),
    );
    assert_eq!(
        told,
        [
            message("t", b"").qos2(1),
            message("t", b"").qos2(2),
            Told::Skipped(0)
        ]
    );
    assert_eq!(talk.manual.ack(&mut talk.d.session, tokens[0]), Ok(()));
    let (told, more) = talk.turn();
    assert_eq!(told, [message("t", b"").qos2(4)]);
    talk.d.says(b"\x50\x02\0\x01");
    talk.acks(more[0]);
    talk.d.silent();
    talk.acks(tokens[1]);
    talk.d.says(b"\x50\x02\0\x02\x40\x02\0\x03\x50\x02\0\x04");
}

/// Everything else flows past what is owed: answers to what was published, QoS 0, the second half
/// of QoS 2, resending.
#[test]
fn everything_else_flows() {
    let mut talk = Talk::<4>::open();
    talk.d
        .publish(&Publish::to("a").qos(QoS::ExactlyOnce))
        .unwrap();
    talk.d
        .publish(&Publish::to("a").qos(QoS::AtLeastOnce))
        .unwrap();
    talk.d.tx.clear();
    let (told, tokens) = talk.hears(
        &[
            &publish(0x32, 1)[..],
            b"\x50\x02\0\x01\x62\x02\0\x09\x70\x02\0\x01\x30\x03\0\x01t\xd0\0",
        ]
        .concat(),
    );
    assert_eq!(
        told,
        [
            message("t", b"").qos1(1),
            received(1),
            acked(1),
            message("t", b"")
        ]
    );
    talk.d.says(b"\x62\x02\0\x01\x70\x02\0\x09");
    talk.acks(tokens[0]);
    talk.d.says(b"\x40\x02\0\x01");
    talk.d.session.on_connection_lost();
    talk.d.connect(&Connect::new("c").keep_session());
    talk.d.tx.clear();
    assert_eq!(
        talk.hears(b"\x20\x02\x01\0").0,
        [RESUMED, resend(2, QoS::AtLeastOnce)]
    );
    talk.d
        .republish(2, &Publish::to("a").qos(QoS::AtLeastOnce))
        .unwrap();
    assert_eq!(talk.hears(b"\x40\x02\0\x02").0, [acked(2)]);
}

/// While a payload is streamed nothing is acknowledged, and then all of it in order.
#[test]
fn a_stream_goes_first() {
    let mut talk = Talk::<4>::open();
    talk.d.publish(&Publish::to("a").remaining(2)).unwrap();
    talk.d.tx.clear();
    let (told, tokens) = talk.hears(&[publish(0x32, 1), publish(0x34, 2)].concat());
    assert_eq!(told.len(), 2);
    talk.acks(tokens[1]);
    talk.acks(tokens[0]);
    talk.d.silent();
    talk.d.session.publish_chunk(b"!!", &mut talk.d.tx).unwrap();
    assert_eq!(talk.turn().0, []);
    talk.d.says(b"!!\x40\x02\0\x01\x50\x02\0\x02");
}

/// `disconnect` writes what is allowed, says DISCONNECT, and nothing for what is not.
#[test]
fn disconnect_writes_what_is_allowed() {
    let mut talk = Talk::<4>::open();
    let (_, tokens) = talk.hears(&[publish(0x34, 1), publish(0x34, 2), publish(0x34, 3)].concat());
    talk.manual.ack(&mut talk.d.session, tokens[0]).unwrap();
    talk.manual.ack(&mut talk.d.session, tokens[2]).unwrap();
    assert_eq!(
        talk.manual.disconnect(&mut talk.d.session, &mut talk.d.tx),
        Ok(())
    );
    talk.d.says(b"\x50\x02\0\x01\xe0\0");
    assert!(talk.d.session.is_closed());
    assert_eq!(talk.turn(), (vec![], vec![]));
    talk.d.silent();
    // 1 and 3 were accepted, 2 was not.
    talk.resumes();
    assert_eq!(
        talk.hears(&[publish(0x3c, 2), publish(0x3c, 3)].concat()).0,
        [message("t", b"").qos2(2).dup()]
    );
    // Without room it is `Full`, and the connection goes on.
    talk.d.tx.commit(63);
    assert_eq!(
        talk.manual.disconnect(&mut talk.d.session, &mut talk.d.tx),
        Err(SendError::Full)
    );
    assert!(!talk.d.session.is_closed());
}

/// A reply that waits for room or for the end of a stream comes before DISCONNECT.
#[test]
fn disconnect_waits_for_a_reply() {
    let mut talk = Talk::<4>::open();
    talk.d.tx.commit(62);
    assert_eq!(talk.hears(b"\x62\x02\0\x09").0, []);
    assert_eq!(
        talk.manual.disconnect(&mut talk.d.session, &mut talk.d.tx),
        Err(SendError::Full)
    );
    talk.d.tx.clear();
    talk.d.publish(&Publish::to("a").remaining(2)).unwrap();
    assert_eq!(
        talk.manual.disconnect(&mut talk.d.session, &mut talk.d.tx),
        Err(SendError::Busy)
    );
    talk.d.session.publish_chunk(b"!!", &mut talk.d.tx).unwrap();
    talk.d.tx.clear();
    assert_eq!(
        talk.manual.disconnect(&mut talk.d.session, &mut talk.d.tx),
        Ok(())
    );
    talk.d.says(b"\x70\x02\0\x09\xe0\0");
}

/// No more QoS 2 messages are told than can be accepted: each has its slot when it is acknowledged.
#[test]
fn every_qos_2_message_told_can_be_accepted() {
    let mut talk = Talk::<8, 2>::open();
    let stream: Vec<_> = (1..=4).flat_map(|id| publish(0x34, id)).collect();
    let (told, tokens) = talk.hears(&stream);
    assert!(told.len() <= 2, "{told:?}");
    let mut done = tokens.len();
    for token in tokens {
        assert_eq!(talk.manual.ack(&mut talk.d.session, token), Ok(()));
    }
    let (told, tokens) = talk.turn();
    done += told.len();
    for token in tokens {
        assert_eq!(talk.manual.ack(&mut talk.d.session, token), Ok(()));
    }
    assert_eq!((talk.turn().0, done), (vec![], 2));
    // Both are held; the third is too many once their PUBRECs have left.
    talk.d.says(b"\x50\x02\0\x01\x50\x02\0\x02");
    assert_eq!(talk.turn().0, [fault(Fault::TooManyQos2)]);
    talk.resumes();
    assert_eq!(
        talk.hears(b"\x3c\x05\0\x01t\0\x01\x3c\x05\0\x01t\0\x02").0,
        []
    );
    talk.d.says(b"\x50\x02\0\x01\x50\x02\0\x02");
}

/// With all slots taken, what is owed goes first: it may be what the broker waits for. Else the
/// next connection would be like this one.
#[test]
fn with_all_slots_taken_what_is_owed_goes_first() {
    let mut talk = Talk::<4, 1>::open();
    let (told, tokens) = talk.hears(&publish(0x34, 1));
    assert_eq!(told, [message("t", b"").qos2(1)]);
    talk.acks(tokens[0]);
    talk.d.says(b"\x50\x02\0\x01");
    talk.d
        .connect(&Connect::new("c").keep_session().keep_alive(8).timeout(2));
    talk.d.tx.clear();
    assert_eq!(talk.hears(b"\x20\x02\x01\0").0, [RESUMED]);
    // The broker has not seen PUBREC: it repeats message 1 behind one of QoS 1, and sends another.
    let (told, tokens) =
        talk.hears(&[publish(0x32, 2), publish(0x3c, 1), publish(0x34, 3)].concat());
    assert_eq!(told, [message("t", b"").qos1(2)]);
    // The application takes its time. PINGRESP waits behind message 3.
    for ms in (0..60_000).step_by(500) {
        assert!(talk.d.at(ms).is_ok(), "{ms}");
        talk.d.tx.clear();
        assert_eq!(talk.turn().0, []);
    }
    talk.acks(tokens[0]);
    talk.d.says(b"\x40\x02\0\x02\x50\x02\0\x01");
    let (told, tokens) = talk.hears(b"\x62\x02\0\x01");
    assert_eq!((told, tokens.len()), (vec![fault(Fault::TooManyQos2)], 0));
}

/// A link that is alive stays so while all places are owed: PINGRESP waits in `rx` with all the
/// rest.
#[test]
fn a_slow_application_is_no_dead_broker() {
    let mut talk = Talk::<1>::open();
    talk.d
        .connect(&Connect::new("c").keep_session().keep_alive(8).timeout(2));
    talk.d.tx.clear();
    assert_eq!(talk.hears(b"\x20\x02\x01\0").0, [RESUMED]);
    let (_, tokens) = talk.hears(&publish(0x32, 1));
    let mut pings = 0;
    for ms in (0..120_000).step_by(500) {
        assert!(talk.d.at(ms).is_ok(), "{ms}");
        if talk.d.tx.bytes() == b"\xc0\0" {
            talk.d.tx.clear();
            talk.d.gets(b"\xd0\0");
            pings += 1;
        }
        assert_eq!(talk.turn().0, []);
    }
    assert!(pings >= 15);
    talk.acks(tokens[0]);
    talk.d.says(b"\x40\x02\0\x01");
    assert!(talk.d.at(120_000).is_ok());
}

/// A broker that is silent is found out also while something is owed to it, while half a packet has
/// come, and while all slots are taken.
#[test]
fn a_dead_broker_is_found_while_something_is_owed() {
    for (begins, acks) in [
        (&publish(0x32, 1)[..], false),
        (&[&publish(0x32, 1)[..], b"\x32\x05\0"].concat(), false),
        (&publish(0x34, 1), true),
    ] {
        let mut talk = Talk::<4, 1>::open();
        talk.d
            .connect(&Connect::new("c").keep_session().keep_alive(8).timeout(2));
        talk.d.tx.clear();
        assert_eq!(talk.hears(b"\x20\x02\x01\0").0, [RESUMED]);
        let (_, tokens) = talk.hears(begins);
        if acks {
            // Its slot stays taken until PUBREL comes.
            talk.acks(tokens[0]);
            talk.d.tx.clear();
        }
        let dies = (0..60_000).step_by(500).find(|ms| {
            let dead = talk.d.at(*ms) == Err(Fault::Timeout);
            talk.d.tx.clear();
            assert_eq!(talk.turn().0, []);
            dead
        });
        assert!(dies.is_some_and(|ms| ms <= 10_000), "{begins:?}: {dies:?}");
    }
}

/// What is written through `ManualAcks` puts a PINGREQ off like anything else.
#[test]
fn acknowledgements_are_something_sent() {
    let mut talk = Talk::<4>::open();
    talk.d
        .connect(&Connect::new("c").keep_session().keep_alive(8));
    talk.d.tx.clear();
    assert_eq!(talk.hears(b"\x20\x02\x01\0").0, [RESUMED]);
    assert_eq!(talk.d.at(0), Ok(Some(6000)));
    let (_, tokens) = talk.hears(&publish(0x32, 1));
    assert_eq!(talk.d.at(1000), Ok(Some(5000)));
    talk.acks(tokens[0]);
    // From here on it is what was received that is older.
    assert_eq!(talk.d.at(2000), Ok(Some(5000)));
    assert_eq!(talk.hears(b"\x62\x02\0\x09").0, []);
    assert_eq!(talk.d.at(3000), Ok(Some(6000)));
    talk.d.says(b"\x40\x02\0\x01\x70\x02\0\x09");
}

/// A message that was acknowledged is in a snapshot taken right after, before the next event: over
/// the next connection it is not delivered again.
#[test]
fn what_was_acknowledged_is_in_the_snapshot() {
    let mut talk = Talk::<4>::open();
    let (_, tokens) = talk.hears(&publish(0x34, 5));
    let mut image = [0; Session::<[Slot; 8]>::IMAGE];
    talk.d.session.save(&mut image).unwrap();
    let before = image;
    assert_eq!(talk.manual.ack(&mut talk.d.session, tokens[0]), Ok(()));
    talk.d.session.save(&mut image).unwrap();
    for (image, is_delivered_again) in [(before, true), (image, false)] {
        let mut talk = Talk::<4>::open();
        talk.d.session.restore(&image).unwrap();
        talk.resumes();
        let (told, tokens) = talk.hears(&publish(0x3c, 5));
        assert_eq!(
            (told.len(), tokens.len()),
            if is_delivered_again { (1, 1) } else { (0, 0) }
        );
        if !is_delivered_again {
            talk.d.says(b"\x50\x02\0\x05");
        }
    }
}

/// The connection is lost behind a message that arrived twice on it: the next `Connected` is
/// reported all the same.
#[test]
fn connected_is_reported_after_a_repeated_message() {
    let mut talk = Talk::<4>::open();
    let (told, tokens) = talk.hears(b"\x32\x07\0\x01t\0\x05hi\x3a\x07\0\x01t\0\x05hi");
    assert_eq!((told, tokens.len()), (vec![message("t", b"hi").qos1(5)], 1));
    talk.resumes();
}

/// With a profile that delivers them, messages under an identifier that PUBREL has not released are
/// delivered and marked, by the layer as by the session, and each is acknowledged.
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
    let steps: [(&[u8], bool); 5] = [
        (b"\x20\x02\0\0", false),
        (b"\x34\x06\0\x01t\0\x05a\x34\x06\0\x01t\0\x05b", true),
        (b"\x3c\x06\0\x01t\0\x05c", true),
        (b"\x62\x02\0\x05", false),
        (b"\x34\x06\0\x01t\0\x05d", true),
    ];
    for (bytes, acknowledges) in steps {
        rx.space()[..bytes.len()].copy_from_slice(bytes);
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
            assert_eq!(tx.bytes(), b"\x50\x02\0\x05".repeat(tokens.len()));
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

/// A token is a number for those who cannot carry it, and back.
#[test]
fn tokens_are_numbers() {
    let mut talk = Talk::<4>::open();
    let (_, tokens) = talk.hears(&publish(0x32, 7));
    let number = u32::from(tokens[0]);
    assert_ne!(number, 0);
    assert_eq!(AckToken::try_from(number), Ok(tokens[0]));
    for none in [0, 0x1_0000, 0xffff_0000] {
        assert_eq!(AckToken::try_from(none), Err(none));
    }
    talk.acks(AckToken::try_from(number).unwrap());
}
