//! Reading on while the application acknowledges nothing, and no place is left: this is for layers
//! with as many places as there are identifiers, and is shown with few.
use crate::script::{manual::ManualDialogue, *};
use motemq::*;

/// Everything that these bytes lead to, one packet after the other.
fn reads(d: &mut ManualDialogue<2>, bytes: impl ToBytes) -> (Vec<Emitted>, Vec<u8>) {
    let bytes = bytes.to_bytes();
    let mut input = &bytes[..];
    let mut emitted = vec![];
    let ManualDialogue { dialogue, acks } = d;
    let Dialogue { session, tx, .. } = dialogue;
    loop {
        match acks.receive_when_full(session, &mut input, 64, tx) {
            Ok(None) => break,
            Ok(Some((event, token))) => {
                assert_eq!(token, None);
                emitted.push(event.into());
            }
            Err(error) => {
                emitted.push(fault(error));
                break;
            }
        }
    }
    (emitted, input.to_vec())
}

/// A layer in which the acknowledgements of these two messages are pending.
fn full() -> ManualDialogue<2> {
    let mut d = ManualDialogue::<2>::open();
    let (_, tokens) = d.feed([publish("t").qos1(1), publish("t").qos2(2)]);
    assert_eq!(tokens.len(), 2);
    assert!(d.acks.is_full(&d.dialogue.session));
    d
}

#[test]
fn everything_but_another_message_is_read() {
    let mut d = full();
    d.sends_nothing();
    let sent = Publish::to("a").qos(QoS::AtLeastOnce);
    let Dialogue { session, tx, .. } = &mut d.dialogue;
    session.publish(&sent, tx).unwrap();
    tx.clear();
    let mut bytes = b"\xd0\0".to_vec();
    bytes.extend(puback(1).to_bytes());
    bytes.extend(publish("t").payload(b"zero").to_bytes());
    bytes.extend(pubrel(9).to_bytes());
    let expected = vec![acked(1), message("t", b"zero")];
    assert_eq!(reads(&mut d, &bytes[..]), (expected, vec![]));
    d.sends(pubcomp(9));
}

/// A message that is repeated needs no place, wherever its bytes are cut.
#[test]
fn a_repetition_is_read_and_not_delivered() {
    for again in [publish("t").qos1(1).dup(), publish("t").qos2(2).dup()] {
        let bytes = again.to_bytes();
        for cut in 0..bytes.len() {
            let mut d = full();
            let (emitted, rest) = reads(&mut d, &bytes[..cut]);
            assert_eq!(emitted, []);
            let rest = [&rest, &bytes[cut..]].concat();
            assert_eq!(reads(&mut d, &rest[..]), (vec![], vec![]), "cut at {cut}");
            d.sends_nothing();
        }
    }
}

/// A message that needs a place is a fault, as soon as it shows.
#[test]
fn another_message_is_a_fault() {
    for other in [
        publish("t").qos1(1),
        publish("t").qos1(3).dup(),
        publish("t").qos2(3),
    ] {
        let bytes = other.to_bytes();
        let mut d = full();
        let shows = bytes.len() - 1;
        assert_eq!(reads(&mut d, &bytes[..shows]).0, []);
        assert!(!d.session.is_closed());
        let (emitted, _) = reads(&mut d, &bytes[..]);
        assert_eq!(emitted, [fault(Fault::Unexpected)]);
        assert!(d.session.is_closed());
        d.sends_nothing();
    }
}

/// The answer to a PUBREL that finds no room is written first when there is some.
#[test]
fn without_room_for_an_answer_nothing_is_read() {
    let mut d = full();
    let Dialogue { session, tx, .. } = &mut d.dialogue;
    while session.publish(&Publish::to("a"), tx).is_ok() {}
    while d.tx.room() >= 4 {
        assert_eq!(reads(&mut d, pubrel(8)), (vec![], vec![]));
    }
    let rest = pubrel(10).to_bytes();
    let expected = (vec![], rest.clone());
    assert_eq!(reads(&mut d, [pubrel(9), pubrel(10)]), expected);
    assert_eq!(reads(&mut d, &rest[..]), expected);
    d.tx.clear();
    assert_eq!(reads(&mut d, &rest[..]), (vec![], vec![]));
    d.sends([pubcomp(9), pubcomp(10)]);
}

/// A topic that leaves no room for the identifier behind it does not wait for more for ever.
#[test]
fn a_message_whose_identifier_has_no_room_is_a_fault() {
    let topic = "t".repeat(80);
    let bytes = publish(&topic).qos1(3).to_bytes();
    let mut d = full();
    assert_eq!(reads(&mut d, &bytes[..63]), (vec![], bytes[..63].to_vec()));
    assert!(!d.session.is_closed());
    let (emitted, _) = reads(&mut d, &bytes[..64]);
    assert_eq!(emitted, [fault(Fault::Unexpected)]);
    assert!(d.session.is_closed());
}

/// A message that is longer than `rx` has begun. Its payload looks like other messages.
#[test]
fn the_rest_of_a_long_message_is_read() {
    let mut d = full();
    let data = [b'2'; 100];
    let bytes = publish("t").payload(&data).to_bytes();
    let (first, rest) = bytes.split_at(64);
    let begun = first.len() - 5;
    let (emitted, left) = reads(&mut d, first);
    assert_eq!(
        emitted,
        [message("t", &data[..begun]).remaining(100 - begun as u32)]
    );
    assert_eq!(left, []);
    let (emitted, left) = reads(&mut d, rest);
    assert_eq!((emitted, left), (vec![payload(&data[begun..], 0)], vec![]));
}

/// A message that the application has processed is not pending any more, and may be repeated.
#[test]
fn a_message_that_is_not_released_yet_is_repeated() {
    let mut d = ManualDialogue::<2>::open();
    let (_, tokens) = d.feed([publish("t").qos2(5)]);
    d.acknowledge(tokens[0]);
    let (_, tokens) = d.feed([publish("t").qos1(1), publish("t").qos2(2)]);
    assert_eq!(tokens.len(), 2);
    d.sends(pubrec(5));
    assert!(d.acks.is_full(&d.dialogue.session));
    let again = publish("t").qos2(5).dup().to_bytes();
    assert_eq!(reads(&mut d, &again[..]), (vec![], vec![]));
    assert!(!d.session.is_closed());
    // With QoS 1 it is another message.
    let other = publish("t").qos1(5).dup().to_bytes();
    assert_eq!(reads(&mut d, &other[..]).0, [fault(Fault::Unexpected)]);
}
