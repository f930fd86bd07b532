//! Where bytes are cut makes no difference (promise 4), in either direction.
//!
//! Each stream of a broker's bytes is received at once and then cut, through buffers of several
//! sizes. The same events must be emitted, once the pieces of payloads are joined, and the same
//! bytes must be sent; the session must be the same at the end.
use crate::script::*;
use motemq::*;
use proptest::prelude::*;

type Eight = Session<[Slot; 8]>;

/// The result of a stream.
#[derive(PartialEq, Debug)]
struct Outcome {
    emitted: Vec<Emitted>,
    sent: String,
    session: Eight,
}

/// A session in the middle of something, and its buffers.
#[derive(Clone)]
struct Run<const RX: usize, const TX: usize> {
    session: Eight,
    rx: Buffer<[u8; RX]>,
    tx: Buffer<[u8; TX]>,
    emitted: Vec<Emitted>,
    sent: Vec<u8>,
    /// The message that is being delivered is answered at its end.
    echo: bool,
}

impl<const RX: usize, const TX: usize> Run<RX, TX> {
    fn of(session: &Eight) -> Self {
        Run {
            session: session.clone(),
            rx: Buffer::new(),
            tx: Buffer::new(),
            emitted: vec![],
            sent: vec![],
            echo: false,
        }
    }

    fn drain(&mut self, n: usize) {
        let n = n.min(self.tx.bytes().len());
        self.sent.extend(&self.tx.bytes()[..n]);
        self.tx.consume(n);
    }

    /// Takes all events, and answers some of them; when there is no room for an answer, `drain`
    /// returns how many bytes leave before it is tried again.
    fn drain_events(&mut self, drain: &mut impl FnMut() -> usize) {
        loop {
            let event = match self.session.next_event(&mut self.rx, &mut self.tx) {
                Ok(Some(event)) => Emitted::from(event),
                Ok(None) => return,
                Err(fault) => return self.emitted.push(Emitted::Fault(fault)),
            };
            if let Emitted::Message(message) = &event {
                self.echo = message.topic == b"e";
            }
            loop {
                let done = match &event {
                    Emitted::Message(OwnedMessage { remaining: 0, .. })
                    | Emitted::Payload(_, 0)
                        if self.echo =>
                    {
                        self.session
                            .publish(&Publish::to("echo"), &mut self.tx)
                            .map(drop)
                    }
                    Emitted::Resend(4, _) => self.session.abandon(id(4), &mut self.tx),
                    &Emitted::Resend(number, qos) => self.session.republish(
                        id(number),
                        &Publish::to("r").payload(b"!").qos(qos),
                        &mut self.tx,
                    ),
                    _ => Ok(()),
                };
                match done {
                    Ok(()) => break,
                    Err(SendError::Full) => self.drain(drain()),
                    Err(other) => panic!("{other} for {event:?}"),
                }
            }
            self.emitted.push(event);
        }
    }

    /// These bytes arrive as `rx` has room for them; `tx` is written out whenever there is nothing
    /// else to do.
    fn receive(&mut self, mut bytes: &[u8]) {
        loop {
            let space = self.rx.space();
            let n = space.len().min(bytes.len());
            space[..n].copy_from_slice(&bytes[..n]);
            self.rx.commit(n);
            bytes = &bytes[n..];
            self.drain_events(&mut || usize::MAX);
            let is_idle = self.tx.is_empty();
            self.drain(usize::MAX);
            if self.session.is_closed() || (bytes.is_empty() && is_idle) {
                return;
            }
            assert!(
                n != 0 || !is_idle || !self.rx.space().is_empty(),
                "stands still with {} bytes to come",
                bytes.len()
            );
        }
    }

    fn outcome(mut self) -> Outcome {
        // The rest of a connection that has ended does not matter.
        if self.session.is_closed() {
            self.session.on_connection_lost();
        }
        Outcome {
            emitted: joined(&self.emitted),
            sent: hex(&self.sent),
            session: self.session,
        }
    }
}

fn at_once<const RX: usize>(session: &Eight, stream: &[u8]) -> Outcome {
    let mut run = Run::<RX, 256>::of(session);
    run.receive(stream);
    run.outcome()
}

/// Cut at two places, wherever they are.
fn every_two_cuts<const RX: usize>(session: &Eight, stream: &[u8]) {
    let expected = at_once::<RX>(session, stream);
    for one in 0..=stream.len() {
        let mut begun = Run::<RX, 256>::of(session);
        begun.receive(&stream[..one]);
        for other in one..=stream.len() {
            let mut run = begun.clone();
            run.receive(&stream[one..other]);
            run.receive(&stream[other..]);
            assert_eq!(
                run.outcome(),
                expected,
                "rx of {RX} bytes, cut at {one} and {other}"
            );
        }
    }
}

