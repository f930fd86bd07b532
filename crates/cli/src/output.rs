//! The output: received messages, printed as the options say.
use crate::{
    format::Template,
    recording,
    screen::{Escape, Screen},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::tz::TimeZone;
use motemq::Properties;
use motemq_std::Message;
use serde::Serialize;
use std::{
    cell::OnceCell,
    io::{self, Read, Write},
    str,
    time::SystemTime,
};

/// As many bytes of a large payload are printed at once.
const PIECE: usize = 64 << 10;

/// A message as it is printed.
#[derive(Clone, Copy)]
pub struct Printed<'a> {
    pub topic: &'a str,
    pub qos: u8,
    pub retain: bool,
    pub dup: bool,
    /// 0 with QoS 0.
    pub packet_id: u16,
    /// Those of MQTT 5.
    pub properties: Properties<'a>,
    pub payload: &'a [u8],
}

impl<'a> From<&'a Message> for Printed<'a> {
    fn from(message: &'a Message) -> Self {
        Printed {
            topic: &message.topic,
            qos: message.qos as u8,
            retain: message.retain,
            dup: message.dup,
            packet_id: message.packet_id.map_or(0, |id| id.get()),
            properties: message.properties.get(),
            payload: &message.payload,
        }
    }
}

/// The form in which a message is printed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Format {
    /// The payload as it is.
    Plain { topic: bool, line_end: bool },
    /// An object on a line, or on several, indented.
    Json { is_indented: bool },
    /// As a template says.
    Template { template: Template, line_end: bool },
}

/// Prints messages.
pub struct Printer<W> {
    out: W,
    format: Format,
    screen: Screen,
    zone: OnceCell<TimeZone>,
}

#[derive(Serialize)]
struct Object<'a> {
    timestamp: String,
    topic: &'a str,
    qos: u8,
    retain: bool,
    dup: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    subscription_identifiers: Vec<u32>,
    #[serde(skip_serializing_if = "recording::Properties::is_empty")]
    properties: recording::Properties,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload_base64: Option<String>,
}

impl<W: Write> Printer<W> {
    /// Makes a printer in this format, to an output of this kind.
    pub fn new(out: W, format: Format, screen: Screen) -> Self {
        Printer {
            out,
            format,
            screen,
            zone: OnceCell::new(),
        }
    }

    /// Prints one message that arrived at `now`, as far as into the buffer of the output.
    pub fn print(
        &mut self,
        message: &Printed<'_>,
        now: impl FnOnce() -> SystemTime,
    ) -> io::Result<()> {
        match &self.format {
            Format::Json { is_indented } => {
                let object = Object::of(message, now());
                let object = if *is_indented {
                    serde_json::to_vec_pretty(&object)?
                } else {
                    serde_json::to_vec(&object)?
                };
                let shown = self.screen.shown(&object, Escape::Json);
                self.out.write_all(&shown)?;
                self.out.write_all(b"\n")?;
            }
            Format::Template { template, line_end } => {
                let zone = self.zone.get_or_init(TimeZone::system);
                template.write(&mut self.out, message, now(), (zone, self.screen))?;
                if *line_end {
                    self.out.write_all(b"\n")?;
                }
            }
            &Format::Plain { topic, line_end } => {
                self.begin(topic.then_some(message.topic))?;
                let payload = self.screen.shown(message.payload, Escape::Text);
                // As mosquitto_sub does.
                let is_null = topic && payload.is_empty();
                self.out
                    .write_all(if is_null { b"(null)" } else { &payload })?;
                if line_end {
                    self.out.write_all(b"\n")?;
                }
            }
        }
        Ok(())
    }

    /// Writes what was printed to where it goes: it may be acknowledged after that.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// Returns whether payloads can be printed while they arrive.
    pub fn streams(&self) -> bool {
        matches!(self.format, Format::Plain { .. }) && self.screen == Screen::None
    }

    /// Prints a message with a large payload while it arrives. Nothing of it is kept back, so that
    /// all of it is where it goes when it is acknowledged.
    pub fn print_from(&mut self, topic: &str, mut payload: impl Read) -> io::Result<()> {
        let &Format::Plain {
            topic: has_topic,
            line_end,
        } = &self.format
        else {
            return Err(io::ErrorKind::Unsupported.into());
        };
        self.begin(has_topic.then_some(topic))?;
        let mut piece = vec![0; PIECE];
        loop {
            let n = payload.read(&mut piece)?;
            if n == 0 {
                break;
            }
            self.out.write_all(&piece[..n])?;
            self.out.flush()?;
        }
        if line_end {
            self.out.write_all(b"\n")?;
        }
        self.out.flush()
    }

    /// Prints the topic before a payload.
    fn begin(&mut self, topic: Option<&str>) -> io::Result<()> {
        let Some(topic) = topic else {
            return Ok(());
        };
        let (begin, end) = self.screen.topic_colour();
        let shown = self.screen.shown(topic.as_bytes(), Escape::Text);
        self.out.write_all(begin.as_bytes())?;
        self.out.write_all(&shown)?;
        self.out.write_all(end.as_bytes())?;
        self.out.write_all(b" ")
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
            subscription_identifiers: message.properties.subscription_identifiers().collect(),
            properties: recording::Properties::of(message.properties),
            payload,
            payload_base64: payload.is_none().then(|| STANDARD.encode(message.payload)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn printed(format: Format, payload: &[u8], is_terminal: bool) -> Vec<u8> {
        let mut out = Vec::new();
        let message = Printed {
            topic: "a/ä",
            qos: 1,
            retain: true,
            dup: false,
            packet_id: 1,
            properties: Properties::default(),
            payload,
        };
        let now = SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_045);
        let screen = if is_terminal {
            Screen::Terminal { has_colours: false }
        } else {
            Screen::None
        };
        Printer::new(&mut out, format, screen)
            .print(&message, || now)
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
    fn a_terminal_gets_text() {
        assert_eq!(
            printed(
                Format::Plain {
                    topic: false,
                    line_end: false
                },
                b"\xffx",
                true
            ),
            b"\\xffx"
        );
    }

    #[test]
    fn text_is_a_string_in_json() {
        let line = String::from_utf8(printed(
            Format::Json { is_indented: false },
            "\"ä\"\n\0".as_bytes(),
            false,
        ))
        .unwrap();
        let wanted = r#"{"timestamp":"2023-11-14T22:13:20.045Z","topic":"a/ä","qos":1,"retain":true,"dup":false,"payload":"\"ä\"\n\u0000"}"#;
        assert_eq!(line, format!("{wanted}\n"));
        assert!(
            printed(Format::Json { is_indented: false }, b"", false)
                .ends_with(b"\"payload\":\"\"}\n")
        );
    }

    #[test]
    fn bytes_are_base64_in_json() {
        let line = String::from_utf8(printed(
            Format::Json { is_indented: false },
            b"\xff\x00",
            false,
        ))
        .unwrap();
        assert!(
            line.ends_with("\"dup\":false,\"payload_base64\":\"/wA=\"}\n"),
            "{line}"
        );
    }
}
