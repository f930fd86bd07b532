//! The client of `microbit` over `embedded-io-async`.
#![no_std]
#![no_main]
#[path = "../microbit/echo.rs"]
mod echo;
#[path = "../microbit/start.rs"]
mod start;

mod task;

use task::run;

/// The version of MQTT.
type Version = motemq::Mqtt311;
