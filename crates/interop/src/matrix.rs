//! The results, as a table that people read.
use crate::{
    broker::Broker,
    checks::{self, Verdict},
};
use std::{fmt::Write, time::SystemTime};

/// What came of one broker.
pub struct Report {
    pub broker: &'static Broker,
    pub version: String,
    pub rows: Vec<Row>,
}

/// One client over one transport.
pub struct Row {
    pub transport: &'static str,
    pub client: &'static str,
    /// In the order of the checks; `None`: there was no time for it.
    pub verdicts: Vec<Option<Verdict>>,
}

impl Report {
    /// Nothing was lost, and nothing left out.
    pub fn is_good(&self) -> bool {
        let good = |verdict: &Option<Verdict>| {
            matches!(
                verdict,
                Some(Verdict::Good | Verdict::Deviates(_) | Verdict::Absent)
            )
        };
        !self.rows.is_empty() && self.rows.iter().all(|row| row.verdicts.iter().all(good))
    }
}

/// The whole document.
pub fn document(reports: &[Report]) -> String {
    let today = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    let today = today.split('T').next().unwrap_or_default();
    let mut text = format!(
        "\
# Tests with real brokers

`cargo xtask interop` wrote this page on {today}. It runs the command `motemq`, `motemq-std` and `motemq-tokio` against six brokers on one machine,
over each transport that the broker offers.

- `yes`: everything happened as the standard requires.
- A number: the broker deviated from the standard, as the note below the table describes. No message was lost without a report, and the client
  delivered no QoS 2 message twice.
- `failed`: a message was lost or doubled, or the check could not be completed.
- `-`: not tested. Cut links are tested over TCP only, and not with the command, which makes a connection for each message.

The columns:

- *QoS 0, 1, 2*: messages are published and received.
- *retained*: a message is retained, received and deleted.
- *will*: it is published when the client vanishes, and is not published after DISCONNECT.
- *resumption*: messages that were published while a session had no connection arrive when it returns.
- *large payload*: 1.5 MB, or 300 KB over WebSocket.
- *cut links*: the connections of sender and receiver are each cut six times, at different bytes, while messages are on their way.
"
    );
    for report in reports {
        section(&mut text, report);
    }
    text
}

fn section(text: &mut String, report: &Report) {
    let mut notes: Vec<String> = Vec::new();
    let heads: Vec<_> = checks::ALL.iter().map(|check| check.name).collect();
    let Report {
        broker,
        version,
        rows,
    } = report;
    // Writing into a String does not fail.
    let _ = writeln!(text, "\n## {}\n\n{version}\n", broker.name);
    let _ = writeln!(
        text,
        "| transport | client | {} |\n| --- | --- |{}",
        heads.join(" | "),
        " --- |".repeat(heads.len())
    );
    for row in rows {
        let cells: Vec<_> = row
            .verdicts
            .iter()
            .map(|verdict| cell(verdict.as_ref(), &mut notes))
            .collect();
        let _ = writeln!(
            text,
            "| {} | {} | {} |",
            row.transport,
            row.client,
            cells.join(" | ")
        );
    }
    if !notes.is_empty() {
        text.push('\n');
    }
    for (number, note) in notes.iter().enumerate() {
        let _ = writeln!(text, "{}. {note}", number + 1);
    }
    if !broker.known.is_empty() {
        text.push_str("\nKnown behaviour:\n\n");
        for behaviour in broker.known {
            let _ = writeln!(text, "- It {behaviour}.");
        }
    }
}

fn cell(verdict: Option<&Verdict>, notes: &mut Vec<String>) -> String {
    let (word, note) = match verdict {
        None => ("**no time**", None),
        Some(Verdict::Good) => ("yes", None),
        Some(Verdict::Absent) => ("-", None),
        Some(Verdict::Deviates(note)) => ("", Some(note)),
        Some(Verdict::Failed(note)) => ("**failed**", Some(note)),
    };
    let Some(note) = note else { return word.into() };
    let number = notes
        .iter()
        .position(|known| known == note)
        .unwrap_or_else(|| {
            notes.push(note.clone());
            notes.len() - 1
        });
    format!("{word} {}", number + 1).trim().into()
}
