//! `cargo xtask conformance`: each statement of the standards, the test for it, and its result.
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

/// A version of MQTT, its statements and the tests for them.
struct Version {
    name: &'static str,
    /// The test program, whose source has the reasons for statements without a test.
    test: &'static str,
    statements: &'static str,
    /// The roles that bind what is tested.
    bound: &'static [&'static str],
    about: &'static str,
}

const VERSIONS: [Version; 2] = [
    Version {
        name: "MQTT 3.1.1",
        test: "conformance",
        statements: "mqtt311-normative.tsv",
        bound: &["client", "both", "codec"],
        about: "bind a client or its codec",
    },
    Version {
        name: "MQTT 5",
        test: "conformance5",
        statements: "mqtt5-normative.tsv",
        bound: &["client", "both", "codec"],
        about: "bind a client or its codec",
    },
];

/// How many statements of a version there are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Count {
    /// The name of the version.
    pub version: &'static str,
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
pub fn run(options: &Options) -> Result<[Count; 2], String> {
    let mut page = String::from(
        "# Conformance\n\n`cargo xtask conformance --write` writes this page. `cargo xtask test` runs the tests again, and fails if a result has changed. \
         The tests are in `crates/core/tests/conformance` and `crates/core/tests/conformance5`; they pass literal bytes to the client, and compare its \
         output with literal bytes.\n",
    );
    let mut counts = [Count::default(); 2];
    let mut passed = true;
    for (version, count) in VERSIONS.iter().zip(&mut counts) {
        let output = cargo([
            "test",
            "--package",
            "motemq",
            "--test",
            version.test,
            "--no-fail-fast",
        ])
        .output();
        let output = output.map_err(|error| format!("cannot start the tests: {error}"))?;
        passed &= output.status.success();
        let results = results(&String::from_utf8_lossy(&output.stdout));
        if results.is_empty() {
            return Err(format!(
                "the tests did not run:\n{}",
                String::from_utf8_lossy(&output.stderr)
            ));
        }
        let read = |name: &str| {
            let name = format!("crates/core/tests/{name}");
            fs::read_to_string(workspace().join(&name))
                .map_err(|error| format!("cannot read {name}: {error}"))
        };
        let statements = read(version.statements)?;
        let elsewhere = reasons(&read(&format!("{}.rs", version.test))?);
        let (section, counted) = section(version, &statements, &results, &elsewhere);
        println!(
            "{}",
            section
                .lines()
                .find(|line| line.contains(" normative statements"))
                .unwrap_or_default()
        );
        page += &section;
        *count = counted;
    }
    page += &pitfalls();
    pages::keep(
        "conformance.md",
        &page,
        options.write,
        "cargo xtask conformance --write",
    )?;
    let failed: u64 = counts.iter().map(|count| count.failed).sum();
    if failed == 0 && passed {
        Ok(counts)
    } else {
        Err(format!("{failed} statements are not met"))
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

/// Statements that are decided elsewhere, and why: pairs of texts, or of a text and the name of a
/// constant, however they are laid out.
fn reasons(source: &str) -> BTreeMap<String, String> {
    let pieces: Vec<_> = source.split('"').collect();
    // The first text behind the name is that of the constant.
    let constant = |name: &str| {
        let (_, behind) = source.split_once(&format!("const {name}: &str"))?;
        behind.split('"').nth(1).map(joined)
    };
    pieces
        .windows(4)
        .filter(|pieces| {
            let is_statement = pieces[1].starts_with("MQTT-") || pieces[1].starts_with("U-");
            pieces[0].trim_end().ends_with('(') && is_statement
        })
        .filter_map(|pieces| {
            let between = pieces[2].trim();
            let reason = if between == "," {
                joined(pieces[3])
            } else {
                constant(between.strip_prefix(',')?.split(')').next()?.trim())?
            };
            Some((pieces[1].to_owned(), reason))
        })
        .collect()
}

/// A text as it is meant, in one line though the source has it in several.
fn joined(text: &str) -> String {
    text.split("\\\n").map(str::trim_start).collect()
}

/// The part of the page about one version.
fn section(
    version: &Version,
    statements: &str,
    results: &BTreeMap<String, bool>,
    elsewhere: &BTreeMap<String, String>,
) -> (String, Count) {
    let (mut table, mut count) = (
        String::new(),
        Count {
            version: version.name,
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
        let test = id.to_lowercase().replace(['.', '-'], "_");
        let is_bound = version.bound.contains(&role);
        count.all += 1;
        count.bound += u64::from(is_bound);
        let (test, result) = match (results.get(&test), elsewhere.get(id)) {
            (Some(&passed), _) => {
                count.tested += 1;
                count.failed += u64::from(!passed);
                (
                    format!("`{test}`"),
                    if passed { "met" } else { "**not met**" },
                )
            }
            (None, Some(why)) => (why.clone(), "elsewhere"),
            (None, None) if role == "server" => ("servers only".into(), "-"),
            (None, None) => ("the session's".into(), "-"),
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
        ..
    } = count;
    let (name, about) = (version.name, version.about);
    let section = format!(
        "\n## {name}\n\n\
         {name} has {all} normative statements, of which {bound} {about}. {tested} statements have a test here, {elsewhere} are decided \
         elsewhere, and the others apply only to servers. {failed} are not met.\n\n\
         | statement | binds | what it says | test | result |\n| --- | --- | --- | --- | --- |\n{table}"
    );
    (section, count)
}

/// The part of the page about what no statement says.
fn pitfalls() -> String {
    let mut section = String::from(
        "\n## Pitfalls\n\nThis table lists behaviour that the standard leaves open, and mistakes that clients often make.\n\n\
         | pitfall | what Motemq does | tests |\n| --- | --- | --- |\n",
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
        let _ = writeln!(section, "| {pitfall} | {does} | {} |", tests.join(", "));
    }
    section
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_that_is_not_met_is_reported() {
        let statements = "id\trole\tapplies_to\tsummary\nMQTT-1.2.3-4\tclient\tboth\tsays\nMQTT-1.2.3-5\tserver\t-\tsays\n";
        let results = results("running 1 test\ntest a::mqtt_1_2_3_4 ... FAILED\n");
        let (page, count) = section(
            &VERSIONS[0],
            statements,
            &results,
            &reasons("    (\"MQTT-6.0.0-1\", \"why\"),\n"),
        );
        assert_eq!(
            count,
            Count {
                version: "MQTT 3.1.1",
                all: 2,
                bound: 1,
                tested: 1,
                elsewhere: 1,
                failed: 1
            }
        );
        assert!(
            page.contains("| MQTT-1.2.3-4 | client | says | `mqtt_1_2_3_4` | **not met** |"),
            "{page}"
        );
        assert!(
            page.contains("MQTT 3.1.1 has 2 normative statements, of which 1 bind"),
            "{page}"
        );
    }

    #[test]
    fn reasons_are_read_however_they_are_laid_out() {
        let source = "[(\"MQTT-1.0.0-1\", \"a, b\"),\n    (\n        \"MQTT-1.0.0-2\",\n        \"c\",\n    ),\n];\n(\"U-1.0.0-4\", WHY),\nlet other = \"MQTT-1.0.0-3\";\nconst WHY: &str =\n    \"d \\\n      e\";\n";
        let read = reasons(source);
        let read: Vec<_> = read.iter().map(|(id, why)| (&id[..], &why[..])).collect();
        let expected = [
            ("MQTT-1.0.0-1", "a, b"),
            ("MQTT-1.0.0-2", "c"),
            ("U-1.0.0-4", "d e"),
        ];
        assert_eq!(read, expected);
    }
}
