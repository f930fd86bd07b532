//! What the tests of the adapters run against: an in-process broker, a real mosquitto, faulty
//! links, a ledger of messages. **Not for production**: bring mosquitto, HiveMQ, EMQX or AWS IoT.
pub mod adapter_tests;
pub mod aedes;
pub mod broker;
#[cfg(feature = "certificates")]
pub mod certificates;
pub mod codec;
pub mod daemon;
pub mod forward_proxy;
#[cfg(feature = "web")]
pub mod hostile;
pub mod judge;
pub mod ledger;
pub mod line;
pub mod link;
#[cfg(feature = "certificates")]
pub mod listeners;
pub mod mosquitto;
pub mod nginx;
pub mod packets;
pub mod process;
pub mod protocol;
pub mod proxy;
pub mod script;
pub mod server;
#[cfg(feature = "web")]
pub mod web;
