//! What tests count: how many states they explored, how many inputs they tried.
use super::record::Figures;
use crate::programs::{cargo, read};

/// Runs a test and takes the figures that it prints, lines such as `all texts of two bytes: 65536
/// tried`.
///
/// # Errors
/// The test failed, or printed none.
pub fn of(package: &str, test: &str) -> Result<Figures, String> {
    let words = [
        "test",
        "--quiet",
        "--package",
        package,
        "--test",
        test,
        "--",
        "--nocapture",
        "--test-threads",
        "1",
    ];
    let said = read(cargo(words))?;
    let figures: Figures = said
        .lines()
        .filter_map(figure)
        .map(|(what, number)| (what.to_owned(), number.into()))
        .collect();
    if figures.is_empty() {
        Err(format!("`{test}` has counted nothing"))
    } else {
        Ok(figures)
    }
}

/// Before it may stand what the test program prints about tests.
fn figure(line: &str) -> Option<(&str, u64)> {
    let (what, number) = line.rsplit_once(": ")?;
    let number = number
        .strip_suffix(" states")
        .or(number.strip_suffix(" tried"))?;
    Some((what.trim_start_matches(['.', ' ']), number.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::figure;

    #[test]
    fn lines_of_tests_are_read() {
        assert_eq!(
            figure(".three messages in: 15115 states"),
            Some(("three messages in", 15115))
        );
        assert_eq!(figure("a, b: 7 tried"), Some(("a, b", 7)));
        assert_eq!(figure("test result: ok. 7 passed"), None);
    }
}
