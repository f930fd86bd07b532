//! The client of `microbit` over `embedded-nal`.
#![no_std]
#![no_main]
#[path = "../microbit/echo.rs"]
mod echo;
mod link;
#[path = "../microbit/start.rs"]
mod start;

use link::run;

/// The version of MQTT.
type Version = motemq::Mqtt311;
