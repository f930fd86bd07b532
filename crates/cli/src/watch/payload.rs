//! Payloads as text, JSON or hexadecimal digits.
use crate::screen::{Escape, Screen};
use ratatui::text::Span;
use serde_json::value::RawValue;
use std::fmt::Write;

/// The form in which payloads are shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Form {
    /// JSON laid out if it is JSON, digits if it is not UTF-8, else text.
    #[default]
    Auto,
    Text,
    Json,
    Hex,
}

impl Form {
    /// Returns the next form.
    pub fn next(self) -> Self {
        match self {
            Form::Auto => Form::Text,
            Form::Text => Form::Json,
            Form::Json => Form::Hex,
            Form::Hex => Form::Auto,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Form::Auto => "auto",
            Form::Text => "text",
            Form::Json => "JSON",
            Form::Hex => "hex",
        }
    }
}

/// Returns the lines of a payload.
pub fn lines(payload: &[u8], form: Form) -> Vec<String> {
    match form {
        Form::Text => text(payload),
        Form::Hex => hex(payload),
        Form::Json => json(payload).unwrap_or_else(|| text(payload)),
        Form::Auto => match str::from_utf8(payload) {
            Ok(string) if string.starts_with(['{', '[']) => {
                json(payload).unwrap_or_else(|| text(payload))
            }
            Ok(_) => text(payload),
            // The end may be cut within a character.
            Err(error) if error.error_len().is_none() && error.valid_up_to() > 0 => text(payload),
            Err(_) => hex(payload),
        },
    }
}

/// Returns a payload on one line, which holds no control characters.
pub fn line(payload: &[u8], width: usize) -> String {
    // No character takes more bytes, and escapes only take more columns.
    let begin = &payload[..payload.len().min(width * 4)];
    let shown = harmless(begin).replace(['\n', '\t'], " ");
    let end = fitting(&shown, width);
    shown[..end].into()
}

/// Returns the columns that a text takes on the screen: some characters take two, and some none.
pub fn columns(text: &str) -> usize {
    Span::raw(text).width()
}

/// Returns the length of the beginning of a text that fits into `width` columns.
fn fitting(text: &str, width: usize) -> usize {
    let mut left = width;
    // Characters that take no column are no way to a line without an end.
    let most = width * 4;
    let mut chars = text.char_indices().enumerate();
    let end = chars.find(|&(count, (at, char))| {
        let taken = columns(&text[at..at + char.len_utf8()]);
        let is_end = count >= most || taken > left;
        left = left.saturating_sub(taken);
        is_end
    });
    end.map_or(text.len(), |(_, (at, _))| at)
}

/// Breaks lines so that each fits into `width` columns.
pub fn broken(lines: Vec<String>, width: usize) -> Vec<String> {
    let mut broken = Vec::with_capacity(lines.len());
    for line in lines {
        let mut rest = line.as_str();
        loop {
            let end = match fitting(rest, width) {
                // The screen is narrower than the character.
                0 => rest.chars().next().map_or(0, char::len_utf8),
                end => end,
            };
            broken.push(rest[..end].to_owned());
            rest = &rest[end..];
            if rest.is_empty() {
                break;
            }
        }
    }
    broken
}

/// Returns a text without control characters other than line ends and tabs.
pub fn harmless(bytes: &[u8]) -> String {
    let screen = Screen::Terminal { has_colours: false };
    String::from_utf8_lossy(&screen.shown(bytes, Escape::Text)).into_owned()
}

fn text(payload: &[u8]) -> Vec<String> {
    let text = harmless(payload).replace('\t', "    ");
    text.lines().map(Into::into).collect()
}

/// Lays out JSON; its numbers and the order of its names stay as they are.
fn json(payload: &[u8]) -> Option<Vec<String>> {
    let value: &RawValue = serde_json::from_slice(payload).ok()?;
    let (mut out, mut depth) = (String::new(), 0_usize);
    let (mut is_string, mut is_escaped) = (false, false);
    let mut chars = value.get().chars().peekable();
    let line_end = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    };
    while let Some(char) = chars.next() {
        if is_string {
            out.push(char);
            is_string = is_escaped || char != '"';
            is_escaped = char == '\\' && !is_escaped;
            continue;
        }
        match char {
            '"' => {
                is_string = true;
                out.push(char);
            }
            '{' | '[' => {
                out.push(char);
                while chars.peek().is_some_and(|next| next.is_whitespace()) {
                    chars.next();
                }
                match chars.next_if(|next| matches!(next, '}' | ']')) {
                    Some(close) => out.push(close),
                    None => {
                        depth += 1;
                        line_end(&mut out, depth);
                    }
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line_end(&mut out, depth);
                out.push(char);
            }
            ',' => {
                out.push(char);
                line_end(&mut out, depth);
            }
            ':' => out.push_str(": "),
            char if char.is_whitespace() => {}
            char => out.push(char),
        }
    }
    Some(text(out.as_bytes()))
}

