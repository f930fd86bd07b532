//! The UART: a command a line comes in, what has happened goes out.
use crate::version::Extra;
use core::fmt::{self, Write};
use heapless::String;
use motemq_firmware::mps2::Board;
use smoltcp::time::{Duration, Instant};

/// What the host may ask for, by its first word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Command<'a> {
    /// `connect PORT CLIENT KEEP_ALIVE clean|keep`
    Connect(u16, &'a str, u16, bool),
    /// `subscribe FILTER QOS`
    Subscribe(&'a str, u8),
    /// `unsubscribe FILTER`
    Unsubscribe(&'a str),
    /// `publish TOPIC QOS PAYLOAD`
    Publish(&'a str, u8, &'a str),
    /// `stream TOPIC QOS LENGTH`
    Stream(&'a str, u8, u32),
    /// `disconnect`
    Disconnect,
    /// `exit STATUS`
    Exit(u32),
    /// A command that not every version of MQTT has.
    Extra(Extra<'a>),
}

impl<'a> Command<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let mut words = rest.splitn(if verb == "publish" { 3 } else { 4 }, ' ');
        let mut word = || words.next();
        Some(match verb {
            "connect" => Command::Connect(
                word()?.parse().ok()?,
                word()?,
                word()?.parse().ok()?,
                word()? == "clean",
            ),
            "subscribe" => Command::Subscribe(word()?, word()?.parse().ok()?),
            "unsubscribe" => Command::Unsubscribe(word()?),
            "publish" => Command::Publish(word()?, word()?.parse().ok()?, word()?),
            "stream" => Command::Stream(word()?, word()?.parse().ok()?, word()?.parse().ok()?),
            "disconnect" => Command::Disconnect,
            "exit" => Command::Exit(word()?.parse().ok()?),
            _ => Command::Extra(Extra::parse(verb, rest)?),
        })
    }
}

/// The UART and the clock.
pub struct Console {
    board: Board,
    line: String<128>,
    /// It is not carried out yet.
    is_whole: bool,
}

impl Console {
    pub const fn new(board: Board) -> Self {
        Console {
            board,
            line: String::new(),
            is_whole: false,
        }
    }

    pub fn now(&self) -> Instant {
        Instant::from_millis(self.board.now())
    }

    /// Sleeps for so long at most.
    pub fn sleep(&self, limit: Option<Duration>) {
        self.board
            .sleep(limit.map(|limit| limit.total_millis() as u32));
    }

    /// Tells the host something, in a line.
    pub fn tell(&mut self, what: fmt::Arguments<'_>) {
        // The UART has no errors.
        let _ = writeln!(self.board, "{what}");
    }

    /// Gives the next command to `carry_out`, again and again until it is done.
    pub fn command(&mut self, carry_out: impl FnOnce(Command<'_>, &mut Board) -> bool) -> bool {
        while !self.is_whole
            && let Some(byte) = self.board.receive()
        {
            if byte == b'\n' {
                self.is_whole = true;
            } else if self.line.push(byte.into()).is_err() {
                self.line.clear();
            }
        }
        if !self.is_whole {
            return false;
        }
        let done = match Command::parse(&self.line) {
            Some(command) => carry_out(command, &mut self.board),
            None => {
                let _ = writeln!(self.board, "error what is `{}`?", self.line);
                true
            }
        };
        if done {
            self.line.clear();
            self.is_whole = false;
        }
        done
    }
}
