//! A hash of 64 bits that is the same on every machine, so that it can be stored.

/// Odd numbers with about as many ones as zeros.
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
const START: u64 = 0xe703_7ed1_a0b4_28db;

/// Returns the hash of several texts, each of which ends before the next one begins.
pub(crate) fn hash(texts: &[&[u8]]) -> u64 {
    let mut sum = START;
    for text in texts {
        let (words, rest) = text.as_chunks::<8>();
        for word in words {
            sum = mix(sum, u64::from_le_bytes(*word));
        }
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        sum = mix(sum, u64::from_le_bytes(last));
        sum = mix(sum, text.len() as u64);
    }
    sum
}

/// Multiplies, and folds the upper half of the product into the lower one, so that every bit can
/// change every other.
#[inline]
fn mix(sum: u64, word: u64) -> u64 {
    let product = u128::from(sum ^ word) * u128::from(MULTIPLIER);
    (product as u64 ^ (product >> 64) as u64).rotate_left(32) ^ START
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;

    #[test]
    fn every_bit_and_every_border_counts() {
        let mut hashes = BTreeSet::new();
        let text = [0x5a; 40];
        for length in 0..text.len() {
            hashes.insert(hash(&[&text[..length]]));
            hashes.insert(hash(&[&text[..length], &text[length..]]));
            for bit in 0..length * 8 {
                let mut changed = text;
                changed[bit / 8] ^= 1 << (bit % 8);
                hashes.insert(hash(&[&changed[..length]]));
            }
        }
        assert_eq!(
            hashes.len(),
            40 + 40 + (0..40).map(|n| n * 8).sum::<usize>()
        );
    }

    /// Stored images contain hashes, so they must never change.
    #[test]
    fn the_hash_is_the_same_everywhere() {
        assert_eq!(hash(&[]), START);
        assert_eq!(hash(&[b"cellar/door", b"open"]), 0x4516_7eaa_42c6_f50b);
    }
}
