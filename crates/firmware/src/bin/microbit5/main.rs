//! The client of `microbit` with MQTT 5.
#![no_std]
#![no_main]
#[path = "../microbit/echo.rs"]
mod echo;
#[path = "../microbit/pipe.rs"]
mod pipe;
#[path = "../microbit/start.rs"]
mod start;

use pipe::run;

/// The version of MQTT.
type Version = motemq::Mqtt5;
