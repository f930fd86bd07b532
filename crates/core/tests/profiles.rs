//! Profiles: a session refuses the parts of the protocol that its profile leaves out, and everything
//! else is unchanged.
use motemq::{
    Buffer, Clean, Connect, Event, Fault, Filter, Mqtt311, Profile, Publish, QoS, SendError,
    Sensor, Session, SessionState, Slot,
};

struct Dialogue<P: Profile, const N: usize = 4> {
    session: Session<[Slot; N], Mqtt311<P>>,
    rx: Buffer<[u8; 32]>,
    tx: Buffer<[u8; 128]>,
}

impl<P: Profile> Dialogue<P> {
    fn new() -> Self {
        Dialogue {
            session: Session::with_protocol(),
            rx: Buffer::new(),
            tx: Buffer::new(),
        }
    }

    fn open() -> Self {
        let mut d = Self::new();
        d.session
            .connect(&Connect::new("c"), &mut d.rx, &mut d.tx)
            .unwrap();
        d.receives(
            b"\x20\x02\0\0",
            &["Ok(Connected { session: New, properties: () })"],
        );
        d.tx.clear();
        d
    }

    /// These bytes arrive, and exactly these events are emitted.
    fn receives(&mut self, mut bytes: &[u8], expected: &[&str]) {
        let mut emitted = vec![];
        loop {
            let space = self.rx.space();
            let n = space.len().min(bytes.len());
            space[..n].copy_from_slice(&bytes[..n]);
            self.rx.commit(n);
            bytes = &bytes[n..];
            match self.session.next_event(&mut self.rx, &mut self.tx) {
                Ok(Some(event)) => emitted.push(format!("{:?}", Ok::<Event<'_>, Fault>(event))),
                Ok(None) if n == 0 => break,
                Ok(None) => {}
                Err(fault) => {
                    emitted.push(format!("{:?}", Err::<(), Fault>(fault)));
                    break;
                }
            }
        }
        assert_eq!(emitted, expected);
    }

    fn sends(&mut self, bytes: &[u8]) {
        assert_eq!(self.tx.bytes(), bytes);
        self.tx.clear();
    }

    fn publish(&mut self, qos: QoS) -> Result<Option<u16>, SendError> {
        self.session
            .publish(&Publish::to("t").qos(qos), &mut self.tx)
            .map(|id| id.map(|id| id.get()))
    }
}

#[test]
fn a_sensor_publishes_keeps_alive_and_disconnects() {
    let mut d = Dialogue::<Sensor>::open();
    assert_eq!(d.publish(QoS::AtMostOnce), Ok(None));
    d.sends(b"\x30\x03\0\x01t");
    assert_eq!(d.session.tick(0, &mut d.tx), Ok(Some(45_000)));
    assert_eq!(d.session.tick(45_000, &mut d.tx), Ok(Some(10_000)));
    d.sends(b"\xc0\0");
    d.receives(b"\xd0\0", &[]);
    assert_eq!(d.session.tick(60_000, &mut d.tx), Ok(Some(30_000)));
    d.session.disconnect(&mut d.tx).unwrap();
    d.sends(b"\xe0\0");
    assert!(d.session.is_closed());
}

#[test]
fn a_sensor_refuses_the_rest() {
    for qos in [QoS::AtLeastOnce, QoS::ExactlyOnce] {
        assert_eq!(
            Dialogue::<Sensor>::open().publish(qos),
            Err(SendError::Invalid)
        );
    }
    let mut d = Dialogue::<Sensor>::open();
    assert_eq!(
        d.session.publish(&Publish::to("t").remaining(1), &mut d.tx),
        Err(SendError::Invalid)
    );
    assert_eq!(
        d.session.publish(&Publish::to("t/+"), &mut d.tx),
        Err(SendError::Invalid)
    );
    d.sends(b"");
    let kept = d
        .session
        .connect(&Connect::new("c").keep_session(), &mut d.rx, &mut d.tx);
    assert_eq!(kept, Err(SendError::Invalid));
    for packet in [
        &b"\x30\x03\0\x01t"[..],
        b"\x32\x05\0\x01t\0\x01",
        b"\x40\x02\0\x01",
        b"\x50\x02\0\x01",
        b"\x62\x02\0\x01",
        b"\x90\x03\0\x01\0",
    ] {
        Dialogue::<Sensor>::open().receives(packet, &["Err(Unexpected)"]);
    }
    let mut d = Dialogue::<Sensor>::new();
    d.session
        .connect(&Connect::new("c"), &mut d.rx, &mut d.tx)
        .unwrap();
    d.receives(b"\x20\x02\x01\0", &["Err(Unexpected)"]);
}

/// Everything in flight has ended with the connection; no event is emitted, and all slots are free.
#[test]
fn clean_sessions_end_with_the_connection() {
    let mut d = Dialogue::<Clean>::open();
    for id in 1..=4 {
        assert_eq!(d.publish(QoS::ExactlyOnce), Ok(Some(id)));
    }
    assert_eq!(d.publish(QoS::AtLeastOnce), Err(SendError::Busy));
    d.receives(
        b"\x34\x05\0\x01t\0\x07",
        &["Ok(Message(Message { topic: \"t\", payload: [], remaining: 0, properties: (), id: 7, first_byte: 52 }))"],
    );
    d.session.on_connection_lost();
    d.tx.clear();
    d.session
        .connect(&Connect::new("c"), &mut d.rx, &mut d.tx)
        .unwrap();
    d.receives(
        b"\x20\x02\0\0",
        &[&format!(
            "{:?}",
            Ok::<_, Fault>(Event::Connected {
                session: SessionState::New,
                properties: ()
            })
        )],
    );
    d.tx.clear();
    assert_eq!(d.session.oldest_in_flight(), None);
    assert_eq!(d.publish(QoS::ExactlyOnce), Ok(Some(1)));
    d.sends(b"\x34\x05\0\x01t\0\x01");
    d.receives(
        b"\x50\x02\0\x01\x70\x02\0\x01",
        &["Ok(Received { id: 1 })", "Ok(Acked { id: 1 })"],
    );
    d.sends(b"\x62\x02\0\x01");
}

macro_rules! profile {
    ($name:ident { $($item:item)* }) => {
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        struct $name;
        impl Profile for $name { $($item)* }
    };
}

profile!(Once { const MAX_QOS: QoS = QoS::AtLeastOnce; });
profile!(Whole { const STREAMS_IN: bool = false; });
profile!(Short { const SKIPS: bool = false; });
profile!(Trusting { const VALIDATES: bool = false; });

#[test]
fn a_profile_without_qos_2() {
    let mut d = Dialogue::<Once>::open();
    assert_eq!(d.publish(QoS::ExactlyOnce), Err(SendError::Invalid));
    assert_eq!(
        d.session
            .subscribe(&[Filter::new("t", QoS::ExactlyOnce)], &mut d.tx),
        Err(SendError::Invalid)
    );
    d.sends(b"");
    assert_eq!(d.publish(QoS::AtLeastOnce), Ok(Some(1)));
    d.receives(b"\x40\x02\0\x01", &["Ok(Acked { id: 1 })"]);
    d.tx.clear();
    d.receives(
        b"\x32\x05\0\x01t\0\x07",
        &["Ok(Message(Message { topic: \"t\", payload: [], remaining: 0, properties: (), id: 7, first_byte: 50 }))"],
    );
    d.sends(b"\x40\x02\0\x07");
    d.receives(b"\x34\x05\0\x01t\0\x07", &["Err(Unexpected)"]);
}

/// A packet longer than `rx` is a fault at once; the session does not wait for its bytes.
#[test]
fn a_profile_without_pieces() {
    let long = [b"\x30\x28\0\x01t", &[b'.'; 37][..]].concat();
    Dialogue::<Whole>::open().receives(&long, &["Err(PacketTooLarge)"]);
    Dialogue::<Whole>::open().receives(&long[..5], &["Err(PacketTooLarge)"]);
    let mut d = Dialogue::<Whole>::open();
    let fits = [b"\x30\x1e\0\x01t", &[b'.'; 27][..]].concat();
    for n in 0..fits.len() {
        d.receives(&fits[..n], &[]);
        d.rx.clear();
    }
    d.receives(
        &fits,
        &[&format!(
            "Ok(Message(Message {{ topic: \"t\", payload: {:?}, remaining: 0, properties: (), id: 1, first_byte: 48 }}))",
            [b'.'; 27]
        )],
    );
}

#[test]
fn a_profile_that_does_not_skip() {
    let topic = [b"\x30\x28\0\x26", &[b't'; 38][..]].concat();
    Dialogue::<Short>::open().receives(&topic, &["Err(PacketTooLarge)"]);
    let payload = [b"\x30\x28\0\x01t", &[b'.'; 37][..]].concat();
    let mut d = Dialogue::<Short>::open();
    let message = format!(
        "Ok(Message(Message {{ topic: \"t\", payload: {:?}, remaining: 10, properties: (), id: 1, first_byte: 48 }}))",
        [b'.'; 27]
    );
    d.receives(
        &payload,
        &[
            &message,
            &format!("Ok(Payload {{ remaining: 0, data: {:?} }})", [b'.'; 10]),
        ],
    );
}

#[test]
fn a_profile_that_trusts_the_broker() {
    let mut d = Dialogue::<Trusting>::open();
    d.receives(
        b"\x30\x03\0\x01\xff",
        &["Ok(Message(Message { topic: \"\", payload: [], remaining: 0, properties: (), id: 1, first_byte: 48 }))"],
    );
    assert_eq!(
        d.session.publish(&Publish::to("t/#"), &mut d.tx),
        Err(SendError::Invalid)
    );
    assert_eq!(
        d.session
            .subscribe(&[Filter::new("t#", QoS::AtMostOnce)], &mut d.tx),
        Err(SendError::Invalid)
    );
}

profile!(Careful { const DELIVERS_REPEATED: bool = true; });

/// A QoS 2 message under an identifier that PUBREL has not released yet is delivered and marked;
/// PUBREC answers both. Without the part it is discarded: see the conformance tests of 4.3.3.
#[test]
fn a_profile_that_delivers_repeated_messages() {
    let mut d = Dialogue::<Careful>::open();
    let mut seen = vec![];
    for bytes in [
        &b"\x34\x06\0\x01t\0\x07a"[..],
        b"\x34\x06\0\x01t\0\x07b",
        b"\x3c\x28\0\x01t\0\x07................................xyz",
        b"\x62\x02\0\x07\x34\x06\0\x01t\0\x07c",
    ] {
        let mut rest = bytes;
        while !rest.is_empty() {
            let space = d.rx.space();
            let n = space.len().min(rest.len());
            space[..n].copy_from_slice(&rest[..n]);
            d.rx.commit(n);
            rest = &rest[n..];
            while let Some(event) = d.session.next_event(&mut d.rx, &mut d.tx).unwrap() {
                if let Event::Message(m) = event {
                    seen.push((
                        m.payload[0],
                        m.is_repeated(),
                        m.dup(),
                        m.qos(),
                        m.id().unwrap().get(),
                    ));
                }
            }
        }
    }
    let twice = QoS::ExactlyOnce;
    assert_eq!(
        seen,
        [
            (b'a', false, false, twice, 7),
            (b'b', true, false, twice, 7),
            (b'.', true, true, twice, 7),
            (b'c', false, false, twice, 7)
        ]
    );
    d.sends(b"\x50\x02\0\x07\x50\x02\0\x07\x50\x02\0\x07\x70\x02\0\x07\x50\x02\0\x07");
}
