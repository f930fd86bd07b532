//! Links that break again and again, at different bytes: nothing that was acknowledged is lost, and
//! with QoS 2 nothing comes twice.
use super::{Ledger, Scene, Verdict};
use crate::{client::Who, recorder::Recorder};
use motemq_std::QoS;
use motemq_testing::{link::Direction, proxy::Plan};
use std::net::SocketAddr;

/// Cuts of the publisher's and of the subscriber's link.
const CUTS: u64 = 6;
/// Messages; the last cut comes before the last of them.
const COUNT: usize = 20;
/// Bytes after which the first link is cut: behind what subscribing takes.
const FIRST: u64 = 200;

pub fn run(scene: &Scene<'_>) -> Result<Verdict, String> {
    let plain: Option<SocketAddr> = scene
        .at
        .url
        .strip_prefix("mqtt://")
        .and_then(|address| address.parse().ok());
    let Some(broker) = plain.filter(|_| scene.client.comes_back()) else {
        return Ok(Verdict::Absent);
    };
    let topic = scene.topic("cut");
    let (near_from, near_to) = (
        breaking(broker, Direction::Up)?,
        breaking(broker, Direction::Down)?,
    );
    let at = |recorder: &Recorder| scene.at.at(&recorder.addresses());
    let (from_id, to_id) = (scene.id("cutf"), scene.id("cutt"));
    let to_who = Who {
        id: &to_id,
        keep: true,
        filter: Some((&topic, QoS::ExactlyOnce)),
        ..scene.who()
    };
    let mut to = scene.client.open(&at(&near_to), to_who)?;
    let granted = to.granted();
    let qos = granted.unwrap_or(QoS::AtMostOnce);
    // Some brokers do not know a session again that has no subscription.
    let elsewhere = scene.topic("elsewhere");
    let from_who = Who {
        id: &from_id,
        keep: true,
        filter: Some((&elsewhere, QoS::AtMostOnce)),
        ..scene.who()
    };
    let mut from = scene.client.open(&at(&near_from), from_who)?;
    let mut ledger = Ledger::new(qos, granted);
    for n in 0..COUNT {
        let payload = format!("{n:02}");
        let told = from.publish(&topic, payload.as_bytes(), qos, false);
        ledger.published(payload, told);
    }
    ledger.collect(&mut *to, Some(&near_to))?;
    from.leave()?;
    to.leave()?;
    let links = |recorder: &Recorder| recorder.proxies()[0].accepted();
    let cuts = links(&near_from) + links(&near_to) - 2;
    for who in [from_who, to_who] {
        scene
            .client
            .open(
                scene.at,
                Who {
                    keep: false,
                    filter: None,
                    ..who
                },
            )?
            .leave()?;
    }
    if cuts < CUTS {
        Err(format!("only {cuts} links were cut"))
    } else {
        Ok(ledger.verdict())
    }
}

/// Links to a broker that break.
fn breaking(broker: SocketAddr, way: Direction) -> Result<Recorder, String> {
    let recorder = Recorder::before(&[broker])?;
    let plan = |cut| recorder.proxies()[0].plan(Plan::cut_after(way, cut));
    plan(FIRST);
    // Another place in the dialogue each time.
    (1..CUTS).for_each(|cut| plan(60 + 7 * cut));
    Ok(recorder)
}
