//! Measures the turns of `motemq-nal` as `measure` does the calls of the core.
#![no_std]
#![no_main]
#![allow(improper_ctypes_definitions)]
mod calls;
#[path = "../measure/gauge.rs"]
mod gauge;

use cortex_m_rt::entry;
use motemq_firmware::{Status, semihosting};

/// The version of MQTT.
type Version = motemq::Mqtt311;

#[entry]
fn main() -> ! {
    let Some(gauge) = gauge::Gauge::take() else {
        semihosting::exit(Status::Failure as u32)
    };
    calls::measure(&gauge, b"\x20\x02\0\0");
    semihosting::exit(Status::Success as u32)
}
