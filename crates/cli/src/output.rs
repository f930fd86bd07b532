//! The output: received messages, printed as the options say.
use crate::format::Template;
use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::tz::TimeZone;
use serde::Serialize;
use std::{
    borrow::Cow,
    cell::OnceCell,
    io::{self, Write},
    str,
    time::SystemTime,
};

/// A message as it is printed.
#[derive(Clone, Copy)]
pub struct Printed<'a> {
    pub topic: &'a str,
    pub qos: u8,
    pub retain: bool,
    pub dup: bool,
    /// 0 with QoS 0.
    pub packet_id: u16,
    pub payload: &'a [u8],
}

/// The form in which a message is printed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Format {
    /// The payload as it is.
    Plain { topic: bool, line_end: bool },
    /// An object on a line.
    Json,
    /// As a template says.
    Template { template: Template, line_end: bool },
}

/// Prints messages.
pub struct Printer<W> {
    out: W,
    format: Format,
    text_only: bool,
    zone: OnceCell<TimeZone>,
}

#[derive(Serialize)]
struct Object<'a> {
    timestamp: String,
    topic: &'a str,
    qos: u8,
    retain: bool,
    dup: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload_base64: Option<String>,
}

impl<W: Write> Printer<W> {
    /// `text_only`: `out` takes nothing but UTF-8, as the console of Windows does.
    pub fn new(out: W, format: Format, text_only: bool) -> Self {
        Printer {
            out,
            format,
            text_only,
            zone: OnceCell::new(),
        }
    }

    /// Prints one message that arrived at `now`, through to where it goes: it may be acknowledged
    /// after that.
    pub fn print(&mut self, message: &Printed<'_>, now: SystemTime) -> io::Result<()> {
        match &self.format {
            Format::Json => {
                serde_json::to_writer(&mut self.out, &Object::of(message, now))?;
                self.out.write_all(b"\n")?;
            }
            Format::Template { template, line_end } => {
                let zone = self.zone.get_or_init(TimeZone::system);
                if self.text_only {
                    let mut bytes = Vec::new();
                    template.write(&mut bytes, message, now, zone)?;
                    self.out.write_all(&lossy(&bytes))?;
                } else {
                    template.write(&mut self.out, message, now, zone)?;
                }
                if *line_end {
                    self.out.write_all(b"\n")?;
                }
            }
            &Format::Plain { topic, line_end } => {
                if topic {
                    write!(self.out, "{} ", message.topic)?;
                }
                let payload = if self.text_only {
                    lossy(message.payload)
                } else {
                    Cow::Borrowed(message.payload)
                };
                // As mosquitto_sub does.
                let is_null = topic && payload.is_empty();
                self.out
                    .write_all(if is_null { b"(null)" } else { &payload })?;
                if line_end {
                    self.out.write_all(b"\n")?;
                }
            }
        }
        self.out.flush()
    }
}

fn lossy(payload: &[u8]) -> Cow<'_, [u8]> {
    match String::from_utf8_lossy(payload) {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}

impl<'a> Object<'a> {
    fn of(message: &Printed<'a>, now: SystemTime) -> Self {
        let payload = str::from_utf8(message.payload).ok();
        Object {
            timestamp: humantime::format_rfc3339_millis(now).to_string(),
            topic: message.topic,
            qos: message.qos,
            retain: message.retain,
            dup: message.dup,
            payload,
            payload_base64: payload.is_none().then(|| STANDARD.encode(message.payload)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn printed(format: Format, payload: &[u8], text_only: bool) -> Vec<u8> {
        let mut out = Vec::new();
        let message = Printed {
            topic: "a/ä",
            qos: 1,
            retain: true,
            dup: false,
            packet_id: 1,
            payload,
        };
        let now = SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_045);
        Printer::new(&mut out, format, text_only)
            .print(&message, now)
            .unwrap();
        out
    }

    #[test]
    fn payloads_pass_as_they_are() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(
            printed(
                Format::Plain {
                    topic: false,
                    line_end: false
                },
                &all,
                false
            ),
            all
        );
        assert_eq!(
            printed(
                Format::Plain {
                    topic: false,
                    line_end: true
                },
                b"x\r\n",
                false
            ),
            b"x\r\n\n"
        );
        assert_eq!(
            printed(
                Format::Plain {
                    topic: true,
                    line_end: true
                },
                b"x",
                false
            ),
            "a/ä x\n".as_bytes()
        );
    }

    #[test]
    fn a_console_that_takes_text_only_gets_text() {
        assert_eq!(
            printed(
                Format::Plain {
                    topic: false,
                    line_end: false
                },
                b"\xffx",
                true
            ),
            "\u{fffd}x".as_bytes()
        );
    }

    #[test]
    fn text_is_a_string_in_json() {
        let line = String::from_utf8(printed(Format::Json, "\"ä\"\n\0".as_bytes(), false)).unwrap();
        let wanted = r#"{"timestamp":"2023-11-14T22:13:20.045Z","topic":"a/ä","qos":1,"retain":true,"dup":false,"payload":"\"ä\"\n\u0000"}"#;
        assert_eq!(line, format!("{wanted}\n"));
        assert!(printed(Format::Json, b"", false).ends_with(b"\"payload\":\"\"}\n"));
    }

    #[test]
    fn bytes_are_base64_in_json() {
        let line = String::from_utf8(printed(Format::Json, b"\xff\x00", false)).unwrap();
        assert!(
            line.ends_with("\"dup\":false,\"payload_base64\":\"/wA=\"}\n"),
            "{line}"
        );
    }
}
