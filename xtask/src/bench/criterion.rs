//! Running criterion, and reading what it found.
use super::Figure;
use crate::programs::read;
use serde_json::Value;
use std::{fs, io, path::Path, process::Command};

/// Runs a bench once; times in nanoseconds per packet, medians.
///
/// # Errors
/// It cannot be built, does not run, or leaves no results.
pub fn run(mut bench: Command, results: &Path, quick: bool) -> Result<Vec<Figure>, String> {
    if results.exists() {
        fs::remove_dir_all(results)
            .map_err(|error| format!("cannot write to {}: {error}", results.display()))?;
    }
    let (warm_up, measure) = if quick {
        ("0.05", "0.1")
    } else {
        ("0.1", "0.3")
    };
    bench.args([
        "--",
        "--noplot",
        "--quiet",
        "--warm-up-time",
        warm_up,
        "--measurement-time",
        measure,
    ]);
    bench
        .args(["--sample-size", "20", "--nresamples", "1000"])
        .env("CRITERION_HOME", results);
    read(bench)?;
    let figures = collect(results)
        .map_err(|error| format!("cannot read the results in {}: {error}", results.display()))?;
    if figures.is_empty() {
        Err(format!("no results in {}", results.display()))
    } else {
        Ok(figures)
    }
}

/// A directory for each group, and in it one for each function.
fn collect(results: &Path) -> io::Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for group in fs::read_dir(results)? {
        for function in fs::read_dir(group?.path())? {
            let new = function?.path().join("new");
            if new.exists() {
                let text = |name| fs::read_to_string(new.join(name));
                figures.extend(figure(&text("benchmark.json")?, &text("estimates.json")?));
            }
        }
    }
    Ok(figures)
}

fn figure(benchmark: &str, estimates: &str) -> Option<Figure> {
    let benchmark: Value = serde_json::from_str(benchmark).ok()?;
    let estimates: Value = serde_json::from_str(estimates).ok()?;
    let packets = benchmark["throughput"]["Elements"].as_f64()?;
    Some(Figure {
        work: benchmark["group_id"].as_str()?.into(),
        who: benchmark["function_id"].as_str()?.into(),
        value: estimates["median"]["point_estimate"].as_f64()? / packets,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn criterion_is_understood() {
        let benchmark = r#"{"group_id":"decode/puback","function_id":"motemq packet","throughput":{"Elements":500}}"#;
        let estimates = r#"{"mean":{"point_estimate":9.0},"median":{"confidence_interval":{},"point_estimate":1500.0}}"#;
        let expected = Figure {
            work: "decode/puback".into(),
            who: "motemq packet".into(),
            value: 3.0,
        };
        assert_eq!(figure(benchmark, estimates), Some(expected));
        assert_eq!(figure("{}", estimates), None);
    }
}
