//! The client of `microbit` over `embedded-io-async`, with MQTT 5.
#![no_std]
#![no_main]
#[path = "../microbit/echo.rs"]
mod echo;
#[path = "../microbit/start.rs"]
mod start;

#[path = "../awaited/task.rs"]
mod task;

use task::run;

/// The version of MQTT.
type Version = motemq::Mqtt5;
