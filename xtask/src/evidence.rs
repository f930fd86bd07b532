//! `cargo xtask evidence`: what shows that nothing is lost, doubled or misread.
mod counts;
mod coverage;
mod losses;
mod mutants;
mod page;
mod part;
mod record;
mod sanitizers;
mod simulation;

use crate::{fuzz, machine::Missing, pages, simulate, steps::Steps};
use clap::Args;
use part::{Extent, PARTS, Part};
pub use record::commit;
use record::{Figures, Records};
use std::{path::PathBuf, process::ExitCode, time::Instant};

/// Seconds for each fuzz target with every change, which are enough for its seeds and some ten
/// thousand inputs; the evidence at length has 180.
const FUZZ: u32 = 5;

/// What `cargo xtask evidence` takes.
#[derive(Args)]
pub struct Options {
    /// Only these parts: conformance, ledger, simulation, losses, exploration, conversations,
    /// properties, panics, fuzz, coverage, address, thread, mutants.
    parts: Vec<String>,
    /// About ten minutes: a million messages, 5 s for each fuzz target, and nothing that has to
    /// be compiled in a way of its own.
    #[arg(long, conflicts_with = "full")]
    quick: bool,
    /// A night: an hour for each fuzz target.
    #[arg(long)]
    full: bool,
    /// Messages of the simulation, a thousand in each world (a hundred million if not given).
    #[arg(long)]
    messages: Option<u64>,
    /// Goes on with the simulation where it was stopped, if nothing but the documents has changed
    /// since. It stores how far it came after each thousand worlds.
    #[arg(long)]
    resume: bool,
    /// Seconds for each fuzz target (180 if not given).
    #[arg(long)]
    seconds: Option<u32>,
    /// Runs of whole clients over links that break, of a hundred thousand messages each (100 if
    /// not given).
    #[arg(long, default_value_t = 100)]
    seeds: u64,
    /// Takes the figures of the parts from this file, written by a run elsewhere, instead of
    /// running them.
    #[arg(long, value_name = "FILE", requires = "parts")]
    from: Option<PathBuf>,
}

impl Options {
    fn extent(&self) -> Extent {
        Extent {
            messages: self
                .messages
                .unwrap_or(if self.quick { 1_000_000 } else { 100_000_000 }),
            resume: self.resume,
            seconds: self.seconds.unwrap_or(if self.quick {
                FUZZ
            } else {
                180 * if self.full { 20 } else { 1 }
            }),
            seeds: self.seeds,
        }
    }

    fn wants(&self, part: &Part) -> bool {
        if self.parts.is_empty() {
            !(part.slow && self.quick)
        } else {
            self.parts.iter().any(|name| name == part.name)
        }
    }
}

/// What of it is done for every change: the quick forms, and each checked figure compared with the
/// one that is kept.
pub fn quick(steps: &mut Steps) {
    let kept = Records::read(&record::file());
    let extent = Extent {
        messages: 1_000_000,
        resume: false,
        seconds: FUZZ,
        seeds: 1,
    };
    for part in PARTS.iter().filter(|part| part.checked) {
        let missing = (part.missing)();
        if can_measure(part, kept.as_ref().ok(), &missing) {
            steps.check(part.name, || {
                let kept = kept.as_ref().map_err(Clone::clone)?;
                compare(part, &(part.run)(&extent)?, kept, &missing)
            });
        }
        for (figure, missing) in missing {
            steps.not_here(&format!("{}: {figure}", part.name), &missing);
        }
    }
    steps.check("simulation", || {
        simulate::run(&simulate::Options::default()).map(|_| ())
    });
    steps.check("docs/evidence.md", || {
        pages::keep(
            "evidence.md",
            &page::text(kept.as_ref().map_err(Clone::clone)?),
            false,
            "cargo xtask evidence mutants",
        )
    });
    steps.check_unless(fuzz::missing().as_ref(), "fuzzing", || {
        fuzz::run(&fuzz::Options {
            seconds: FUZZ,
            target: None,
            seed: Some(1),
        })
        .map(|_| ())
    });
}

/// Runs the parts, keeps what came of each as it ends, and writes the page.
pub fn run(options: &Options) -> ExitCode {
    let mut steps = Steps::new(false);
    if let Some(unknown) = options
        .parts
        .iter()
        .find(|name| PARTS.iter().all(|part| part.name != **name))
    {
        eprintln!("there is no part {unknown}");
        return ExitCode::FAILURE;
    }
    for part in PARTS.iter().filter(|part| options.wants(part)) {
        if let Some(file) = &options.from {
            steps.check(part.name, || {
                keep(|records| records.take(part.name, &Records::read(file)?))
            });
            continue;
        }
        // What is kept of it is kept as it is: a record has all of its figures.
        let missing = (part.missing)();
        if missing.is_empty() {
            steps.check(part.name, || at_length(part, &options.extent()));
        }
        for (figure, missing) in missing {
            steps.not_here(&format!("{}: {figure}", part.name), &missing);
        }
    }
    steps.summary()
}

