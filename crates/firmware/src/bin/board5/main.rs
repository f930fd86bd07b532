//! The client of `board` with MQTT 5.
#![no_std]
#![no_main]
#[path = "../board/client.rs"]
mod client;
#[path = "../board/console.rs"]
mod console;
#[path = "../board/copies.rs"]
mod copies;
#[path = "../board/device.rs"]
mod device;
#[path = "../board/payload.rs"]
mod payload;
mod version;
