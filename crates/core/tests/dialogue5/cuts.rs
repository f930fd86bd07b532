//! Where bytes are cut makes no difference: everything that a server can send, cut at every two
//! places, through buffers of 24 and of 64 bytes.
use super::*;

type Eight = Session<[Slot; 8], Mqtt5>;

/// A session in the middle of something, and its buffers.
#[derive(Clone)]
struct Run<const RX: usize> {
    session: Eight,
    rx: Buffer<[u8; RX]>,
    tx: Buffer<[u8; 256]>,
    outcome: Outcome,
}

/// What a stream comes to: events, with the joined payload of each message, and what was sent.
#[derive(Clone, PartialEq, Debug, Default)]
struct Outcome {
    events: Vec<(String, String)>,
    sent: String,
}

impl<const RX: usize> Run<RX> {
    fn of(session: &Eight) -> Self {
        Run {
            session: session.clone(),
            rx: Buffer::new(),
            tx: Buffer::new(),
            outcome: Outcome::default(),
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
            while self.event() {}
            let is_idle = self.tx.is_empty();
            self.outcome.sent += &self.tx.bytes().escape_ascii().to_string();
            self.tx.clear();
            if self.session.is_closed() || (bytes.is_empty() && is_idle) {
                return;
            }
            let is_still = n == 0 && is_idle && self.rx.space().is_empty();
            assert!(!is_still, "stands still before {bytes:?}");
        }
    }

    /// Takes an event. Returns `false` if there is none.
    fn event(&mut self) -> bool {
        let events = &mut self.outcome.events;
        match self.session.next_event(&mut self.rx, &mut self.tx) {
            Ok(None) => return false,
            Ok(Some(Event::Message(m))) => {
                let length = m.payload.len() as u32 + m.remaining;
                let (id, is_dup) = (m.id().map(PacketId::get), m.dup());
                let payload = m.payload.escape_ascii().to_string();
                let event = format!("{} {length} {id:?} {is_dup} {:?}", m.topic, m.properties);
                let is_refused = m.topic == "no" && m.remaining == 0;
                events.push((event, payload));
                if is_refused {
                    self.session.refuse(ReasonCode::QUOTA_EXCEEDED).unwrap();
                }
            }
            Ok(Some(Event::Payload { data, .. })) => {
                assert!(!data.is_empty());
                events.last_mut().unwrap().1 += &data.escape_ascii().to_string();
            }
            Ok(Some(Event::Resend { id, qos })) => {
                events.push((format!("Resend {id} {qos:?}"), String::new()));
                let message = Publish::to("r").payload(b"!").qos(qos);
                self.session.republish(id, &message, &mut self.tx).unwrap();
            }
            Ok(Some(event)) => events.push((format!("{event:?}"), String::new())),
            Err(fault) => {
                events.push((format!("{fault:?}"), String::new()));
                return false;
            }
        }
        true
    }
}

/// Receives a stream at once, and then cut at every two places, which makes no difference. Returns
/// the outcome.
fn every_two_cuts<const RX: usize>(session: &Eight, stream: &[u8]) -> Outcome {
    let mut whole = Run::<RX>::of(session);
    whole.receive(stream);
    for one in 0..=stream.len() {
        let mut begun = Run::<RX>::of(session);
        begun.receive(&stream[..one]);
        for other in one..=stream.len() {
            let mut run = begun.clone();
            run.receive(&stream[one..other]);
            run.receive(&stream[other..]);
            assert_eq!(
                run.outcome, whole.outcome,
                "rx of {RX} bytes, cut at {one} and {other}: {stream:x?}"
            );
            if run.session.is_closed() {
                // The rest of a connection that has ended does not matter.
                run.session.on_connection_lost();
                whole.session.on_connection_lost();
            }
            assert_eq!(
                run.session, whole.session,
                "rx of {RX} bytes, cut at {one} and {other}: {stream:x?}"
            );
        }
    }
    whole.outcome
}

