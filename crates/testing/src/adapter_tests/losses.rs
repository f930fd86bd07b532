//! Links that are cut again and again, while messages are on their way.
use super::{Adapter, QUIET, Road, SOON, Setup};
use crate::{ledger::Ledger, link::Direction, proxy::Plan};
use motemq::QoS;
use std::{env, thread};

/// How many seeds are run, one after the other; 1 if it is not set.
pub const SEEDS: &str = "MOTEMQ_SEEDS";
/// How many messages with each seed; 3,000 if it is not set.
pub const MESSAGES: &str = "MOTEMQ_MESSAGES";

/// QoS 1 is never lost, QoS 2 neither lost nor doubled, and order is kept, though both the
/// publisher and the subscriber are cut at random places.
///
/// ```console
/// $ MOTEMQ_SEEDS=100 MOTEMQ_MESSAGES=100000 cargo test --release -p motemq-tokio --test adapter nothing_is_lost_or_doubled
/// ```
pub fn nothing_is_lost_or_doubled<A: Adapter>() {
    let number = |name: &str| {
        env::var(name).ok().map(|value| {
            value
                .parse()
                .unwrap_or_else(|_| panic!("{name}={value} is no number"))
        })
    };
    let messages = number(MESSAGES).unwrap_or(3000);
    for seed in 0..number(SEEDS).unwrap_or(1) {
        let cuts = run::<A>(seed, messages);
        println!("seed {seed}: {messages} messages, {cuts} cuts: nothing lost, nothing doubled");
    }
}

/// Returns how often the link was cut.
fn run<A: Adapter>(seed: u64, messages: u64) -> u64 {
    let mut chance = fastrand::Rng::with_seed(seed);
    let (up, down) = (Road::new(), Road::new());
    down.proxy.set_upstream(up.server.addr());
    // Each message takes some 25 bytes, and its answers 4 to 8; a hundred cuts of each link.
    let most = (messages / 4).max(200);
    let mut subscriber = A::connect(&Setup::new(down.proxy.addr(), "ledger to"));
    subscriber.subscribe("ledger/#", QoS::ExactlyOnce);
    let mut publisher = A::connect(&Setup::new(up.proxy.addr(), "ledger from"));
    for _ in 0..100 {
        for proxy in [&up.proxy, &down.proxy] {
            let way = if chance.bool() {
                Direction::Up
            } else {
                Direction::Down
            };
            proxy.plan(Plan::cut_after(way, chance.u64(1..most)));
        }
    }
    up.proxy.cut();
    down.proxy.cut();
    let qos = |n: u64| {
        if n.is_multiple_of(3) {
            QoS::AtLeastOnce
        } else {
            QoS::ExactlyOnce
        }
    };
    let topic = |n: u64| {
        if n.is_multiple_of(2) {
            "ledger/even"
        } else {
            "ledger/odd"
        }
    };
    let mut ledger = Ledger::new();
    for n in 0..messages {
        ledger.published(topic(n), n.to_string().as_bytes(), qos(n));
    }
    let publishing = thread::spawn(move || {
        for n in 0..messages {
            publisher.publish(topic(n), n.to_string().as_bytes(), qos(n));
        }
        let unknown = publisher.flush();
        (publisher, unknown)
    });
    while !ledger.is_complete() {
        let Some(message) = subscriber.recv(SOON) else {
            panic!("seed {seed}: nothing comes any more: {}", ledger.judge())
        };
        ledger.delivered(&message.topic, &message.payload);
    }
    while let Some(message) = subscriber.recv(QUIET) {
        ledger.delivered(&message.topic, &message.payload);
    }
    let (publisher, unknown) = publishing.join().expect("the publisher has done its work");
    assert_eq!(
        unknown, 0,
        "seed {seed}: messages of a kept session are not known to have arrived"
    );
    let verdict = ledger.judge();
    assert!(verdict.is_clean(), "seed {seed}: {verdict}");
    let cuts = publisher.connections() + subscriber.connections() - 2;
    publisher.leave();
    subscriber.leave();
    cuts
}
