//! The results, as a table that people read.
use crate::{
    broker::{self, Broker},
    checks::{self, Verdict},
    client::Speech,
    streams,
};
use motemq_std::Version;
use std::{fmt::Write, time::SystemTime};

/// What came of one broker.
pub struct Report {
    pub broker: &'static Broker,
    pub version: String,
    /// The day of the run.
    pub day: String,
    pub rows: Vec<Row>,
    pub streams: Vec<streams::Row>,
}

/// One client over one transport.
pub struct Row {
    pub transport: &'static str,
    pub speech: Speech,
    pub client: &'static str,
    /// In the order of the checks; `None`: there was no time for it.
    pub verdicts: Vec<Option<Verdict>>,
}

impl Report {
    /// Nothing was lost by the clients, and nothing left out.
    pub fn is_good(&self) -> bool {
        let good = |verdict: &Option<Verdict>| {
            matches!(
                verdict,
                Some(Verdict::Good | Verdict::Deviates(_) | Verdict::Absent)
            )
        };
        let flows = |stream: &streams::Row| {
            let verdict = stream.verdict.as_ref();
            verdict.is_ok_and(|verdict| verdict.ours.is_empty())
        };
        let is_empty = self.rows.is_empty() && self.streams.is_empty();
        !is_empty
            && self.rows.iter().all(|row| row.verdicts.iter().all(good))
            && self.streams.iter().all(flows)
    }
}

/// Today, as in 2026-11-30.
pub fn today() -> String {
    let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    now.split('T').next().unwrap_or_default().into()
}

/// The whole document: what was run now, and for the other brokers what stands there.
pub fn document(reports: &[Report], before: &str) -> String {
    let mut text = String::from(
        "\
# Tests with real brokers

`cargo xtask interop` writes this page. It runs the command `motemq`, `motemq-std` and `motemq-tokio` against real brokers on one machine, with both
versions of MQTT, over each transport that the broker offers. A broker that is not installed keeps the results of its last run; the table shows the
date.

- `yes`: everything happened as the standard requires.
- A number: the broker deviated from the standard, as the note below the table describes. No message was lost without a report, unless
  the note says that the broker lost it, and the client delivered no QoS 2 message twice.
- `failed`: a message was lost or duplicated, or the check could not be completed.
- `-`: not tested. Cut links are tested over TCP only, and not with the command, which makes a connection for each message.

The columns:

- *MQTT*: the version that the client uses; `5, else 3.1.1` is MQTT 5 with `Options::fall_back`, with a broker that does not support MQTT 5.
- *QoS 0, 1, 2*: messages are published and received.
- *retained*: a message is retained, received and deleted.
- *will*: the will is published when the connection is lost, and is not published after DISCONNECT.
- *resumption*: messages that were published while the subscriber had no connection arrive when it resumes its session.
- *large payload*: a message with 1.5 MB, or 300 KB over WebSocket, is published and received.
- *cut links*: the connections of sender and receiver are each cut six times, at different bytes, while messages are in flight.

For brokers that keep sessions on disk, the tables of **streams** follow: one client publishes numbered messages without a pause, alternately with QoS
1 and 2, and another client receives them, both with kept sessions, while the broker is stopped and started again. A message is *lost* if it was
acknowledged but not delivered, and was delivered *twice* if the receiver got it more than once, which the standard allows with QoS 1. It is *not
confirmed* if the client reported that the message may or may not have arrived. *Connections* are those of the publisher and of the receiver. The
packets of every message that was lost, or delivered twice with QoS 2, are examined: the notes describe the faults of the broker, and a fault of the
client is shown as `failed`.

| broker | version | date | transports | MQTT 3.1.1 | MQTT 5 | streams |
| --- | --- | --- | --- | --- | --- | --- |
",
    );
    let mut sections = String::new();
    for broker in broker::ALL {
        if let Some(report) = reports
            .iter()
            .find(|report| report.broker.name == broker.name)
        {
            summary(&mut text, report);
            section(&mut sections, report);
        } else if let Some((row, rest)) = known(before, broker.name) {
            text.push_str(row);
            sections.push_str(rest);
        }
    }
    text + &sections
}

/// The row and the section of this broker in a document.
fn known<'d>(document: &'d str, name: &str) -> Option<(&'d str, &'d str)> {
    let row = format!("| {name} |");
    let row = document
        .split_inclusive('\n')
        .find(|line| line.starts_with(&row))?;
    let begin = document.find(&format!("\n## {name}\n"))?;
    let rest = &document[begin..];
    let end = rest[1..].find("\n## ").map_or(rest.len(), |at| at + 1);
    Some((row, &rest[..end]))
}

