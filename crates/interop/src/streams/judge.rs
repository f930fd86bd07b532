//! Counts what was lost and what came twice, and finds the packet that is the reason.
use crate::recorder::Record;
use motemq_std::QoS;
use std::{collections::BTreeMap, fmt::Write, fs, path::Path};

/// More connections than this for each end of a node are a circle.
const CONNECTIONS: usize = 12;

/// A message that was published.
pub struct Sent {
    pub payload: String,
    pub qos: QoS,
    /// What its sender was told.
    pub outcome: Result<(), String>,
}

/// What came of the messages of one QoS.
#[derive(Clone, Copy, Default, Debug)]
pub struct Count {
    pub sent: usize,
    /// Their sender was told that they may have arrived or not.
    pub unknown: usize,
    /// They were acknowledged, and did not come.
    pub lost: usize,
    /// They came more than once.
    pub doubled: usize,
}

/// What came of one stream.
#[derive(Debug)]
pub struct Verdict {
    /// With QoS 1 and 2.
    pub counts: [Count; 2],
    /// How often the sender and the receiver connected.
    pub connections: [usize; 2],
    /// Where the broker departs from the standard.
    pub broker: Vec<String>,
    /// Where the client does.
    pub ours: Vec<String>,
}

/// The reason why a message was lost, or came twice.
enum Reason {
    Broker(&'static str),
    Ours(&'static str),
    /// The standard allows it.
    Allowed,
}

/// Judges a stream; the packets of the first messages that were lost or came twice go into a file.
pub fn judge(
    sent: &[Sent],
    came: &BTreeMap<String, usize>,
    from: &Record,
    to: &Record,
    trace: &Path,
) -> Verdict {
    let mut counts = [Count::default(); 2];
    let mut reasons: BTreeMap<(bool, &str), Vec<&str>> = BTreeMap::new();
    let mut words = BTreeMap::new();
    for message in sent {
        let payload = message.payload.as_bytes();
        let count = &mut counts[usize::from(message.qos == QoS::ExactlyOnce)];
        let times = came.get(&message.payload).copied().unwrap_or(0);
        count.sent += 1;
        if let Err(told) = &message.outcome {
            count.unknown += 1;
            words.entry(told.as_str()).or_insert(&message.payload);
        }
        let reason = if times == 0 && message.outcome.is_ok() {
            count.lost += 1;
            lost(payload, from, to)
        } else if times > 1 {
            count.doubled += 1;
            doubled(message, times, from, to)
        } else {
            Reason::Allowed
        };
        let (is_ours, reason) = match reason {
            Reason::Broker(reason) => (false, reason),
            Reason::Ours(reason) => (true, reason),
            Reason::Allowed => continue,
        };
        let messages = reasons.entry((is_ours, reason)).or_default();
        messages.push(&message.payload);
    }
    let connections = [from.connections(), to.connections()];
    let (mut broker, mut ours) = (Vec::new(), Vec::new());
    let mut stories = String::new();
    for ((is_ours, reason), messages) in reasons {
        let list = if is_ours { &mut ours } else { &mut broker };
        list.push(reason.to_owned());
        story(&mut stories, reason, &messages, from, to);
    }
    for (told, payload) in words {
        broker.push(format!("the client reported: {told}"));
        story(&mut stories, told, &[payload], from, to);
    }
    if connections.into_iter().max() > Some(CONNECTIONS) {
        ours.push("connected again and again".into());
    }
    if !stories.is_empty() {
        // It is there for people who look for the reason.
        let _ = fs::write(trace, stories);
    }
    Verdict {
        counts,
        connections,
        broker,
        ours,
    }
}

/// Writes down the packets of the first three messages.
fn story(stories: &mut String, reason: &str, messages: &[&str], from: &Record, to: &Record) {
    // Writing into a String does not fail.
    let _ = writeln!(stories, "## {reason}: {}\n", messages.join(" "));
    for message in messages.iter().take(3) {
        for (name, record) in [("sender", from), ("receiver", to)] {
            let _ = writeln!(stories, "{message}, {name}:");
            for line in record.story(message.as_bytes()) {
                let _ = writeln!(stories, "  {line}");
            }
        }
    }
}

fn lost(payload: &[u8], from: &Record, to: &Record) -> Reason {
    if to.received(payload) > 0 {
        Reason::Ours("the client received a message and did not deliver it")
    } else if !from.acknowledged(payload) {
        Reason::Ours("the client reported a message that the broker had not acknowledged")
    } else {
        Reason::Broker("loses messages that it acknowledged")
    }
}

fn doubled(message: &Sent, times: usize, from: &Record, to: &Record) -> Reason {
    let payload = message.payload.as_bytes();
    if message.qos != QoS::ExactlyOnce {
        return if times > to.received(payload) {
            Reason::Ours("the client delivered a message more often than it came")
        } else {
            Reason::Allowed
        };
    }
    if times > to.accepted(payload) {
        return Reason::Ours("the client delivered a QoS 2 message that it had accepted before");
    }
    let copies = from.copies(payload);
    let Some((first, again)) = copies.split_first() else {
        return Reason::Ours("the client sent nothing");
    };
    if again.is_empty() {
        return Reason::Broker(if to.identifiers(payload) > 1 {
            "sends accepted QoS 2 messages again, under another identifier"
        } else {
            "sends QoS 2 messages again after PUBCOMP"
        });
    }
    if again.iter().any(|copy| copy.session != first.session) {
        return Reason::Ours("the client sent a QoS 2 message again after the session was lost");
    }
    if again.iter().any(|copy| copy.id != first.id || !copy.dup) {
        return Reason::Ours("the client sent a QoS 2 message again as a new one");
    }
    Reason::Broker(
        "forgets the identifiers of received QoS 2 messages: it treats a PUBLISH that is repeated with DUP and the same identifier, in a session that is present, as a new message",
    )
}
