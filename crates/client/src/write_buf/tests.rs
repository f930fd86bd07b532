//! Tests of the write buffer.
extern crate std;
use super::*;
use alloc::format;
use core::hash::{BuildHasher, BuildHasherDefault};
use motemq::Output;
use std::hash::DefaultHasher;

impl WriteBuf {
    /// Adds bytes.
    pub(crate) fn fill(&mut self, n: usize) {
        assert!(self.reserve(n));
        self.end += n;
    }
}

#[test]
fn a_buffer_grows_up_to_its_limit() {
    let mut buffer = WriteBuf::new();
    buffer.fill(10);
    assert!(buffer.mem.len() < 1000);
    assert!(!buffer.reserve(LIMIT));
    assert!(buffer.reserve(LIMIT - 10));
    assert!(buffer.reserve_reply(LIMIT) && !buffer.reserve_reply(LIMIT + RESERVE));
}

#[test]
fn bytes_that_were_handed_over_are_not_written_yet() {
    let (mut buffer, mut other) = (WriteBuf::new(), WriteBuf::new());
    buffer.fill(10);
    buffer.pass(&mut other);
    assert_eq!((buffer.is_empty(), other.bytes().len()), (true, 10));
    assert!(buffer.reserve(16));
    buffer
        .out()
        .lend(|out| assert!(!format!("{out:?}").contains("taken: 0")));
    other.consume(10);
    buffer.pass(&mut other);
    assert_eq!(buffer.end, 0);
    buffer.shrink();
    assert_eq!(buffer.mem.capacity(), 0);
}

/// Returns the lengths of the pieces, and all bytes, which are consumed `n` at a time.
fn drain(mut buffer: WriteBuf, n: usize) -> (Vec<usize>, Vec<u8>) {
    let lengths = buffer.chunks().map(<[u8]>::len).collect();
    let mut all = Vec::new();
    while !buffer.is_empty() {
        let len = buffer.len();
        let chunks: Vec<u8> = buffer.chunks().flatten().copied().collect();
        assert!(!chunks.is_empty() && chunks.len() <= AT_ONCE + 100);
        let n = n.min(chunks.len());
        all.extend_from_slice(&chunks[..n]);
        buffer.consume(n);
        assert_eq!(buffer.len(), len - n);
    }
    assert!(buffer.is_contiguous() && buffer.bytes().is_empty());
    (lengths, all)
}

#[test]
fn payloads_stand_where_they_were_appended() {
    let mut buffer = WriteBuf::new();
    let payload = |value| Bytes::from(vec![value; 1000]);
    buffer.append(payload(1));
    buffer.fill(10);
    buffer.append(payload(2));
    buffer.append(Bytes::new());
    buffer.fill(20);
    buffer.append(payload(3));
    buffer.append(payload(4));
    buffer.fill(30);
    let mut expected = Vec::new();
    for (header, value) in [(0, 1), (10, 2), (20, 3), (0, 4), (30, 0)] {
        expected.extend(vec![0; header]);
        expected.extend(vec![value; if value == 0 { 0 } else { 1000 }]);
    }
    assert_eq!(buffer.len(), expected.len());
    for n in [1, 7, 1010, 1011, usize::MAX] {
        let (lengths, all) = drain(buffer.clone(), n);
        assert_eq!(lengths, [1000, 10, 1000, 20, 1000, 1000, 30]);
        assert!(all == expected, "{n}");
    }
    // What is left of a buffer that is partly consumed is handed over.
    buffer.consume(1005);
    let mut other = WriteBuf::new();
    buffer.pass(&mut other);
    assert!(buffer.is_empty() && drain(other, 100).1 == expected[1005..]);
}

#[test]
fn a_long_payload_is_written_in_parts_and_bars_others() {
    let mut buffer = WriteBuf::new();
    assert!(buffer.may_append(100 * AT_ONCE));
    buffer.fill(10);
    let payload = Bytes::from(vec![7; 2 * AT_ONCE + 100]);
    buffer.append(payload.clone());
    assert!(!buffer.may_append(1));
    buffer.fill(5);
    let parts = |buffer: &WriteBuf| buffer.chunks().map(<[u8]>::len).collect::<Vec<_>>();
    assert_eq!(parts(&buffer), [10, AT_ONCE - 10]);
    buffer.consume(12);
    assert_eq!(parts(&buffer), [AT_ONCE]);
    assert_eq!(buffer.bytes().len(), AT_ONCE);
    buffer.consume(2 * AT_ONCE);
    buffer.shrink();
    assert_eq!(parts(&buffer), [98, 5]);
    assert!(buffer.may_append(AT_ONCE - 98) && !buffer.may_append(AT_ONCE - 97));
    buffer.consume(98);
    // The memory is not needed any more.
    assert!(payload.is_unique() && buffer.bytes().len() == 5);
}

#[test]
fn more_than_there_is_cannot_be_consumed() {
    let mut buffer = WriteBuf::new();
    buffer.fill(10);
    buffer.consume(4);
    assert_eq!(buffer.len(), 6);
    buffer.consume(usize::MAX);
    assert!(buffer.is_empty() && buffer.bytes().is_empty());
    buffer.fill(10);
    buffer.append(vec![0; 100].into());
    buffer.fill(10);
    buffer.consume(usize::MAX);
    assert!(buffer.is_empty() && buffer.chunks().next().is_none());
}

/// A buffer that fills slowly is moved a few times, and never takes more than it may.
#[test]
fn memory_grows_by_doubling() {
    let mut buffer = WriteBuf::new();
    let mut sizes = alloc::collections::BTreeSet::new();
    while buffer.reserve_reply(16) {
        buffer.end += 16;
        sizes.insert(buffer.mem.len());
    }
    assert_eq!(sizes.first(), Some(&FIRST));
    assert_eq!(sizes.last(), Some(&(LIMIT + RESERVE)));
    assert!(sizes.len() <= 11, "{sizes:?}");
}

#[test]
fn a_buffer_shows_its_length_and_hashes_its_bytes() {
    let hash = |buffer: &WriteBuf| BuildHasherDefault::<DefaultHasher>::default().hash_one(buffer);
    let [mut buffer, mut other] = [(); 2].map(|()| {
        let mut buffer = WriteBuf::new();
        buffer.fill(10);
        buffer
    });
    let text = format!("{buffer:?}");
    assert!(text.contains("10") && !text.contains('['), "{text}");
    // How much memory there is makes no difference.
    assert!(other.reserve(1000));
    assert_eq!(hash(&other), hash(&buffer));
    buffer.mem[3] = 7;
    assert_ne!(hash(&other), hash(&buffer));
    other.mem[3] = 7;
    assert_eq!(hash(&other), hash(&buffer));
    other.append(vec![0; 9].into());
    assert_ne!(hash(&other), hash(&buffer));
}
