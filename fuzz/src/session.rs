//! A session against itself: where bytes are cut makes no difference.
use motemq::{
    Buffer, Connect, Event, Fault, Filter, Mqtt5, Mqtt311, PacketId, Protocol, Publish, QoS,
    SendError, Session, SessionState, Slot,
};
use std::fmt::Debug;

/// Takes any bytes for what brokers say over two connections, and cuts them anywhere.
///
/// The first byte says how: its lowest bit whether the session is kept, the next two how large the
/// buffer is. The second is the length of the first piece, the third that of the second, and so on
/// round and round up to a piece of length 0, which the broker's bytes follow. The pair `ff ff`
/// ends the first connection.
///
/// However the bytes are cut, the same is told once the pieces of payloads are joined, the same is
/// answered, and the same remembered. What fits into the buffer is told in one piece.
pub fn session(data: &[u8]) {
    session_of::<Mqtt311>(data);
}

/// The same with MQTT 5.
pub fn session5(data: &[u8]) {
    session_of::<Mqtt5>(data);
}

fn session_of<P: Protocol>(data: &[u8]) {
    let Some((&how, data)) = data.split_first() else {
        return;
    };
    let end = data
        .iter()
        .position(|&length| length == 0)
        .unwrap_or(data.len());
    let (cuts, heard) = (&data[..end], data.get(end + 1..).unwrap_or_default());
    match how >> 1 & 3 {
        0 => compare::<16, P>(how, cuts, heard),
        1 => compare::<24, P>(how, cuts, heard),
        2 => compare::<64, P>(how, cuts, heard),
        _ => compare::<1024, P>(how, cuts, heard),
    }
}

fn compare<const N: usize, P: Protocol>(how: u8, cuts: &[u8], heard: &[u8]) {
    let connections = match heard.windows(2).position(|pair| pair == [0xff, 0xff]) {
        Some(at) => [&heard[..at], &heard[at + 2..]],
        None => [heard, &[]],
    };
    let whole = Run::<N, P>::of(how & 1 != 0, &[], connections);
    let pieces = Run::<N, P>::of(how & 1 != 0, cuts, connections);
    assert_eq!(whole.told, pieces.told);
    assert_eq!(whole.said, pieces.said);
    assert_eq!(whole.image(), pieces.image());
}

/// What a session told, without borrowing.
#[derive(PartialEq, Debug)]
enum Told {
    Connected(SessionState, String),
    Message {
        topic: String,
        properties: String,
        id: Option<PacketId>,
        qos: QoS,
        retain: bool,
        dup: bool,
        payload: Vec<u8>,
        left: u32,
    },
    Skipped(u32),
    Received(PacketId),
    Acked(PacketId),
    Subscribed(PacketId, Vec<u8>, String),
    Resend(PacketId, QoS),
    Unknown(PacketId),
    /// What only MQTT 5 has.
    Other(String),
    Fault(Fault),
}

const SLOTS: usize = 3;

struct Run<const N: usize, P: Protocol> {
    session: Session<[Slot; SLOTS], P>,
    rx: Buffer<[u8; N]>,
    tx: Buffer<[u8; 64]>,
    told: Vec<Told>,
    said: Vec<u8>,
}

impl<const N: usize, P: Protocol> Run<N, P> {
    /// Uncut if there are no `cuts`.
    fn of(keep: bool, cuts: &[u8], connections: [&[u8]; 2]) -> Self {
        let mut run = Run {
            session: Session::with_protocol(),
            rx: Buffer::new(),
            tx: Buffer::new(),
            told: Vec::new(),
            said: Vec::new(),
        };
        let mut lengths = cuts.iter().copied().cycle().map(usize::from);
        for mut heard in connections {
            run.connect(keep);
            while !run.session.is_closed() && !heard.is_empty() {
                let space = run.rx.space();
                // A full buffer with nothing to be told would be a standstill.
                assert!(!space.is_empty());
                let n = lengths
                    .next()
                    .unwrap_or(usize::MAX)
                    .min(space.len())
                    .min(heard.len());
                space[..n].copy_from_slice(&heard[..n]);
                run.rx.commit(n);
                heard = &heard[n..];
                run.turn();
            }
            run.session.on_connection_lost();
        }
        run
    }

    fn connect(&mut self, keep: bool) {
        let connect = Connect::new("fuzz");
        let connect = if keep {
            connect.keep_session()
        } else {
            connect
        };
        self.session
            .connect(&connect, &mut self.rx, &mut self.tx)
            .unwrap();
        self.flush();
    }

    fn flush(&mut self) {
        self.said.extend_from_slice(self.tx.bytes());
        self.tx.clear();
    }