fn hex(payload: &[u8]) -> Vec<String> {
    const ROW: usize = 16;
    let row = |(number, row): (usize, &[u8])| {
        let mut line = format!("{:06x} ", number * ROW);
        for byte in row {
            // Writing to a string does not fail.
            let _ = write!(line, " {byte:02x}");
        }
        let is_shown = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
        let text = row
            .iter()
            .map(|&byte| if is_shown(byte) { byte.into() } else { '.' });
        let text: String = text.collect();
        format!("{line:<56}{text}")
    };
    payload.chunks(ROW).enumerate().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_that_of_the_payload() {
        assert_eq!(lines(b"a\tb\nc", Form::Auto), ["a    b", "c"]);
        assert_eq!(lines(b"{\"a\":1}", Form::Auto), ["{", "  \"a\": 1", "}"]);
        assert_eq!(lines(b"{\"a\":", Form::Auto), ["{\"a\":"]);
        assert_eq!(lines(b"21.50", Form::Auto), ["21.50"]);
        assert_eq!(
            lines(b"\xff\0a", Form::Auto)[0].trim_end(),
            "000000  ff 00 61                                        ..a"
        );
        assert_eq!(
            lines("aä".as_bytes().split_last().unwrap().1, Form::Auto),
            ["a\\xc3"]
        );
        assert!(lines(b"", Form::Auto).is_empty());
        assert_eq!(lines(b"\x1b[2J", Form::Text), ["\\x1b[2J"]);
    }

    #[test]
    fn json_is_laid_out_and_else_unchanged() {
        let payload = br#" {"b": 1.50,"a":[1e3, {}, [ ],"x:,{\"\\"] , "c":{"d":null}} "#;
        let wanted = [
            "{",
            r#"  "b": 1.50,"#,
            r#"  "a": ["#,
            "    1e3,",
            "    {},",
            "    [],",
            r#"    "x:,{\"\\""#,
            "  ],",
            r#"  "c": {"#,
            r#"    "d": null"#,
            "  }",
            "}",
        ];
        assert_eq!(lines(payload, Form::Json), wanted);
        assert_eq!(lines(b"no", Form::Json), ["no"]);
    }

    #[test]
    fn digits_have_sixteen_bytes_a_row() {
        let all: Vec<_> = (0..40).collect();
        let rows = lines(&all, Form::Hex);
        assert_eq!(rows.len(), 3);
        assert!(rows[2].starts_with("000020  20 21"), "{rows:?}");
        assert!(rows[2].ends_with(" !\"#$%&'"), "{rows:?}");
    }

    #[test]
    fn a_line_holds_nothing_that_controls() {
        assert_eq!(line(b"a\nb\x07", 10), "a b\\x07");
        assert_eq!(line("ääää".as_bytes(), 3), "äää");
        assert_eq!(line(b"abc", 0), "");
        assert_eq!(line("温度计".as_bytes(), 5), "温度");
    }

    #[test]
    fn long_lines_are_broken() {
        let lines = ["abcdef".into(), String::new(), "温度计".into()].into();
        assert_eq!(broken(lines, 4), ["abcd", "ef", "", "温度", "计"]);
        assert_eq!(broken(["温b".into()].into(), 1), ["温", "b"]);
        let stacked = format!("a{}", "\u{301}".repeat(99));
        let pieces = broken([stacked.clone()].into(), 5);
        assert_eq!((pieces.len(), pieces.concat()), (5, stacked));
    }

    #[test]
    fn forms_go_round() {
        let mut form = Form::default();
        let names = [(); 5].map(|()| {
            form = form.next();
            form.name()
        });
        assert_eq!(names, ["text", "JSON", "hex", "auto", "text"]);
    }
}
