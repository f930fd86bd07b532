//! A real mosquitto broker for tests, where there is one.
