//! What is given only when it is whole, frames and records, comes slowly: no call takes longer for
//! it, and nobody is taken for dead.
#![cfg(feature = "websocket")]
use motemq_rig::{
    broker::Config,
    proxy::{Plan, Proxy},
    server::Server,
    web::{Manners, Web},
};
use motemq_std::{Client, Error, Filter, Options, Publish, QoS, Reconnect, publish_once};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// A kilobyte every twentieth of a second.
const SLOW: Plan = Plan {
    cut_up: None,
    cut_down: None,
    most: Some(1024),
    pause: Duration::from_millis(50),
};
/// As long as a call may take.
const WAIT: Duration = Duration::from_millis(300);

/// Four seconds long under way: longer than a ping and its answer may take.
fn large() -> Vec<u8> {
    (0..80_000u32).map(|n| (n ^ n >> 8) as u8).collect()
}

/// Before the slow link of `there`, which leads to the broker at `straight`.
fn comes_in_time(there: Options, straight: &Options) {
    let stop = Arc::new(AtomicBool::new(false));
    let there = there
        .client_id("slow")
        .keep_alive(1)
        .connect_timeout(Duration::from_secs(2))
        .reconnect(Reconnect::Never);
    let mut client = Client::connect(&there.stop_flag(stop.clone())).unwrap();
    client
        .subscribe(&[Filter::new("large", QoS::AtMostOnce)])
        .unwrap();
    publish_once(
        straight,
        &Publish::to("large").payload(&large()).qos(QoS::AtLeastOnce),
    )
    .unwrap();
    let mut waits = 0;
    let message = loop {
        match client.recv(Some(WAIT)).unwrap() {
            Some(message) => break message,
            None => waits += 1,
        }
    };
    assert!(message.payload == large());
    // Thirteen of them fit into four seconds; a busy machine may be late now and then.
    assert!((8..).contains(&waits), "{waits} waits");
    publish_once(
        straight,
        &Publish::to("large").payload(&large()).qos(QoS::AtLeastOnce),
    )
    .unwrap();
    let stopping = thread::spawn(move || {
        thread::sleep(WAIT);
        stop.store(true, Ordering::Relaxed);
    });
    let begun = Instant::now();
    let stopped = client.recv(None);
    assert!(matches!(stopped, Err(Error::Stopped)), "{stopped:?}");
    assert!(
        begun.elapsed() < Duration::from_secs(2),
        "stopped after {:?}",
        begun.elapsed()
    );
    stopping.join().unwrap();
}

#[test]
fn a_large_frame_that_comes_slowly() {
    let broker = Server::start(Config::new()).unwrap();
    let web = Web::start(broker.addr(), Manners::Large).unwrap();
    let slow = Proxy::start(web.addr()).unwrap();
    slow.plan(SLOW);
    let url = format!("ws://{}/mqtt", slow.addr());
    comes_in_time(
        Options::from_url(&url).unwrap(),
        &Options::from_url(&broker.url()).unwrap(),
    );
}

#[cfg(feature = "_tls")]
#[test]
fn records_that_come_slowly() {
    use motemq_rig::listeners::Listeners;
    use motemq_std::Tls;
    let Some(ways) = Listeners::for_test("records_that_come_slowly") else {
        return;
    };
    let straight = Options::from_url(&ways.plain()).unwrap();
    for url in [ways.secure(), ways.secure_web()] {
        let (slow, url) = Proxy::before(&url).unwrap();
        slow.plan(SLOW);
        let tls = Tls::new().ca(ways.authority.pem().as_bytes()).unwrap();
        comes_in_time(Options::from_url(&url).unwrap().tls(tls), &straight);
    }
}
