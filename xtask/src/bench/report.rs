//! What was measured, for people: a table for `docs/speed.md`, all of it for `docs/codec.md`, and
//! charts.
use super::{Figure, aims, find, rows5};
use crate::{
    plot::{self, Kind},
    tables,
};
use std::{fmt::Write, fs, path::Path};

/// Figures with what they were taken from.
pub struct Report {
    /// Nanoseconds per packet.
    pub times: Vec<Figure>,
    /// Instructions per packet; none without valgrind.
    pub instructions: Vec<Figure>,
    /// Packages and their versions.
    pub versions: Vec<(String, String)>,
    /// Compiler and processor.
    pub machine: String,
}

/// The limits first, then Motemq.
const WHO: [&str; 9] = [
    "copy",
    "slices",
    "motemq packet",
    "motemq session",
    "rumqttc",
    "rumqttc-v4-next",
    "mqttrs",
    "mqtt-protocol-core",
    "ntex-mqtt",
];

/// The limit that others are compared with.
const LIMIT: &str = "slices";

/// Rows of `docs/speed.md`, and what they are called there. `through a packet value`: there is a value
/// that may be any packet, in memory, between the bytes and the fields; `in place`: each packet is
/// written where it is made, as what it is.
const ROWS: [(&str, &str); 8] = [
    (
        "decode/publish_16B",
        "read PUBLISH, 16 bytes, through a packet value",
    ),
    (
        "decode/publish_256B_qos1",
        "read PUBLISH, 256 bytes, QoS 1, through a packet value",
    ),
    (
        "decode/stream_1000",
        "read a packet of a mixed stream, through a packet value",
    ),
    (
        "pieces/stream_1000",
        "the same in pieces of 1,448 bytes, through a packet value",
    ),
    (
        "encode/publish_16B",
        "write PUBLISH, 16 bytes, through a packet value that is there already",
    ),
    (
        "build/publish_16B",
        "the same from `&str` and `&[u8]`, through a packet value",
    ),
    (
        "write/publish_16B",
        "the same from `&str` and `&[u8]`, in place",
    ),
    ("topic/matches", "match a topic against a filter"),
];

/// The other rows of `docs/codec.md`: how packets are read or written, and which.
const OTHERS: [(&str, &str); 22] = [
    (
        "decode/publish_64KiB_qos1",
        "read PUBLISH, 64 KiB, QoS 1, through a packet value",
    ),
    (
        "decode/connect",
        "read CONNECT with everything, through a packet value",
    ),
    (
        "decode/subscribe_8",
        "read SUBSCRIBE of 8, through a packet value",
    ),
    (
        "decode/suback_8",
        "read SUBACK of 8, through a packet value",
    ),
    ("decode/puback", "read PUBACK, through a packet value"),
    (
        "encode/publish_256B_qos1",
        "write PUBLISH, 256 bytes, QoS 1, through a packet value",
    ),
    (
        "encode/publish_64KiB_qos1",
        "write PUBLISH, 64 KiB, QoS 1, through a packet value",
    ),
    (
        "encode/connect",
        "write CONNECT with everything, through a packet value",
    ),
    (
        "encode/subscribe_8",
        "write SUBSCRIBE of 8, through a packet value",
    ),
    (
        "encode/suback_8",
        "write SUBACK of 8, through a packet value",
    ),
    ("encode/puback", "write PUBACK, through a packet value"),
    (
        "encode/stream_1000",
        "write a packet of a mixed stream, through a packet value",
    ),
    (
        "build/publish_256B_qos1",
        "build and write PUBLISH, 256 bytes, QoS 1, through a packet value",
    ),
    ("write/publish_256B_qos1", "the same in place"),
    (
        "build/publish_64KiB_qos1",
        "build and write PUBLISH, 64 KiB, QoS 1, through a packet value",
    ),
    ("write/publish_64KiB_qos1", "the same in place"),
    (
        "build/connect",
        "build and write CONNECT with everything, through a packet value",
    ),
    ("write/connect", "the same in place"),
    (
        "build/subscribe_8",
        "build and write SUBSCRIBE of 8, through a packet value",
    ),
    ("write/subscribe_8", "the same in place"),
    (
        "build/stream_1000",
        "build and write a packet of a mixed stream, through a packet value",
    ),
    ("write/stream_1000", "the same in place"),
];

/// Measures them.
const COMMAND: &str = "bench codec";

impl Report {
    /// Each of these rows, as ratios to the limit; then what is aimed at.
    pub fn summary(&self) -> String {
        let mut text = String::from(
            "times and (instructions) per packet, divided by those of the limit \"slices\"\n",
        );
        let rows = ROWS.iter().map(|row| (row, &WHO[..]));
        let rows_5 = rows5::ROWS.iter().map(|row| (row, &rows5::WHO[..]));
        for ((work, what), all) in rows.chain(rows_5) {
            let _ = writeln!(text, "{what}");
            for who in all {
                let Some(time) = find(&self.times, work, who) else {
                    continue;
                };
                let count = find(&self.instructions, work, who);
                let ratio = |figures, value| match find(figures, work, LIMIT) {
                    Some(limit) => format!("{:6.2}", value / limit),
                    None => "     -".into(),
                };
                let counted = count.map_or(String::new(), |count| {
                    format!("  ({} {count:8.0})", ratio(&self.instructions, count))
                });
                let _ = writeln!(
                    text,
                    "    {who:20}{} {time:9.1} ns{counted}",
                    ratio(&self.times, time)
                );
            }
        }
        let _ = write!(
            text,
            "\n{}{}",
            aims::table(&self.times, &self.instructions),
            self.aims()
        );
        text
    }

