//! What the codec is to reach, as ratios of figures of one run; and whether it does.
use super::{Figure, find};
use std::fmt::Write;

/// Somebody's work is to take at most so many times what somebody else's takes.
struct Aim {
    what: &'static str,
    work: &'static str,
    who: &'static str,
    than: &'static str,
    most: f64,
}

const fn aim(
    what: &'static str,
    work: &'static str,
    who: &'static str,
    than: &'static str,
    most: f64,
) -> Aim {
    Aim {
        what,
        work,
        who,
        than,
        most,
    }
}

const PACKET: &str = "motemq packet";
const SESSION: &str = "motemq session";
/// Checks nothing but UTF-8 when it reads, and nothing when it writes.
const LIMIT: &str = "slices";

const AIMS: [Aim; 17] = [
    aim(
        "read PUBLISH, 16 bytes: `packet` to the limit",
        "decode/publish_16B",
        PACKET,
        LIMIT,
        1.1,
    ),
    aim(
        "read a mixed stream: `packet` to the limit",
        "decode/stream_1000",
        PACKET,
        LIMIT,
        1.2,
    ),
    aim(
        "write PUBLISH, 16 bytes, from `&str` and `&[u8]`, in place: `packet` to the limit",
        "write/publish_16B",
        PACKET,
        LIMIT,
        1.6,
    ),
    aim(
        "the same: `Session` to the limit",
        "write/publish_16B",
        SESSION,
        LIMIT,
        1.6,
    ),
    aim(
        "write PUBLISH, 256 bytes, QoS 1, from `&str` and `&[u8]`, in place: `packet` to the limit",
        "write/publish_256B_qos1",
        PACKET,
        LIMIT,
        1.6,
    ),
    aim(
        "the same: `Session`, which remembers it, to the limit",
        "write/publish_256B_qos1",
        SESSION,
        LIMIT,
        1.6,
    ),
    aim(
        "read and acknowledge a mixed stream: `Session` to `packet`",
        "decode/stream_1000",
        SESSION,
        PACKET,
        1.5,
    ),
    aim(
        "read and acknowledge PUBLISH, 256 bytes, QoS 1: `Session` to `packet`",
        "decode/publish_256B_qos1",
        SESSION,
        PACKET,
        1.5,
    ),
    aim(
        "read PUBLISH, 64 KiB, without copying it: `Session` to a copy of the bytes",
        "decode/publish_64KiB_qos1",
        SESSION,
        "copy",
        0.1,
    ),
    aim(
        "read SUBSCRIBE of 8, with each filter: `packet` to mqttrs",
        "decode/subscribe_8",
        PACKET,
        "mqttrs",
        1.1,
    ),
    aim(
        "write SUBSCRIBE of 8: `packet`, which checks each filter, to the limit",
        "encode/subscribe_8",
        PACKET,
        LIMIT,
        1.5,
    ),
    aim(
        "MQTT 5, read PUBLISH, 16 bytes, no properties: `Session` to rumqttc",
        "decode5/publish_16B",
        SESSION,
        "rumqttc",
        0.25,
    ),
    aim(
        "MQTT 5, read PUBLISH, 16 bytes, five properties: `Session` to rumqttc",
        "decode5/publish_16B_properties",
        SESSION,
        "rumqttc",
        0.33,
    ),
    aim(
        "MQTT 5, write PUBLISH, 16 bytes, no properties, from `&str` and `&[u8]`, in place: `packet` to the limit",
        "write5/publish_16B",
        PACKET,
        LIMIT,
        1.6,
    ),
    aim(
        "the same: `Session` to the limit",
        "write5/publish_16B",
        SESSION,
        LIMIT,
        1.6,
    ),
    aim(
        "MQTT 5, write PUBLISH, 16 bytes, five properties, from `&str` and `&[u8]`, in place: `packet` to the limit",
        "write5/publish_16B_properties",
        PACKET,
        LIMIT,
        1.6,
    ),
    aim(
        "the same: `Session` to the limit",
        "write5/publish_16B_properties",
        SESSION,
        LIMIT,
        1.6,
    ),
];

/// A row for each aim, with what comes of it; nothing is said to be reached that was not measured.
pub fn table(times: &[Figure], instructions: &[Figure]) -> String {
    let mut text =
        String::from("| aim | at most | time | instructions |\n| --- | ---: | ---: | ---: |\n");
    for aim in &AIMS {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} |",
            aim.what,
            aim.most,
            aim.outcome(times),
            aim.outcome(instructions)
        );
    }
    text
}

/// How many of the ratios that were measured are as aimed at.
pub fn sum(times: &[Figure], instructions: &[Figure]) -> String {
    let ratios: Vec<_> = AIMS
        .iter()
        .flat_map(|aim| [(aim, aim.ratio(times)), (aim, aim.ratio(instructions))])
        .collect();
    let measured = ratios.iter().filter(|(_, ratio)| ratio.is_some()).count();
    let reached = ratios
        .iter()
        .filter(|(aim, ratio)| ratio.is_some_and(|ratio| aim.is_reached(ratio)))
        .count();
    format!("{reached} of {measured} measured aims are reached.")
}

impl Aim {
    fn ratio(&self, figures: &[Figure]) -> Option<f64> {
        Some(find(figures, self.work, self.who)? / find(figures, self.work, self.than)?)
    }

    /// As it is shown, with two digits, it is not above.
    fn is_reached(&self, ratio: f64) -> bool {
        (ratio * 100.0).round() <= (self.most * 100.0).round()
    }

    fn outcome(&self, figures: &[Figure]) -> String {
        match self.ratio(figures) {
            Some(ratio) => format!(
                "{ratio:.2}, {}",
                if self.is_reached(ratio) {
                    "reached"
                } else {
                    "**missed**"
                }
            ),
            None => "not here".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(limit: f64, packet: f64) -> Vec<Figure> {
        [(LIMIT, limit), (PACKET, packet)]
            .map(|(who, value)| Figure {
                work: "decode/publish_16B".into(),
                who: who.into(),
                value,
            })
            .into()
    }

    #[test]
    fn only_what_was_measured_is_reached() {
        let row = "| read PUBLISH, 16 bytes: `packet` to the limit | 1.1 | 1.10, reached | 1.11, **missed** |";
        assert!(table(&figures(10.0, 11.0), &figures(10.0, 11.1)).contains(row));
        assert_eq!(
            sum(&figures(10.0, 11.0), &figures(10.0, 11.1)),
            "1 of 2 measured aims are reached."
        );
        let without = table(&figures(10.0, 11.0), &[]);
        assert!(
            without.contains("| 1.10, reached | not here |")
                && without.contains("| 1.6 | not here | not here |")
        );
        assert_eq!(
            sum(&figures(10.0, 11.0), &[]),
            "1 of 1 measured aims are reached."
        );
    }

    #[test]
    fn what_is_aimed_at_is_measured() {
        let cases = crate::programs::workspace().join("benches/instructions.txt");
        let cases = std::fs::read_to_string(cases).unwrap();
        for aim in AIMS {
            assert!(
                cases.contains(&format!("\t{}\t{}\n", aim.work, aim.who)),
                "{}",
                aim.what
            );
        }
    }
}
