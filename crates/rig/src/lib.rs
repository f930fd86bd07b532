//! What the tests of the adapters run against: an in-process broker, a real mosquitto, faulty links. **Not for production**: bring
//! mosquitto, HiveMQ, EMQX or AWS IoT.
pub mod broker;
pub mod mosquitto;
pub mod server;
