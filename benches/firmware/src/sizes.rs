//! Sizes of types on the target, read from the lengths of these, which are not linked into a
//! program.
use motemq::{Buffer, Mqtt5, Session, Slot};

macro_rules! sizes {
    ($($name:ident = $size:expr;)*) => { $(#[unsafe(no_mangle)] pub static $name: [u8; $size] = [0; $size];)* };
}

sizes! {
    SIZE_SLOT = size_of::<Slot>();
    SIZE_SESSION_0 = size_of::<Session<[Slot; 8]>>() - 8 * size_of::<Slot>();
    SIZE_SESSION_8 = size_of::<Session<[Slot; 8]>>();
    SIZE_SESSION_5 = size_of::<Session<[Slot; 8], Mqtt5>>();
    SIZE_BUFFER = size_of::<Buffer<[u8; 16]>>() - 16;
}
