//! Long payloads, which nobody has to remember: a byte follows from its place, and a checksum
//! stands for all of them.

/// The byte at this place of a streamed payload.
pub const fn byte_at(place: u32) -> u8 {
    (place.wrapping_mul(0x9e37_79b1) >> 24) as u8
}

/// FNV-1a, in pieces.
#[derive(Clone, Copy, Debug)]
pub struct Checksum(pub u32);

impl Checksum {
    pub const fn new() -> Self {
        Checksum(0x811c_9dc5)
    }

    pub fn add(&mut self, data: &[u8]) {
        for &byte in data {
            self.0 = (self.0 ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        }
    }
}
