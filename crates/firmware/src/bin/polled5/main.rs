//! The client of `microbit` over `embedded-nal`, with MQTT 5.
#![no_std]
#![no_main]
#[path = "../microbit/echo.rs"]
mod echo;
#[path = "../polled/link.rs"]
mod link;
#[path = "../microbit/start.rs"]
mod start;

use link::run;

/// The version of MQTT.
type Version = motemq::Mqtt5;
