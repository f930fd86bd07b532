//! Bar charts as SVG, for the README: readable on a light page and on a dark one, which no chart
//! with fixed colours is.
use std::fmt::Write;

/// Whose figure a bar shows, which gives it its colour.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Motemq's.
    Ours,
    /// That of another implementation.
    Peer,
    /// What no implementation can pass.
    Limit,
}

/// A figure: what it is called, its value, and whose it is.
pub type Bar<'a> = (&'a str, f64, Kind);

const WIDTH: f64 = 760.0;
const MARGIN: f64 = 20.0;
const ROW: f64 = 24.0;
/// What an average character of the font takes.
const CHARACTER: f64 = 7.0;

const STYLE: &str = "\
text{font:13px system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif;fill:#1f2328}\
.title{font-size:15px;font-weight:600}.unit{fill:#59636e}.card{fill:#fff;stroke:#d1d9e0}.axis{stroke:#d1d9e0}\
.ours{fill:#0969da}.peer{fill:#afb8c1}.limit{fill:#dafbe1;stroke:#1a7f37;stroke-dasharray:3 2}text.ours{font-weight:600}\
@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.unit{fill:#9198a1}.card{fill:#0d1117;stroke:#3d444d}.axis{stroke:#3d444d}\
.ours{fill:#4493f8}.peer{fill:#656c76}.limit{fill:#12261e;stroke:#3fb950}}";

/// A chart with a bar for each figure, from above in the order given. Lengths begin at 0; `unit`
/// stands behind the title.
pub fn bars(title: &str, unit: &str, bars: &[Bar<'_>]) -> String {
    charts(&[(title, unit, bars)])
}

/// Several charts, one above the other; each has its title, its unit, its bars, and a scale of its
/// own.
pub fn charts(charts: &[(&str, &str, &[Bar<'_>])]) -> String {
    let widest = charts
        .iter()
        .flat_map(|(_, _, bars)| *bars)
        .map(|(label, ..)| label.chars().count())
        .max()
        .unwrap_or(0);
    let left = MARGIN + widest as f64 * CHARACTER + 10.0;
    let most = WIDTH - MARGIN - 70.0 - left;
    let mut body = String::new();
    let mut y = 12.0;
    for (title, unit, bars) in charts {
        let largest = bars
            .iter()
            .map(|(_, value, _)| *value)
            .fold(f64::MIN_POSITIVE, f64::max);
        let (title, unit) = (escape(title), escape(unit));
        y += 20.0;
        let _ = writeln!(
            body,
            r#"<text class="title" x="{MARGIN}" y="{y}">{title}<tspan class="unit" dx="8">{unit}</tspan></text>"#
        );
        y += 12.0;
        let bottom = y + bars.len() as f64 * ROW;
        let _ = writeln!(body, r#"<path class="axis" d="M{left} {y}V{bottom}"/>"#);
        for (label, value, kind) in *bars {
            let class = match kind {
                Kind::Ours => "ours",
                Kind::Peer => "peer",
                Kind::Limit => "limit",
            };
            let text = if *kind == Kind::Ours { class } else { "name" };
            let length = (value / largest * most).max(1.0);
            let (top, middle) = (y + 4.0, y + 16.5);
            let (before, behind) = (left - 8.0, left + length + 7.0);
            let label = escape(label);
            let _ = writeln!(
                body,
                r#"<text class="{text}" x="{before}" y="{middle}" text-anchor="end">{label}</text>"#
            );
            let _ = writeln!(
                body,
                r#"<rect class="{class}" x="{left}" y="{top}" width="{length:.1}" height="{}" rx="2"/>"#,
                ROW - 8.0
            );
            let _ = writeln!(
                body,
                r#"<text class="{text}" x="{behind:.1}" y="{middle}">{}</text>"#,
                number(*value)
            );
            y += ROW;
        }
        y += 10.0;
    }
    y += 8.0;
    let name = escape(
        &charts
            .iter()
            .map(|(title, ..)| *title)
            .collect::<Vec<_>>()
            .join("; "),
    );
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {y}\" width=\"{WIDTH}\" height=\"{y}\" role=\"img\" aria-label=\"{name}\">\n\
         <style>{STYLE}</style>\n<rect class=\"card\" x=\".5\" y=\".5\" width=\"{}\" height=\"{}\" rx=\"6\"/>\n{body}</svg>\n",
        WIDTH - 1.0,
        y - 1.0
    )
}

/// Three digits, or all those before the point, in groups.
pub fn number(value: f64) -> String {
    if value < 9.995 {
        return format!("{value:.2}");
    }
    if value < 99.95 {
        return format!("{value:.1}");
    }
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_long_as_their_figures() {
        let svg = bars(
            "Size",
            "bytes",
            &[
                ("a", 4000.0, Kind::Ours),
                ("b <c>", 8000.0, Kind::Peer),
                ("d", 0.0, Kind::Limit),
            ],
        );
        let widths: Vec<f64> = svg
            .split(" width=\"")
            .skip(3)
            .filter_map(|rest| rest.split('"').next()?.parse().ok())
            .collect();
        assert_eq!(widths.len(), 3, "{svg}");
        assert!(
            (widths[1] - widths[0] * 2.0).abs() < 0.2 && widths[2] == 1.0,
            "{widths:?}"
        );
        assert!(svg.contains(">4,000<") && svg.contains("b &lt;c>"), "{svg}");
        let opened = svg.matches("<text").count() + svg.matches("<svg").count();
        assert_eq!(
            opened,
            svg.matches("</text>").count() + svg.matches("</svg>").count()
        );
    }

    #[test]
    fn numbers_have_three_digits_at_least() {
        assert_eq!(
            [1.0, 9.996, 45.67, 99.96, 999.6, 1234567.0].map(number),
            ["1.00", "10.0", "45.7", "100", "1,000", "1,234,567"]
        );
    }
}