/// Cut behind each byte, or in pieces of one size.
fn every_size<const RX: usize>(session: &Eight, stream: &[u8]) {
    let expected = at_once::<RX>(session, stream);
    for size in 1..=stream.len() {
        let mut run = Run::<RX, 256>::of(session);
        stream.chunks(size).for_each(|piece| run.receive(piece));
        assert_eq!(
            run.outcome(),
            expected,
            "rx of {RX} bytes, pieces of {size}"
        );
    }
}

/// Bytes arrive and leave at random: `tx` is small and often full.
fn by_chance<const RX: usize, const TX: usize>(
    session: &Eight,
    mut stream: &[u8],
    chances: &[u8],
) -> Outcome {
    let mut chances = chances.iter().cycle().map(|&chance| usize::from(chance));
    let mut run = Run::<RX, TX>::of(session);
    loop {
        let n = chances
            .next()
            .unwrap()
            .min(run.rx.space().len())
            .min(stream.len());
        run.rx.space()[..n].copy_from_slice(&stream[..n]);
        run.rx.commit(n);
        stream = &stream[n..];
        run.drain_events(&mut || chances.next().unwrap());
        let is_idle = run.tx.is_empty() && stream.is_empty();
        run.drain(if run.session.is_closed() {
            usize::MAX
        } else {
            chances.next().unwrap()
        });
        if run.session.is_closed() || is_idle {
            return run.outcome();
        }
    }
}

/// A connection whose CONNECT has left.
fn connecting(session: &mut Eight, connect: &Connect<'_>) {
    session
        .connect(
            connect,
            &mut Buffer::<[u8; 256]>::new(),
            &mut Buffer::<[u8; 64]>::new(),
        )
        .unwrap();
}

/// A new connection with everything in flight that a broker can answer: 1 and 5 PUBLISH
/// with QoS 1, 2 and 6 with QoS 2, 3 SUBSCRIBE with two filters, 4 UNSUBSCRIBE.
fn everything_under_way() -> Eight {
    let mut session = Eight::new();
    connecting(
        &mut session,
        &Connect::new("c").keep_session().keep_alive(0),
    );
    let mut run = Run::<16, 256>::of(&session);
    run.receive(b"\x20\x02\0\0");
    let Run {
        mut session,
        mut tx,
        ..
    } = run;
    let (once, twice) = (
        Publish::to("a").qos(QoS::AtLeastOnce),
        Publish::to("a").qos(QoS::ExactlyOnce),
    );
    session.publish(&once, &mut tx).unwrap();
    session.publish(&twice, &mut tx).unwrap();
    // Sixteen bytes are enough for the answer.
    session
        .subscribe(
            &[
                Filter::new("a", QoS::AtLeastOnce),
                Filter::new("b", QoS::AtLeastOnce),
            ],
            &mut tx,
        )
        .unwrap();
    session
        .unsubscribe(&[Filter::new("a", QoS::AtLeastOnce)], &mut tx)
        .unwrap();
    session.publish(&once, &mut tx).unwrap();
    session.publish(&twice, &mut tx).unwrap();
    session
}

/// All kinds of packets that a broker may send on an open connection.
const RECORDED: &[&[u8]] = &[
    b"\x90\x04\0\x03\x01\x80",                                                                              // SUBACK 3
    b"\x31\x08\0\x03a/bold",                                                                                // a retained message
    b"\x32\x06\0\x02a/\0\x07",                                                                              // QoS 1, no payload
    b"\xd0\0",                                                                                              // PINGRESP
    b"\x40\x02\0\x01",                                                                                      // PUBACK 1
    b"\x34\x0d\0\x03a/b\0\x09twelve",                                                                       // QoS 2
    b"\x50\x02\0\x02",                                                                                      // PUBREC 2
    b"\x3c\x0d\0\x03a/b\0\x09twelve",                                                                       // QoS 2 again, with DUP
    b"\x32\x21\0\x01e\0\x08abcdefghijklmnopqrstuvwxyzab", // QoS 1, answered; longer than 16 bytes
    b"\x62\x02\0\x09",                                    // PUBREL 9
    b"\x34\x24\0\x1aabcdefghijklmnopqrstuvwxyz\0\x0aabcdef", // QoS 2, a topic longer than 16 bytes
    b"\x62\x02\0\x0a",                                    // PUBREL 10
    b"\x70\x02\0\x02",                                    // PUBCOMP 2
    b"\x30\x18\0\x14abcdefghijklmnopqrst\xff\0",          // QoS 0, a topic longer than 16 bytes
    b"\x34\x53\0\x01e\0\x0b0123456789012345678901234567890123456789012345678901234567890123456789abcdefgh", // longer than 64
    b"\xb0\x02\0\x04",                                    // UNSUBACK 4
    b"\x3a\x05\0\x01e\0\x0c",                             // QoS 1 with DUP
    b"\x40\x02\0\x63\x50\x02\0\x63\x62\x02\0\x63\x70\x02\0\x63\xb0\x02\0\x63\x90\x03\0\x63\0", // strays
];

