//! `cargo xtask ledger`: nothing lost, nothing doubled, wherever a conversation is cut.
use crate::pages;
use clap::Args;
use motemq_world::ledger::{self, Line};
use std::fmt::Write;

/// What `cargo xtask ledger` takes.
#[derive(Args, Default)]
pub struct Options {
    /// Writes `docs/ledger.md`.
    #[arg(long)]
    write: bool,
}

const ABOUT: &str = "\
# The ledger

Written by `cargo xtask ledger --write`; `cargo xtask test` holds all conversations again and fails if a figure is another.

In each conversation a managed client (`motemq-client`) publishes or receives through the in-process broker, and a second one, over a good link, is
the other end. For each byte in each direction the link is cut there, and one of four things becomes of the client:

- it hears that the link is gone;
- its process ends at once, with what was read but not dealt with;
- its process ends after it has dealt with all that came, before anything is stored;
- its process ends after it has stored, before the bytes have left.

A process that ended starts again with what the client had asked to be stored and the application's own record, written in one transaction before
bytes leave; where nothing is stored, the client only hears that the link is gone. The client connects again, and the conversation goes on to its end.
Then it is *broken* if a QoS 1 or 2 message is lost, a QoS 0 or 2 message came twice, first deliveries are out of order, a request has no outcome or
one that nothing explains, a connection ended for a reason that nothing explains, or an identifier or a receipt is open on either side. With a clean
session, or where messages are withdrawn, some may be missed, and still none comes twice.

| conversation | bytes out | bytes in | cut and continued | messages that came | again, with QoS 1 | missed, with QoS 0 or the session | broken |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
";

/// Holds the conversations, prints the ledger, and compares it with the page.
///
/// # Errors
/// Conversations were broken; the page says otherwise.
pub fn run(options: &Options) -> Result<Vec<Line>, String> {
    let lines = hold()?;
    let table = table(&lines);
    println!("{table}");
    pages::keep(
        "ledger.md",
        &format!("{ABOUT}{table}"),
        options.write,
        "cargo xtask ledger --write",
    )?;
    Ok(lines)
}

/// Holds the conversations. An error: some were broken; what happened in the first.
fn hold() -> Result<Vec<Line>, String> {
    let mut failures = Vec::new();
    let lines = ledger::keep(&mut |what| failures.push(what));
    match failures.first() {
        None => Ok(lines),
        Some(first) => Err(format!(
            "{first}\n{}\n{} conversations were broken; this was the first",
            table(&lines),
            failures.len()
        )),
    }
}

fn table(lines: &[Line]) -> String {
    let mut table = String::new();
    for line in lines {
        let _ = writeln!(table, "{line}");
    }
    let sum = |of: fn(&Line) -> u64| lines.iter().map(of).sum::<u64>();
    let (cuts, broken) = (sum(|line| line.cuts), sum(|line| line.broken));
    let (came, again, missed) = (
        sum(|line| line.count.delivered),
        sum(|line| line.count.repeated),
        sum(|line| line.count.missed),
    );
    let (up, down) = (sum(|line| line.bytes.0), sum(|line| line.bytes.1));
    let _ = writeln!(
        table,
        "| **{} conversations** | {up} | {down} | {cuts} | {came} | {again} | {missed} | {broken} |",
        lines.len()
    );
    table
}
