//! What is checked with each broker, transport and client.
mod cuts;

use crate::{
    broker::Address,
    client::{Client, Connection, Message, Speech, Who},
    recorder::Recorder,
};
use motemq_std::QoS;
use std::{collections::BTreeMap, time::Duration};

/// What came of a check.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// All is as the standard says.
    Good,
    /// The broker departs from the standard, and nothing was lost, or its loss was told.
    Deviates(String),
    /// Something was lost, doubled, or did not work at all.
    Failed(String),
    /// This client cannot do it.
    Absent,
}

/// A check, a column of the matrix.
pub struct Check {
    pub name: &'static str,
    pub run: fn(&Scene<'_>) -> Result<Verdict, String>,
}

/// All checks, in the order of the columns.
pub const ALL: [Check; 9] = [
    Check {
        name: "connect",
        run: connect,
    },
    Check {
        name: "QoS 0",
        run: |scene| qos(scene, QoS::AtMostOnce),
    },
    Check {
        name: "QoS 1",
        run: |scene| qos(scene, QoS::AtLeastOnce),
    },
    Check {
        name: "QoS 2",
        run: |scene| qos(scene, QoS::ExactlyOnce),
    },
    Check {
        name: "retained",
        run: retained,
    },
    Check {
        name: "will",
        run: will,
    },
    Check {
        name: "resumption",
        run: resumption,
    },
    Check {
        name: "large payload",
        run: large,
    },
    Check {
        name: "cut links",
        run: cuts::run,
    },
];

/// Messages of one check.
const COUNT: usize = 5;
/// Longer than any buffer on the way, in bytes; and over WebSocket, where mosquitto sends 40 KB a
/// second.
const LARGE: [usize; 2] = [1_500_000, 300_000];
/// How long such a payload may take.
const LONG: Duration = Duration::from_secs(30);
/// How long to wait for what should come.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long to wait for what should not.
const QUIET: Duration = Duration::from_millis(300);

/// Who speaks with whom about what.
pub struct Scene<'a> {
    pub client: &'a dyn Client,
    pub at: &'a Address,
    pub speech: Speech,
    /// Unlike that of any other check.
    pub name: String,
}

impl Scene<'_> {
    fn topic(&self, last: &str) -> String {
        format!("interop/{}/{last}", self.name)
    }

    /// As long as every broker takes it: 23 letters and digits.
    fn id(&self, last: &str) -> String {
        let name: String = self
            .name
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .collect();
        format!("{}{last}", &name[..name.len().min(17)])
    }

    /// What all clients of this scene have in common.
    fn who(&self) -> Who<'_> {
        Who {
            speech: self.speech,
            ..Who::default()
        }
    }

    fn publisher(&self) -> Result<Box<dyn Connection>, String> {
        self.client.open(
            self.at,
            Who {
                id: &self.id("from"),
                ..self.who()
            },
        )
    }

    fn subscriber(&self, topic: &str, qos: QoS) -> Result<Box<dyn Connection>, String> {
        self.client.open(
            self.at,
            Who {
                id: &self.id("to"),
                filter: Some((topic, qos)),
                ..self.who()
            },
        )
    }
}

fn connect(scene: &Scene<'_>) -> Result<Verdict, String> {
    scene.publisher()?.leave()?;
    Ok(Verdict::Good)
}

fn qos(scene: &Scene<'_>, qos: QoS) -> Result<Verdict, String> {
    let topic = scene.topic("qos");
    let mut to = scene.subscriber(&topic, qos)?;
    let mut from = scene.publisher()?;
    let mut ledger = Ledger::new(qos, to.granted());
    for n in 0..COUNT {
        let payload = n.to_string();
        let told = from.publish(&topic, payload.as_bytes(), qos, false);
        ledger.published(payload, told);
    }
    ledger.collect(&mut *to, None)?;
    from.leave()?;
    to.leave()?;
    Ok(ledger.verdict())
}

