//! Formats of messages, as `-F` of mosquitto_sub has them.
mod clock;
pub mod json;
mod properties;

use crate::{
    notice::say,
    output::Printed,
    screen::{Escape, Screen},
};
use clock::Clock;
use jiff::tz::TimeZone;
use std::{
    io::{self, Write},
    str,
    time::SystemTime,
};

/// A format, read and checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Template {
    pieces: Vec<Piece>,
    is_indented: bool,
}

/// A part of a format.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Piece {
    Text(Vec<u8>),
    /// A parameter of the message, `%` and this character.
    Parameter(char, Shape),
    /// A part of the time, `@` and this character, as strftime(3) has it.
    Date(char),
}

/// The shape of a parameter.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Shape {
    is_left: bool,
    is_zero_padded: bool,
    /// The least width in bytes.
    width: usize,
    /// The greatest width in bytes.
    limit: Option<usize>,
}

/// The parameters that zeros can pad.
const NUMBERS: &str = "AEFlmpSXx";
/// The parameters with a greatest width.
const TEXTS: &str = "CIRt";
/// The properties of MQTT 5.
const PROPERTIES: &str = "ACDEFPRS";

impl Template {
    /// Reads a format.
    ///
    /// # Errors
    /// The reason why it cannot be used.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut plain = Vec::new();
        let mut chars = text.chars().peekable();
        while let Some(char) = chars.next() {
            let piece = match char {
                '\\' => {
                    plain.push(escaped(&mut chars)?);
                    continue;
                }
                '%' => match parameter(&mut chars)? {
                    Piece::Parameter('%', _) => {
                        plain.push(b'%');
                        continue;
                    }
                    parameter => parameter,
                },
                '@' => match chars.next().ok_or(INCOMPLETE)? {
                    '@' => {
                        plain.push(b'@');
                        continue;
                    }
                    char => Piece::Date(char),
                },
                char => {
                    plain.extend(char.encode_utf8(&mut [0; 4]).bytes());
                    continue;
                }
            };
            if !plain.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut plain)));
            }
            pieces.push(piece);
        }
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Ok(Template {
            pieces,
            is_indented: false,
        })
    }

    /// Returns the same format with JSON on lines of its own, indented.
    pub fn indented(self) -> Self {
        Template {
            is_indented: true,
            ..self
        }
    }

    /// Writes a message that arrived at `now`, with the times in this zone, to this screen.
    pub fn write(
        &self,
        out: &mut impl Write,
        message: &Printed<'_>,
        now: SystemTime,
        (zone, screen): (&TimeZone, Screen),
    ) -> io::Result<()> {
        let clock = Clock::at(now, zone);
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.write_all(text)?,
                Piece::Date(char) => out.write_all(clock.part(*char).as_bytes())?,
                Piece::Parameter(char, shape) => {
                    let escape = if "jJ".contains(*char) {
                        Escape::Json
                    } else {
                        Escape::Text
                    };
                    let mut value = value(*char, message, &clock);
                    if self.is_indented && escape == Escape::Json {
                        let object = json::indented(&String::from_utf8_lossy(&value));
                        value = object.into_bytes().into();
                    }
                    shape.write(out, *char, &screen.shown(&value, escape))?;
                }
            }
        }
        Ok(())
    }
}

const INCOMPLETE: &str = "incomplete format specifier: write %% for %, @@ for @";

fn escaped(chars: &mut impl Iterator<Item = char>) -> Result<u8, String> {
    let char = chars
        .next()
        .ok_or("incomplete escape specifier: write \\\\ for \\")?;
    Ok(match char {
        '\\' => b'\\',
        '0' => 0,
        'a' => 7,
        'e' => 27,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 11,
        'x' => {
            let digits: String = chars.take(2).collect();
            let byte = u8::from_str_radix(&digits, 16).ok();
            byte.filter(|_| digits.len() == 2 && !digits.starts_with('+'))
                .ok_or("invalid escape specifier: two hexadecimal digits follow \\x")?
        }
        char => return Err(format!("invalid escape specifier '\\{char}'")),
    })
}