/// A connection whose CONNECT has left, and which offers an alias.
fn connecting(session: &mut Eight, keep: bool) {
    let offer = [Property::TopicAliasMaximum(2)];
    let connect = CLIENT.keep_alive(0).properties(&offer);
    let connect = if keep {
        connect.keep_session()
    } else {
        connect
    };
    let (mut rx, mut tx) = (Buffer::<[u8; 16]>::new(), Buffer::<[u8; 64]>::new());
    session.connect(&connect, &mut rx, &mut tx).unwrap();
}

/// Everything in flight that a server can answer: 1 and 5 PUBLISH with QoS 1, 2 and 6 with QoS 2, 3
/// SUBSCRIBE with two filters, 4 UNSUBSCRIBE, 7 and 8 PUBLISH with QoS 2.
fn everything_in_flight() -> Eight {
    let mut session = Eight::with_protocol();
    connecting(&mut session, true);
    let mut run = Run::<64>::of(&session);
    run.receive(ACCEPTED);
    let tx = &mut run.tx;
    let session = &mut run.session;
    let publish = |qos| Publish::to("r").qos(qos);
    let filters = [
        Filter::new("a", QoS::AtLeastOnce),
        Filter::new("b", QoS::AtLeastOnce),
    ];
    session.publish(&publish(QoS::AtLeastOnce), tx).unwrap();
    session.publish(&publish(QoS::ExactlyOnce), tx).unwrap();
    session.subscribe(&filters, tx).unwrap();
    session.unsubscribe(&filters[..1], tx).unwrap();
    session.publish(&publish(QoS::AtLeastOnce), tx).unwrap();
    for _ in 0..3 {
        session.publish(&publish(QoS::ExactlyOnce), tx).unwrap();
    }
    run.session
}

/// An acknowledgement with a reason of 60 bytes.
fn reason(kind: u8, id: u8, code: u8) -> Vec<u8> {
    let mut packet = vec![kind, 4 + 63, 0, id, code, 63, 0x1f, 0, 60];
    packet.extend([b'x'; 60]);
    packet
}

/// A SUBACK or UNSUBACK with a reason of 60 bytes before its codes.
fn reason_before(kind: u8, id: u8, codes: &[u8]) -> Vec<u8> {
    let mut packet = vec![kind, 3 + 63 + codes.len() as u8, 0, id, 63, 0x1f, 0, 60];
    packet.extend([b'x'; 60]);
    packet.extend(codes);
    packet
}

/// A message with QoS 2 to `p` with properties of so many bytes.
fn long_header(id: u8, length: u8) -> Vec<u8> {
    let mut packet = vec![
        0x34,
        length + 10,
        0,
        1,
        b'p',
        0,
        id,
        length,
        3,
        0,
        length - 3,
    ];
    packet.extend(vec![b'y'; usize::from(length) - 3]);
    packet.extend(b"data");
    packet
}

/// All kinds of packets that a server may send on an open connection.
fn everything() -> Vec<u8> {
    let mut long = vec![0x32, 0x5b, 0, 1, b'm', 0, 8, 5, 0x02, 0, 0, 0, 9];
    long.extend([b'z'; 80]);
    [
        b"\x90\x0a\0\x03\x05\x1f\0\x02ok\x01\x87".to_vec(), // SUBACK 3
        b"\x31\x0a\0\x01t\x03\x23\0\x01old".to_vec(),       // retained, sets the alias 1
        b"\x32\x0a\0\0\0\x07\x03\x23\0\x01hi".to_vec(),     // QoS 1, by alias
        b"\xd0\0".to_vec(),
        reason(0x40, 1, 0x97),                               // refuses 1
        b"\x34\x0a\0\x01q\0\x09\0four".to_vec(),             // QoS 2
        b"\x50\x02\0\x02".to_vec(),                          // PUBREC 2
        b"\x3c\x0d\0\x01q\0\x09\x03\x23\0\x02four".to_vec(), // again, sets the alias 2
        reason(0x50, 6, 0x80),                               // refuses 6
        reason(0x50, 7, 0),                                  // PUBREC 7
        b"\x40\x03\0\x05\x10".to_vec(),                      // PUBACK 5
        reason(0x62, 9, 0),                                  // PUBREL 9
        b"\x62\x02\0\x63".to_vec(),                          // PUBREL of nothing
        long_header(10, 14),
        long_header(11, 45),
        b"\x34\x0b\0\x02no\0\x0c\0four".to_vec(), // is refused
        reason_before(0xb0, 4, &[0x11]),          // UNSUBACK 4
        reason(0x70, 2, 0),                       // PUBCOMP 2
        long,                                     // longer than either buffer
        b"\x70\x03\0\x07\x92".to_vec(),           // PUBCOMP 7, which is not known
        b"\x40\x02\0\x63\x50\x03\0\x63\x91\x70\x02\0\x63\x90\x04\0\x63\0\0".to_vec(), // strays
        reason_before(0x90, 0x63, &[0, 1, 2]),
        b"\x30\x06\0\0\x03\x23\0\x02".to_vec(),
    ]
    .concat()
}

