//! `cargo xtask conformance`: each statement of the standard, the test for it, and its result.
use crate::{
    pages,
    programs::{cargo, workspace},
};
use clap::Args;
use std::{collections::BTreeMap, fmt::Write, fs};

/// What `cargo xtask conformance` takes.
#[derive(Args, Default)]
pub struct Options {
    /// Writes `docs/conformance.md`.
    #[arg(long)]
    write: bool,
}

const PITFALLS: &str = include_str!("conformance/pitfalls.tsv");

/// How many statements there are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Count {
    pub all: u64,
    /// Bind a client or its codec.
    pub bound: u64,
    /// Have a test.
    pub tested: u64,
    pub elsewhere: u64,
    /// The test of which failed.
    pub failed: u64,
}

/// Runs the tests of the statements, and compares with the page.
///
/// # Errors
/// A test failed; the page says otherwise.
pub fn run(options: &Options) -> Result<Count, String> {
    let output = cargo([
        "test",
        "--package",
        "motemq",
        "--test",
        "conformance",
        "--no-fail-fast",
    ])
    .output();
    let output = output.map_err(|error| format!("cannot start the tests: {error}"))?;
    let results = results(&String::from_utf8_lossy(&output.stdout));
    if results.is_empty() {
        return Err(format!(
            "the tests did not run:\n{}",
            String::from_utf8_lossy(&output.stderr)
        ));
    }
    let read = |name: &str| {
        fs::read_to_string(workspace().join(name))
            .map_err(|error| format!("cannot read {name}: {error}"))
    };
    let statements = read("crates/core/tests/mqtt311-normative.tsv")?;
    let elsewhere = reasons(&read("crates/core/tests/conformance.rs")?);
    let (page, count) = page(&statements, &results, &elsewhere);
    pages::keep(
        "conformance.md",
        &page,
        options.write,
        "cargo xtask conformance --write",
    )?;
    println!(
        "{}",
        page.lines()
            .find(|line| line.starts_with("Of "))
            .unwrap_or_default()
    );
    if count.failed == 0 && output.status.success() {
        Ok(count)
    } else {
        Err(format!("{} statements are not kept", count.failed))
    }
}

/// Names of tests, without their modules, and whether they passed.
fn results(output: &str) -> BTreeMap<String, bool> {
    let tests = output
        .lines()
        .filter_map(|line| line.strip_prefix("test ")?.split_once(" ... "));
    tests
        .map(|(name, result)| {
            (
                name.rsplit("::").next().unwrap_or(name).to_owned(),
                result == "ok",
            )
        })
        .collect()
}

/// Statements that are decided elsewhere, and why: pairs of texts, however they are laid out.
fn reasons(source: &str) -> BTreeMap<String, String> {
    let pieces: Vec<_> = source.split('"').collect();
    pieces
        .windows(4)
        .filter(|pieces| {
            pieces[0].trim_end().ends_with('(')
                && pieces[1].starts_with("MQTT-")
                && pieces[2].trim() == ","
        })
        .map(|pieces| (pieces[1].to_owned(), pieces[3].to_owned()))
        .collect()
}

fn page(
    statements: &str,
    results: &BTreeMap<String, bool>,
    elsewhere: &BTreeMap<String, String>,
) -> (String, Count) {
    let (mut table, mut count) = (
        String::new(),
        Count {
            elsewhere: elsewhere.len() as u64,
            ..Count::default()
        },
    );
    for line in statements.lines().skip(1) {
        let mut columns = line.split('\t');
        let (Some(id), Some(role), _, Some(summary)) = (
            columns.next(),
            columns.next(),
            columns.next(),
            columns.next(),
        ) else {
            continue;
        };
        let test = id.replace("MQTT-", "mqtt_").replace(['.', '-'], "_");
        count.all += 1;
        count.bound += u64::from(role != "server");
        let (test, result) = match (results.get(&test), elsewhere.get(id)) {
            (Some(&passed), _) => {
                count.tested += 1;
                count.failed += u64::from(!passed);
                (
                    format!("`{test}`"),
                    if passed { "kept" } else { "**not kept**" },
                )
            }
            (None, Some(why)) => (why.clone(), "elsewhere"),
            (None, None) => ("the server's".into(), "-"),
        };
        let _ = writeln!(
            table,
            "| {id} | {role} | {} | {test} | {result} |",
            summary.replace('|', "\\|")
        );
    }
    let Count {
        all,
        bound,
        tested,
        elsewhere,
        failed,
    } = count;
    let mut page = format!(
        "# Conformance\n\nWritten by `cargo xtask conformance --write`; `cargo xtask test` runs the tests again and fails if a result is another. \
         They are in `crates/core/tests/conformance`: literal bytes in, literal bytes out.\n\n\
         Of {all} normative statements of MQTT 3.1.1 {bound} bind a client or its codec. {tested} have a test here, {elsewhere} are decided elsewhere, \
         the others are the server's. {failed} are not kept.\n\n\
         | statement | binds | what it says | test | result |\n| --- | --- | --- | --- | --- |\n{table}\n\
         ## Pitfalls\n\nWhat no statement says exactly, and what goes wrong in clients.\n\n| pitfall | what Motemq does | tests |\n| --- | --- | --- |\n",
    );
    for line in PITFALLS.lines() {
        let mut columns = line.split('\t');
        let (pitfall, does, tests) = (
            columns.next().unwrap_or_default(),
            columns.next().unwrap_or_default(),
            columns.next().unwrap_or_default(),
        );
        let tests: Vec<_> = tests
            .split_whitespace()
            .map(|test| format!("`{test}`"))
            .collect();
        let _ = writeln!(page, "| {pitfall} | {does} | {} |", tests.join(", "));
    }
    (page, count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_that_is_not_kept_is_told() {
        let statements = "id\trole\tapplies_to\tsummary\nMQTT-1.2.3-4\tclient\tboth\tsays\nMQTT-1.2.3-5\tserver\t-\tsays\n";
        let results = results("running 1 test\ntest a::mqtt_1_2_3_4 ... FAILED\n");
        let (page, count) = page(
            statements,
            &results,
            &reasons("    (\"MQTT-6.0.0-1\", \"why\"),\n"),
        );
        assert_eq!(
            count,
            Count {
                all: 2,
                bound: 1,
                tested: 1,
                elsewhere: 1,
                failed: 1
            }
        );
        assert!(
            page.contains("| MQTT-1.2.3-4 | client | says | `mqtt_1_2_3_4` | **not kept** |"),
            "{page}"
        );
        assert!(
            page.contains("Of 2 normative statements of MQTT 3.1.1 1 bind"),
            "{page}"
        );
    }

    #[test]
    fn reasons_are_read_however_they_are_laid_out() {
        let source = "[(\"MQTT-1.0.0-1\", \"a, b\"),\n    (\n        \"MQTT-1.0.0-2\",\n        \"c\",\n    ),\n];\nlet other = \"MQTT-1.0.0-3\";\n";
        let read = reasons(source);
        let read: Vec<_> = read.iter().map(|(id, why)| (&id[..], &why[..])).collect();
        assert_eq!(read, [("MQTT-1.0.0-1", "a, b"), ("MQTT-1.0.0-2", "c")]);
    }
}
