//! The core for C: the functions that `include/motemq.h` declares, over a
//! [`Session`](motemq::Session) in memory of the caller.
//!
//! Every function checks the pointers that it is given for null, and every length, number and text
//! that C cannot promise: text is checked to be UTF-8 when it crosses the border, by the core's own
//! check. What a pointer points to cannot be checked. The header says what it has to be, and the
//! reasons beside each `unsafe` block refer to it.
//!
//! The functions of MQTT 5 are symbols of their own, in libraries of their own: `motemq5.h` declares
//! them, and the feature `v5` builds them from the same sources. So programs of MQTT 3.1.1 are as
//! large as before.
#![cfg_attr(not(test), no_std)]

/// The name of a function in C.
#[cfg(not(feature = "v5"))]
macro_rules! name {
    ($name:literal) => {
        concat!("motemq_", $name)
    };
}

/// The name of a function in C.
#[cfg(feature = "v5")]
macro_rules! name {
    ($name:literal) => {
        concat!("motemq5_", $name)
    };
}

mod arguments;
mod client;
mod commands;
mod error;
mod events;
#[cfg(feature = "layout")]
mod layout;
#[cfg(not(feature = "sensor"))]
mod manual;
mod profile;
#[cfg(feature = "v5")]
mod properties;
#[cfg(not(any(feature = "clean", feature = "sensor")))]
mod resume;
#[cfg(not(feature = "sensor"))]
mod topic;
mod transport;

#[cfg(not(test))]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    #[cfg(feature = "strict")]
    reachable_panic();
    #[cfg(not(feature = "strict"))]
    loop {}
}

#[cfg(all(feature = "strict", not(test)))]
unsafe extern "C" {
    /// Nobody defines it, so that nothing links from which a panic can be reached.
    safe fn reachable_panic() -> !;
}
