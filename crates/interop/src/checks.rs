//! What is checked with each broker, transport and client.
mod cuts;
mod ledger;

use crate::{
    broker::Address,
    client::{Client, Connection, Message, Speech, Who},
};
use ledger::Ledger;
use motemq_std::QoS;
use std::time::Duration;

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
        (None, _) => Ok(Verdict::Failed("no retained message arrived".into())),
        (_, Some(_)) => Ok(Verdict::Deviates(
            "keeps a retained message that was deleted".into(),
        )),
        (Some(Message { retain: false, .. }), _) => Ok(Verdict::Deviates(
            "the retained message arrived without RETAIN".into(),
        )),
        (Some(message), None) if message.payload == b"kept" => Ok(Verdict::Good),
        (Some(message), None) => Err(format!("another message arrived: {message:?}")),
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
