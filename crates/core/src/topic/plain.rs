//! Shortcuts for hosts: text that is ASCII, sixteen bytes at a time or eight.
//!
//! Text that they decline is checked byte by byte.
use super::is_wildcard;

/// Returns whether all of `s` is ASCII without U+0000, `#` and `+`. It also declines a few texts
/// for which that holds.
// As a function of its own it takes a few instructions for each 16 bytes.
#[inline(never)]
pub(super) const fn is_plain(s: &[u8]) -> bool {
    if let Some(tail) = s.last_chunk() {
        let mut rest = s;
        while let Some((block, after)) = rest.split_first_chunk() {
            if has_odd(block) {
                return false;
            }
            rest = after;
        }
        return !has_odd(tail);
    }
    if let (Some(tail), Some(head)) = (s.last_chunk(), s.first_chunk()) {
        return is_plain_word(head) && is_plain_word(tail);
    }
    if let (Some(&[a, b, c, d]), Some(&[e, f, g, h])) = (s.first_chunk(), s.last_chunk()) {
        return is_plain_word(&[a, b, c, d, e, f, g, h]);
    }
    let mut rest = s;
    while let [byte, after @ ..] = rest {
        if is_odd(*byte) {
            return false;
        }
        rest = after;
    }
    true
}

/// Copies text to memory of the same length and checks it on the way. Returns `None` if it has more
/// than 32 bytes, or a byte that is not ASCII or is U+0000.
#[inline(always)]
pub(crate) fn copy_short_text(s: &[u8], to: &mut [u8]) -> Option<()> {
    let is_text = |found: u64| found & all(0x80) == 0;
    if let Some((head, tail)) = ends::<16>(s) {
        let found = head.iter().zip(&tail).fold(false, |found, (&a, &b)| {
            found | (a as i8 <= 0) | (b as i8 <= 0)
        });
        (s.len() <= 32 && !found).then_some(())?;
        copy_ends(head, tail, to)
    } else if let Some((head, tail)) = ends::<8>(s) {
        let (one, other) = (u64::from_ne_bytes(head), u64::from_ne_bytes(tail));
        is_text(with_zeros(one) | with_zeros(other)).then_some(())?;
        copy_ends(head, tail, to)
    } else if let Some((head, tail)) = ends::<4>(s) {
        let four = |bytes| u64::from(u32::from_ne_bytes(bytes));
        is_text(with_zeros(four(head) << 32 | four(tail))).then_some(())?;
        copy_ends(head, tail, to)
    } else {
        for (to, &byte) in to.iter_mut().zip(s) {
            (byte as i8 > 0).then_some(())?;
            *to = byte;
        }
        Some(())
    }
}

/// Returns whether a byte is not ASCII, U+0000 or a wildcard.
#[inline(always)]
const fn is_odd(byte: u8) -> bool {
    (byte as i8 <= 0) | is_wildcard(byte)
}

/// Returns whether [`is_odd`] holds for a byte of a block. It has no branches, so that the sixteen
/// bytes become one vector.
#[inline(always)]
const fn has_odd(block: &[u8; 16]) -> bool {
    let mut found = false;
    let mut rest = block.as_slice();
    while let [byte, after @ ..] = rest {
        found |= is_odd(*byte);
        rest = after;
    }
    found
}

/// Returns whether eight bytes are what [`is_plain`] asks for.
#[inline(always)]
const fn is_plain_word(bytes: &[u8; 8]) -> bool {
    let word = u64::from_ne_bytes(*bytes);
    let odd = with_zeros(word) | ((word & all(!8)) ^ all(b'#')).wrapping_sub(all(1));
    odd & all(0x80) == 0
}

