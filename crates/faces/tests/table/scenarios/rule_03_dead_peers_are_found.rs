//! Rule 3: dead peers are detected, even by clients that only send.
use super::face::{Client, Publish};
use super::support::returning;
use motemq_testing::line::{Exchange, HELLO, Line, NEW};
use std::{
    thread,
    time::{Duration, Instant},
};

/// The limit for the answer to a ping.
const LIMIT: Duration = Duration::from_secs(1);

/// Returns when a ping is due: after three quarters of the keep alive.
fn due(keep_alive: u16) -> Duration {
    Duration::from_secs(keep_alive.into()) * 3 / 4
}

/// A client with this keep alive, its first connection, and when that began.
fn connected(keep_alive: u16) -> (Client, Exchange, Line, Instant) {
    let exchange = Exchange::new();
    let options = returning(exchange.addr(), "a")
        .keep_alive(keep_alive)
        .connect_timeout(LIMIT);
    let client = Client::connect(options).unwrap();
    let mut hello = HELLO.to_vec();
    hello[10..12].copy_from_slice(&keep_alive.to_be_bytes());
    let begun = Instant::now();
    let line = exchange.accepts(&hello, NEW);
    client.connected().unwrap();
    (client, exchange, line, begun)
}

pub fn an_idle_client_says_nothing_but_pings() {
    let (_client, _exchange, mut line, begun) = connected(1);
    for ping in 1..=3 {
        line.hears(b"\xc0\0");
        // A busy machine may be late, but is not early.
        let elapsed = begun.elapsed();
        assert!(elapsed >= ping * due(1), "{elapsed:?}");
        assert!(elapsed < (ping + 3) * due(1), "{elapsed:?}");
        line.says(b"\xd0\0");
    }
}

/// A ping, and the limit for its answer: not one ping more (rumqtt#295: 130 s).
pub fn a_dead_link_is_found_in_time() {
    let (_client, exchange, mut line, begun) = connected(2);
    line.hears(b"\xc0\0");
    line.ends();
    let elapsed = begun.elapsed();
    assert!(elapsed >= due(2) + LIMIT, "{elapsed:?}");
    assert!(elapsed < 2 * (due(2) + LIMIT), "{elapsed:?}");
    exchange.next();
}

pub fn a_dead_link_is_found_by_a_client_that_sends() {
    let (client, exchange, _line, begun) = connected(1);
    let mut sent = 0;
    while client.state().is_connected() {
        assert!(begun.elapsed() < 3 * (due(1) + LIMIT), "it is not found");
        sent += u32::from(client.try_publish(&Publish::to("t")).is_ok());
        thread::sleep(Duration::from_millis(20));
    }
    assert!(begun.elapsed() >= due(1) + LIMIT, "{:?}", begun.elapsed());
    assert!(sent > 20, "{sent}");
    exchange.next();
}
