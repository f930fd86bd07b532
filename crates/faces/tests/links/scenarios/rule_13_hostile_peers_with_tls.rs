//! Rule 13: no layer below MQTT takes more memory than its buffers, and no traffic below MQTT
//! counts as a sign of life from the broker.
//!
//! The same peers behind TLS.
use super::{
    SOON,
    face::{Client, Filter, QoS, Tls},
    rule_13_hostile_peers::{is_found_dead, options, works},
};
use motemq_testing::{
    certificates::Authority,
    hostile,
    proxy::{Plan, Proxy},
};
use native_tls::{Identity, TlsAcceptor, TlsStream};
use std::{
    io,
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

/// A TLS server that plays this script, and what trusts it.
fn secured(
    mut script: impl FnMut(TlsStream<TcpStream>) -> io::Result<()> + Send + 'static,
) -> (SocketAddr, Tls) {
    let authority = Authority::new("Test CA");
    let server = authority.server();
    let identity = Identity::from_pkcs8(server.pem.as_bytes(), server.key.as_bytes()).unwrap();
    let acceptor = TlsAcceptor::new(identity).unwrap();
    let addr =
        hostile::start(move |stream| script(acceptor.accept(stream).map_err(io::Error::other)?));
    let tls = Tls::new().ca(authority.pem().as_bytes()).unwrap();
    (addr.unwrap(), tls)
}

pub fn pings_in_records_are_no_sign_of_life_of_the_broker() {
    let (addr, tls) = secured(|stream| {
        hostile::ping_for_ever(&mut hostile::upgrade(stream)?, Duration::from_millis(100))
    });
    is_found_dead(options(&format!("wss://{addr}/mqtt")).tls(tls));
}

pub fn fragments_in_records_pass_on_as_they_come() {
    let (addr, tls) = secured(|stream| hostile::one_message(&mut hostile::upgrade(stream)?));
    works(options(&format!("wss://{addr}/mqtt")).tls(tls));
}

/// Nothing of it can be read before it is whole, and the answers to pings stand behind it.
pub fn a_record_that_comes_slowly_is_a_sign_of_life() {
    let (addr, tls) = secured(|mut stream| hostile::first_large_message(&mut stream, 15_000));
    let slow = Proxy::start(addr).unwrap();
    slow.plan(Plan {
        cut_up: None,
        cut_down: None,
        most: Some(500),
        pause: Duration::from_millis(150),
    });
    let options = options(&format!("mqtts://{}", slow.addr()))
        .tls(tls)
        .keep_alive(1)
        .connect_timeout(Duration::from_secs(2));
    let client = Client::connect(options).unwrap();
    let mut messages = client
        .subscribe(&[Filter::new("t", QoS::AtMostOnce)])
        .unwrap();
    let begun = Instant::now();
    let message = messages.recv_timeout(SOON).unwrap();
    assert_eq!(message.payload.len(), 15_000);
    assert!(begun.elapsed() > Duration::from_secs(3), "it was not slow");
}
