//! What the functions return: `motemq_error`.
use core::ffi::c_int;
use motemq::{Fault, PacketId, SendError};

/// Success without a number to return.
pub const OK: c_int = 0;
/// An argument is not what its type promises.
pub const ARGUMENT: c_int = -6;
/// Fault 2 of the core, and the others behind it.
pub const FAULT: c_int = -14;
/// The broker refused the connection: this minus its return code.
pub const REFUSED: c_int = -256;

/// The number of a command that was not carried out.
pub const fn failure(error: SendError) -> c_int {
    -(error.number() as c_int)
}

/// The result of a command that returns nothing.
pub fn done(result: Result<(), SendError>) -> c_int {
    result.map_or_else(failure, |()| OK)
}

/// The result of a command that returns an identifier, 0 for none.
pub fn sent(result: Result<Option<PacketId>, SendError>) -> c_int {
    result.map_or_else(failure, |id| id.map_or(0, |id| id.get().into()))
}

/// The number of a fault.
pub const fn ended(fault: Fault) -> c_int {
    match fault {
        Fault::Refused(code) => REFUSED - code.get() as c_int,
        fault => FAULT - fault.number() as c_int,
    }
}