#[test]
fn every_two_cuts_of_everything() {
    let (session, stream) = (everything_in_flight(), everything());
    let large = every_two_cuts::<64>(&session, &stream);
    let small = every_two_cuts::<24>(&session, &stream);
    let events: Vec<_> = large.events.iter().map(|(event, _)| &event[..]).collect();
    let text = "y".repeat(11);
    let longer = "y".repeat(42);
    assert_eq!(
        events,
        [
            r#"Subscribed { id: 3, codes: [1, 135], properties: [reason string "ok"] }"#,
            "t 3 None false [topic alias 1]",
            " 2 Some(7) false [topic alias 1]",
            "Refused { code: ReasonCode(151), id: 1, properties: [] }",
            "q 4 Some(9) false []",
            "Received { id: 2 }",
            r#"Repeated { topic: "q", properties: [topic alias 2] }"#,
            "Refused { code: ReasonCode(128), id: 6, properties: [] }",
            "Received { id: 7 }",
            "Acked { id: 5 }",
            &format!("p 4 Some(10) false [content type \"{text}\"]"),
            &format!("p 4 Some(11) false [content type \"{longer}\"]"),
            "no 4 Some(12) false []",
            "Unsubscribed { id: 4, codes: [17], properties: [] }",
            "Acked { id: 2 }",
            "m 80 Some(8) false [message expiry interval 9]",
            "Refused { code: ReasonCode(146), id: 7, properties: [] }",
            " 0 None false [topic alias 2]",
        ]
    );
    // Through the smaller one the same is sent; one header does not fit.
    assert_eq!(small.sent, large.sent);
    let differences = large.events.iter().zip(&small.events);
    let different: Vec<_> = differences
        .filter(|(a, b)| a != b)
        .map(|(_, b)| b)
        .collect();
    assert_eq!(
        different,
        [&("Skipped { len: 50 }".to_owned(), String::new())]
    );
}

/// A session with 1 to 4 in flight of QoS 1 and 2 in turn, of which 2 was received, when the
/// connection was lost. A connection is being opened.
fn resuming(keep: bool) -> Eight {
    let mut session = Eight::with_protocol();
    connecting(&mut session, true);
    let mut run = Run::<64>::of(&session);
    run.receive(ACCEPTED);
    for qos in [QoS::AtLeastOnce, QoS::ExactlyOnce].repeat(2) {
        let publish = Publish::to("r").qos(qos);
        run.session.publish(&publish, &mut run.tx).unwrap();
    }
    run.receive(b"\x50\x02\0\x02\x34\x06\0\x01t\0\x09\0");
    connecting(&mut run.session, keep);
    run.session
}