fn retained(scene: &Scene<'_>) -> Result<Verdict, String> {
    let topic = scene.topic("retained");
    let mut from = scene.publisher()?;
    from.publish(&topic, b"kept", QoS::AtLeastOnce, true)?;
    let mut to = scene.subscriber(&topic, QoS::AtLeastOnce)?;
    let came = to.next(PATIENCE)?;
    to.leave()?;
    from.publish(&topic, b"", QoS::AtLeastOnce, true)?;
    let mut to = scene.subscriber(&topic, QoS::AtLeastOnce)?;
    let rest = to.next(QUIET)?;
    to.leave()?;
    from.leave()?;
    match (came, rest) {
        (None, _) => Ok(Verdict::Failed("no retained message came".into())),
        (_, Some(_)) => Ok(Verdict::Deviates(
            "keeps a retained message that was deleted".into(),
        )),
        (Some(Message { retain: false, .. }), _) => Ok(Verdict::Deviates(
            "the retained message came without RETAIN".into(),
        )),
        (Some(message), None) if message.payload == b"kept" => Ok(Verdict::Good),
        (Some(message), None) => Err(format!("another message came: {message:?}")),
    }
}

fn will(scene: &Scene<'_>) -> Result<Verdict, String> {
    let topic = scene.topic("will");
    let mut watcher = scene.subscriber(&topic, QoS::AtLeastOnce)?;
    let elsewhere = scene.topic("elsewhere");
    let id = scene.id("dies");
    let who = Who {
        id: &id,
        will: Some((&topic, "gone")),
        filter: Some((&elsewhere, QoS::AtMostOnce)),
        ..scene.who()
    };
    scene.client.open(scene.at, who)?.leave()?;
    let early = watcher.next(QUIET)?;
    scene.client.open(scene.at, who)?.vanish();
    let late = if early.is_some() {
        None
    } else {
        watcher.next(PATIENCE)?
    };
    watcher.leave()?;
    Ok(match (early, late) {
        (Some(_), _) => Verdict::Deviates("publishes the will after DISCONNECT".into()),
        (None, Some(message)) if message.payload == b"gone" => Verdict::Good,
        (None, other) => Verdict::Failed(format!("instead of the will came {other:?}")),
    })
}

fn resumption(scene: &Scene<'_>) -> Result<Verdict, String> {
    let topic = scene.topic("resumed");
    let id = scene.id("away");
    let who = Who {
        id: &id,
        keep: true,
        filter: Some((&topic, QoS::ExactlyOnce)),
        ..scene.who()
    };
    let away = scene.client.open(scene.at, who)?;
    let granted = away.granted();
    away.leave()?;
    let qos = granted.unwrap_or(QoS::AtMostOnce);
    let mut from = scene.publisher()?;
    let mut ledger = Ledger::new(qos, granted);
    for n in 0..COUNT {
        let payload = n.to_string();
        let told = from.publish(&topic, payload.as_bytes(), qos, false);
        ledger.published(payload, told);
    }
    from.leave()?;
    let mut back = scene.client.open(
        scene.at,
        Who {
            resume: true,
            ..who
        },
    )?;
    ledger.collect(&mut *back, None)?;
    back.leave()?;
    // The session is not needed any more.
    scene
        .client
        .open(scene.at, Who { keep: false, ..who })?
        .leave()?;
    Ok(ledger.verdict())
}

fn large(scene: &Scene<'_>) -> Result<Verdict, String> {
    let topic = scene.topic("large");
    let mut to = scene.subscriber(&topic, QoS::AtLeastOnce)?;
    let mut from = scene.publisher()?;
    let len = LARGE[usize::from(scene.at.url.starts_with("ws"))];
    let payload: Vec<u8> = (0..len).map(|n| b'a' + (n % 26) as u8).collect();
    from.publish(&topic, &payload, QoS::AtLeastOnce, false)?;
    let came = to.next(LONG)?;
    from.leave()?;
    to.leave()?;
    Ok(match came {
        Some(message) if message.payload == payload => Verdict::Good,
        Some(message) => Verdict::Failed(format!(
            "{} bytes came instead of {len}, or others",
            message.payload.len()
        )),
        None => Verdict::Failed("it was acknowledged and did not come".into()),
    })
}

