//! Vectored writes.
use motemq_client::WriteBuf;
use std::io::IoSlice;

/// The most pieces that are written at once: eight messages.
const MOST: usize = 16;

/// Returns the pieces of what is to be written next, and their number.
pub fn slices(buffer: &WriteBuf) -> ([IoSlice<'_>; MOST], usize) {
    let mut slices = [IoSlice::new(&[]); MOST];
    let mut count = 0;
    for (slice, chunk) in slices.iter_mut().zip(buffer.chunks()) {
        *slice = IoSlice::new(chunk);
        count += 1;
    }
    (slices, count)
}