fn parameter(chars: &mut std::iter::Peekable<impl Iterator<Item = char>>) -> Result<Piece, String> {
    let mut shape = Shape {
        is_left: chars.next_if_eq(&'-').is_some(),
        ..Shape::default()
    };
    shape.is_zero_padded = chars.next_if_eq(&'0').is_some();
    shape.width = number(chars)?.unwrap_or(0);
    if chars.next_if_eq(&'.').is_some() {
        shape.limit = Some(number(chars)?.unwrap_or(0));
    }
    let char = chars.next().ok_or(INCOMPLETE)?;
    if !"%dIjJlmpqrtUxX".contains(char) && !PROPERTIES.contains(char) {
        return Err(format!("invalid format specifier '{char}'"));
    }
    shape.is_zero_padded &= !shape.is_left && NUMBERS.contains(char);
    if "%dDjJPqrU".contains(char) {
        shape = Shape::default();
    }
    shape.limit = shape.limit.filter(|_| TEXTS.contains(char));
    Ok(Piece::Parameter(char, shape))
}

/// Returns the number that follows, if there is one.
fn number(
    chars: &mut std::iter::Peekable<impl Iterator<Item = char>>,
) -> Result<Option<usize>, String> {
    let mut number = None;
    while let Some(digit) = chars.peek().and_then(|char| char.to_digit(10)) {
        chars.next();
        let next = number.unwrap_or(0) * 10 + digit as usize;
        if next > 1 << 20 {
            return Err("a field has at most 1,048,576 characters".into());
        }
        number = Some(next);
    }
    Ok(number)
}

impl Shape {
    fn write(self, out: &mut impl Write, char: char, value: &[u8]) -> io::Result<()> {
        let mut value = value;
        if let Some(limit) = self.limit.filter(|&limit| limit < value.len()) {
            value = &value[..limit];
            // No half characters.
            if TEXTS.contains(char)
                && let Err(error) = str::from_utf8(value)
            {
                value = &value[..error.valid_up_to()];
            }
        }
        let missing = self.width.saturating_sub(value.len());
        let fill = if self.is_zero_padded { b'0' } else { b' ' };
        if self.is_left {
            out.write_all(value)?;
        }
        // A width is at most 1 MiB.
        out.write_all(&vec![fill; missing])?;
        if !self.is_left {
            out.write_all(value)?;
        }
        Ok(())
    }
}

/// Returns a parameter of a message as it is printed.
fn value<'m>(char: char, message: &Printed<'m>, clock: &Clock<'_>) -> std::borrow::Cow<'m, [u8]> {
    let text = match char {
        'p' => return message.payload.into(),
        _ if PROPERTIES.contains(char) => return properties::value(char, message.properties),
        't' => return message.topic.as_bytes().into(),
        'd' => u8::from(message.dup).to_string(),
        'I' => clock.iso(),
        'j' => json::with_text(message, clock),
        'J' => json::with_value(message, clock).unwrap_or_else(|| {
            say(format_args!(
                "the payload is not valid JSON on topic {}",
                message.topic
            ));
            String::new()
        }),
        'l' => message.payload.len().to_string(),
        'm' => message.packet_id.to_string(),
        'q' => message.qos.to_string(),
        'r' => u8::from(message.retain).to_string(),
        'U' => clock.unix(),
        'x' => hex(message.payload, b"0123456789abcdef"),
        'X' => hex(message.payload, b"0123456789ABCDEF"),
        _ => String::new(),
    };
    text.into_bytes().into()
}

