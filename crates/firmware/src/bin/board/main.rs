//! A client on a Cortex-M4 with Ethernet, which does what it is told over the UART and tells there
//! what happens: see `console.rs`.
//!
//! Buffers of 256 bytes, 8 slots, no heap; the processor sleeps whenever there is nothing to do.
#![no_std]
#![no_main]
mod client;
mod console;
mod copies;
mod device;
mod payload;
mod version;