#[test]
fn every_two_cuts_of_a_long_dialogue() {
    let (session, stream) = (everything_under_way(), RECORDED.concat());
    every_two_cuts::<16>(&session, &stream);
    every_two_cuts::<64>(&session, &stream);
    every_two_cuts::<256>(&session, &stream);
}

#[test]
fn every_size_of_pieces_of_a_long_dialogue() {
    let (session, stream) = (everything_under_way(), RECORDED.concat());
    every_size::<16>(&session, &stream);
    every_size::<17>(&session, &stream);
    every_size::<31>(&session, &stream);
    every_size::<64>(&session, &stream);
    every_size::<1024>(&session, &stream);
}

/// The long dialogue has the recorded events, so that the tests above compare the right ones.
#[test]
fn the_long_dialogue_is_as_recorded() {
    let outcome = at_once::<256>(&everything_under_way(), &RECORDED.concat());
    let long = b"0123456789012345678901234567890123456789012345678901234567890123456789abcdefgh";
    assert_eq!(
        outcome.emitted,
        [
            subscribed(3, &[1, 0x80]),
            message("a/b", b"old").retain(),
            message("a/", b"").qos1(7),
            acked(1),
            message("a/b", b"twelve").qos2(9),
            received(2),
            message("e", b"abcdefghijklmnopqrstuvwxyzab").qos1(8),
            message("abcdefghijklmnopqrstuvwxyz", b"abcdef").qos2(10),
            acked(2),
            message("abcdefghijklmnopqrst", b"\xff\0"),
            message("e", long).qos2(11),
            acked(4),
            message("e", b"").qos1(12).dup(),
        ]
    );
    let sent: &[&[u8]] = &[
        b"\x40\x02\0\x07",
        b"\x50\x02\0\x09",
        b"\x62\x02\0\x02",
        b"\x50\x02\0\x09",
        b"\x30\x06\0\x04echo",
        b"\x40\x02\0\x08",
        b"\x70\x02\0\x09",
        b"\x50\x02\0\x0a",
        b"\x70\x02\0\x0a",
        b"\x30\x06\0\x04echo",
        b"\x50\x02\0\x0b",
        b"\x30\x06\0\x04echo",
        b"\x40\x02\0\x0c",
        b"\x62\x02\0\x63",
        b"\x70\x02\0\x63",
    ];
    assert_eq!(outcome.sent, hex(&sent.concat()));
    // The replies are the same where topics are too long and payloads come in pieces.
    let small = at_once::<16>(&everything_under_way(), &RECORDED.concat());
    assert_eq!(small.sent, outcome.sent);
    assert!(
        small.emitted.contains(&Emitted::Skipped(6))
            && small.emitted.contains(&Emitted::Skipped(2))
            && small.emitted.contains(&message("e", long).qos2(11))
    );
}

/// A session of which PUBLISH 1 (QoS 1), 2, 4 and 6 (QoS 2, 2 with PUBREC), SUBSCRIBE 3 and
/// UNSUBSCRIBE 5 were in flight, and the message 9 accepted, when the connection was lost. A
/// connection is being opened.
fn resuming(keep: bool) -> Eight {
    let mut session = Eight::new();
    connecting(
        &mut session,
        &Connect::new("c").keep_session().keep_alive(0),
    );
    let mut run = Run::<256, 256>::of(&session);
    run.receive(b"\x20\x02\0\0\x34\x05\0\x01t\0\x09");
    let Run {
        mut session,
        mut tx,
        ..
    } = run;
    for qos in [QoS::AtLeastOnce, QoS::ExactlyOnce] {
        session
            .publish(&Publish::to("r").qos(qos), &mut tx)
            .unwrap();
    }
    session
        .subscribe(&[Filter::new("a", QoS::AtLeastOnce)], &mut tx)
        .unwrap();
    session
        .publish(&Publish::to("r").qos(QoS::ExactlyOnce), &mut tx)
        .unwrap();
    session
        .unsubscribe(&[Filter::new("a", QoS::AtLeastOnce)], &mut tx)
        .unwrap();
    session
        .publish(&Publish::to("r").qos(QoS::ExactlyOnce), &mut tx)
        .unwrap();
    let mut run = Run::<256, 256>::of(&session);
    run.receive(b"\x50\x02\0\x02");
    let mut session = run.session;
    let connect = Connect::new("c").keep_alive(0);
    connecting(
        &mut session,
        &if keep {
            connect.keep_session()
        } else {
            connect
        },
    );
    session
}

