//! Matching topics against filters.
use crate::Work;
use std::hint::black_box;

/// Filters and topics, and whether they match; none begins with `$`, about which two of the others
/// are wrong.
pub const PAIRS: [(&str, &str, bool); 8] = [
    (
        "plant/7/line/2/temperature",
        "plant/7/line/2/temperature",
        true,
    ),
    (
        "plant/7/line/2/temperature",
        "plant/7/line/2/pressure",
        false,
    ),
    (
        "plant/+/line/+/temperature",
        "plant/7/line/2/temperature",
        true,
    ),
    (
        "plant/+/line/+/temperature",
        "plant/7/hall/2/temperature",
        false,
    ),
    ("plant/7/#", "plant/7/line/2/temperature", true),
    ("plant/8/#", "plant/7/line/2/temperature", false),
    ("#", "plant/7/line/2/temperature", true),
    ("+/+/+/+/+/+", "plant/7/line/2/temperature", false),
];

/// All pairs, often.
pub struct Matching<F>(pub F);

impl<F: Fn(&str, &str) -> bool> Matching<F> {
    /// The answers are right.
    pub fn verify(&self) {
        for (filter, topic, matches) in PAIRS {
            assert_eq!((self.0)(filter, topic), matches, "{topic} against {filter}");
        }
    }
}

impl<F: Fn(&str, &str) -> bool> Work for Matching<F> {
    fn reset(&mut self) {}

    fn run(&mut self) -> usize {
        const TIMES: usize = 50;
        for _ in 0..TIMES {
            for (filter, topic, _) in PAIRS {
                black_box((self.0)(black_box(filter), black_box(topic)));
            }
        }
        TIMES * PAIRS.len()
    }
}
