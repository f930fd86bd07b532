//! JSON as text: its own objects, payloads that are JSON, indentation.
use super::{clock::Clock, properties};
use crate::output::Printed;
use serde_json::value::RawValue;
use std::fmt::Write as _;

const INDENT: &str = "  ";

/// Returns the object of `%j`: the payload is a string.
pub fn with_text(message: &Printed<'_>, clock: &Clock<'_>) -> String {
    object(message, clock, &quoted(message.payload))
}

/// Returns the object of `%J`: the payload is JSON itself. `None` if it is not.
pub fn with_value(message: &Printed<'_>, clock: &Clock<'_>) -> Option<String> {
    Some(object(message, clock, &verbatim(message.payload)?))
}

/// Returns an object with mosquitto's keys.
fn object(message: &Printed<'_>, clock: &Clock<'_>, payload: &str) -> String {
    let mut object = format!(
        "{{\"tst\":\"{}\",\"topic\":{},\"qos\":{},\"retain\":{},\"payloadlen\":{},",
        clock.iso_with_micros(),
        quoted(message.topic.as_bytes()),
        message.qos,
        u8::from(message.retain),
        message.payload.len(),
    );
    if message.qos > 0 {
        let _ = write!(object, "\"mid\":{},", message.packet_id);
    }
    if !message.properties.is_empty() {
        let properties = properties::object(message.properties);
        let _ = write!(object, "\"properties\":{properties},");
    }
    let payload = if message.payload.is_empty() {
        "null"
    } else {
        payload
    };
    let _ = write!(object, "\"payload\":{payload}}}");
    object
}

pub fn quoted(text: &[u8]) -> String {
    serde_json::Value::from(String::from_utf8_lossy(text)).to_string()
}

/// Returns a payload that is JSON, on one line; numbers keep their digits. An empty one is null.
fn verbatim(payload: &[u8]) -> Option<String> {
    if payload.is_empty() {
        return Some("null".into());
    }
    let value: &RawValue = serde_json::from_slice(payload).ok()?;
    let mut text = InText::default();
    let kept = |char: &char| text.passes(*char) || !" \t\r\n".contains(*char);
    Some(value.get().chars().filter(kept).collect())
}

/// Returns JSON without spaces on lines of their own, indented; everything keeps its digits.
pub fn indented(compact: &str) -> String {
    let mut lines = String::with_capacity(compact.len() * 2);
    let mut depth = 0;
    let mut text = InText::default();
    let mut chars = compact.chars().peekable();
    let begin_line = |lines: &mut String, depth: usize| {
        lines.push('\n');
        (0..depth).for_each(|_| lines.push_str(INDENT));
    };
    while let Some(char) = chars.next() {
        if text.passes(char) {
            lines.push(char);
            continue;
        }
        match char {
            '{' | '[' => {
                lines.push(char);
                if let Some(close) = chars.next_if(|next| "}]".contains(*next)) {
                    lines.push(close);
                } else {
                    depth += 1;
                    begin_line(&mut lines, depth);
                }
            }
            '}' | ']' => {
                depth -= 1;
                begin_line(&mut lines, depth);
                lines.push(char);
            }
            ',' => {
                lines.push(char);
                begin_line(&mut lines, depth);
            }
            ':' => lines.push_str(": "),
            char => lines.push(char),
        }
    }
    lines
}

/// Knows which characters belong to strings.
#[derive(Default)]
struct InText {
    is_text: bool,
    is_escaped: bool,
}

impl InText {
    /// Takes the next character, and returns whether it belongs to a string, or begins or ends one.
    fn passes(&mut self, char: char) -> bool {
        let was_text = self.is_text;
        match char {
            '"' if !self.is_escaped => self.is_text = !self.is_text,
            '\\' if self.is_text && !self.is_escaped => {
                self.is_escaped = true;
                return true;
            }
            _ => {}
        }
        self.is_escaped = false;
        was_text || self.is_text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_between_are_left_out() {
        let text = b"{ \"a b\": 1.50,\n \"c\\\" d\\\\\": [ true ] }";
        let wanted = "{\"a b\":1.50,\"c\\\" d\\\\\":[true]}";
        assert_eq!(verbatim(text).unwrap(), wanted);
        assert_eq!(verbatim(b"").unwrap(), "null");
        assert_eq!(verbatim(b"\xff"), None);
        assert_eq!(verbatim(b"1 2"), None);
    }

    #[test]
    fn indented_json_is_the_same_json() {
        let compact = r#"{"a{,":[1.50,{"b\"}":null},[],{}],"c":"\\"}"#;
        let wanted = r#"{
  "a{,": [
    1.50,
    {
      "b\"}": null
    },
    [],
    {}
  ],
  "c": "\\"
}"#;
        assert_eq!(indented(compact), wanted);
        assert_eq!(verbatim(wanted.as_bytes()).unwrap(), compact);
        assert_eq!(indented("1.50"), "1.50");
    }
}