const RESUMED_STREAM: &[&[u8]] = &[
    b"\x20\x02\x01\0",
    b"\x3c\x05\0\x01t\0\x09",           // known
    b"\x32\x0f\0\x01t\0\x0a0123456789", // not known
    b"\x40\x02\0\x01\x70\x02\0\x02\x62\x02\0\x09",
    b"\x50\x02\0\x06\x70\x02\0\x06\x70\x02\0\x04",
    b"\x34\x18\0\x14abcdefghijklmnopqrst\0\x0b",
];

#[test]
fn every_two_cuts_of_a_resumption() {
    let (session, stream) = (resuming(true), RESUMED_STREAM.concat());
    let outcome = at_once::<64>(&session, &stream);
    assert_eq!(
        outcome.emitted,
        [
            outcome_unknown(3),
            outcome_unknown(5),
            RESUMED,
            resend(1, QoS::AtLeastOnce),
            resend(4, QoS::ExactlyOnce),
            resend(6, QoS::ExactlyOnce),
            message("t", b"0123456789").qos1(10),
            acked(1),
            acked(2),
            received(6),
            acked(6),
            acked(4),
            message("abcdefghijklmnopqrst", b"").qos2(11),
        ]
    );
    let sent: &[&[u8]] = &[
        b"\x3a\x06\0\x01r\0\x01!\x62\x02\0\x02\x62\x02\0\x04\x3c\x06\0\x01r\0\x06!",
        b"\x50\x02\0\x09\x40\x02\0\x0a\x70\x02\0\x09\x62\x02\0\x06\x50\x02\0\x0b",
    ];
    assert_eq!(outcome.sent, hex(&sent.concat()));
    every_two_cuts::<16>(&session, &stream);
    every_two_cuts::<64>(&session, &stream);
}

/// A new session, a refusal, and faults of each kind, behind something good.
#[test]
fn every_two_cuts_of_ends() {
    let ends: &[&[u8]] = &[
        b"\x20\x02\0\0\x30\x05\0\x01tok\x62\x02\0\x09\x32\x06\0\x01t\0\x02!",
        b"\x20\x02\0\x05",
        b"\x20\x02\x01\x87",
        b"\x20\x02\x02\0",
        b"\x20\x02\x01\0",
        b"\x20\x03\0\0\0",
        b"\x30\x05\0\x01tok",
        b"\x20\x02\0\0\x20\x02\0\0",
        b"\x20\x02\0\0\x32\x05\0\x01t\0\0",
        b"\x20\x02\0\0\x32\x05\0\x01t\0\x07\x30\x80\x80\x80\x80\x01",
        b"\x20\x02\0\0\x32\x05\0\x01t\0\x07\x30\x84\0",
        b"\x20\x02\0\0\x32\x05\0\x01t\0\x07\x30\x12\0\x0cab#defghijklhello",
        b"\x20\x02\0\0\x30\x14\0\x0eabcdefghi\xed\xa0\x80klmn",
        b"\x20\x02\0\0\x30\x18\0\x14abcdefghijklmnopqrst\xff\xff\x90\x14\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        b"\x20\x02\0\0\x90\x02\0\x01",
        b"\x20\x02\0\0\x40\x03\0\x01\0",
        b"\x20\x02\0\0\x36\x05\0\x01t\0\x01",
        b"\x20\x02\0\0\xf0\0",
        b"\x20\x02\0\0\x30\x02\0\0",
        b"\x20\x02\0\0\xd0\x01\0",
        b"\x20\x02\0\0\x82\x06\0\x01\0\x01a\0",
        // One QoS 2 message more than there are slots.
        b"\x20\x02\0\0\x34\x05\0\x01t\0\x01\x34\x05\0\x01t\0\x02\x34\x05\0\x01t\0\x03\x34\x05\0\x01t\0\x04\x34\x05\0\x01t\0\x05\
          \x34\x05\0\x01t\0\x06\x34\x05\0\x01t\0\x07\x34\x05\0\x01t\0\x08\x34\x05\0\x01t\0\x09\x62\x02\0\x01",
    ];
    for keep in [false, true] {
        let session = resuming(keep);
        for stream in ends {
            every_two_cuts::<16>(&session, stream);
            every_two_cuts::<32>(&session, stream);
        }
    }
}

