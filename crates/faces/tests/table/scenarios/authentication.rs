//! Authentication in several steps, which only MQTT 5 has.
use super::{
    face::{
        AuthenticateError, Client, DisconnectReason, Ended, Options, Publish, QoS, ReasonCode,
        State, Version,
    },
    support::{SOON, options, until},
};
use motemq_testing::{
    broker::{Challenge, Config},
    server::Server,
};
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

/// The broker says a number, and wants the next one; so does the client then.
fn counting(server: &Server, client_id: &str, step: u8) -> Options {
    let options = options(server.addr(), client_id).version(Version::Mqtt5);
    options.authentication("COUNT", move |exchange| match exchange.said().last() {
        None => Ok(vec![1]),
        Some(said) if exchange.is_complete() && said[..] != [4] => Err("it counts wrong".into()),
        Some(said) => Ok(vec![said.first().map_or(0, |number| number + step)]),
    })
}

pub fn clients_authenticate_in_several_steps_and_anew() {
    let last = Arc::new(AtomicU32::new(4));
    let says = last.clone();
    let config = Config::new().authenticate("COUNT", move |data, before| match (data, before) {
        ([1], 0) => Challenge::Continue(vec![2]),
        ([3], 1) => Challenge::Accept(vec![says.load(Ordering::Relaxed) as u8]),
        _ => Challenge::Refuse(ReasonCode::NOT_AUTHORIZED),
    });
    let server = Server::start(config).unwrap();
    let client = Client::connect(counting(&server, "a", 1)).unwrap();
    client.connected_timeout(SOON).unwrap().unwrap();
    client.reauthenticate().unwrap();
    let message = Publish::to("t").qos(QoS::AtLeastOnce);
    client.publish(&message).unwrap().wait().unwrap();
    assert_eq!(client.counters().connections, 1);
    // The broker refuses who counts wrong, and a broker that counts wrong is refused.
    let wrong = Client::connect(counting(&server, "b", 2)).unwrap();
    let Ended::GaveUp(DisconnectReason::RefusedWith(reason)) = wrong.connected().unwrap_err()
    else {
        panic!("it was not refused")
    };
    assert_eq!(reason.code(), ReasonCode::NOT_AUTHORIZED);
    last.store(5, Ordering::Relaxed);
    client.reauthenticate().unwrap();
    until(|| matches!(client.state(), State::Ended(_)));
    let state = client.state();
    let reason = state.reason().unwrap();
    assert!(
        matches!(reason, DisconnectReason::Authentication(_)),
        "{reason}"
    );
    let without = Client::connect(options(server.addr(), "c").version(Version::Mqtt5)).unwrap();
    without.connected_timeout(SOON).unwrap().unwrap();
    assert_eq!(without.reauthenticate(), Err(AuthenticateError::NoMethod));
}