#[test]
fn every_two_cuts_of_a_resumption_with_a_smaller_window() {
    let stream = [
        b"\x20\x06\x01\0\x03\x21\0\x01".to_vec(),
        b"\x3c\x06\0\x01t\0\x09\0".to_vec(), // known
        reason(0x40, 1, 0),
        reason(0x70, 2, 0),
        b"\x40\x03\0\x03\x97\x62\x02\0\x09".to_vec(),
        reason(0x50, 4, 0x97),
        b"\x34\x0a\0\x01t\0\x0b\0four".to_vec(),
    ];
    let session = resuming(true);
    let large = every_two_cuts::<64>(&session, &stream.concat());
    let events: Vec<_> = large.events.iter().map(|(event, _)| &event[..]).collect();
    assert_eq!(
        events,
        [
            "Connected { session: Resumed, properties: [receive maximum 1] }",
            "Resend 1 AtLeastOnce",
            r#"Repeated { topic: "t", properties: [] }"#,
            "Acked { id: 1 }",
            "Acked { id: 2 }",
            "Resend 3 AtLeastOnce",
            "Refused { code: ReasonCode(151), id: 3, properties: [] }",
            "Resend 4 ExactlyOnce",
            "Refused { code: ReasonCode(151), id: 4, properties: [] }",
            "t 4 Some(11) false []",
        ]
    );
    assert_eq!(every_two_cuts::<24>(&session, &stream.concat()), large);
}

/// A new session, a refusal, DISCONNECT, and faults of each kind, behind something good.
#[test]
fn every_two_cuts_of_ends() {
    let mut long_disconnect = ACCEPTED.to_vec();
    long_disconnect.extend(b"\x32\x06\0\x01t\0\x02\0\xe0\x41\x8b\x3f\x1f\0\x3c");
    long_disconnect.extend([b'x'; 60]);
    let ends: &[&[u8]] = &[
        b"\x20\x03\0\0\0\x30\x06\0\x01t\0ok\x62\x02\0\x09",
        b"\x20\x0a\0\x87\x07\x1f\0\x04nope",
        b"\x20\x02\0\x01",
        b"\x20\x03\x02\0\0",
        b"\x20\x06\0\0\x03\x21\0\0",
        b"\x20\x08\0\0\x05\x12\0\x02id\xd0\0",
        b"\x30\x06\0\x01t\0ok",
        b"\xf0\x02\x18\0",
        b"\x20\x03\0\0\0\xe0\0",
        b"\x20\x03\0\0\0\xe0\x0b\x9d\x09\x1c\0\x06server",
        &long_disconnect,
        b"\x20\x03\0\0\0\x32\x07\0\x01t\0\x02\0!\x20\x03\0\0\0",
        b"\x20\x03\0\0\0\x32\x06\0\x01t\0\0\0",
        b"\x20\x03\0\0\0\x30\x80\x80\x80\x80\x01",
        b"\x20\x03\0\0\0\x32\x06\0\x01t\0\x07\0\x30\x84\0",
        b"\x20\x03\0\0\0\x30\x07\0\x01t\x03\x23\0\x03",
        b"\x20\x03\0\0\0\x30\x07\0\x01t\x03\x23\0\0",
        b"\x20\x03\0\0\0\x30\x06\0\x01t\x02\x25\0",
        b"\x20\x03\0\0\0\x30\x06\0\x01t\x80\0",
        b"\x20\x03\0\0\0\x30\x03\0\0\0",
        b"\x20\x03\0\0\0\x30\x13\0\x0cab#defghijkl\0hell",
        b"\x20\x03\0\0\0\x40\x03\0\x01\x18",
        b"\x20\x03\0\0\0\x90\x1c\0\x01\x18\x1f\0\x15012345678901234567890\x01",
        b"\x20\x03\0\0\0\xd0\x01\0",
        b"\x20\x03\0\0\0\x36\x06\0\x01t\0\x01\0",
        b"\x20\x03\0\0\0\xf0\x02\x18\0",
    ];
    for keep in [false, true] {
        let session = resuming(keep);
        for stream in ends {
            every_two_cuts::<24>(&session, stream);
            every_two_cuts::<64>(&session, stream);
        }
    }
}
