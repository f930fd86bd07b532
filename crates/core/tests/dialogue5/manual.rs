//! Manual acknowledgement with reason codes, and snapshots.
use super::*;

/// A dialogue whose acknowledgements are manual.
struct Manual {
    d: Dialogue,
    acks: ManualAcks<[PendingAck; 4]>,
}

impl Manual {
    fn open() -> Self {
        let mut manual = Manual {
            d: Dialogue::new(),
            acks: ManualAcks::new(),
        };
        manual
            .d
            .session
            .connect(&CLIENT, &mut manual.d.rx, &mut manual.d.tx)
            .unwrap();
        manual.d.tx.clear();
        manual.receives(ACCEPTED);
        manual
    }

    /// Receives bytes, and returns the tokens of messages, or the fault.
    fn receives(&mut self, bytes: &[u8]) -> (Vec<AckToken>, Option<Fault>) {
        let Manual { d, acks } = self;
        d.rx.space()[..bytes.len()].copy_from_slice(bytes);
        d.rx.commit(bytes.len());
        let mut tokens = Vec::new();
        loop {
            match acks.next_event(&mut d.session, &mut d.rx, &mut d.tx) {
                Ok(Some((_, token))) => tokens.extend(token),
                Ok(None) => return (tokens, None),
                Err(fault) => return (tokens, Some(fault)),
            }
        }
    }
}

/// Acknowledgements leave in the order of the messages, each with its code [MQTT-4.6.0-2]
/// [MQTT-4.6.0-3]. A QoS 2 message that is refused takes no slot.
#[test]
fn codes() {
    let mut m = Manual::open();
    let (tokens, _) =
        m.receives(b"\x32\x06\0\x01t\0\x01\0\x34\x06\0\x01t\0\x02\0\x32\x06\0\x01t\0\x03\0");
    let [one, two, three] = tokens[..] else {
        panic!("{tokens:?}")
    };
    let mut refuse = |token, code| m.acks.refuse(&mut m.d.session, token, code);
    assert_eq!(refuse(three, ReasonCode::QUOTA_EXCEEDED), Ok(()));
    assert_eq!(
        refuse(three, ReasonCode::QUOTA_EXCEEDED),
        Err(SendError::Invalid)
    );
    assert_eq!(
        refuse(two, ReasonCode::SERVER_BUSY),
        Err(SendError::Invalid)
    );
    assert_eq!(refuse(two, ReasonCode::SUCCESS), Err(SendError::Invalid));
    assert_eq!(refuse(two, ReasonCode::NOT_AUTHORIZED), Ok(()));
    assert_eq!(m.receives(b""), (vec![], None));
    m.d.sends(b"");
    m.acks.ack(&mut m.d.session, one).unwrap();
    assert_eq!(m.receives(b""), (vec![], None));
    m.d.sends(b"\x40\x02\0\x01\x50\x03\0\x02\x87\x40\x03\0\x03\x97");
    assert_eq!(m.d.session.unreleased().count(), 0);
    // An unknown PUBREL is answered so; the next answer has no code.
    m.receives(b"\x62\x02\0\x02");
    let (tokens, _) = m.receives(b"\x34\x06\0\x01t\0\x02\0");
    m.acks.ack(&mut m.d.session, tokens[0]).unwrap();
    m.receives(b"\x62\x02\0\x02");
    m.receives(b"");
    m.d.sends(b"\x70\x03\0\x02\x92\x50\x02\0\x02\x70\x02\0\x02");
}

/// What comes again under the identifier of a refused message, before its PUBREC has left, is a
/// repetition: it is not delivered, and one PUBREC answers both.
#[test]
fn a_refused_message_is_pending_until_its_answer_has_left() {
    let mut m = Manual::open();
    let (tokens, _) = m.receives(b"\x32\x06\0\x01t\0\x01\0\x34\x06\0\x01t\0\x02\0");
    let [one, two] = tokens[..] else {
        panic!("{tokens:?}")
    };
    let refused = m
        .acks
        .refuse(&mut m.d.session, two, ReasonCode::NOT_AUTHORIZED);
    assert_eq!(refused, Ok(()));
    assert_eq!(m.receives(b"\x3c\x06\0\x01t\0\x02\0"), (vec![], None));
    m.acks.ack(&mut m.d.session, one).unwrap();
    assert_eq!(m.receives(b""), (vec![], None));
    m.d.sends(b"\x40\x02\0\x01\x50\x03\0\x02\x87");
    // From now on the identifier is that of another message.
    assert_eq!(m.receives(b"\x34\x06\0\x01t\0\x02\0").0.len(), 1);
}