    /// Writes tables and charts.
    ///
    /// # Errors
    /// There is no place for them.
    pub fn write(&self, top: &Path) -> Result<(), String> {
        let short = format!(
            "{}\n{} {}",
            table(&WHO, &ROWS, &self.times, ""),
            self.method(),
            self.aims()
        );
        tables::write("docs/speed.md", COMMAND, &short)?;
        let all = [&ROWS[..], &OTHERS[..]].concat();
        let times = table(&WHO, &all, &self.times, "");
        let counts = table(&WHO, &all, &self.instructions, "");
        let aims = aims::table(&self.times, &self.instructions);
        let figures = format!(
            "### Nanoseconds per packet\n\n{times}\n### Instructions per packet\n\n{counts}\n{}",
            rows5::tables(&self.times, &self.instructions)
        );
        let all = format!(
            "### Aims\n\n{aims}\n{}\n\n{figures}\n{}",
            self.aims(),
            self.method()
        );
        tables::write("docs/codec.md", COMMAND, &all)?;
        fs::write(top.join("docs/codec.svg"), self.charts())
            .map_err(|error| format!("cannot write docs/codec.svg: {error}"))
    }

    fn aims(&self) -> String {
        aims::sum(&self.times, &self.instructions)
    }

    fn method(&self) -> String {
        let versions: Vec<_> = self
            .versions
            .iter()
            .filter(|(name, _)| WHO.contains(&name.as_str()) || rows5::WHO.contains(&name.as_str()))
            .collect();
        let versions = versions
            .iter()
            .map(|(name, version)| format!("{name} {version}"))
            .collect::<Vec<_>>()
            .join(", ");
        format!("{} {versions}.", self.machine)
    }

    fn charts(&self) -> String {
        let bars: Vec<_> = [
            "decode/publish_16B",
            "decode/stream_1000",
            "write/publish_16B",
        ]
        .map(|work| self.bars(work))
        .into();
        let titles = [
            "Reading a PUBLISH of 16 bytes",
            "Reading a mixed stream, per packet",
            "Writing a PUBLISH of 16 bytes from &str and &[u8], in place",
        ];
        let charts: Vec<_> = titles
            .into_iter()
            .zip(&bars)
            .map(|(title, bars)| (title, "nanoseconds", &bars[..]))
            .collect();
        plot::charts(&charts)
    }

    fn bars(&self, work: &str) -> Vec<plot::Bar<'static>> {
        let kind = |who: &str| match who {
            "copy" | LIMIT => Kind::Limit,
            _ if who.starts_with("motemq") => Kind::Ours,
            _ => Kind::Peer,
        };
        WHO.into_iter()
            .filter_map(|who| Some((name(who), find(&self.times, work, who)?, kind(who))))
            .collect()
    }
}

/// A row for each work, a column for each of us; `nothing` where there is no figure.
pub fn table(
    all: &[&'static str],
    rows: &[(&str, &str)],
    figures: &[Figure],
    nothing: &str,
) -> String {
    let mut text = String::from("| |");
    text.extend(all.iter().map(|who| format!(" {} |", heading(who))));
    text += "\n| --- |";
    text.extend(all.iter().map(|_| " ---: |"));
    for (work, what) in rows {
        let _ = write!(text, "\n| {what} |");
        for who in all {
            let cell = find(figures, work, who).map_or(nothing.into(), plot::number);
            let bold = if who.starts_with("motemq") && cell != nothing {
                "**"
            } else {
                ""
            };
            let _ = write!(text, " {bold}{cell}{bold} |");
        }
    }
    text + "\n"
}

/// What the limits do.
fn name(who: &'static str) -> &'static str {
    match who {
        "copy" => "copy of the bytes",
        LIMIT => "slices and from_utf8",
        "motemq packet" => "Motemq, packet",
        "motemq session" => "Motemq, Session",
        _ => who,
    }
}

fn heading(who: &'static str) -> String {
    match who {
        "copy" | LIMIT => format!("*{}*", name(who)),
        _ if who.starts_with("motemq") => format!("**{}**", name(who)),
        _ => who.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_shows_everybody() {
        let figure = |who: &str, value| Figure {
            work: "decode/publish_16B".into(),
            who: who.into(),
            value,
        };
        let times = vec![
            figure("slices", 20.0),
            figure("motemq packet", 21.0),
            figure("rumqttc", 80.0),
        ];
        let report = Report {
            instructions: times.clone(),
            times,
            versions: vec![("rumqttc".into(), "1.2".into())],
            machine: "Compiled by rustc 1.".into(),
        };
        assert!(
            report
                .summary()
                .contains("motemq packet         1.05      21.0 ns  (  1.05       21)"),
            "{}",
            report.summary()
        );
        assert!(table(&WHO, &ROWS, &report.times, "").contains(
            "| read PUBLISH, 16 bytes, through a packet value |  | 20.0 | **21.0** |  | 80.0 |"
        ));
        assert_eq!(report.method(), "Compiled by rustc 1. rumqttc 1.2.");
        assert!(report.charts().contains("class=\"ours\""));
    }
}
