//! Instruction counts of Motemq alone, and whether they rose.
use super::{Figure, callgrind, find};
use crate::{
    machine::Missing,
    programs::{cargo, workspace},
};
use clap::Args;
use std::{collections::BTreeMap, fmt::Write, fs};

/// What `cargo xtask bench instructions` takes.
#[derive(Args, Default)]
pub struct Options {
    /// Keeps the counts, to be compared with from now on.
    #[arg(long)]
    write: bool,
}

/// Counts to compare with, by compiler.
const BASELINES: &str = "benches/instructions.txt";

/// By how much a count may rise, or differ from one that is to be the same.
const TOLERANCE: f64 = 0.03;

/// Counts that are to be the same: what a packet costs depends neither on the number of slots, nor
/// on how many messages are pending, nor on how many came before, and a byte of payload costs the
/// same in a long message as in a short one.
const SAME: [(&str, &str); 8] = [
    ("slots/round_trip_8", "slots/round_trip_64"),
    ("slots/round_trip_8", "slots/round_trip_1024"),
    ("slots/receive_8", "slots/receive_64"),
    ("slots/receive_8", "slots/receive_1024"),
    ("places/receive_8", "places/receive_1024"),
    ("places/receive_8", "places/receive_30000"),
    ("linear/messages_850", "linear/messages_8500"),
    ("linear/message_64KiB", "linear/message_1MiB"),
];

/// What this machine lacks to count them.
pub fn missing() -> Option<Missing> {
    callgrind::missing()
}

/// Counts, prints, and compares.
///
/// # Errors
/// What has risen by more than 3 % since it was written down, with the same compiler; what depends
/// on what it must not.
pub fn run(options: &Options) -> Result<(), String> {
    if let Some(missing) = missing() {
        return Err(missing.to_string());
    }
    let program = callgrind::build(
        cargo(["build", "--quiet", "--package", "motemq-benches"]),
        &workspace().join("target/bench"),
    )?;
    let mut figures = callgrind::count(&program)?;
    figures.retain(|figure| figure.who.starts_with("motemq"));
    let surroundings = callgrind::surroundings()?;
    let file = workspace().join(BASELINES);
    let mut baselines = parse(&fs::read_to_string(&file).unwrap_or_default());
    let known = baselines.get(&surroundings);
    let mut wrong = unequal(&figures);
    match known {
        None => println!("No counts are known of {surroundings}; nothing to compare with."),
        Some(before) if !options.write => wrong.extend(risen(before, &figures)),
        Some(_) => {}
    }
    for Figure { work, who, value } in &figures {
        let before = known
            .and_then(|known| find(known, work, who))
            .map_or(String::new(), |before| format!("   was {before:.1}"));
        println!("{value:10.1} {work}, {who}{before}");
    }
    if options.write {
        baselines.insert(surroundings, figures);
        fs::write(&file, spell(&baselines))
            .map_err(|error| format!("cannot write {BASELINES}: {error}"))?;
    }
    if wrong.is_empty() {
        return Ok(());
    }
    let hint = "find out why, or type `cargo xtask bench instructions --write` and say in the commit message why it costs more";
    Err(format!("{}\n{hint}", wrong.join("\n")))
}

/// What has risen.
fn risen(before: &[Figure], now: &[Figure]) -> Vec<String> {
    let rose = |figure: &&Figure| {
        find(before, &figure.work, &figure.who)
            .is_some_and(|before| figure.value > before * (1.0 + TOLERANCE))
    };
    now.iter()
        .filter(rose)
        .map(|Figure { work, who, value }| {
            let before = find(before, work, who).unwrap_or_default();
            format!("{work}, {who}: {before:.1} instructions have become {value:.1}")
        })
        .collect()
}

/// What differs and is to be the same.
fn unequal(figures: &[Figure]) -> Vec<String> {
    const WHO: &str = "motemq session";
    let differ = |(a, b): &&(&str, &str)| match (find(figures, a, WHO), find(figures, b, WHO)) {
        (Some(a), Some(b)) => (a - b).abs() > a.min(b) * TOLERANCE,
        _ => true,
    };
    let say = |(a, b): &(&str, &str)| {
        format!(
            "{a} costs {:?}, {b} {:?}: it is to be the same",
            find(figures, a, WHO),
            find(figures, b, WHO)
        )
    };
    SAME.iter().filter(differ).map(say).collect()
}

/// A heading in brackets for each compiler, then a line for each count.
fn parse(text: &str) -> BTreeMap<String, Vec<Figure>> {
    let mut baselines = BTreeMap::<String, Vec<Figure>>::new();
    let mut figures = None;
    for line in text.lines() {
        if let Some(name) = line
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'))
        {
            figures = Some(baselines.entry(name.into()).or_default());
        } else if let Some(figures) = &mut figures
            && let [value, work, who] = line.split('\t').collect::<Vec<_>>()[..]
            && let Ok(value) = value.parse()
        {
            figures.push(Figure {
                work: work.into(),
                who: who.into(),
                value,
            });
        }
    }
    baselines
}

fn spell(baselines: &BTreeMap<String, Vec<Figure>>) -> String {
    let mut text = String::from(
        "# Instructions per packet, written by `cargo xtask bench instructions --write`.\n",
    );
    for (name, figures) in baselines {
        let _ = writeln!(text, "\n[{name}]");
        for Figure { work, who, value } in figures {
            let _ = writeln!(text, "{value:.1}\t{work}\t{who}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(work: &str, value: f64) -> Figure {
        Figure {
            work: work.into(),
            who: "motemq session".into(),
            value,
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let baselines = BTreeMap::from([
            ("rustc 1".into(), vec![figure("a", 1.5)]),
            ("rustc 2".into(), vec![figure("a", 2.0)]),
        ]);
        assert_eq!(parse(&spell(&baselines)), baselines);
    }

    #[test]
    fn a_rise_is_found_and_a_fall_is_not() {
        let before = [figure("a", 100.0), figure("b", 100.0), figure("c", 100.0)];
        let now = [
            figure("a", 102.9),
            figure("b", 103.1),
            figure("c", 50.0),
            figure("new", 1.0),
        ];
        assert_eq!(
            risen(&before, &now),
            ["b, motemq session: 100.0 instructions have become 103.1"]
        );
    }

    #[test]
    fn what_is_to_be_the_same_is() {
        let all = |odd: f64| {
            SAME.iter()
                .flat_map(|(a, b)| [figure(a, 100.0), figure(b, odd)])
                .collect::<Vec<_>>()
        };
        assert_eq!(unequal(&all(101.0)), [""; 0]);
        assert_eq!(unequal(&all(110.0)).len(), SAME.len());
        assert_eq!(unequal(&[]).len(), SAME.len());
    }
}
