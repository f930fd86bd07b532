//! Rule 13: no layer below MQTT takes more memory than its buffers, and no traffic below MQTT
//! counts as a sign of life from the broker.
//!
//! Frames and records are given only when they are whole. Where they come slowly, no call takes
//! longer for it, and no broker is taken for dead.
use super::{
    SOON,
    face::{Client, Filter, Options, Publish, QoS, Reconnect, RecvTimeoutError, Tls, publish_once},
};
use motemq_testing::{
    broker::Config,
    listeners::Listeners,
    proxy::{Plan, Proxy},
    server::Server,
    web::{Manners, Web},
};
use std::{
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
    let there = there
        .client_id("slow")
        .keep_alive(1)
        .connect_timeout(Duration::from_secs(2))
        .reconnect(Reconnect::Never);
    let client = Client::connect(there).unwrap();
    let mut messages = client
        .subscribe(&[Filter::new("large", QoS::AtMostOnce)])
        .unwrap();
    let payload = large();
    let publish = Publish::to("large").payload(&payload).qos(QoS::AtLeastOnce);
    publish_once(straight.clone(), &publish, SOON).unwrap();
    let mut waits = 0;
    let message = loop {
        match messages.recv_timeout(WAIT) {
            Ok(message) => break message,
            Err(error) => assert_eq!(error, RecvTimeoutError::Timeout),
        }
        waits += 1;
    };
    assert!(message.payload[..] == payload);
    // Thirteen of them fit into four seconds; a busy machine may be late now and then.
    assert!((8..).contains(&waits), "{waits} waits");
    publish_once(straight.clone(), &publish, SOON).unwrap();
    let stopping = client.clone();
    let stopping = thread::spawn(move || {
        thread::sleep(WAIT);
        stopping.begin_disconnect(SOON);
    });
    let begun = Instant::now();
    let stopped = messages.recv();
    assert!(stopped.is_none(), "{stopped:?}");
    assert!(
        begun.elapsed() < Duration::from_secs(2),
        "stopped after {:?}",
        begun.elapsed()
    );
    stopping.join().unwrap();
}

pub fn a_large_frame_that_comes_slowly() {
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

/// Passes the messages of a real broker, over TLS.
fn records(test: &str, url: impl Fn(&Listeners) -> String) {
    let Some(ways) = Listeners::for_test(test) else {
        return;
    };
    let straight = Options::from_url(&ways.plain()).unwrap();
    let (slow, url) = Proxy::before(&url(&ways)).unwrap();
    slow.plan(SLOW);
    let tls = Tls::new().ca(ways.authority.pem().as_bytes()).unwrap();
    comes_in_time(Options::from_url(&url).unwrap().tls(tls), &straight);
}

pub fn records_that_come_slowly() {
    records("records_that_come_slowly", Listeners::secure);
}

pub fn frames_in_records_that_come_slowly() {
    records("frames_in_records_that_come_slowly", Listeners::secure_web);
}
