//! A client on a Cortex-M0 without a network of its own: its UART is a pipe to the broker, as of a
//! modem.
//!
//! It subscribes to `to/microbit`, gives back to `from/microbit` what it hears there, and leaves
//! when it hears `quit`.
#![no_std]
#![no_main]
mod echo;
mod pipe;
mod start;

use pipe::run;

/// The version of MQTT.
type Version = motemq::Mqtt311;
