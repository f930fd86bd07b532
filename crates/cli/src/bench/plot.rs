//! A drawing of a run: throughput and latency over its seconds. It can be read on a light page and
//! on a dark one.
use super::summary::grouped;
use std::fmt::{self, Write};

/// The figures of one interval.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Sample {
    /// The end of the interval, in seconds.
    pub at: f64,
    /// Messages a second.
    pub sent: f64,
    pub received: f64,
    /// Milliseconds.
    pub p50: f64,
    pub p99: f64,
    pub max: f64,
}

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 180.0;
const LEFT: f64 = 90.0;
const RIGHT: f64 = 20.0;
const ABOVE: f64 = 46.0;

const STYLE: &str = "\
text{font:13px system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif;fill:#1f2328}\
.title{font-size:15px;font-weight:600}.unit{fill:#59636e}.card{fill:#fff;stroke:#d1d9e0}.axis{stroke:#d1d9e0}\
path{fill:none;stroke-width:2}.a{stroke:#0969da}.b{stroke:#1a7f37}.c{stroke:#bf8700}text.a{fill:#0969da;stroke:none}\
text.b{fill:#1a7f37;stroke:none}text.c{fill:#bf8700;stroke:none}\
@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.unit{fill:#9198a1}.card{fill:#0d1117;stroke:#3d444d}.axis{stroke:#3d444d}}";

/// A line of a chart: its name and its values.
type Line<'a> = (&'a str, Vec<f64>);

/// Draws samples, as SVG.
pub fn svg(title: &str, samples: &[Sample]) -> String {
    let of = |value: fn(&Sample) -> f64| samples.iter().map(value).collect::<Vec<_>>();
    let times = of(|sample| sample.at);
    let rates = [
        ("sent", of(|sample| sample.sent)),
        ("received", of(|sample| sample.received)),
    ];
    let latencies = [
        ("p50", of(|sample| sample.p50)),
        ("p99", of(|sample| sample.p99)),
        ("max", of(|sample| sample.max)),
    ];
    let mut body = String::new();
    // Writing to a string does not fail.
    let _ = chart(&mut body, 0.0, (title, "messages a second"), &times, &rates);
    let second = ABOVE + HEIGHT + 20.0;
    let _ = chart(
        &mut body,
        second,
        ("latency", "milliseconds"),
        &times,
        &latencies,
    );
    let height = second * 2.0 + 16.0;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" role=\"img\" aria-label=\"{}\">\n\
         <style>{STYLE}</style>\n<rect class=\"card\" x=\".5\" y=\".5\" width=\"{}\" height=\"{}\" rx=\"6\"/>\n{body}</svg>\n",
        escaped(title),
        WIDTH - 1.0,
        height - 1.0
    )
}

fn chart(
    out: &mut String,
    top: f64,
    (title, unit): (&str, &str),
    times: &[f64],
    lines: &[Line<'_>],
) -> fmt::Result {
    let title = escaped(title);
    writeln!(
        out,
        r#"<text class="title" x="20" y="{}">{title}<tspan class="unit" dx="8">{unit}</tspan></text>"#,
        top + 30.0
    )?;
    let values = lines.iter().flat_map(|(_, values)| values);
    let highest = round_up(values.copied().fold(0.0, f64::max));
    let longest = times.last().copied().unwrap_or(1.0).max(1e-9);
    let (above, below) = (top + ABOVE, top + ABOVE + HEIGHT - 30.0);
    for part in [0.0, 0.5, 1.0] {
        let y = below - (below - above) * part;
        let value = number(highest * part);
        writeln!(
            out,
            r#"<path class="axis" d="M{LEFT} {y:.1}H{}"/>"#,
            WIDTH - RIGHT
        )?;
        writeln!(
            out,
            r#"<text class="unit" x="{}" y="{:.1}" text-anchor="end">{value}</text>"#,
            LEFT - 8.0,
            y + 4.0
        )?;
        let x = LEFT + (WIDTH - RIGHT - LEFT) * part;
        writeln!(
            out,
            r#"<text class="unit" x="{x:.1}" y="{:.1}" text-anchor="middle">{} s</text>"#,
            below + 18.0,
            number(longest * part)
        )?;
    }
    for ((name, values), (class, place)) in lines.iter().zip([("a", 2), ("b", 1), ("c", 0)]) {
        let mut path = String::new();
        for (at, value) in times.iter().zip(values) {
            let x = LEFT + (WIDTH - RIGHT - LEFT) * at / longest;
            let y = below - (below - above) * value / highest;
            write!(
                path,
                "{}{x:.1} {y:.1}",
                if path.is_empty() { "M" } else { "L" }
            )?;
        }
        writeln!(out, r#"<path class="{class}" d="{path}"/>"#)?;
        let x = WIDTH - RIGHT - 80.0 * f64::from(place);
        writeln!(
            out,
            r#"<text class="{class}" x="{x}" y="{}" text-anchor="end">{name}</text>"#,
            top + 30.0
        )?;
    }
    Ok(())
}

/// Returns the next number of the form 1, 2 or 5 with zeros.
fn round_up(value: f64) -> f64 {
    // A power of ten is the quotient of two, which are exact.
    let (mut ten, mut part) = (1.0, 1.0);
    while value < ten / part && part < 1e6 {
        part *= 10.0;
    }
    while value > 10.0 * ten / part && ten < 1e22 {
        ten *= 10.0;
    }
    let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * ten / part);
    steps
        .into_iter()
        .find(|&step| step >= value)
        .unwrap_or(value)
}

fn number(value: f64) -> String {
    if value >= 100.0 {
        grouped(value.round() as u64)
    } else {
        // As many digits as are needed, and no more than three.
        let text = format!("{value:.3}");
        text.trim_end_matches('0').trim_end_matches('.').into()
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_go_as_high_as_their_values() {
        let sample = |at, sent| Sample {
            at,
            sent,
            received: 0.0,
            p50: 1.0,
            p99: 2.0,
            max: 2.0,
        };
        let svg = svg("pairs <1>", &[sample(1.0, 500.0), sample(2.0, 1000.0)]);
        assert!(
            svg.contains("pairs &lt;1>") && svg.contains(">1,000<"),
            "{svg}"
        );
        // From the middle of the chart to its top at the right.
        assert!(
            svg.contains(r#"class="a" d="M415.0 121.0L740.0 46.0""#),
            "{svg}"
        );
        assert!(
            svg.contains(r#"class="b" d="M415.0 196.0L740.0 196.0""#),
            "{svg}"
        );
        assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count());
    }

    #[test]
    fn nothing_is_drawn_of_nothing() {
        assert!(svg("none", &[]).ends_with("</svg>\n"));
    }

    #[test]
    fn scales_end_at_round_numbers() {
        for (value, wanted) in [
            (0.03, 0.05),
            (1.0, 1.0),
            (11.0, 20.0),
            (51_000.0, 100_000.0),
        ] {
            assert!((round_up(value) - wanted).abs() < wanted / 1e6, "{value}");
        }
        assert_eq!(
            [0.0, 0.25, 1.5, 12.0, 1234.0].map(number),
            ["0", "0.25", "1.5", "12", "1,234"]
        );
    }
}
