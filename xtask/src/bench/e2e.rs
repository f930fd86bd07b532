//! `cargo xtask bench e2e`: whole clients against a broker that only acknowledges.
use super::{Figure, codec::peers, find, machine, medians, report};
use crate::{
    programs::{program, read, run as run_program, workspace},
    tables,
};
use clap::Args;
use std::{
    io::{BufRead, BufReader, Write, stdout},
    path::Path,
    process::{Child, Stdio},
};

/// What `cargo xtask bench e2e` takes.
#[derive(Args)]
pub struct Options {
    /// One round with a tenth of the messages.
    #[arg(long)]
    quick: bool,
    /// Writes the table into docs/speed.md.
    #[arg(long)]
    write: bool,
}

/// Clients take turns; what is told is the median of the rounds.
const ROUNDS: usize = 5;

const CLIENTS: [&str; 5] = [
    "motemq-tokio",
    "rumqttc",
    "rumqttc-v4-next",
    "ntex-mqtt",
    "mqtt-endpoint-tokio",
];

/// What they do, what it is called, and with how many messages.
const WORKS: [(&str, &str, usize); 6] = [
    ("publish0", "publish, QoS 0", 500_000),
    ("publish1", "publish, QoS 1", 200_000),
    ("publish2", "publish, QoS 2", 100_000),
    ("receive0", "receive, QoS 0", 500_000),
    ("receive1", "receive, QoS 1", 1_000_000),
    ("round-trip", "publish, QoS 1, one by one", 10_000),
];

/// Builds, measures, prints, and writes if asked to.
///
/// # Errors
/// What cannot be built or run.
pub fn run(options: &Options) -> Result<(), String> {
    let target = workspace().join("target/peers");
    println!("building the clients");
    run_program(peers(
        "build",
        &target,
        &["--quiet", "--release", "--features", "e2e", "--bin", "e2e"],
    ))?;
    let clients = target.join("release/e2e");
    let broker = Broker::start(&clients)?;
    let rounds = if options.quick { 1 } else { ROUNDS };
    let (mut measured, mut misses) = (Vec::new(), Misses::default());
    for round in 1..=rounds {
        let mut figures = Vec::new();
        for (work, what, messages) in WORKS {
            let messages = if options.quick {
                messages / 10
            } else {
                messages
            };
            print!("round {round} of {rounds}, {what}:");
            for who in CLIENTS {
                if misses.are_enough(who, what) {
                    continue;
                }
                match measure(&clients, who, work, messages, &broker.port) {
                    Ok(value) => {
                        print!(" {who} {value:.2}");
                        figures.push(Figure {
                            work: work.into(),
                            who: who.into(),
                            value,
                        });
                    }
                    Err(why) => {
                        print!(" {who} {why}");
                        misses.add(who, what, why);
                    }
                }
                let _ = stdout().flush();
            }
            println!();
        }
        measured.push(figures);
    }
    let mut figures = medians(&measured);
    figures.retain(|Figure { work, who, .. }| {
        !WORKS
            .iter()
            .any(|(name, what, _)| name == work && misses.are_enough(who, what))
    });
    let rows = WORKS.map(|(work, what, _)| (work, what));
    let table = format!(
        "{}\n{}{}",
        report::table(&CLIENTS, &rows, &figures, "-"),
        misses.told(rounds),
        machine()
    );
    println!(
        "\nmicroseconds of the client's processor per message\n\n{table}\n\n{}",
        ratios(&figures)
    );
    if options.write {
        tables::write("docs/speed.md", "bench e2e", &table)?;
    }
    Ok(())
}

/// Who did not come to an end with what, how often, and why.
#[derive(Default)]
struct Misses(Vec<(&'static str, &'static str, usize, String)>);

impl Misses {
    fn add(&mut self, who: &'static str, what: &'static str, why: String) {
        match self
            .0
            .iter_mut()
            .find(|miss| (miss.0, miss.1) == (who, what))
        {
            Some(miss) => miss.2 += 1,
            None => self.0.push((who, what, 1, why)),
        }
    }

    /// It is not tried any more, and has no figure.
    fn are_enough(&self, who: &str, what: &str) -> bool {
        self.0
            .iter()
            .any(|miss| (miss.0, miss.1) == (who, what) && miss.2 > 1)
    }

    /// For people, below the table.
    fn told(&self, rounds: usize) -> String {
        let line = |(who, what, times, why): &(_, _, usize, String)| match times {
            1 => format!("{who}, {what}: in one of {rounds} rounds {why}.\n"),
            _ => format!("{who}, {what}: in {times} rounds {why}; not tried any more.\n"),
        };
        self.0.iter().map(line).collect::<String>() + if self.0.is_empty() { "" } else { "\n" }
    }
}

/// Microseconds of the processor per message. Who stands still is ended by a thread of its own
/// program.
fn measure(
    clients: &Path,
    who: &str,
    work: &str,
    messages: usize,
    port: &str,
) -> Result<f64, String> {
    let said = read(program(clients, [who, work, &messages.to_string(), port]));
    let said = said.map_err(|why| why.lines().last().unwrap_or_default().to_owned())?;
    let nanoseconds: Option<f64> = said
        .split_whitespace()
        .next()
        .and_then(|number| number.parse().ok());
    Ok(nanoseconds.ok_or_else(|| format!("{who} said {said}"))? / 1000.0 / messages as f64)
}

/// What Motemq takes of what others do.
fn ratios(figures: &[Figure]) -> String {
    let mut text = String::from("motemq-tokio divided by the others:\n");
    for (work, what, _) in WORKS {
        let Some(ours) = find(figures, work, CLIENTS[0]) else {
            continue;
        };
        let of = |who: &&str| {
            find(figures, work, who).map(|theirs| format!("  {who} {:.2}", ours / theirs))
        };
        text += &format!(
            "{what:28}{}\n",
            CLIENTS[1..].iter().filter_map(of).collect::<String>()
        );
    }
    text
}

/// Ends when it is dropped.
struct Broker {
    process: Child,
    port: String,
}

impl Broker {
    fn start(clients: &Path) -> Result<Self, String> {
        let cannot = |error| format!("cannot start the broker: {error}");
        let mut process = program(clients, ["broker"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(cannot)?;
        let mut port = String::new();
        if let Some(said) = process.stdout.take() {
            BufReader::new(said).read_line(&mut port).map_err(cannot)?;
        }
        port.truncate(port.trim_end().len());
        Ok(Broker { process, port })
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
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
            "a, w: in 2 rounds not done; not tried any more.\nb, w: in one of 5 rounds not done.\n\n"
        );
    }

    #[test]
    fn ratios_are_ours_to_theirs() {
        let figure = |who: &str, value| Figure {
            work: "publish0".into(),
            who: who.into(),
            value,
        };
        let text = ratios(&[figure("motemq-tokio", 1.0), figure("rumqttc", 4.0)]);
        assert!(
            text.ends_with("publish, QoS 0                rumqttc 0.25\n"),
            "{text}"
        );
    }
}