/// Returns a word of eight equal bytes.
#[inline(always)]
const fn all(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// Returns the word with a high bit that is set also if a byte is 0.
#[inline(always)]
const fn with_zeros(word: u64) -> u64 {
    // If the high bits are 0, subtracting 1 sets the high bit of a byte that is 0. A borrow may set
    // further high bits, but only if one is set already.
    word | word.wrapping_sub(all(1))
}

/// Returns whether all of `filter` is ASCII without U+0000, with each wildcard in its place.
// As a function of its own, for the same reason as `is_plain`.
#[inline(never)]
pub(super) fn is_plain_filter(filter: &[u8]) -> bool {
    check_plain_filter::<false>(filter, &mut []).is_some()
}

/// Copies a filter to memory of the same length and checks it on the way. Returns `None` for a
/// filter that [`is_plain_filter`] declines.
#[inline(always)]
pub(crate) fn copy_plain_filter(filter: &[u8], to: &mut [u8]) -> Option<()> {
    check_plain_filter::<true>(filter, to)
}

/// Checks each byte of a filter together with the byte before it, sixteen pairs at a time. A filter
/// that does not fill sixteen pairs is checked by its two ends, which overlap.
#[inline(always)]
fn check_plain_filter<const COPY: bool>(filter: &[u8], to: &mut [u8]) -> Option<()> {
    let (&first, bytes) = filter.split_first()?;
    let before = filter.get(..bytes.len())?;
    if first as i8 <= 0 {
        return None;
    }
    let mut found = [0; 16];
    if let (Some(last), Some(byte)) = (ends::<16>(before), ends::<16>(bytes)) {
        found = find_misplaced(found, (&last.0, &byte.0));
        found = find_misplaced(found, (&last.1, &byte.1));
        if COPY {
            copy_ends(last.0, byte.1, to)?;
        }
        if filter.len() > 32 {
            let (before, bytes) = (before.as_chunks().0, bytes.as_chunks().0);
            found = before.iter().zip(bytes).fold(found, find_misplaced);
            if COPY {
                to.get_mut(..filter.len())?.copy_from_slice(filter);
            }
        }
    } else if let (Some(last), Some(byte)) = (ends::<8>(before), ends::<8>(bytes)) {
        let join = |(head, tail)| both(u64::from_ne_bytes(head), u64::from_ne_bytes(tail));
        found = find_misplaced(found, (&join(last), &join(byte)));
        if COPY {
            copy_ends(last.0, byte.1, to)?;
        }
    } else if let (Some(last), Some(byte)) = (ends::<4>(before), ends::<4>(bytes)) {
        let join = |(head, tail)| {
            let four = |bytes| u64::from(u32::from_ne_bytes(bytes));
            let word = four(head) << 32 | four(tail);
            both(word, word)
        };
        found = find_misplaced(found, (&join(last), &join(byte)));
        if COPY {
            copy_ends(last.0, byte.1, to)?;
        }
    } else if let (Some(last), Some(byte)) = (ends::<2>(before), ends::<2>(bytes)) {
        let join = |(head, tail)| {
            let two = |bytes| u64::from(u16::from_ne_bytes(bytes));
            let word = two(head) << 16 | two(tail);
            both(word << 32 | word, word << 32 | word)
        };
        found = find_misplaced(found, (&join(last), &join(byte)));
        if COPY {
            copy_ends(last.0, byte.1, to)?;
        }
    } else {
        if let &[byte] = bytes
            && is_misplaced(first, byte)
        {
            return None;
        }
        if COPY {
            to.iter_mut().zip(filter).for_each(|(to, &byte)| *to = byte);
        }
    }
    (found == [0; 16]).then_some(())
}

/// Returns the first `N` bytes and the last `N` bytes, if there are as many.
#[inline(always)]
fn ends<const N: usize>(bytes: &[u8]) -> Option<([u8; N], [u8; N])> {
    match (bytes.first_chunk(), bytes.last_chunk()) {
        (Some(head), Some(tail)) => Some((*head, *tail)),
        _ => None,
    }
}

/// Writes the two ends of what has at most twice their length.
#[inline(always)]
fn copy_ends<const N: usize>(head: [u8; N], tail: [u8; N], to: &mut [u8]) -> Option<()> {
    *to.first_chunk_mut()? = head;
    *to.last_chunk_mut()? = tail;
    Some(())
}

/// Returns two words as sixteen bytes; their order does not matter here.
#[inline(always)]
fn both(one: u64, other: u64) -> [u8; 16] {
    (u128::from(one) << 64 | u128::from(other)).to_ne_bytes()
}

/// Marks in `found` the pairs of bytes for which [`is_misplaced`] holds.
#[inline(always)]
fn find_misplaced(mut found: [u8; 16], (last, byte): (&[u8; 16], &[u8; 16])) -> [u8; 16] {
    for ((found, &last), &byte) in found.iter_mut().zip(last).zip(byte) {
        *found |= if is_misplaced(last, byte) { 0xff } else { 0 };
    }
    found
}

/// Returns whether `byte`, which follows `last` in a filter, is U+0000 or not ASCII, or
/// [`is_out_of_place`](super::is_out_of_place) holds. It has no branches, so that sixteen pairs
/// become one instruction each.
#[inline(always)]
fn is_misplaced(last: u8, byte: u8) -> bool {
    (byte as i8 <= 0)
        | (last == b'#')
        | ((last == b'+') & (byte != b'/'))
        | (is_wildcard(byte) & (last != b'/'))
}
