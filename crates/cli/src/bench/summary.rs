//! The summary of a run, for people and as JSON.
use super::tally::{Counts, Times};
use serde::Serialize;
use std::{
    fmt::{self, Write},
    time::Duration,
};

/// All that a run has measured. Parts that do not belong to its scenario are left out.
#[derive(Serialize, Clone, Debug)]
pub struct Summary {
    pub broker: String,
    pub scenario: String,
    pub qos: u8,
    /// True if Ctrl-C ended it.
    pub interrupted: bool,
    pub connections: Connections,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messages: Option<Messages>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency: Option<Spread>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storm: Option<Storm>,
}

#[derive(Serialize, Clone, Debug)]
pub struct Connections {
    pub wanted: u32,
    pub made: u32,
    pub failed: u32,
    /// Until all of them were made.
    pub seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub each: Option<Spread>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_of_memory_each: Option<u64>,
}

#[derive(Serialize, Clone, Debug)]
pub struct Messages {
    pub size: usize,
    pub seconds: f64,
    pub sent: u64,
    pub received: u64,
    pub sent_per_second: f64,
    pub received_per_second: f64,
    pub lost: u64,
    pub duplicates: u64,
    pub out_of_order: u64,
    /// Of those lost, messages that arrived here and were dropped.
    pub dropped_here: u64,
    /// The rate of sending, if it was limited.
    pub rate: Option<f64>,
}

/// Times in milliseconds.
#[derive(Serialize, Clone, Copy, Debug)]
pub struct Spread {
    pub p50_ms: f64,
    pub p90_ms: f64,
    pub p99_ms: f64,
    #[serde(rename = "p99.9_ms")]
    pub p999_ms: f64,
    pub max_ms: f64,
}

#[derive(Serialize, Clone, Debug)]
pub struct Storm {
    pub cut: u32,
    pub back: u64,
    /// From the cut until a connection was back; the last is that of all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<Spread>,
}

impl Messages {
    /// Makes the counts of messages, of which sending and receiving took these times.
    pub fn new(
        size: usize,
        sent: u64,
        counts: Counts,
        (sending, receiving): (Duration, Duration),
        rate: Option<f64>,
    ) -> Self {
        let a_second = |count: u64, time: Duration| count as f64 / time.as_secs_f64().max(1e-9);
        Messages {
            size,
            seconds: sending.as_secs_f64(),
            sent,
            received: counts.distinct,
            sent_per_second: a_second(sent, sending),
            received_per_second: a_second(counts.distinct, receiving),
            lost: counts.lost(),
            duplicates: counts.duplicates,
            out_of_order: counts.disordered,
            dropped_here: counts.dropped,
            rate,
        }
    }
}

impl Spread {
    /// Returns the spread of times, if there are any.
    pub fn of(times: &Times) -> Option<Self> {
        let at = |percent| ms(times.percentile(percent));
        (!times.is_empty()).then(|| Spread {
            p50_ms: at(50.0),
            p90_ms: at(90.0),
            p99_ms: at(99.0),
            p999_ms: at(99.9),
            max_ms: ms(times.max()),
        })
    }
}

/// Returns milliseconds, to the microsecond.
pub fn ms(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Spread {
            p50_ms,
            p90_ms,
            p99_ms,
            p999_ms,
            max_ms,
        } = self;
        write!(
            f,
            "p50 {p50_ms:.3} ms, p90 {p90_ms:.3} ms, p99 {p99_ms:.3} ms, p99.9 {p999_ms:.3} ms, max {max_ms:.3} ms"
        )
    }
}

