//! The core for C: the functions that `include/motemq.h` declares, over a
//! [`Session`](motemq::Session) in memory of the caller.
//!
//! Every function checks the pointers that it is given for null, and every length, number and text
//! that C cannot promise: text is checked to be UTF-8 when it crosses the border, by the core's own
//! check. What a pointer points to cannot be checked. The header says what it has to be, and the
//! reasons beside each `unsafe` block refer to it.
//!
//! The functions of MQTT 5 will be symbols of their own, so that a program that speaks one version
//! links one.
#![cfg_attr(not(test), no_std)]

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