/// What was published, what its sender was told, and how often it came.
struct Ledger {
    qos: QoS,
    granted: Option<QoS>,
    acknowledged: Vec<String>,
    failed: Vec<(String, String)>,
    came: BTreeMap<String, usize>,
    order: Vec<String>,
    raised: bool,
    /// How many came once more because of the broker, and because of us.
    again: [usize; 2],
}

impl Ledger {
    fn new(qos: QoS, granted: Option<QoS>) -> Self {
        Ledger {
            qos,
            granted,
            acknowledged: vec![],
            failed: vec![],
            came: BTreeMap::new(),
            order: vec![],
            raised: false,
            again: [0, 0],
        }
    }

    fn published(&mut self, payload: String, told: Result<(), String>) {
        match told {
            Ok(()) => self.acknowledged.push(payload),
            Err(words) => self.failed.push((payload, words)),
        }
    }

    /// Takes what comes, until all is there that was acknowledged, and a moment longer.
    fn collect(
        &mut self,
        to: &mut dyn Connection,
        recorder: Option<&Recorder>,
    ) -> Result<(), String> {
        loop {
            let complete = self.lost().next().is_none();
            let Some(message) = to.next(if complete { QUIET } else { PATIENCE })? else {
                break;
            };
            let payload = String::from_utf8_lossy(&message.payload).into_owned();
            self.raised |= message.qos > self.deliverable() as u8;
            self.order.push(payload.clone());
            *self.came.entry(payload).or_default() += 1;
        }
        let record = recorder.map(Recorder::record);
        let accepted = |payload: &str| {
            record
                .as_ref()
                .map_or(1, |record| record.accepted(payload.as_bytes()))
        };
        let doubled = self.came.iter().filter(|&(_, &times)| times > 1);
        for (payload, &times) in doubled {
            let ours =
                self.deliverable() == QoS::ExactlyOnce && !self.raised && accepted(payload) < times;
            self.again[usize::from(ours)] += 1;
        }
        Ok(())
    }

    fn lost(&self) -> impl Iterator<Item = &String> {
        self.acknowledged
            .iter()
            .filter(|payload| !self.came.contains_key(*payload))
    }

    fn deliverable(&self) -> QoS {
        self.granted.unwrap_or(QoS::AtMostOnce).min(self.qos)
    }

    fn verdict(&self) -> Verdict {
        let lost = self.lost().count();
        let [doubled, ours] = self.again;
        if lost > 0 {
            return Verdict::Failed(format!(
                "{lost} of {} messages that were acknowledged did not come",
                self.acknowledged.len()
            ));
        }
        if ours > 0 {
            return Verdict::Failed(format!(
                "{ours} messages of QoS 2 were delivered more than once"
            ));
        }
        let mut notes = Vec::new();
        if self.granted != Some(self.qos) {
            let granted = self
                .granted
                .map_or("nothing".into(), |qos| format!("QoS {}", qos as u8));
            notes.push(format!("grants {granted} for QoS {}", self.qos as u8));
        }
        if let Some((_, words)) = self.failed.first() {
            let arrived = self
                .failed
                .iter()
                .filter(|(payload, _)| self.came.contains_key(payload))
                .count();
            notes.push(format!(
                "the sender of {} messages was told that they may have arrived, and {arrived} had ({words})",
                self.failed.len()
            ));
        }
        if self.raised {
            notes.push("delivers with a higher QoS than was published".into());
        }
        if doubled > 0 && self.deliverable() == QoS::ExactlyOnce {
            notes.push(
                "sends accepted QoS 2 messages again as new ones: after PUBREL, or after reporting no session"
                    .into(),
            );
        } else if doubled > 0 && self.deliverable() == QoS::AtMostOnce {
            notes.push("sends messages of QoS 0 more than once".into());
        }
        if doubled == 0 && !self.order.is_sorted() {
            notes.push("messages came out of order".into());
        }
        if notes.is_empty() {
            Verdict::Good
        } else {
            Verdict::Deviates(notes.join("; "))
        }
    }
}
