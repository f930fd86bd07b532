//! The wills of the world: which were published, in what order, and what subscribers have had of
//! them.
use super::plan::Plan;
use motemq::QoS;
use motemq_testing::broker::Connection;
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

/// A will says whose it is and of which connection, in six bytes; as the client leaves it, of
/// connection 0.
pub type Will = (u8, u32);

/// Where wills are published.
pub const TOPIC: &str = "w";

/// What a will says.
pub fn payload((publisher, connection): Will) -> [u8; 6] {
    let [a, b, c, d] = connection.to_be_bytes();
    [publisher, b'w', a, b, c, d]
}

/// Reads it back.
///
/// # Errors
/// What is wrong with it.
pub fn read(payload: &[u8]) -> Result<Will, String> {
    match *payload {
        [publisher, b'w', a, b, c, d] => Ok((publisher, u32::from_be_bytes([a, b, c, d]))),
        _ => Err(format!("a will that nobody left: {payload:02x?}")),
    }
}

/// All wills that the broker has published, in this order.
#[derive(Clone, Debug, Default)]
pub struct Published(Arc<Mutex<All>>);

#[derive(Debug, Default)]
struct All {
    wills: Vec<Will>,
    connections: BTreeSet<u32>,
}

impl Published {
    /// One more. Never two of one connection. A client leaves the same will with each connection,
    /// so the number of the connection is written into it: no two are alike then.
    ///
    /// # Panics
    /// If it is not a will of this world.
    pub fn add(&self, client: &str, connection: Connection, text: &mut Vec<u8>) {
        let (publisher, number) = read(text).expect("the broker has it as it was sent");
        assert!(
            client.strip_prefix('n') == Some(publisher.to_string().as_str()) && number == 0,
            "the will {number} of {publisher} is {client}'s"
        );
        let will = (publisher, connection.0 as u32);
        *text = payload(will).to_vec();
        let mut all = self.0.lock().expect("nobody panics with it");
        let is_new = all.connections.insert(will.1);
        assert!(is_new, "{will:?} was published before");
        all.wills.push(will);
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.lock().expect("nobody panics with it").wills.len()
    }

    /// Whether a subscriber has had the wills as its QoS and theirs promise. `plans` are those of
    /// all nodes; with `gaps` some may be missing.
    ///
    /// # Errors
    /// What it has had otherwise.
    pub fn check(
        &self,
        plans: &[&Plan],
        subscriber: &Plan,
        heard: &[Will],
        gaps: bool,
    ) -> Result<(), String> {
        let Some((_, most)) = subscriber.wants.filter(|_| subscriber.hears_wills) else {
            return if heard.is_empty() {
                Ok(())
            } else {
                Err("wills that it has not subscribed to".into())
            };
        };
        let all = self.0.lock().expect("nobody panics with it");
        let published = &all.wills;
        for granted in [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce] {
            let of = |will: &&Will| {
                plans
                    .get(usize::from(will.0))
                    .and_then(|plan| plan.will)
                    .map(|qos| qos.min(most))
                    == Some(granted)
            };
            in_order(
                published.iter().filter(of),
                heard.iter().filter(of),
                granted,
                gaps,
            )?;
        }
        Ok(())
    }
}

/// Those of one QoS: the first that was heard may be any, since what went before was not subscribed
/// to.
fn in_order<'w>(
    published: impl Iterator<Item = &'w Will>,
    heard: impl Iterator<Item = &'w Will>,
    qos: QoS,
    gaps: bool,
) -> Result<(), String> {
    let gaps = gaps || qos == QoS::AtMostOnce;
    let published: Vec<_> = published.collect();
    let mut next = None;
    for will in heard {
        let at = published
            .iter()
            .position(|other| *other == will)
            .ok_or(format!("the will {will:?} was never published"))?;
        match next {
            Some(next) if at < next && qos != QoS::AtLeastOnce => {
                return Err(format!("doubled: the will {will:?}"));
            }
            Some(next) if at < next => continue,
            Some(next) if at > next && !gaps => {
                return Err(format!(
                    "lost: the will {:?} before {will:?}",
                    published[next]
                ));
            }
            _ => next = Some(at + 1),
        }
    }
    match next.and_then(|next| published.get(next)) {
        Some(will) if !gaps => Err(format!("lost: the will {will:?}, and all behind it")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lost_or_doubled_is_found() {
        let published = [(0, 1), (0, 2), (1, 1), (0, 3)];
        let check =
            |heard: &[Will], qos, gaps| in_order(published.iter(), heard.iter(), qos, gaps).is_ok();
        let all = &published[..];
        for qos in [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce] {
            assert!(
                check(all, qos, false) && check(&all[2..], qos, false) && check(&[], qos, false)
            );
            assert!(!check(&[(7, 1)], qos, true));
            assert_eq!(
                check(&[(0, 1), (1, 1), (0, 3)], qos, false),
                qos == QoS::AtMostOnce
            );
            assert_eq!(check(&all[..3], qos, false), qos == QoS::AtMostOnce);
            assert!(check(&all[..3], qos, true));
            assert_eq!(
                check(
                    &[(0, 1), (0, 2), (0, 1), (0, 2), (1, 1), (0, 3)],
                    qos,
                    false
                ),
                qos == QoS::AtLeastOnce
            );
        }
    }
}
