//! The simulation, which may take several runs: how far it came is stored after each part.
use super::{
    part::{Extent, figures},
    record::{self, Figures},
};
use crate::{machine, simulate};
use motemq_world::simulation::Report;
use serde_json::{Value, json};
use std::{fs, path::PathBuf};

/// The messages of each world.
const EACH: u64 = 1000;

/// How far a run came.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Progress {
    /// The seed of the next world.
    next: u64,
    report: Report,
}

/// Runs the worlds from the first one on, or from where an earlier run was stopped.
pub fn run(extent: &Extent) -> Result<Figures, String> {
    let commit = record::commit();
    let begin = if extent.resume {
        let text = fs::read_to_string(file())
            .map_err(|error| format!("no earlier run has stored how far it came: {error}"))?;
        Progress::read(&text, &commit)?
    } else {
        Progress::default()
    };
    let end = extent.messages.div_ceil(EACH);
    let report = simulate::run_from(begin.next..end, EACH, begin.report, |&report, next| {
        println!(
            "{} messages in worlds 0 to {}: clean",
            report.published,
            next - 1
        );
        write(&Progress { next, report }.text(&commit))
    })?;
    println!("{report}");
    Ok(of(&report))
}

/// The file in which it is stored how far the last run came.
fn file() -> PathBuf {
    machine::target().join("evidence").join("simulation.json")
}

fn write(text: &str) -> Result<(), String> {
    let file = file();
    let new = file.with_extension("new");
    // At once, so that a run which is stopped leaves a whole file.
    file.parent()
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| fs::write(&new, text))
        .and_then(|()| fs::rename(&new, &file))
        .map_err(|error| format!("cannot write {}: {error}", file.display()))
}

impl Progress {
    fn text(&self, commit: &str) -> String {
        json!({"commit": commit, "next": self.next, "report": numbers(&self.report)}).to_string()
    }

    /// Reads how far a run of this commit came.
    fn read(text: &str, commit: &str) -> Result<Self, String> {
        let damaged = || "what an earlier run has stored cannot be read: begin anew".to_owned();
        let value: Value = serde_json::from_str(text).map_err(|_| damaged())?;
        let was = value["commit"].as_str().ok_or_else(damaged)?;
        if was != commit || was.contains(' ') {
            return Err(format!(
                "the earlier run was of commit {was}, and this is {commit}: begin anew"
            ));
        }
        let list = value["report"].as_array().ok_or_else(damaged)?;
        let list: Vec<_> = list.iter().filter_map(Value::as_u64).collect();
        let list = list.try_into().map_err(|_| damaged())?;
        Ok(Progress {
            next: value["next"].as_u64().ok_or_else(damaged)?,
            report: report(list),
        })
    }
}

fn numbers(report: &Report) -> [u64; 14] {
    let Report {
        seeds,
        published,
        delivered,
        repeated,
        missed,
        connections,
        restarts,
        outages,
        losses,
        abandoned,
        unknown,
        wills: (wills, heard),
        time,
    } = *report;
    [
        seeds,
        published,
        delivered,
        repeated,
        missed,
        connections,
        restarts,
        outages,
        losses,
        abandoned,
        unknown,
        wills,
        heard,
        time,
    ]
}

fn report(numbers: [u64; 14]) -> Report {
    let [
        seeds,
        published,
        delivered,
        repeated,
        missed,
        connections,
        restarts,
        outages,
        losses,
        abandoned,
        unknown,
        wills,
        heard,
        time,
    ] = numbers;
    Report {
        seeds,
        published,
        delivered,
        repeated,
        missed,
        connections,
        restarts,
        outages,
        losses,
        abandoned,
        unknown,
        wills: (wills, heard),
        time,
    }
}

fn of(report: &Report) -> Figures {
    figures([
        ("worlds", report.seeds.into()),
        ("messages published", report.published.into()),
        ("messages delivered", report.delivered.into()),
        ("delivered again with QoS 1", report.repeated.into()),
        (
            "not delivered: QoS 0, a lost session, or given up",
            report.missed.into(),
        ),
        ("given up by the application", report.abandoned.into()),
        (
            "outcome unknown after a lost session",
            report.unknown.into(),
        ),
        ("wills published", report.wills.0.into()),
        ("wills received", report.wills.1.into()),
        ("connections", report.connections.into()),
        ("processes killed and restarted", report.restarts.into()),
        ("outages of the broker", report.outages.into()),
        ("outages with all sessions lost", report.losses.into()),
        ("hours of virtual time", (report.time / 3_600_000).into()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_goes_on_where_it_was_stopped() {
        let progress = Progress {
            next: 7000,
            report: report(std::array::from_fn(|at| at as u64 + 1)),
        };
        let text = progress.text("0123456789");
        assert_eq!(Progress::read(&text, "0123456789"), Ok(progress));
        let other = Progress::read(&text, "9876543210").unwrap_err();
        assert!(other.contains("begin anew"), "{other}");
        // What has changes is not known by its commit.
        let changed = "0123456789 and changes";
        assert!(Progress::read(&progress.text(changed), changed).is_err());
        assert!(Progress::read("{}", "0123456789").is_err());
        let shorter = text.replace(",14]", "]");
        assert!(Progress::read(&shorter, "0123456789").is_err());
    }

    #[test]
    fn two_runs_make_the_same_report_as_one() {
        let add = |report: Report, seeds| {
            let mut parts = Vec::new();
            let after = |report: &Report, next| {
                parts.push((*report, next));
                Ok(())
            };
            let report = simulate::run_from(seeds, 20, report, after).unwrap();
            assert_eq!(parts.last().map(|&(report, _)| report), Some(report));
            report
        };
        let whole = add(Report::default(), 0..6);
        let first = add(Report::default(), 0..2);
        let stored = Progress {
            next: 2,
            report: first,
        }
        .text("c");
        let Progress { next, report } = Progress::read(&stored, "c").unwrap();
        assert_eq!(add(report, next..6), whole);
    }
}
