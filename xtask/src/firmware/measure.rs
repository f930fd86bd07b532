//! Stack and instructions of calls of the core and of adapters, for docs/stack.md.
use super::{board, build, process::Process};
use crate::{no_std, size, tables};
use std::{fmt::Write, path::PathBuf};

/// A program that measures.
struct Gauge {
    /// The feature of the firmware that it needs.
    feature: &'static str,
    name: &'static str,
    /// The text before its table.
    before: &'static str,
    /// The bytes of stack that a call should take at most.
    aim: Option<u32>,
}

/// The programs, in the order of their tables.
const GAUGES: [Gauge; 4] = [
    Gauge {
        feature: "measure",
        name: "measure",
        before: "",
        aim: Some(160),
    },
    Gauge {
        feature: "measure5",
        name: "measure5",
        before: "\n\nWith MQTT 5:\n\n",
        aim: Some(200),
    },
    Gauge {
        feature: "measure-nal",
        name: "measure_nal",
        before: "\n\nThe methods `turn` of `motemq-nal`, including their calls of the core:\n\n",
        aim: None,
    },
    Gauge {
        feature: "measure-nal",
        name: "measure_nal5",
        before: "\n\nWith MQTT 5:\n\n",
        aim: None,
    },
];

/// What changes by less is not a change: a few instructions come and go with the core's every line.
const PERCENT: u64 = 5;

/// Builds the programs that measure.
pub fn build() -> Result<Vec<PathBuf>, String> {
    let gauges = GAUGES.iter();
    gauges
        .map(|gauge| build::program(gauge.name, no_std::TARGET, gauge.feature))
        .collect()
}

/// Runs the programs that measure, and compares with the page.
pub fn calls(programs: &[PathBuf], write: bool) -> Result<(), String> {
    let way = no_std::way().ok_or_else(|| no_std::advice(no_std::TARGET))?;
    let compiler = size::compiler(&way)?;
    let mut table = String::new();
    for (program, gauge) in programs.iter().zip(&GAUGES) {
        let mut board = Process::start(board::measure(program))?;
        board.ends_with(0)?;
        table.push_str(gauge.before);
        table.push_str(&markdown(&board.said(), gauge.aim.unwrap_or(u32::MAX))?);
    }
    let _ = write!(table, "\n\nCompiled by {compiler}.");
    println!("\n{table}\n");
    tables::keep(
        "docs/stack.md",
        "firmware",
        &table,
        &compiler,
        PERCENT,
        write,
    )
}

/// From lines of the form `STACK INSTRUCTIONS CALL: WHAT`.
fn markdown(lines: &[String], aim: u32) -> Result<String, String> {
    let mut table =
        String::from("| call | with | stack | instructions |\n| --- | --- | ---: | ---: |\n");
    let mut above: Vec<(&str, u32)> = Vec::new();
    for line in lines {
        let mut words = line.splitn(3, ' ');
        let mut word = || words.next().ok_or_else(|| format!("what is `{line}`?"));
        let (stack, instructions, what) = (number(word()?)?, number(word()?)?, word()?);
        let (call, with) = what.split_once(": ").unwrap_or((what, ""));
        let _ = writeln!(table, "| `{call}` | {with} | {stack} | {instructions} |");
        match above.iter_mut().find(|(name, _)| *name == call) {
            Some((_, most)) => *most = stack.max(*most),
            None if stack > aim => above.push((call, stack)),
            None => {}
        }
    }
    let above: Vec<_> = above
        .iter()
        .map(|(call, stack)| format!("`{call}` ({stack})"))
        .collect();
    if !above.is_empty() {
        let above = above.join(", ");
        let _ = write!(table, "\nMore than the target of {aim} bytes: {above}.");
    }
    Ok(table.trim_end().to_owned())
}

fn number(word: &str) -> Result<u32, String> {
    word.parse().map_err(|_| format!("`{word}` is no number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_above_the_aim_is_named() {
        let lines = [
            "48 52 tick: nothing",
            "200 52 tick: PINGREQ",
            "208 5 tick: again",
            "160 4 disconnect",
        ]
        .map(String::from);
        let table = markdown(&lines, 160).unwrap();
        assert!(
            table.contains("| `tick` | PINGREQ | 200 | 52 |\n"),
            "{table}"
        );
        assert!(
            table.ends_with(
                "| `disconnect` |  | 160 | 4 |\n\nMore than the target of 160 bytes: `tick` (208)."
            ),
            "{table}"
        );
        assert!(markdown(&["panicked".into()], 160).is_err());
    }
}
