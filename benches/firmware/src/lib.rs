//! The programs whose size is the claim.
//!
//! Each exports one function with the C calling convention for each entry point that it names; the
//! linker drops everything that these do not reach. Nothing can fold away: arguments come from
//! outside, topics and QoS at run time, and every field of an event is stored through a pointer. So
//! what links is what a firmware that uses all of it links, and a little glue.
#![no_std]
#![allow(improper_ctypes_definitions)]

#[cfg(feature = "codec")]
mod codec;
#[cfg(feature = "custom")]
mod custom;
#[cfg(feature = "engine")]
mod engine;
#[cfg(feature = "full")]
mod full;
#[cfg(feature = "everything")]
mod layers;
#[cfg(feature = "publisher")]
mod publisher;
#[cfg(all(feature = "strict", feature = "everything"))]
mod rest;
#[cfg(feature = "sample")]
mod sample;
mod sizes;
#[cfg(feature = "subscriber")]
mod subscriber;
#[cfg(all(
    feature = "v5",
    any(feature = "engine", feature = "sample", feature = "full")
))]
mod v5;

/// The session of one firmware, which speaks what it needs.
#[cfg(not(feature = "codec"))]
type Session = motemq::Session<[motemq::Slot; 8], Version>;

/// Its version of MQTT, and the type of the properties that it sends.
#[cfg(not(any(feature = "codec", feature = "v5")))]
type Version = motemq::Mqtt311<Profile>;
#[cfg(all(feature = "v5", not(any(feature = "codec", feature = "either"))))]
type Version = motemq::Mqtt5<Profile>;
#[cfg(feature = "either")]
type Version = motemq::Either<Profile>;
#[cfg(all(
    not(feature = "v5"),
    any(feature = "engine", feature = "sample", feature = "full")
))]
type List<'p> = ();
#[cfg(all(
    feature = "v5",
    any(feature = "engine", feature = "sample", feature = "full")
))]
type List<'p> = &'p [motemq::Property<'p>];

/// Its profile: everything, unless a feature names another one.
#[cfg(not(any(feature = "codec", feature = "clean", feature = "custom")))]
type Profile = motemq::Full;
#[cfg(feature = "clean")]
type Profile = motemq::Clean;
#[cfg(feature = "custom")]
type Profile = custom::Custom;

/// Its buffers.
#[cfg(not(any(feature = "engine", feature = "sample", feature = "codec")))]
type Rx = motemq::Buffer<[u8; 256]>;
#[cfg(not(any(feature = "engine", feature = "sample", feature = "codec")))]
type Tx = motemq::Buffer<[u8; 128]>;

/// Where an event is stored.
#[cfg(not(any(feature = "everything", feature = "codec")))]
type Told<'r> = core::mem::MaybeUninit<Result<Option<Event<'r>>, motemq::Fault>>;
#[cfg(not(feature = "codec"))]
type Event<'r> = motemq::Event<'r, <Version as motemq::Protocol>::Properties<'r>>;

/// Exported functions, each of which calls one method.
macro_rules! entries {
    ($($name:ident($($argument:ident: $type:ty),*) $(-> $result:ty)? = $call:expr;)*) => {
        $(#[unsafe(no_mangle)] pub extern "C" fn $name($($argument: $type),*) $(-> $result)? { $call })*
    };
}
use entries;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    #[cfg(feature = "strict")]
    reachable_panic();
    #[cfg(not(feature = "strict"))]
    loop {}
}

#[cfg(feature = "strict")]
unsafe extern "C" {
    /// Nobody defines it, so that nothing links from which a panic can be reached.
    safe fn reachable_panic() -> !;
}