impl Summary {
    /// Returns it as text, each part on a line.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, out: &mut String) -> fmt::Result {
        let Connections {
            wanted,
            made,
            failed,
            seconds,
            ..
        } = self.connections;
        let end = if self.interrupted {
            ", interrupted"
        } else {
            ""
        };
        writeln!(
            out,
            "broker       {}, {}, QoS {}{end}",
            self.broker, self.scenario, self.qos
        )?;
        write!(out, "connections  {made} of {wanted} in {seconds:.2} s")?;
        if failed > 0 {
            write!(out, ", {failed} failed")?;
        }
        if let Some(bytes) = self.connections.bytes_of_memory_each {
            write!(out, ", {} bytes of memory each", grouped(bytes))?;
        }
        writeln!(out)?;
        if let Some(each) = &self.connections.each {
            writeln!(out, "  each took  {each}")?;
        }
        if let Some(messages) = &self.messages {
            messages.write(out)?;
        }
        if let Some(latency) = &self.latency {
            writeln!(out, "latency      {latency}")?;
        }
        if let Some(Storm { cut, back, times }) = &self.storm {
            writeln!(out, "storm        {cut} cut at once, {back} back")?;
            if let Some(times) = times {
                writeln!(out, "  back after {times}")?;
            }
        }
        Ok(())
    }
}

impl Messages {
    fn write(&self, out: &mut String) -> fmt::Result {
        let rate = match self.rate {
            Some(rate) => format!("at {} a second", grouped(rate.round() as u64)),
            None => "without a limit".into(),
        };
        writeln!(
            out,
            "sent         {} of {} bytes in {:.2} s, {rate}: {} a second",
            grouped(self.sent),
            self.size,
            self.seconds,
            grouped(self.sent_per_second.round() as u64)
        )?;
        write!(
            out,
            "received     {}: {} a second; {} lost",
            grouped(self.received),
            grouped(self.received_per_second.round() as u64),
            grouped(self.lost),
        )?;
        if self.dropped_here > 0 {
            write!(
                out,
                " ({} of them dropped here)",
                grouped(self.dropped_here)
            )?;
        }
        writeln!(
            out,
            ", {} duplicates, {} out of order",
            grouped(self.duplicates),
            grouped(self.out_of_order)
        )
    }
}

/// Returns a number with its digits in groups.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary() -> Summary {
        let mut times = Times::default();
        (1..=1000).for_each(|n| times.record(Duration::from_micros(n)));
        let counts = Counts {
            expected: 2000,
            distinct: 1990,
            duplicates: 3,
            disordered: 4,
            dropped: 5,
        };
        let second = Duration::from_secs(2);
        Summary {
            broker: "localhost:1883".into(),
            scenario: "pairs".into(),
            qos: 1,
            interrupted: true,
            connections: Connections {
                wanted: 20,
                made: 19,
                failed: 1,
                seconds: 0.5,
                each: Spread::of(&times),
                bytes_of_memory_each: Some(7000),
            },
            messages: Some(Messages::new(
                64,
                2000,
                counts,
                (second, second),
                Some(1000.0),
            )),
            latency: Spread::of(&times),
            storm: Some(Storm {
                cut: 20,
                back: 19,
                times: Spread::of(&Times::default()),
            }),
        }
    }

    #[test]
    fn people_read_each_figure() {
        let text = summary().text();
        for words in [
            "localhost:1883, pairs, QoS 1, interrupted",
            "19 of 20 in 0.50 s, 1 failed, 7,000 bytes of memory each",
            "2,000 of 64 bytes in 2.00 s, at 1,000 a second: 1,000 a second",
            "received     1,990: 995 a second; 10 lost (5 of them dropped here), 3 duplicates, 4 out of order",
            "latency      p50 0.500 ms, p90 0.900 ms, p99 0.99",
            "20 cut at once, 19 back",
        ] {
            assert!(text.contains(words), "{words}: {text}");
        }
        assert!(!text.contains("back after"), "{text}");
    }

    #[test]
    fn programs_read_each_figure() {
        let json = serde_json::to_value(summary()).unwrap();
        assert_eq!(json["connections"]["made"], 19);
        assert_eq!(json["messages"]["lost"], 10);
        assert!(json["latency"]["p99.9_ms"].as_f64().unwrap() > 0.99);
        assert!(json["storm"]["times"].is_null());
    }
}
