//! Rule 13: no layer below MQTT takes more memory than its buffers, and no traffic below MQTT
//! counts as a sign of life from the broker.
use super::face::{Client, DisconnectReason, Ended, Options, Reconnect, TransportErrorKind, run};
use crate::MEMORY;
use motemq_testing::hostile;
use std::{io, net::TcpStream, sync::mpsc, time::Duration};

/// Longer than anything takes that works.
const SOON: Duration = Duration::from_secs(60);
/// The size of a flood.
const MEBIBYTES: usize = 64;
/// The client's buffers, the peer's, and the threads of both.
const MEMORY_LIMIT: f32 = 2.0;

fn options(url: &str) -> Options {
    Options::from_url(url)
        .unwrap()
        .client_id("a")
        .reconnect(Reconnect::Never)
}

/// What a flood of this kind costs.
fn floods(script: fn(&mut TcpStream, usize) -> io::Result<()>) {
    let (over, is_over) = mpsc::channel();
    let addr = hostile::start(move |stream| {
        let stream = &mut hostile::upgrade(stream)?;
        let sent = script(stream, MEBIBYTES);
        let _ = over.send(sent.map_err(|error| error.to_string()));
        // Until the client hangs up.
        io::copy(stream, &mut io::sink()).map(|_| ())
    });
    let url = format!("ws://{}/mqtt", addr.unwrap());
    let client = Client::connect(options(&url)).unwrap();
    client.connected().unwrap();
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage_as_mb();
    let sent = is_over.recv_timeout(SOON);
    assert_eq!(sent, Ok(Ok(())));
    assert!(client.state().is_connected());
    let peak = MEMORY.peak_usage_as_mb() - before;
    assert!(peak < MEMORY_LIMIT, "{peak} MB");
}

pub fn fragments_without_an_end_are_not_held() {
    floods(hostile::flood_fragments);
}

pub fn pongs_that_are_not_read_are_not_held() {
    floods(hostile::flood_pings);
}

pub fn headers_without_an_end_are_not_held() {
    let addr = hostile::start(|mut stream| hostile::flood_headers(&mut stream)).unwrap();
    let before = MEMORY.current_usage_as_mb();
    MEMORY.reset_peak_usage();
    let (_client, driver) = Client::new(options(&format!("ws://{addr}/mqtt"))).unwrap();
    let refused = run(driver).join().unwrap_err();
    let Ended::GaveUp(DisconnectReason::Transport(refused)) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(refused.kind(), TransportErrorKind::WebSocket);
    let peak = MEMORY.peak_usage_as_mb() - before;
    assert!(peak < MEMORY_LIMIT, "{peak} MB");
}
