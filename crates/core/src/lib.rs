#![doc = include_str!("README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![deny(
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable
)]

mod buffer;
mod clock;
mod command;
mod error;
mod event;
mod manual;
pub mod packet;
mod receive;
mod send;
mod session;
mod snapshot;
pub mod topic;
mod wire;

pub use buffer::{Buffer, Out, Output};
pub use command::{Connect, Filter, Publish, QoS};
pub use error::{Fault, ReturnCode, SendError};
pub use event::{Event, Known, Message};
pub use manual::{Manual, Owed, Token};
pub use session::{PacketId, Session, Slot};
pub use snapshot::SnapshotError;
pub use topic::Topic;