/// A message is refused with each code that PUBACK and PUBREC can have [MQTT-3.4.2-1]
/// [MQTT-3.5.2-1].
#[test]
fn every_code_that_refuses() {
    let codes = [0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99];
    for code in 0..=255 {
        for (publish, ack) in [(0x32, 0x40), (0x34, 0x50)] {
            let mut m = Manual::open();
            let (tokens, _) = m.receives(&[publish, 6, 0, 1, b't', 0, 1, 0]);
            let refused = m.acks.refuse(&mut m.d.session, tokens[0], code.into());
            assert_eq!(refused.is_ok(), codes.contains(&code), "{code:02x}");
            m.receives(b"");
            if refused.is_ok() {
                m.d.sends(&[ack, 3, 0, 1, code]);
            } else {
                m.d.sends(b"");
            }
        }
    }
}

/// A token of an earlier connection refuses nothing, even if its identifier is pending again.
#[test]
fn tokens_end_with_their_connection() {
    let mut m = Manual::open();
    let (tokens, _) = m.receives(b"\x32\x06\0\x01t\0\x01\0");
    let Manual { d, .. } = &mut m;
    d.session.connect(&CLIENT, &mut d.rx, &mut d.tx).unwrap();
    d.tx.clear();
    m.receives(ACCEPTED);
    let (next, _) = m.receives(b"\x32\x06\0\x01t\0\x01\0");
    let mut refuse = |token| {
        m.acks
            .refuse(&mut m.d.session, token, ReasonCode::NOT_AUTHORIZED)
    };
    assert_eq!(refuse(tokens[0]), Err(SendError::Invalid));
    assert_eq!(refuse(next[0]), Ok(()));
}

/// A fault is explained, and leaving has a reason.
#[test]
fn ends() {
    let mut m = Manual::open();
    assert_eq!(
        m.receives(b"\x30\x03\0\0\0"),
        (vec![], Some(Fault::Unexpected))
    );
    m.d.sends(b"\xe0\x01\x82");
    let mut m = Manual::open();
    let (tokens, _) = m.receives(b"\x32\x06\0\x01t\0\x01\0");
    m.acks
        .refuse(&mut m.d.session, tokens[0], ReasonCode::UNSPECIFIED_ERROR)
        .unwrap();
    let code = ReasonCode::DISCONNECT_WITH_WILL_MESSAGE;
    m.acks
        .disconnect_with(&mut m.d.session, code, &[], &mut m.d.tx)
        .unwrap();
    m.d.sends(b"\x40\x03\0\x01\x80\xe0\x01\x04");
}

/// An image belongs to a session of one version of MQTT.
#[test]
fn snapshots() {
    type Mine = Session<[Slot; 4], Mqtt5>;
    let mut image = [0; Mine::IMAGE];
    let mut d = Dialogue::<Full>::new();
    d.connect(&CLIENT.keep_session(), ACCEPTED, &[NEW]);
    assert_eq!(d.publish_to_t(QoS::AtLeastOnce), Ok(1));
    d.session.save(&mut image).unwrap();
    let mut again = Dialogue::<Full>::new();
    again.session.restore(&image).unwrap();
    let resumed = "Connected { session: Resumed, properties: [] }";
    let resent = "Resend { qos: AtLeastOnce, id: 1 }";
    again.connect(
        &CLIENT.keep_session(),
        b"\x20\x03\x01\0\0",
        &[resumed, resent],
    );
    let mut other = Session::<[Slot; 4]>::new();
    assert_eq!(other.restore(&image), Err(SnapshotError::Version));
    other.save(&mut image).unwrap();
    assert_eq!(again.session.restore(&image), Err(SnapshotError::Version));
}

/// Although the layer is full, an unknown PUBREL is answered so, and a fault ends the connection with
/// its reason code.
#[test]
fn a_full_layer_gives_reasons() {
    let mut m = Manual::open();
    m.receives(b"\x32\x06\0\x01t\0\x01\0");
    let (d, acks) = (&mut m.d, &mut m.acks);
    let mut receive = |mut bytes: &[u8], sent: &[u8]| {
        let received = acks.receive_when_full(&mut d.session, &mut bytes, 64, &mut d.tx);
        d.sends(sent);
        (received.map(|event| event.is_some()), bytes.len())
    };
    let unknown = b"\x62\x02\0\x09\x62\x02\0\x08";
    let answers = b"\x70\x03\0\x09\x92\x70\x03\0\x08\x92";
    assert_eq!(receive(unknown, answers), (Ok(false), 0));
    let (received, _) = receive(b"\xd0\x01\0", b"\xe0\x01\x81");
    assert_eq!(received, Err(Fault::Malformed));
}
