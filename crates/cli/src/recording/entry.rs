//! A line of a recording.
use super::Properties;
use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{
    borrow::Cow,
    str,
    time::{Duration, SystemTime},
};

/// A message on its way into a recording.
#[derive(Serialize)]
pub struct Entry<'a> {
    timestamp: Stamp,
    topic: &'a str,
    qos: u8,
    retain: bool,
    dup: bool,
    #[serde(skip_serializing_if = "Properties::is_empty")]
    properties: Properties,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload_base64: Option<String>,
}

/// A time as a recording has it, with microseconds.
pub struct Stamp(pub SystemTime);

impl Serialize for Stamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&humantime::format_rfc3339_micros(self.0))
    }
}

impl<'a> Entry<'a> {
    /// Makes the entry of a message that arrived at this time.
    pub fn new(at: SystemTime, topic: &'a str, payload: &'a [u8]) -> Self {
        let text = str::from_utf8(payload).ok();
        Entry {
            timestamp: Stamp(at),
            topic,
            qos: 0,
            retain: false,
            dup: false,
            properties: Properties::default(),
            payload: text,
            payload_base64: text.is_none().then(|| STANDARD.encode(payload)),
        }
    }

    /// Sets QoS and flags.
    pub fn flags(mut self, qos: u8, retain: bool, dup: bool) -> Self {
        (self.qos, self.retain, self.dup) = (qos, retain, dup);
        self
    }

    /// Sets the properties.
    pub fn properties(mut self, properties: Properties) -> Self {
        self.properties = properties;
        self
    }

    /// Returns the line, with its end.
    pub fn line(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut line = serde_json::to_vec(self)?;
        line.push(b'\n');
        Ok(line)
    }
}

/// A message of a recording.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recorded {
    /// The time since 1970, if it was recorded.
    pub at: Option<Duration>,
    pub topic: String,
    pub qos: u8,
    pub retain: bool,
    pub properties: Properties,
    pub payload: Vec<u8>,
}

/// The parts of a line that count. Others are for other programs.
#[derive(Deserialize)]
struct Line<'a> {
    timestamp: Option<Cow<'a, str>>,
    topic: String,
    #[serde(default)]
    qos: u8,
    #[serde(default)]
    retain: bool,
    #[serde(default)]
    properties: Properties,
    payload: Option<String>,
    payload_base64: Option<Cow<'a, str>>,
}

impl Recorded {
    /// Reads a line.
    ///
    /// # Errors
    /// The reason why it is no message.
    pub fn parse(line: &[u8]) -> Result<Self, String> {
        let line: Line<'_> = serde_json::from_slice(line).map_err(|error| error.to_string())?;
        let at = line.timestamp.as_deref().map(time).transpose()?;
        if line.qos > 2 {
            return Err(format!("{} is no QoS: it is 0, 1 or 2", line.qos));
        }
        let payload = match (line.payload, line.payload_base64) {
            (Some(_), Some(_)) => return Err("there are two payloads".into()),
            (Some(text), None) => text.into_bytes(),
            (None, Some(text)) => STANDARD
                .decode(text.as_bytes())
                .map_err(|error| format!("payload_base64: {error}"))?,
            (None, None) => Vec::new(),
        };
        Ok(Recorded {
            at,
            topic: line.topic,
            qos: line.qos,
            retain: line.retain,
            properties: line.properties.decoded()?,
            payload,
        })
    }
}

/// Reads a time as the time since 1970.
fn time(text: &str) -> Result<Duration, String> {
    let time: Timestamp = text
        .parse()
        .map_err(|_| format!("{text:?} is no time such as 2026-11-30T09:31:12.248517Z"))?;
    Duration::try_from(time.duration_since(Timestamp::UNIX_EPOCH))
        .map_err(|_| format!("{text} is before 1970"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Duration = Duration::from_micros(1_700_000_000_045_017);

    #[test]
    fn messages_come_back_as_they_were() {
        let all: Vec<u8> = (0..=255).collect();
        for (payload, qos, retain) in [
            (&b""[..], 0, false),
            ("\"ä\"\n\0\u{2028}".as_bytes(), 1, true),
            (&all, 2, false),
        ] {
            let at = SystemTime::UNIX_EPOCH + AT;
            let entry = Entry::new(at, "a/\"ä\"", payload).flags(qos, retain, true);
            let line = entry.line().unwrap();
            assert_eq!(line.iter().filter(|&&byte| byte == b'\n').count(), 1);
            let recorded = Recorded::parse(&line).unwrap();
            let wanted = Recorded {
                at: Some(AT),
                topic: "a/\"ä\"".into(),
                qos,
                retain,
                properties: Properties::default(),
                payload: payload.into(),
            };
            assert_eq!(recorded, wanted);
        }
    }

    #[test]
    fn lines_are_those_that_sub_prints() {
        let line = br#"{"timestamp":"2023-11-14T22:13:20.045Z","topic":"a","qos":1,"retain":true,"dup":false,"payload_base64":"/wA="}"#;
        let recorded = Recorded::parse(line).unwrap();
        assert_eq!(recorded.at, Some(Duration::from_millis(1_700_000_000_045)));
        assert_eq!(recorded.payload, b"\xff\0");
        let recorded = Recorded::parse(br#"{"topic":"a","comment":[1]}"#).unwrap();
        assert_eq!((recorded.at, recorded.qos), (None, 0));
        let zoned = br#"{"topic":"a","timestamp":"2023-11-14T23:13:20.045+01:00"}"#;
        let recorded = Recorded::parse(zoned).unwrap();
        assert_eq!(recorded.at, Some(Duration::from_millis(1_700_000_000_045)));
    }

    #[test]
    fn lines_that_are_no_messages_say_why() {
        for (line, words) in [
            ("{\"topic\":\"a\",\"payl", "EOF"),
            ("[]", "invalid length"),
            ("{}", "topic"),
            (r#"{"topic":"a","qos":3}"#, "no QoS"),
            (r#"{"topic":"a","payload":"","payload_base64":""}"#, "two"),
            (r#"{"topic":"a","payload_base64":"/w"}"#, "payload_base64"),
            (
                r#"{"topic":"a","properties":{"content_type":"\u0000"}}"#,
                "property",
            ),
            (r#"{"topic":"a","timestamp":"noon"}"#, "no time"),
            (
                r#"{"topic":"a","timestamp":"1969-01-01T00:00:00Z"}"#,
                "1970",
            ),
        ] {
            let error = Recorded::parse(line.as_bytes()).expect_err(line);
            assert!(error.contains(words), "{line}: {error}");
        }
    }
}
