//! A client on a Cortex-M0 without a network of its own: its UART is a pipe to the broker, as of a
//! modem.
//!
//! It subscribes to `to/microbit`, gives back to `from/microbit` what it hears there, and leaves
//! when it hears `quit`.
#![no_std]
#![no_main]
use core::fmt;
use cortex_m_rt::entry;
use motemq::{Buffer, Connect, Event, Fault, Filter, Publish, QoS, SendError, Session, Slot};
use motemq_firmware::{
    Status,
    microbit::Board,
    semihosting::{exit, print},
};

/// Bytes that an answer takes at most.
const ANSWER: usize = 96;

#[entry]
fn main() -> ! {
    let Some(board) = Board::take() else {
        exit(Status::Failure as u32)
    };
    match run(&board) {
        Ok(()) => exit(Status::Success as u32),
        Err(error) => {
            print(format_args!("{error}\n"));
            exit(Status::Failure as u32)
        }
    }
}

fn run(board: &Board) -> Result<(), Failure> {
    let mut session = Session::<[Slot; 8]>::new();
    let mut rx = Buffer::<[u8; 128]>::new();
    let mut tx = Buffer::<[u8; 128]>::new();
    session.connect(&Connect::new("microbit").keep_alive(30), &mut rx, &mut tx)?;
    loop {
        while tx.room() >= ANSWER
            && let Some(event) = session.next_event(&mut rx, &mut tx)?
        {
            match event {
                Event::Connected { .. } => {
                    session.subscribe(&[Filter::new("to/microbit", QoS::ExactlyOnce)], &mut tx)?;
                }
                Event::Message(m) if m.payload == b"quit" => session.disconnect(&mut tx)?,
                Event::Message(m) => {
                    session.publish(
                        &Publish::to("from/microbit").payload(m.payload).qos(m.qos()),
                        &mut tx,
                    )?;
                }
                _ => {}
            }
        }
        let nap = session.tick(board.now(), &mut tx)?;
        for &byte in tx.bytes() {
            board.write(byte);
        }
        tx.clear();
        if session.is_closed() {
            return Ok(());
        }
        let read = board.read(rx.space());
        rx.commit(read);
        if read == 0 {
            board.sleep(nap);
        }
    }
}

/// What went wrong.
enum Failure {
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
