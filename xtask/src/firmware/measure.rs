//! Stack and instructions of the core's calls, for docs/stack.md.
use super::{board, process::Process};
use crate::{no_std, size, tables};
use std::{fmt::Write, path::PathBuf};

/// Bytes of stack that a call should take at most, with MQTT 3.1.1 and with MQTT 5.
const AIMS: [u32; 2] = [160, 200];

/// What changes by less is not a change: a few instructions come and go with the core's every line.
const PERCENT: u64 = 5;

/// Runs the programs that measure, with MQTT 3.1.1 and with MQTT 5, and compares with the page.
pub fn calls(programs: &[PathBuf; 2], write: bool) -> Result<(), String> {
    let way = no_std::way().ok_or_else(|| no_std::advice(no_std::TARGET))?;
    let compiler = size::compiler(&way)?;
    let mut tables = Vec::new();
    for (program, aim) in programs.iter().zip(AIMS) {
        let mut board = Process::start(board::measure(program))?;
        board.ends_with(0)?;
        tables.push(markdown(&board.said(), aim)?);
    }
    let table = format!(
        "{}\n\nCompiled by {compiler}.",
        tables.join("\n\nThe same with MQTT 5:\n\n")
    );
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
        let _ = write!(table, "\nAbove the {aim} bytes aimed at: {above}.");
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
                "| `disconnect` |  | 160 | 4 |\n\nAbove the 160 bytes aimed at: `tick` (208)."
            ),
            "{table}"
        );
        assert!(markdown(&["panicked".into()], 160).is_err());
    }
}
