//! Dialogues of MQTT 5: what it has besides MQTT 3.1.1, with packets in and packets out.
//!
//! Everything that is received is received twice: at once, and by a copy of the dialogue byte by
//! byte. Both must emit the same events and send the same bytes. Events are compared as text.
mod acks;
mod aliases;
mod auth;
mod connect;
mod cuts;
mod dialogue;
mod disconnect;
mod flow;
mod judge;
mod lengths;
mod limits;
mod long;
mod manual;
mod profiles;
mod properties;
mod publish;
mod sessions;
mod subscribe;

use dialogue::*;
use motemq::*;

/// The size of a session: that of MQTT 3.1.1, and 20 bytes. A host counts the messages in flight.
#[test]
fn sizes() {
    let count = if cfg!(feature = "fast") { 4 } else { 0 };
    assert_eq!(size_of::<Session<[Slot; 8]>>(), 72 + count);
    assert_eq!(size_of::<Session<[Slot; 8], Mqtt5>>(), 92 + count);
}