fn at_length(part: &Part, extent: &Extent) -> Result<(), String> {
    let how = match part.name {
        "fuzz" => format!("{} s each", extent.seconds),
        "simulation" if extent.resume => "the last of several runs".to_owned(),
        _ => String::new(),
    };
    let (begun, commit) = (Instant::now(), record::commit());
    let outcome = (part.run)(extent);
    keep(|records| {
        records.keep(part.name, &commit, &how, begun.elapsed(), &outcome);
        Ok(())
    })?;
    outcome.map(|_| ())
}

/// Changes what is kept, and the page with it. It is read anew, since another part may have run
/// beside this one.
fn keep(change: impl FnOnce(&mut Records) -> Result<(), String>) -> Result<(), String> {
    let mut records = Records::read(&record::file())?;
    change(&mut records)?;
    records.write()?;
    pages::keep(
        "evidence.md",
        &page::text(&records),
        true,
        "cargo xtask evidence",
    )
}

/// Whether this machine can measure any of the figures that are kept. Where none is kept it has to
/// be told.
fn can_measure(part: &Part, kept: Option<&Records>, missing: &[(String, Missing)]) -> bool {
    kept.and_then(|kept| kept.figures(part.name))
        .is_none_or(|kept| kept.keys().any(|name| !is_missing(name, missing)))
}

fn is_missing(name: &str, missing: &[(String, Missing)]) -> bool {
    missing.iter().any(|(figure, _)| figure == name)
}

/// The figures are those that are kept, but for those that this machine cannot measure.
fn compare(
    part: &Part,
    new: &Figures,
    kept: &Records,
    missing: &[(String, Missing)],
) -> Result<(), String> {
    let kept = kept.figures(part.name).ok_or("nothing is kept of it")?;
    let names = new
        .keys()
        .chain(kept.keys().filter(|name| !new.contains_key(*name)));
    let mut differences = names
        .filter(|name| !is_missing(name, missing))
        .filter(|name| new.get(*name) != kept.get(*name))
        .map(|name| {
            let shown = |figures: &Figures| {
                figures
                    .get(name)
                    .map_or("nothing".into(), ToString::to_string)
            };
            format!("{name}: {}, but {} is kept", shown(new), shown(kept))
        });
    match differences.next() {
        None => Ok(()),
        Some(first) => Err(format!(
            "{first}; find out why, then type `cargo xtask evidence {}`",
            part.name
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_that_is_another_is_told() {
        let part = PARTS
            .iter()
            .find(|part| part.name == "exploration")
            .unwrap();
        let figures =
            |states: u64| Figures::from_iter([("three messages".to_owned(), states.into())]);
        let mut kept = Records::none();
        assert!(compare(part, &figures(7), &kept, &[]).is_err());
        kept.keep(
            part.name,
            "",
            "",
            std::time::Duration::ZERO,
            &Ok(figures(7)),
        );
        assert_eq!(compare(part, &figures(7), &kept, &[]), Ok(()));
        let why = compare(part, &figures(6), &kept, &[]).unwrap_err();
        assert!(
            why.contains("three messages: 6, but 7 is kept")
                && why.contains("cargo xtask evidence exploration"),
            "{why}"
        );
        assert!(compare(part, &Figures::new(), &kept, &[]).is_err());
        kept.keep(
            part.name,
            "",
            "",
            std::time::Duration::ZERO,
            &Err("it broke".into()),
        );
        assert!(
            compare(part, &figures(7), &kept, &[]).is_err()
                && page::text(&kept).contains("**It failed**: it broke")
        );
    }

    #[test]
    fn a_figure_that_is_not_here_is_not_compared() {
        let part = PARTS.iter().find(|part| part.name == "panics").unwrap();
        let both = [("a", 86), ("b", 86)]
            .map(|(name, entries): (_, u64)| (name.to_owned(), entries.into()));
        let one = |entries: u64| Figures::from_iter([("a".to_owned(), entries.into())]);
        let mut kept = Records::none();
        kept.keep(
            part.name,
            "",
            "",
            std::time::Duration::ZERO,
            &Ok(Figures::from_iter(both)),
        );
        let missing = [("b".to_owned(), Missing::Installable("type this".into()))];
        assert_eq!(compare(part, &one(86), &kept, &missing), Ok(()));
        assert!(compare(part, &one(85), &kept, &missing).is_err());
        assert!(compare(part, &Figures::new(), &kept, &missing).is_err());
        assert!(compare(part, &one(86), &kept, &[]).is_err());
        assert!(can_measure(part, Some(&kept), &missing));
        let missing = ["a", "b"].map(|name| (name.to_owned(), missing[0].1.clone()));
        assert!(!can_measure(part, Some(&kept), &missing));
        assert!(can_measure(part, Some(&Records::none()), &missing));
    }

    #[test]
    fn what_panics_may_lack_is_what_is_kept() {
        let kept = Records::read(&record::file()).unwrap();
        let kept: Vec<_> = kept.figures("panics").unwrap().keys().cloned().collect();
        let mut figures = crate::panics::TARGETS.map(part::entry_points);
        figures.sort();
        assert_eq!(kept, figures);
    }
}
