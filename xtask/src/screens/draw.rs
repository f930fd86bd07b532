//! The content of a terminal as SVG.
use std::fmt::{self, Write};
use vt100::{Cell, Color, Screen};

const WIDTH: f64 = 8.4;
const HEIGHT: f64 = 18.0;
const MARGIN: f64 = 14.0;
const BACKGROUND: &str = "#0d1117";
const FOREGROUND: &str = "#e6edf3";
/// The eight colours of terminals.
const COLOURS: [&str; 8] = [
    "#484f58", "#ff7b72", "#3fb950", "#d29922", "#58a6ff", "#bc8cff", "#39c5cf", "#e6edf3",
];

/// The look of some cells beside each other.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Look {
    text: &'static str,
    ground: &'static str,
    is_bold: bool,
}

/// Draws a screen down to its last line with text.
pub fn svg(screen: &Screen) -> String {
    let (rows, columns) = screen.size();
    let lines: Vec<_> = screen.rows(0, columns).collect();
    let last = lines.iter().rposition(|line| !line.trim().is_empty());
    let used = u16::try_from(last.map_or(0, |last| last + 1)).unwrap_or(rows);
    let width = MARGIN.mul_add(2.0, WIDTH * f64::from(columns));
    let height = MARGIN.mul_add(2.0, HEIGHT * f64::from(used));
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" height=\"{height:.0}\" role=\"img\" aria-label=\"a terminal\">\n\
         <style>text{{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;white-space:pre}}</style>\n\
         <rect width=\"{width:.0}\" height=\"{height:.0}\" rx=\"8\" fill=\"{BACKGROUND}\"/>\n"
    );
    for row in 0..used {
        // Writing to a string does not fail.
        let _ = draw_row(&mut out, screen, row, columns);
    }
    out + "</svg>\n"
}

fn draw_row(out: &mut String, screen: &Screen, row: u16, columns: u16) -> fmt::Result {
    let mut run = String::new();
    let mut begin = 0;
    let mut last = None;
    for column in 0..=columns {
        let cell = screen.cell(row, column).filter(|_| column < columns);
        let look = cell.map(look);
        if look != last || column == columns {
            if let Some(look) = last {
                draw_run(out, (row, begin, column), &run, look)?;
            }
            run.clear();
            begin = column;
            last = look;
        }
        match cell.map(Cell::contents) {
            Some("") | None => run.push(' '),
            Some(text) => run.push_str(text),
        }
    }
    Ok(())
}

fn draw_run(
    out: &mut String,
    (row, begin, end): (u16, u16, u16),
    text: &str,
    look: Look,
) -> fmt::Result {
    let x = WIDTH.mul_add(f64::from(begin), MARGIN);
    let y = HEIGHT.mul_add(f64::from(row), MARGIN);
    let length = WIDTH * f64::from(end - begin);
    if look.ground != BACKGROUND {
        writeln!(
            out,
            r#"<rect x="{x:.1}" y="{y:.1}" width="{length:.1}" height="{HEIGHT}" fill="{}"/>"#,
            look.ground
        )?;
    }
    let top = y;
    let mut words = String::new();
    let mut chars = text.chars().enumerate().peekable();
    while let Some((column, char)) = chars.next() {
        let x = WIDTH.mul_add(column as f64, x);
        if let Some(height) = bar(char) {
            let (height, low) = (HEIGHT * height, top + HEIGHT);
            let y = low - height;
            writeln!(
                out,
                r#"<rect x="{x:.1}" y="{y:.1}" width="{WIDTH}" height="{height:.1}" fill="{}"/>"#,
                look.text
            )?;
            continue;
        }
        if char != ' ' || !words.is_empty() {
            words.push(char);
        }
        // Not everything that draws SVG keeps several spaces, so that words that are apart stand alone.
        let is_end = match chars.peek() {
            None => true,
            Some((_, next)) => bar(*next).is_some() || (char == ' ' && *next == ' '),
        };
        if is_end {
            draw_words(out, (x + WIDTH, top), &words, look)?;
            words.clear();
        }
    }
    Ok(())
}

/// Draws words that end there, with their spaces.
fn draw_words(out: &mut String, (end, y): (f64, f64), words: &str, look: Look) -> fmt::Result {
    let shown = words.trim_end();
    if shown.is_empty() {
        return Ok(());
    }
    let x = WIDTH.mul_add(-(words.chars().count() as f64), end);
    let length = WIDTH * shown.chars().count() as f64;
    let weight = if look.is_bold {
        r#" font-weight="bold""#
    } else {
        ""
    };
    let colour = look.text;
    let shown = shown.replace('&', "&amp;").replace('<', "&lt;");
    let y = y + 13.5;
    writeln!(
        out,
        r#"<text x="{x:.1}" y="{y:.1}" textLength="{length:.1}" fill="{colour}"{weight}>{shown}</text>"#
    )
}

/// Returns the height of a bar of a history, as a part of its cell.
fn bar(char: char) -> Option<f64> {
    let eighths = u32::from(char).checked_sub(0x2580)?;
    (1..=8).contains(&eighths).then(|| f64::from(eighths) / 8.0)
}

fn look(cell: &Cell) -> Look {
    let mut text = colour(cell.fgcolor(), FOREGROUND);
    let mut ground = colour(cell.bgcolor(), BACKGROUND);
    if cell.inverse() {
        (text, ground) = (ground, text);
    }
    Look {
        text,
        ground,
        is_bold: cell.bold(),
    }
}

fn colour(colour: Color, default: &'static str) -> &'static str {
    match colour {
        Color::Idx(index) => COLOURS[usize::from(index % 8)],
        _ => default,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_screen_is_drawn_as_it_looks() {
        let mut terminal = vt100::Parser::new(5, 20, 0);
        terminal.process(b"a <b>\r\n\x1b[36mcyan\x1b[39m  \x1b[7mback\x1b[27m\r\n");
        let svg = svg(terminal.screen());
        assert!(svg.contains(">a &lt;b></text>"), "{svg}");
        assert!(svg.contains("fill=\"#39c5cf\">cyan</text>"), "{svg}");
        assert!(svg.contains("fill=\"#0d1117\">back</text>"), "{svg}");
        // Two lines have text.
        assert!(svg.contains("height=\"64\""), "{svg}");
    }

    #[test]
    fn words_that_are_apart_and_bars_stand_where_they_are() {
        let mut terminal = vt100::Parser::new(5, 20, 0);
        terminal.process("one two   three▄█".as_bytes());
        let svg = svg(terminal.screen());
        assert!(
            svg.contains("x=\"14.0\"") && svg.contains(">one two</text>"),
            "{svg}"
        );
        assert!(
            svg.contains("x=\"98.0\"") && svg.contains(">three</text>"),
            "{svg}"
        );
        assert!(
            svg.contains("x=\"140.0\" y=\"23.0\" width=\"8.4\" height=\"9.0\""),
            "{svg}"
        );
        assert!(
            svg.contains("x=\"148.4\" y=\"14.0\" width=\"8.4\" height=\"18.0\""),
            "{svg}"
        );
    }
}
