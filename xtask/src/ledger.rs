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

`cargo xtask ledger --write` writes this page. `cargo xtask test` repeats all conversations, and fails if a figure has changed.

In each conversation, one managed client (`motemq-client`) publishes or receives through the broker in memory. The other end is a second client,
whose connection does not break. The connection of the first client is cut at every byte in each direction, each time in one of four ways:

- the client notices that the connection is lost;
- its process ends at once, with bytes that were read and not processed;
- its process ends after it has processed everything that was received, and before anything is stored;
- its process ends after it has stored its state, and before the bytes are written.

The next process starts with the stored state of the client and with the application's own record, which are written in one transaction before bytes
leave. In conversations without a store, only the connection is cut. The client then reconnects, and the conversation continues to its end. It is
*broken* in each of these cases:

- a QoS 1 or 2 message is lost, or a QoS 0 or 2 message arrives twice;
- first deliveries are out of order;
- a request has no outcome, or a wrong one;
- a connection ends without a reason;
- a packet identifier or a receipt is still open on either side.

With a clean session, or where messages are withdrawn, messages may be missed, but none arrives twice.

| conversation | bytes out | bytes in | cut and continued | messages delivered | delivered again, with QoS 1 | missed, with QoS 0 or a lost session | broken |
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
