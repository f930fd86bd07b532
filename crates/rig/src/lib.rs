//! What the tests of the adapters run against: an in-process broker, a real mosquitto, faulty links. Not for production.
pub mod mosquitto;
