//! Properties of all inputs: topics, text, lengths and the codec, each against a model of its own.
#[path = "properties/codec.rs"]
mod codec;
#[path = "properties/topics.rs"]
mod topics;

use proptest::prelude::*;

/// The number of random inputs, which differ each time.
fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Prints the number of inputs, for the documentation.
fn tried(what: &str, count: usize) {
    println!("{what}: {count} tried");
}

/// The model of section 2.2.3.
fn put_length(packet: &mut Vec<u8>, mut length: usize) {
    loop {
        let digit = (length % 128) as u8;
        length /= 128;
        packet.push(if length > 0 { digit | 128 } else { digit });
        if length == 0 {
            return;
        }
    }
}
