//! Dialogues of MQTT 3.1.1: literal bytes in, events and literal bytes out.
#[path = "../script/mod.rs"]
mod script;

mod acceptance;
mod disguise;
mod errors;
mod events;
mod growth;
mod identifiers;
mod manual_acks;
mod manual_acks_connection;
mod manual_acks_full;
mod offset;
mod profiles;
mod resumption;
mod sessions;
mod slot_states;
mod snapshot;
mod split;
mod strays;
mod streams;
mod time;