/// One row for the whole broker.
fn summary(text: &mut String, report: &Report) {
    let Report {
        broker,
        version,
        day,
        rows,
        streams,
    } = report;
    let mut transports: Vec<_> = rows.iter().map(|row| row.transport).collect();
    transports.dedup();
    let of = |is_newer: bool| {
        let verdicts = rows
            .iter()
            .filter(|row| (row.speech != Speech::Mqtt311) == is_newer)
            .flat_map(|row| &row.verdicts);
        words(verdicts.map(|verdict| match verdict {
            Some(Verdict::Absent) => None,
            Some(Verdict::Good) => Some(Found::Good),
            Some(Verdict::Deviates(_)) => Some(Found::Deviates),
            Some(Verdict::Failed(_)) | None => Some(Found::Failed),
        }))
    };
    let newer = if broker.versions.contains(&Version::Mqtt5) {
        of(true)
    } else {
        format!("falls back: {}", of(true))
    };
    let streams = words(streams.iter().map(|row| {
        Some(match &row.verdict {
            Ok(verdict) if !verdict.ours.is_empty() => Found::Failed,
            Ok(verdict) if verdict.broker.is_empty() => Found::Good,
            Ok(_) => Found::Deviates,
            Err(_) => Found::Failed,
        })
    }));
    let transports = if transports.is_empty() {
        "TCP".into()
    } else {
        transports.join("; ")
    };
    // Writing into a String does not fail.
    let _ = writeln!(
        text,
        "| {} | {version} | {day} | {transports} | {} | {newer} | {streams} |",
        broker.name,
        of(false)
    );
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Found {
    Good,
    Deviates,
    Failed,
}

/// The worst of them, in a word.
fn words(found: impl Iterator<Item = Option<Found>>) -> String {
    match found.flatten().max() {
        None => "-",
        Some(Found::Good) => "yes",
        Some(Found::Deviates) => "deviates",
        Some(Found::Failed) => "**failed**",
    }
    .into()
}

fn section(text: &mut String, report: &Report) {
    let Report {
        broker,
        version,
        day,
        rows,
        streams,
    } = report;
    // Writing into a String does not fail.
    let _ = writeln!(text, "\n## {}\n\n{version}, {day}", broker.name);
    if !rows.is_empty() {
        table(text, rows);
    }
    if !streams.is_empty() {
        flows(text, broker, streams);
    }
    if !broker.known.is_empty() {
        text.push_str("\nKnown behaviour:\n\n");
        for behaviour in broker.known {
            let _ = writeln!(text, "- It {behaviour}.");
        }
    }
}

fn table(text: &mut String, rows: &[Row]) {
    let mut notes: Vec<String> = Vec::new();
    let heads: Vec<_> = checks::ALL.iter().map(|check| check.name).collect();
    let _ = writeln!(
        text,
        "\n| transport | MQTT | client | {} |\n| --- | --- | --- |{}",
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
            "| {} | {} | {} | {} |",
            row.transport,
            row.speech,
            row.client,
            cells.join(" | ")
        );
    }
    list(text, &notes);
}

fn flows(text: &mut String, broker: &Broker, rows: &[streams::Row]) {
    let ends: Vec<_> = broker.restarts.iter().map(ToString::to_string).collect();
    let _ = writeln!(
        text,
        "\nStreams; the broker is stopped with {}:\n\n\
         | MQTT | client | QoS | messages | not confirmed | lost | twice | connections | |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        ends.join(", ")
    );
    let mut notes: Vec<String> = Vec::new();
    for row in rows {
        let (speech, client) = (row.speech, row.client);
        match &row.verdict {
            Err(why) => {
                let number = note(why, &mut notes);
                let _ = writeln!(
                    text,
                    "| {speech} | {client} | - | - | - | - | - | - | **failed** {number} |"
                );
            }
            Ok(verdict) => {
                let numbers: Vec<_> = verdict
                    .ours
                    .iter()
                    .chain(&verdict.broker)
                    .map(|words| note(words, &mut notes).to_string())
                    .collect();
                let word = match (verdict.ours.is_empty(), numbers.is_empty()) {
                    (true, true) => "yes".into(),
                    (true, false) => numbers.join(", "),
                    (false, _) => format!("**failed** {}", numbers.join(", ")),
                };
                let [from, to] = verdict.connections;
                for (index, count) in verdict.counts.iter().enumerate() {
                    let _ = writeln!(
                        text,
                        "| {speech} | {client} | {} | {} | {} | {} | {} | {from}, {to} | {word} |",
                        index + 1,
                        count.sent,
                        count.unknown,
                        count.lost,
                        count.doubled
                    );
                }
            }
        }
    }
    list(text, &notes);
}

fn list(text: &mut String, notes: &[String]) {
    if !notes.is_empty() {
        text.push('\n');
    }
    for (number, note) in notes.iter().enumerate() {
        let _ = writeln!(text, "{}. {note}", number + 1);
    }
}

/// The number of this note, counted from 1.
fn note(words: &str, notes: &mut Vec<String>) -> usize {
    let number = notes.iter().position(|known| known == words);
    1 + number.unwrap_or_else(|| {
        notes.push(words.into());
        notes.len() - 1
    })
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
    format!("{word} {}", self::note(note, notes)).trim().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_run_stays() {
        let row = "| aedes | 1 | today | TCP | yes | yes | - |\n";
        let section = "\n## aedes\n\n1, today\n";
        let before = format!("# Title\n\n{row}\n## mosquitto\n\n2{section}");
        let after = document(&[], &before);
        assert!(after.ends_with(&format!("{row}{section}")));
        assert_eq!(document(&[], &after), after);
    }
}