fn hex(bytes: &[u8], digits: &[u8; 16]) -> String {
    let digit = |number: u8| char::from(digits[usize::from(number)]);
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use motemq::Properties;
    use std::time::Duration;

    fn printed(format: &str, topic: &str, payload: &[u8], qos: u8) -> String {
        printed_by(&Template::parse(format).unwrap(), topic, payload, qos)
    }

    fn printed_by(template: &Template, topic: &str, payload: &[u8], qos: u8) -> String {
        let message = Printed {
            topic,
            qos,
            retain: true,
            dup: false,
            packet_id: 7,
            properties: Properties::default(),
            payload,
        };
        let now = SystemTime::UNIX_EPOCH + Duration::new(1_700_000_000, 45_678_901);
        let zone = TimeZone::fixed(jiff::tz::offset(1));
        let mut out = Vec::new();
        let place = (&zone, Screen::None);
        template.write(&mut out, &message, now, place).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn each_parameter_is_printed() {
        for (format, wanted) in [
            ("%%|%t|%p|%l|%m|%q|%r|%d", "%|a/b|x=\u{e4}|4|7|1|1|0"),
            ("%x %X", "783dc3a4 783DC3A4"),
            ("%I", "2023-11-14T23:13:20+0100"),
            ("%U", "1700000000.045678901"),
            (
                "%j",
                r#"{"tst":"2023-11-14T23:13:20.045678+0100","topic":"a/b","qos":1,"retain":1,"payloadlen":4,"mid":7,"payload":"x=ä"}"#,
            ),
            ("%A%C%D%E%F%P%R%S|", "|"),
            (
                "ä\\\\\\t\\n\\r\\a\\v\\e\\0\\x41",
                "ä\\\t\n\r\u{7}\u{b}\u{1b}\0A",
            ),
            (
                "@Y-@m-@d @H:@M:@S.@N @z @@ @! @q",
                "2023-11-14 23:13:20.045678901 +0100 @ %! 4",
            ),
            ("", ""),
        ] {
            assert_eq!(
                printed(format, "a/b", "x=ä".as_bytes(), 1),
                wanted,
                "{format}"
            );
        }
    }

    #[test]
    fn fields_have_widths() {
        for (format, wanted) in [
            ("%5t|%-5t|%.2t|%5.2t|%-5.2t|", "  a/b|a/b  |a/|   a/|a/   |"),
            ("%05l|%-5l|%5l|%-05l|%03m|", "00001|1    |    1|1    |007|"),
            ("%05t|%5q|%.1l|%4x|%04X|%2p|", "  a/b|1|1|  78|0078| x|"),
            ("%5A|%05E|%-3C|", "     |00000|   |"),
        ] {
            assert_eq!(printed(format, "a/b", b"x", 1), wanted, "{format}");
        }
        assert_eq!(printed("%.2t", "aä", b"", 0), "a");
    }

    #[test]
    fn json_is_embedded_if_it_is_json() {
        let tail = |payload: &[u8]| {
            let text = printed("%J", "a", payload, 0);
            text.split_once("\"payload\":")
                .map(|(_, tail)| tail.to_string())
        };
        assert_eq!(tail(b"{ \"a\": 1.50 }").unwrap(), "{\"a\":1.50}}");
        assert_eq!(tail(b"").unwrap(), "null}");
        assert_eq!(tail(b"\xff"), None);
        let indented = Template::parse("%J|%p").unwrap().indented();
        let text = printed_by(&indented, "a", b"{\"b\":1}", 0);
        assert!(
            text.ends_with("\n  \"payload\": {\n    \"b\": 1\n  }\n}|{\"b\":1}"),
            "{text}"
        );
        assert!(printed("%j", "a", b"\"\\\xff", 0).ends_with("\"payload\":\"\\\"\\\\\u{fffd}\"}"));
    }

    #[test]
    fn what_cannot_be_used_says_why() {
        for (format, words) in [
            ("%", "incomplete format specifier"),
            ("@", "incomplete format specifier"),
            ("%5", "incomplete format specifier"),
            ("%5.", "incomplete format specifier"),
            ("%-", "incomplete format specifier"),
            ("\\", "incomplete escape specifier"),
            ("\\q", "invalid escape specifier '\\q'"),
            ("\\x4", "two hexadecimal digits"),
            ("\\x+4", "two hexadecimal digits"),
            ("%Z", "invalid format specifier 'Z'"),
            ("%0-5l", "invalid format specifier '-'"),
            ("%99999999999t", "at most"),
        ] {
            let error = Template::parse(format).unwrap_err();
            assert!(error.contains(words), "{format}: {error}");
        }
    }
}
