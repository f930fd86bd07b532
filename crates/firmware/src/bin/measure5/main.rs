//! Measures the core's calls with MQTT 5 as `measure` does those with MQTT 3.1.1.
#![no_std]
#![no_main]
#![allow(improper_ctypes_definitions)]
mod calls;
#[path = "../../../../../benches/firmware/src/full.rs"]
#[allow(unsafe_code)]
mod full;
#[path = "../measure/gauge.rs"]
mod gauge;
#[path = "../measure/node.rs"]
mod node;
#[path = "../../../../../benches/firmware/src/v5.rs"]
#[allow(unsafe_code)]
mod v5;

use cortex_m_rt::entry;
use motemq_firmware::{Status, semihosting};

/// What the entry points take, as in `benches/firmware`.
type Session = motemq::Session<[motemq::Slot; 8], motemq::Mqtt5>;
type Rx = motemq::Buffer<[u8; 256]>;
type Tx = motemq::Buffer<[u8; 128]>;
type List<'p> = &'p [motemq::Property<'p>];
type Event<'r> = motemq::Event<'r, motemq::Properties<'r>>;
type Told<'r> = core::mem::MaybeUninit<Result<Option<Event<'r>>, motemq::Fault>>;

/// As in `benches/firmware`.
macro_rules! entries {
    ($($name:ident($($argument:ident: $type:ty),*) $(-> $result:ty)? = $call:expr;)*) => {
        $(#[unsafe(no_mangle)] pub extern "C" fn $name($($argument: $type),*) $(-> $result)? { $call })*
    };
}
use entries;

#[entry]
fn main() -> ! {
    let Some(gauge) = gauge::Gauge::take() else {
        semihosting::exit(Status::Failure as u32)
    };
    calls::measure(&gauge);
    semihosting::exit(Status::Success as u32)
}