    /// Takes events until there is none though all is written out.
    fn turn(&mut self) {
        loop {
            match self
                .session
                .next_event(&mut self.rx, &mut self.tx)
                .map(|event| event.map(told))
            {
                Ok(Some(Heard::Event(told))) => {
                    self.answer(&told);
                    self.told.push(told);
                }
                Ok(Some(Heard::More(data, left))) => self.join(&data, left),
                Ok(None) if self.tx.is_empty() => return,
                Ok(None) => self.flush(),
                Err(fault) => {
                    self.drop_reason();
                    self.told.push(Told::Fault(fault));
                }
            }
        }
    }

    /// Drops the DISCONNECT with the reason for a fault: whether there was room for it depends on
    /// when bytes were written out.
    fn drop_reason(&mut self) {
        let bytes = self.tx.bytes();
        let without = match bytes {
            [before @ .., 0xe0, 1, _] => before,
            all => all,
        };
        self.said.extend_from_slice(without);
        self.tx.clear();
    }

    /// What the application does about it.
    fn answer(&mut self, told: &Told) {
        let (a, b) = (
            Publish::to("a").payload(b"1").qos(QoS::AtLeastOnce),
            Publish::to("b").payload(b"2").qos(QoS::ExactlyOnce),
        );
        match told {
            Told::Connected(..) => {
                for publish in [a, b] {
                    self.command(|session, tx| session.publish(&publish, tx).map(drop));
                }
                self.command(|session, tx| {
                    session
                        .subscribe(&[Filter::new("#", QoS::ExactlyOnce)], tx)
                        .map(drop)
                });
            }
            Told::Resend(id, QoS::AtLeastOnce) => {
                self.command(|session, tx| session.republish(*id, &a, tx))
            }
            // Once again, and not a second time.
            Told::Resend(id, _) if id.get() % 2 == 0 => {
                self.command(|session, tx| session.republish(*id, &b, tx))
            }
            Told::Resend(id, _) => self.command(|session, tx| session.abandon(*id, tx)),
            // The memory is free again.
            Told::Acked(_) => self.command(|session, tx| session.publish(&b, tx).map(drop)),
            Told::Message {
                topic,
                qos,
                payload,
                left,
                ..
            } if *left > 0 && size_of::<P::Properties<'static>>() == 0 => {
                let rest = 2
                    + topic.len()
                    + if *qos == QoS::AtMostOnce { 0 } else { 2 }
                    + payload.len()
                    + *left as usize;
                // A packet that fits into the buffer arrives whole.
                assert!(2 + rest > N || (rest > 127 && 3 + rest > N), "{told:?}");
            }
            _ => {}
        }
    }

    /// `Full` is no answer here, since it depends on when bytes were written out.
    fn command(
        &mut self,
        mut command: impl FnMut(&mut Session<[Slot], P>, &mut Buffer) -> Result<(), SendError>,
    ) {
        if command(&mut self.session, &mut self.tx) == Err(SendError::Full) {
            self.flush();
            assert_ne!(
                command(&mut self.session, &mut self.tx),
                Err(SendError::Full)
            );
        }
    }

    /// Joins a piece of a payload with those before it.
    fn join(&mut self, data: &[u8], remaining: u32) {
        let Some(Told::Message { payload, left, .. }) = self.told.last_mut() else {
            panic!("a piece of no message")
        };
        assert!(!data.is_empty());
        assert_eq!(*left as usize, data.len() + remaining as usize);
        payload.extend_from_slice(data);
        *left = remaining;
    }

    /// What a restart would find.
    fn image(&self) -> Vec<u8> {
        let mut image = vec![0; Session::<[Slot; SLOTS], P>::IMAGE];
        self.session.save(&mut image).unwrap();
        image
    }
}

enum Heard {
    Event(Told),
    More(Vec<u8>, u32),
}

fn told<T: Debug>(event: Event<'_, T>) -> Heard {
    Heard::Event(match event {
        Event::Connected {
            session,
            properties,
        } => Told::Connected(session, format!("{properties:?}")),
        Event::Message(m) => Told::Message {
            topic: m.topic.to_string(),
            properties: format!("{:?}", m.properties),
            id: m.id(),
            qos: m.qos(),
            retain: m.retain(),
            dup: m.dup(),
            payload: m.payload.to_vec(),
            left: m.remaining,
        },
        Event::Payload { data, remaining } => return Heard::More(data.to_vec(), remaining),
        Event::Skipped { len } => Told::Skipped(len),
        Event::Received { id } => Told::Received(id),
        Event::Acked { id } => Told::Acked(id),
        Event::Subscribed {
            id,
            codes,
            properties,
        } => Told::Subscribed(id, codes.to_vec(), format!("{properties:?}")),
        Event::Resend { id, qos } => Told::Resend(id, qos),
        Event::OutcomeUnknown { id } => Told::Unknown(id),
        other => {
            // MQTT 3.1.1 has no others.
            assert!(size_of::<T>() > 0, "{other:?}");
            Told::Other(format!("{other:?}"))
        }
    })
}
