//! A publisher and a subscriber over links that are cut at random places: the adapter tests' scenario at
//! length.
use super::record::Figures;
use crate::programs::{cargo, lines};
use motemq_testing::adapter_tests::losses::{MESSAGES, SEEDS};

/// Messages with each seed.
const EACH: u64 = 100_000;

/// Runs so many seeds, and tells of each as it ends.
///
/// # Errors
/// A message was lost, doubled or out of order; the last line says with which seed.
pub fn run(seeds: u64) -> Result<Figures, String> {
    let words = [
        "test",
        "--quiet",
        "--release",
        "--package",
        "motemq-tokio",
        "--test",
        "adapter",
        "nothing_is_lost_or_doubled",
    ];
    let mut command = cargo(
        words
            .iter()
            .chain(&["--", "--nocapture", "--test-threads", "1"]),
    );
    command
        .env(SEEDS, seeds.to_string())
        .env(MESSAGES, EACH.to_string());
    let (mut done, mut cuts) = (0, 0);
    lines(command, |line| {
        if let Some(cut) = seed(line) {
            println!("{line}");
            done += 1;
            cuts += cut;
        }
    })?;
    if done != seeds {
        return Err(format!("{done} of {seeds} seeds were run"));
    }
    Ok([
        ("seeds", seeds),
        ("messages", seeds * EACH),
        ("cuts", cuts),
        ("lost, duplicated or out of order", 0),
    ]
    .into_iter()
    .map(|(name, figure)| (name.to_owned(), figure.into()))
    .collect())
}

/// How often the links were cut, if a line tells of a seed.
fn seed(line: &str) -> Option<u64> {
    let (_, told) = line.split_once("seed ")?;
    let (cuts, _) = told.split_once(" messages, ")?.1.split_once(" cuts")?;
    cuts.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::seed;

    #[test]
    fn what_a_seed_tells_is_read() {
        assert_eq!(
            seed("seed 99: 100000 messages, 180 cuts: nothing lost, nothing doubled"),
            Some(180)
        );
        assert_eq!(seed("test nothing_is_lost_or_doubled ... ok"), None);
    }
}
