//! The client: it gives back what it hears.
use crate::Version;
use core::fmt;
use motemq::{Buffer, Connect, Event, Fault, Filter, Publish, QoS, SendError, Session, Slot};

/// Bytes that an answer takes at most.
const ANSWER: usize = 96;

/// A session and its buffers.
pub struct Echo {
    pub session: Session<[Slot; 8], Version>,
    pub rx: Buffer<[u8; 128]>,
    pub tx: Buffer<[u8; 128]>,
}

impl Echo {
    /// Makes a client without a connection.
    pub const fn new() -> Self {
        Echo {
            session: Session::with_protocol(),
            rx: Buffer::new(),
            tx: Buffer::new(),
        }
    }

    /// Begins a connection.
    pub fn connect(&mut self) -> Result<(), Failure> {
        let connect = Connect::new("microbit").keep_alive(30);
        self.session.connect(&connect, &mut self.rx, &mut self.tx)?;
        Ok(())
    }

    /// Handles all events.
    pub fn events(&mut self) -> Result<(), Failure> {
        let Echo { session, rx, tx } = self;
        while tx.room() >= ANSWER
            && let Some(event) = session.next_event(rx, tx)?
        {
            match event {
                Event::Connected { .. } => {
                    session.subscribe(&[Filter::new("to/microbit", QoS::ExactlyOnce)], tx)?;
                }
                Event::Message(m) if m.payload == b"quit" => session.disconnect(tx)?,
                Event::Message(m) => {
                    session.publish(
                        &Publish::to("from/microbit").payload(m.payload).qos(m.qos()),
                        tx,
                    )?;
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// The reason for which the program failed.
pub enum Failure {
    Send(SendError),
    Fault(Fault),
}

impl From<SendError> for Failure {
    fn from(error: SendError) -> Self {
        Failure::Send(error)
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Failure::Fault(fault)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Send(error) => error.fmt(f),
            Failure::Fault(fault) => fault.fmt(f),
        }
    }
}
