//! A command that fails has done nothing (promise 5), and a fault ends the connection, once.
use crate::script::*;
use motemq::*;

type Four = Session<[Slot; 4]>;
type Tx = Buffer<[u8; 64]>;
type Command = (
    &'static str,
    fn(&mut Four, &mut Tx) -> Result<(), SendError>,
);

const NONE: [Filter<'_>; 0] = [];
const ONCE: QoS = QoS::AtLeastOnce;
const TWICE: QoS = QoS::ExactlyOnce;
const LONG: &[u8] = &[b'x'; 70];

const COMMANDS: &[Command] = &[
    ("publish 0", |s, tx| {
        s.publish(&Publish::to("t").payload(b"payload"), tx)
            .map(drop)
    }),
    ("publish 1", |s, tx| {
        s.publish(&Publish::to("t").payload(b"payload").qos(ONCE), tx)
            .map(drop)
    }),
    ("publish 2", |s, tx| {
        s.publish(&Publish::to("t").payload(b"payload").qos(TWICE), tx)
            .map(drop)
    }),
    ("publish stream", |s, tx| {
        s.publish(&Publish::to("t").qos(TWICE).remaining(1000), tx)
            .map(drop)
    }),
    ("publish wildcard", |s, tx| {
        s.publish(&Publish::to("t/#").qos(ONCE), tx).map(drop)
    }),
    ("publish nowhere", |s, tx| {
        s.publish(&Publish::to("").qos(TWICE), tx).map(drop)
    }),
    ("publish long", |s, tx| {
        s.publish(&Publish::to("t").payload(LONG).qos(ONCE), tx)
            .map(drop)
    }),
    ("publish endless", |s, tx| {
        s.publish(&Publish::to("t").remaining(268_435_453).qos(ONCE), tx)
            .map(drop)
    }),
    ("subscribe", |s, tx| {
        s.subscribe(&[Filter::new("a/#", ONCE), Filter::new("+", TWICE)], tx)
            .map(drop)
    }),
    ("subscribe nothing", |s, tx| {
        s.subscribe(&NONE, tx).map(drop)
    }),
    ("subscribe wrong", |s, tx| {
        s.subscribe(&[Filter::new("a", ONCE), Filter::new("a#", ONCE)], tx)
            .map(drop)
    }),
    ("subscribe many", |s, tx| {
        s.subscribe(&[Filter::new("a", ONCE); 12], tx).map(drop)
    }),
    ("unsubscribe", |s, tx| {
        s.unsubscribe(&[Filter::new("a/#", ONCE)], tx).map(drop)
    }),
    ("unsubscribe nothing", |s, tx| {
        s.unsubscribe(&NONE, tx).map(drop)
    }),
    ("unsubscribe wrong", |s, tx| {
        s.unsubscribe(&[Filter::new("a\0", ONCE)], tx).map(drop)
    }),
    ("unsubscribe many", |s, tx| {
        s.unsubscribe(&[Filter::new("a", ONCE); 12], tx).map(drop)
    }),
    ("disconnect", |s, tx| s.disconnect(tx)),
    ("chunk", |s, tx| {
        s.publish_chunk(b"0123456789", tx).map(drop)
    }),
    ("chunk too long", |s, tx| {
        s.publish_chunk(&[0; 101], tx).map(drop)
    }),
    ("direct", |s, tx| s.publish_direct(10, tx)),
    ("direct too long", |s, tx| s.publish_direct(101, tx)),
    ("republish 1", |s, tx| {
        s.republish(id(1), &Publish::to("t").payload(b"payload").qos(ONCE), tx)
    }),
    ("republish 1 stream", |s, tx| {
        s.republish(id(1), &Publish::to("t").remaining(9).qos(ONCE), tx)
    }),
    ("republish 1 long", |s, tx| {
        s.republish(id(1), &Publish::to("t").payload(LONG).qos(ONCE), tx)
    }),
    ("republish 1 wrong topic", |s, tx| {
        s.republish(id(1), &Publish::to("+").qos(ONCE), tx)
    }),
    ("republish 1 with QoS 0", |s, tx| {
        s.republish(id(1), &Publish::to("t"), tx)
    }),
    ("republish 1 with QoS 2", |s, tx| {
        s.republish(id(1), &Publish::to("t").qos(TWICE), tx)
    }),
    ("republish 2", |s, tx| {
        s.republish(id(2), &Publish::to("t").qos(TWICE), tx)
    }),
    ("republish 9", |s, tx| {
        s.republish(id(9), &Publish::to("t").qos(ONCE), tx)
    }),
    ("abandon 1", |s, tx| s.abandon(id(1), tx)),
    ("abandon 2", |s, tx| s.abandon(id(2), tx)),
    ("abandon 9", |s, tx| s.abandon(id(9), tx)),
];

type Client = Dialogue<4, 16, 64>;

/// The states in which commands are tried.
fn states() -> Vec<(&'static str, Four)> {
    let fresh = Client::new();
    let mut connecting = fresh.clone();
    connecting.connect(&Connect::new("c"));
    let open = Client::open_kept();
    let mut pending = open.clone();
    pending.buffer(publish("t").qos2(9));
    pending.next_event();
    let mut full = open.clone();
    for qos in [ONCE, TWICE, ONCE, ONCE] {
        full.publish(&Publish::to("t").qos(qos)).unwrap();
    }
    let mut streaming = open.clone();
    streaming.publish(&Publish::to("t").remaining(100)).unwrap();
    let mut streaming_and_pending = pending.clone();
    streaming_and_pending
        .publish(&Publish::to("t").remaining(100))
        .unwrap();
    streaming_and_pending.drain_events();
    let mut asked = full.clone();
    asked.tx.clear();
    asked.resumes(&[RESUMED, resend(1, ONCE)]);
    let mut asked_for_2 = asked.clone();
    asked_for_2.abandon(1).unwrap();
    assert_eq!(asked_for_2.drain_events(), [resend(2, TWICE)]);
    let mut asked_and_streaming = asked.clone();
    asked_and_streaming
        .publish(&Publish::to("t").remaining(100))
        .unwrap();
    let mut lost = streaming.clone();
    lost.session.on_connection_lost();
    let mut failed = pending.clone();
    failed.session.on_connection_lost();
    failed.connect(&Connect::new("c"));
    assert_eq!(
        failed.feed(connack().code(5)),
        [fault(Fault::Refused(ReturnCode::NOT_AUTHORIZED))]
    );
    let mut left = open.clone();
    left.disconnect().unwrap();
    vec![
        ("fresh", fresh.session),
        ("connecting", connecting.session),
        ("open", open.session),
        ("pending", pending.session),
        ("full", full.session),
        ("streaming", streaming.session),
        ("streaming and pending", streaming_and_pending.session),
        ("asked for 1", asked.session),
        ("asked for 2", asked_for_2.session),
        ("asked for 1 and streaming", asked_and_streaming.session),
        ("lost", lost.session),
        ("failed", failed.session),
        ("left", left.session),
    ]
}

/// The result of a command with an empty `tx`.
fn expected(state: &str, command: &str) -> Result<(), SendError> {
    use SendError::*;
    let published = command.starts_with("publish") || command.contains("subscribe");
    let again = command.starts_with("republish") || command.starts_with("abandon");
    if matches!(state, "fresh" | "connecting" | "lost" | "failed" | "left") {
        return Err(Offline);
    }
    if state.contains("streaming") {
        return match command {
            "chunk" | "direct" => Ok(()),
            "chunk too long" | "direct too long" => Err(Invalid),
            _ => Err(Busy),
        };
    }
    match command {
        "disconnect" => Ok(()),
        "chunk" | "direct" | "chunk too long" | "direct too long" => Err(Invalid),
        "publish 0" => Ok(()),
        _ if published => match command {
            "publish wildcard"
            | "publish nowhere"
            | "subscribe nothing"
            | "subscribe wrong"
            | "unsubscribe nothing"
            | "unsubscribe wrong" => Err(Invalid),
            "publish long" | "publish endless" | "subscribe many" | "unsubscribe many" => {
                Err(TooLong)
            }
            _ => Ok(()),
        },
        "republish 1" | "republish 1 stream" | "abandon 1" if state == "asked for 1" => Ok(()),
        "republish 1 long" if state == "asked for 1" => Err(TooLong),
        "republish 2" | "abandon 2" if state == "asked for 2" => Ok(()),
        _ if again => Err(Invalid),
        _ => panic!("{command}"),
    }
}

/// Every command is called in every state and with every amount of room in `tx`: if it fails,
/// session and buffer are unchanged; if it succeeds, its bytes stand behind those that were there.
#[test]
fn a_failed_command_has_done_nothing() {
    for (state, session) in states() {
        for (name, command) in COMMANDS {
            let (mut session_empty, mut empty) = (session.clone(), Tx::new());
            let got = command(&mut session_empty, &mut empty);
            let wanted = expected(state, name);
            // If several things are wrong at once, any of them may be reported.
            let several = wanted.is_err()
                && matches!(
                    got,
                    Err(SendError::Busy | SendError::Invalid | SendError::TooLong)
                );
            let ring_is_taken = matches!(state, "full" | "asked for 1" | "asked for 2")
                && got == Err(SendError::Busy);
            assert!(
                got == wanted || ring_is_taken || (several && wanted != Err(SendError::Offline)),
                "{state}, {name}: {got:?}, not {wanted:?}"
            );
            let needed = empty.bytes().to_vec();
            for fill in 0..=64 {
                let (mut session_now, mut tx) = (session.clone(), Tx::new());
                tx.space()[..fill].fill(0xaa);
                tx.commit(fill);
                let before = (session_now.clone(), tx.clone());
                let done = command(&mut session_now, &mut tx);
                match done {
                    Ok(()) => {
                        assert_eq!(got, Ok(()), "{state}, {name}, {fill} bytes wait");
                        assert!(
                            session_now == session_empty || name.starts_with("chunk"),
                            "{state}, {name}, {fill} bytes wait"
                        );
                        assert_eq!(tx.bytes()[..fill], before.1.bytes()[..fill]);
                        assert!(
                            needed.starts_with(&tx.bytes()[fill..])
                                && (tx.bytes().len() == fill + needed.len() || *name == "chunk")
                        );
                    }
                    Err(error) => {
                        assert_eq!(
                            (&session_now, &tx),
                            (&before.0, &before.1),
                            "{state}, {name}, {fill} bytes wait: {error:?}"
                        );
                        let room = 64 - fill;
                        let full = got.is_ok()
                            && error == SendError::Full
                            && (room < needed.len() + 4 || (*name == "direct" && fill != 0));
                        let larger =
                            got == Err(SendError::TooLong) && error == SendError::Full && fill != 0;
                        let direct =
                            name.starts_with("direct") && error == SendError::Full && fill != 0;
                        assert!(
                            full || larger || direct || Err(error) == got,
                            "{state}, {name}, {fill} bytes wait: {error:?}, empty: {got:?}"
                        );
                    }
                }
            }
        }
    }
}

/// Commands that need a slot are `Busy` while all slots are taken or messages are being sent again;
/// QoS 0 and DISCONNECT are sent.
#[test]
fn commands_that_need_a_slot_are_busy_without_one() {
    for (state, session) in states()
        .into_iter()
        .filter(|(state, _)| matches!(*state, "full" | "asked for 1" | "asked for 2"))
    {
        for (name, command) in COMMANDS {
            let got = command(&mut session.clone(), &mut Tx::new());
            match *name {
                "publish 1" | "publish 2" | "publish stream" | "subscribe" | "unsubscribe" => {
                    assert_eq!(got, Err(SendError::Busy), "{state}, {name}")
                }
                "publish 0" | "disconnect" => assert_eq!(got, Ok(()), "{state}, {name}"),
                _ => {}
            }
        }
    }
}

/// A failed command takes no identifier: the next one that succeeds has the first.
#[test]
fn failed_commands_take_no_identifier() {
    let mut d = Client::open();
    for (_, command) in COMMANDS
        .iter()
        .filter(|(name, _)| expected("open", name).is_err())
    {
        command(&mut d.session, &mut d.tx).unwrap_err();
    }
    d.tx.space()[..60].fill(0);
    d.tx.commit(60);
    assert_eq!(d.publish(&Publish::to("t").qos(ONCE)), Err(SendError::Full));
    d.tx.clear();
    assert_eq!(d.publish(&Publish::to("t").qos(ONCE)), Ok(Some(id(1))));
}

/// A failed `connect` drops the connection and clears the buffers, and changes nothing else.
#[test]
fn a_failed_connect_keeps_the_session() {
    let mut long = Connect::new("c");
    long.password = Some(LONG);
    let cases = [
        (Connect::new("").keep_session(), SendError::Invalid),
        (Connect::new("c\0"), SendError::Invalid),
        (
            Connect::new("c").will(Publish::to("a/+")),
            SendError::Invalid,
        ),
        (
            Connect::new("c").will(Publish::to("a").remaining(1)),
            SendError::Invalid,
        ),
        (Connect::new("c").will(Publish::to("")), SendError::Invalid),
        (Connect::new("c").user("\0"), SendError::Invalid),
        (long, SendError::Invalid),
        (Connect::new("c").login("u", LONG), SendError::TooLong),
    ];
    for (connect, error) in cases {
        let mut d = Client::open_kept();
        d.publish(&Publish::to("t").qos(ONCE)).unwrap();
        d.buffer(puback(1));
        assert_eq!(
            d.session.connect(&connect, &mut d.rx, &mut d.tx),
            Err(error),
            "{connect:?}"
        );
        assert!(d.session.is_closed() && d.tx.is_empty() && d.rx.is_empty());
        assert_eq!(d.publish(&Publish::to("t")), Err(SendError::Offline));
        d.resumes(&[RESUMED, resend(1, ONCE)]);
    }
}

/// A fault is reported once and ends the connection: nothing more is read or written, and commands
/// return `Offline`.
#[test]
fn a_fault_is_reported_once() {
    let wrong: &[(&[u8], Fault)] = &[
        (b"\x20\x02\0\0", Fault::Unexpected),
        (b"\x10\x00", Fault::Unexpected),
        (b"\xe0\0", Fault::Unexpected),
        (b"\xc0\0", Fault::Unexpected),
        (b"\x00\0", Fault::Malformed),
        (b"\xf0\0", Fault::Malformed),
        (b"\x41\x02\0\x01", Fault::Malformed),
        (b"\x60\x02\0\x01", Fault::Malformed),
        (b"\x36\x05\0\x01t\0\x01", Fault::Malformed),
        (b"\x38\x03\0\x01t", Fault::Malformed),
        (b"\x40\x02\0\0", Fault::Malformed),
        (b"\x32\x05\0\x01t\0\0", Fault::Malformed),
        (b"\x30\x01\0", Fault::Malformed),
        (b"\x30\x04\0\x03ab", Fault::Malformed),
        (b"\x30\x03\0\x01+", Fault::Malformed),
        (b"\xd0\x01\0", Fault::Malformed),
        (b"\x90\x03\0\x01\x03", Fault::Malformed),
        (b"\xb0\x03\0\x01\0", Fault::Malformed),
    ];
    for &(bytes, what) in wrong {
        let mut d = Client::open();
        assert_eq!(
            d.feed([b"\x30\x03\0\x01t", bytes, b"\x30\x03\0\x01t"].concat()),
            [message("t", b""), fault(what)],
            "{bytes:02x?}"
        );
        assert!(d.session.is_closed());
        d.sends_nothing();
        assert_eq!((d.next_event(), d.tick(1_000_000)), (None, Ok(None)));
        for (name, command) in COMMANDS {
            assert_eq!(
                command(&mut d.session, &mut d.tx),
                Err(SendError::Offline),
                "{name} after {bytes:02x?}"
            );
        }
        d.sends_nothing();
        d.session.on_connection_lost();
        assert!(d.session.is_closed() && d.next_event().is_none());
        d.connect(&Connect::new("c"));
        assert!(!d.session.is_closed());
    }
}

/// Bytes written before a fault stay in `tx`: the acknowledgements of messages that were delivered.
#[test]
fn a_fault_leaves_tx_as_it_is() {
    let mut d = Client::open();
    d.buffer((publish("t").qos1(5), b"\x00\0"));
    assert_eq!(
        d.drain_events(),
        [message("t", b"").qos1(5), fault(Fault::Malformed)]
    );
    d.sends(puback(5));
}
