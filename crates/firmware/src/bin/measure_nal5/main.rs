//! Measures the turns of `motemq-nal` with MQTT 5.
#![no_std]
#![no_main]
#![allow(improper_ctypes_definitions)]
#[path = "../measure_nal/calls.rs"]
mod calls;
#[path = "../measure/gauge.rs"]
mod gauge;

use cortex_m_rt::entry;
use motemq_firmware::{Status, semihosting};

/// The version of MQTT.
type Version = motemq::Mqtt5;

#[entry]
fn main() -> ! {
    let Some(gauge) = gauge::Gauge::take() else {
        semihosting::exit(Status::Failure as u32)
    };
    calls::measure(&gauge, b"\x20\x03\0\0\0");
    semihosting::exit(Status::Success as u32)
}
