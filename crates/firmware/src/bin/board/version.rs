//! The parts of the client that differ with the version of MQTT. Those of MQTT 3.1.1 are empty.
use crate::{client::Mine, console::Console, copies::Copies};
use motemq::{Buffer, Event, Message, Mqtt311, PacketId, SendError};

/// The version of MQTT.
pub type Version = Mqtt311;

/// Commands that only this version has: none.
pub type Extra<'a> = Never;

/// A value that does not exist.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Never {}

impl Never {
    /// Reads a command.
    pub fn parse(_verb: &str, _rest: &str) -> Option<Self> {
        None
    }

    /// Gives the session a command.
    pub fn carry_out(
        self,
        _session: &mut Mine,
        _tx: &mut Buffer,
    ) -> Result<Option<PacketId>, SendError> {
        match self {}
    }
}

/// Tells the properties of a message, of which there are none.
pub fn tell_properties(_message: &Message<'_>, _session: &mut Mine, _console: &mut Console) {}

/// Tells an event of another version, which this session does not speak.
pub fn tell(_event: &Event<'_>, _copies: &mut Copies, _console: &mut Console) {}
