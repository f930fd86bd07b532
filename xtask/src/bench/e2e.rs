//! `cargo xtask bench e2e`: whole clients against a broker that only acknowledges.
mod broker;
mod cases;
mod programs;

use super::{Figure, find, machine, medians, report};
use crate::tables;
use broker::Broker;
use cases::{Case, TABLES, Table};
use clap::Args;
use programs::Programs;
use std::io::{Write, stdout};

/// The options of `cargo xtask bench e2e`.
#[derive(Args)]
pub struct Options {
    /// One round with a tenth of the messages.
    #[arg(long)]
    quick: bool,
    /// Measures this table only.
    #[arg(long, value_parser = TABLES.map(|table| table.name))]
    table: Option<String>,
    /// Measures only the rows whose names contain this, as in `64 KiB`.
    #[arg(long, conflicts_with = "write")]
    row: Option<String>,
    /// Writes the tables into docs/speed.md.
    #[arg(long)]
    write: bool,
}

/// Builds, measures, prints, and writes if asked to.
///
/// # Errors
/// Whatever cannot be built or run.
pub fn run(options: &Options) -> Result<(), String> {
    println!("building the clients");
    let programs = Programs::build()?;
    let broker = Broker::start(programs.clients())?;
    for table in &TABLES {
        if options
            .table
            .as_ref()
            .is_some_and(|name| name != table.name)
        {
            continue;
        }
        let text = measure(table, &programs, &broker, options);
        if options.write {
            let command = format!("bench e2e --table {}", table.name);
            tables::write("docs/speed.md", &command, &text)?;
        }
    }
    Ok(())
}

/// Measures a table, in which the clients take turns, and prints it.
fn measure(table: &Table, programs: &Programs, broker: &Broker, options: &Options) -> String {
    let is_quick = options.quick;
    let rounds = if is_quick { 1 } else { table.rounds };
    let (mut measured, mut misses) = (Vec::new(), Misses::default());
    let mut cases: Vec<Case> = (table.cases)();
    if let Some(row) = &options.row {
        cases.retain(|case| case.what.contains(row.as_str()));
    }
    for round in 1..=rounds {
        let mut figures = Vec::new();
        for case in &cases {
            let messages = if is_quick {
                case.few_messages()
            } else {
                case.messages
            };
            print!("round {round} of {rounds}, {}:", case.what);
            for &who in table.clients {
                if !case.is_for(who) || misses.are_enough(who, &case.what) {
                    continue;
                }
                match programs.measure(who, case, messages, broker.port()) {
                    Ok(value) => {
                        print!(" {who} {value:.2}");
                        figures.push(Figure {
                            work: case.what.clone(),
                            who: who.into(),
                            value,
                        });
                    }
                    Err(why) => {
                        print!(" {who}: {why}");
                        misses.add(who, &case.what, why);
                    }
                }
                let _ = stdout().flush();
            }
            println!();
        }
        measured.push(figures);
    }
    let mut figures = medians(&measured);
    figures.retain(|Figure { work, who, .. }| !misses.are_enough(who, work));
    let rows: Vec<_> = cases
        .iter()
        .map(|case| (&*case.what, &*case.what))
        .collect();
    let text = format!(
        "{}\n{}{}",
        report::table(table.clients, &rows, &figures, "-"),
        misses.told(rounds),
        machine()
    );
    println!(
        "\nmicroseconds of the client's processor time per message\n\n{text}\n\n{}",
        ratios(table, &cases, &figures)
    );
    text
}

/// The cases that clients did not complete, how often, and why.
#[derive(Default)]
struct Misses(Vec<(&'static str, String, usize, String)>);

impl Misses {
    fn add(&mut self, who: &'static str, what: &str, why: String) {
        let same = |miss: &&mut (&str, String, usize, String)| miss.0 == who && miss.1 == what;
        match self.0.iter_mut().find(same) {
            Some(miss) => miss.2 += 1,
            None => self.0.push((who, what.into(), 1, why)),
        }
    }

    /// Returns whether a case is not tried any more, and has no figure.
    fn are_enough(&self, who: &str, what: &str) -> bool {
        self.0
            .iter()
            .any(|miss| miss.0 == who && miss.1 == what && (miss.2 > 1 || miss.3 == NOT_HERE))
    }

    /// Returns the lines below the table.
    fn told(&self, rounds: usize) -> String {
        let mut text = String::new();
        let mut absent = Vec::new();
        for (who, what, times, why) in &self.0 {
            text += &match times {
                _ if why == NOT_HERE && absent.contains(who) => continue,
                _ if why == NOT_HERE => {
                    absent.push(who);
                    format!("{who}: {NOT_HERE}.\n")
                }
                1 => format!("{who}, {what}: {why} in one of {rounds} rounds.\n"),
                _ => format!("{who}, {what}: {why} in {times} rounds, and then left out.\n"),
            };
        }
        text + if self.0.is_empty() { "" } else { "\n" }
    }
}

/// The reason why there are no figures of a client that is not installed.
const NOT_HERE: &str = "not here";

/// Returns the figures of the first client divided by those of the others.
fn ratios(table: &Table, cases: &[Case], figures: &[Figure]) -> String {
    let Some((first, others)) = table.clients.split_first() else {
        return String::new();
    };
    let mut text = format!("{first} divided by the others:\n");
    for Case { what, .. } in cases {
        let Some(ours) = find(figures, what, first) else {
            continue;
        };
        let of = |who: &&str| {
            find(figures, what, who).map(|theirs| format!("  {who} {:.2}", ours / theirs))
        };
        let list: String = others.iter().filter_map(of).collect();
        text += &format!("{what:28}{list}\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_stands_still_twice_has_no_figure() {
        let mut misses = Misses::default();
        assert_eq!(misses.told(5), "");
        misses.add("a", "w", "not done".into());
        misses.add("b", "w", "not done".into());
        assert!(!misses.are_enough("a", "w"));
        misses.add("a", "w", "not done".into());
        assert!(misses.are_enough("a", "w") && !misses.are_enough("b", "w"));
        assert_eq!(
            misses.told(5),
            "a, w: not done in 2 rounds, and then left out.\nb, w: not done in one of 5 rounds.\n\n"
        );
    }

    #[test]
    fn a_client_that_is_not_installed_is_named_once() {
        let mut misses = Misses::default();
        misses.add("a", "v", NOT_HERE.into());
        misses.add("a", "w", NOT_HERE.into());
        assert!(misses.are_enough("a", "v") && misses.are_enough("a", "w"));
        assert_eq!(misses.told(5), "a: not here.\n\n");
    }

    #[test]
    fn ratios_are_ours_to_theirs() {
        let table = &TABLES[0];
        let cases = (table.cases)();
        let figure = |who: &str, value| Figure {
            work: cases[0].what.clone(),
            who: who.into(),
            value,
        };
        let figures = [figure("motemq-tokio", 1.0), figure("rumqttc", 4.0)];
        let text = ratios(table, &cases, &figures);
        assert!(
            text.ends_with("publish, QoS 0                rumqttc 0.25\n"),
            "{text}"
        );
    }
}
