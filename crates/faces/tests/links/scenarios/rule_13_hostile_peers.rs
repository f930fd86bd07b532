//! Rule 13: no layer below MQTT takes more memory than its buffers, and no traffic below MQTT
//! counts as a sign of life from the broker.
use super::{
    SOON,
    face::{Client, DisconnectReason, Ended, Fault, Filter, Options, Publish, QoS, Reconnect, run},
};
use motemq_testing::hostile;
use std::{
    io::{self, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

pub fn options(url: &str) -> Options {
    Options::from_url(url)
        .unwrap()
        .client_id("a")
        .reconnect(Reconnect::Never)
}

/// A WebSocket that plays this script.
fn web(mut script: impl FnMut(&mut TcpStream) -> io::Result<()> + Send + 'static) -> Options {
    let addr = hostile::start(move |stream| script(&mut hostile::upgrade(stream)?)).unwrap();
    options(&format!("ws://{addr}/mqtt"))
}

/// What a client can do before [`hostile::Answers`].
pub fn works(options: Options) {
    let client = Client::connect(options).unwrap();
    let mut messages = client
        .subscribe(&[Filter::new("t", QoS::AtMostOnce)])
        .unwrap();
    let message = messages.recv_timeout(SOON).unwrap();
    assert_eq!(
        (&*message.topic, &message.payload[..]),
        ("t", &b"hello"[..])
    );
    let publish = Publish::to("t").payload(b"1").qos(QoS::AtLeastOnce);
    client.publish(&publish).unwrap().wait().unwrap();
    client.disconnect(SOON).unwrap();
}

/// How a connection ends that nobody ends.
fn ends(options: Options) -> Ended {
    let (_client, driver) = Client::new(options).unwrap();
    run(driver).join().unwrap_err()
}

pub fn fragments_pass_on_as_they_come() {
    works(web(hostile::one_message));
}

pub fn a_frame_passes_on_as_it_comes() {
    works(web(hostile::one_frame));
}

pub fn pings_are_answered() {
    works(web(hostile::ping_first));
}

pub fn frames_are_short() {
    let options = web(|stream| hostile::with_limit(stream, 16 << 10));
    let client = Client::connect(options).unwrap();
    for size in [16_000, 16 << 10, 66_000, 1 << 20] {
        let payload = vec![7; size];
        let publish = Publish::to("t").payload(&payload).qos(QoS::AtLeastOnce);
        client.publish(&publish).unwrap().wait().unwrap();
    }
    client.disconnect(SOON).unwrap();
}

/// The broker is silent, whoever pings before it.
pub fn is_found_dead(options: Options) {
    let options = options
        .keep_alive(1)
        .connect_timeout(Duration::from_secs(2));
    let begun = Instant::now();
    let ended = ends(options);
    assert!(
        matches!(
            &ended,
            Ended::GaveUp(DisconnectReason::Fault(Fault::Timeout))
        ),
        "{ended:?}"
    );
    assert!(begun.elapsed() < Duration::from_secs(10));
}

pub fn pings_are_no_sign_of_life_of_the_broker() {
    is_found_dead(web(|stream| {
        hostile::ping_for_ever(stream, Duration::from_millis(100))
    }));
}

pub fn the_reason_of_a_closed_websocket_is_told() {
    let error = ends(web(hostile::close_with_reason)).to_string();
    assert!(
        error.contains("code 1008 and the reason \"not today\""),
        "{error}"
    );
}

pub fn another_protocol_is_named() {
    for (says, name) in [
        (&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], "HTTP"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "SSH"),
        (b"\x15\x03\x01\0\x02\x02\x46", "TLS"),
    ] {
        let addr = hostile::start(move |mut stream| stream.write_all(says)).unwrap();
        let error = ends(options(&format!("mqtt://{addr}")));
        let words = format!("speaks {name}, not MQTT");
        assert!(error.to_string().contains(&words), "{error}");
    }
}