/// A broker's packets, most of them right, as numbers choose them.
fn stream_of(choices: &[(u8, u16, Vec<u8>)]) -> Vec<u8> {
    let mut stream = vec![];
    // What each of our identifiers awaits.
    let mut awaits = [0, 0x40, 0x50, 0x90, 0xb0, 0x40, 0x50, 0];
    for (choice, number, payload) in choices {
        let id = 1 + number % 7;
        let put = |stream: &mut Vec<u8>, head: u8, body: &[u8]| {
            stream.extend([head, body.len() as u8]);
            stream.extend(body);
        };
        match choice {
            0..=99 => {
                let qos = choice % 3;
                let length = [1, 1, 3, 9, 20, 60][usize::from(choice / 3 % 6)];
                let topic = if length == 1 {
                    vec![b"et"[usize::from(number % 2)]]
                } else {
                    vec![b'x'; length]
                };
                let mut body = [&[0, length as u8], &topic[..]].concat();
                if qos != 0 {
                    body.extend(id.to_be_bytes());
                }
                body.extend(payload.iter().take(120 - length));
                put(
                    &mut stream,
                    0x30 | qos << 1
                        | (u8::from(qos != 0 && number % 5 == 0) << 3)
                        | u8::from(number % 7 == 0),
                    &body,
                );
            }
            100..=139 => put(&mut stream, 0x62, &id.to_be_bytes()),
            140..=199 => {
                let awaited = &mut awaits[usize::from(id)];
                match *awaited {
                    0x90 => put(&mut stream, 0x90, &[0, id as u8, 1, 0x80]),
                    0 => put(&mut stream, 0x40, &[0, 99]),
                    head => put(&mut stream, head, &[0, id as u8]),
                }
                *awaited = if *awaited == 0x50 { 0x70 } else { 0 };
            }
            200..=240 => put(&mut stream, 0xd0, &[]),
            241..=252 => put(
                &mut stream,
                [0x40, 0x50, 0x70, 0xb0][usize::from(number % 4)],
                &[0, id as u8 + 7],
            ),
            // Nonsense ends it.
            _ => stream.extend(payload),
        }
    }
    stream
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Cut at random and through a `tx` that is small and often full: not one reply is lost or sent twice.
    #[test]
    fn random_streams_cut_at_random(
        choices in prop::collection::vec((any::<u8>(), any::<u16>(), prop::collection::vec(any::<u8>(), 0..100)), 0..30),
        chances in prop::collection::vec(prop_oneof![0..4u8, 0..40u8, 0..=255u8], 1..60),
    ) {
        // There must be progress.
        let chances = [&chances[..], &[3, 5, 7]].concat();
        let (session, stream) = (everything_under_way(), stream_of(&choices));
        prop_assert_eq!(by_chance::<16, 16>(&session, &stream, &chances), at_once::<16>(&session, &stream));
        prop_assert_eq!(by_chance::<64, 16>(&session, &stream, &chances), at_once::<64>(&session, &stream));
        prop_assert_eq!(by_chance::<256, 20>(&session, &stream, &chances), at_once::<256>(&session, &stream));
        prop_assert_eq!(by_chance::<100, 256>(&session, &stream, &chances), at_once::<100>(&session, &stream));
    }

    /// The same for resumptions, where answers of the application go between.
    #[test]
    fn resumptions_cut_at_random(
        choices in prop::collection::vec((0..140u8, any::<u16>(), prop::collection::vec(any::<u8>(), 0..100)), 0..12),
        chances in prop::collection::vec(prop_oneof![0..4u8, 0..40u8], 1..60),
        keep: bool,
    ) {
        let chances = [&chances[..], &[3, 5, 7]].concat();
        let connack = if keep { b"\x20\x02\x01\0" } else { b"\x20\x02\0\0" };
        let (session, stream) = (resuming(keep), [&connack[..], &stream_of(&choices)].concat());
        prop_assert_eq!(by_chance::<16, 16>(&session, &stream, &chances), at_once::<16>(&session, &stream));
        prop_assert_eq!(by_chance::<64, 24>(&session, &stream, &chances), at_once::<64>(&session, &stream));
    }
}
