//! Rule 14: the state can be queried and watched.
use super::face::{
    Client, DisconnectReason, Ended, Filter, Instant, Publish, QoS, ReturnCode, Stage, State,
    States, run,
};
use super::support::{SLOWLY, SOON, done, options, returning, server, unused_address};
use motemq_testing::line::{Exchange, HELLO, NEW};
use std::time::Duration;

/// Waits for a state that is wanted.
#[track_caller]
fn reach<T>(states: &mut States, mut wanted: impl FnMut(State) -> Option<T>) -> T {
    loop {
        let state = states.changed_timeout(SOON).expect("another state");
        if let Some(found) = wanted(state) {
            return found;
        }
    }
}

pub fn states_can_be_watched() {
    let exchange = Exchange::new();
    let options = options(exchange.addr(), "a").reconnect(SLOWLY);
    let (client, driver) = Client::new(options).unwrap();
    let mut states = client.states();
    let running = run(driver);
    let line = exchange.accepts(HELLO, NEW);
    reach(&mut states, |state| state.is_connected().then_some(()));
    let lost = Instant::now();
    drop(line);
    let (reason, retry_at) = reach(&mut states, |state| match state {
        State::Waiting { reason, retry_at } => Some((reason, retry_at)),
        _ => None,
    });
    assert_eq!(reason, DisconnectReason::Closed(Stage::Connected));
    assert!(retry_at >= lost && retry_at <= Instant::now() + Duration::from_secs(1));
    reach(&mut states, |state| {
        matches!(state, State::Connecting { reason: Some(_) }).then_some(())
    });
    // After a good connection a refusal may pass.
    let _line = exchange.accepts(HELLO, b"\x20\x02\0\x05");
    let refused = DisconnectReason::Refused(ReturnCode::NOT_AUTHORIZED);
    reach(&mut states, |state| {
        matches!(state, State::Waiting { reason, .. } if reason == refused).then_some(())
    });
    let before = Instant::now();
    let _line = exchange.accepts(HELLO, NEW);
    let since = reach(&mut states, |state| match state {
        State::Connected { since, .. } => Some(since),
        _ => None,
    });
    assert!(since >= before && since <= Instant::now());
    running.stop();
    reach(&mut states, |state| {
        (state == State::Ended(Ended::DriverStopped)).then_some(())
    });
}

pub fn a_state_is_watched_while_there_is_no_connection() {
    let free = unused_address();
    let client = Client::connect(returning(free, "a")).unwrap();
    let mut states = client.states();
    let text = reach(&mut states, |state| match state {
        State::Waiting { reason, .. } => Some(reason.to_string()),
        _ => None,
    });
    assert!(
        text.contains(&format!("cannot connect to {free}")),
        "{text}"
    );
    client.disconnect(SOON).unwrap();
    assert_eq!(client.connected(), Err(Ended::Closed));
}

pub fn what_has_happened_is_counted() {
    let server = server();
    let (client, driver) = Client::new(options(server.addr(), "counted")).unwrap();
    drop(
        client
            .try_publish(&Publish::to("t").qos(QoS::AtLeastOnce))
            .unwrap(),
    );
    assert_eq!(
        (client.counters().queued, client.counters().connections),
        (1, 0)
    );
    run(driver);
    let mut stream = client
        .subscribe(&[Filter::new("own", QoS::AtLeastOnce)])
        .unwrap();
    let publish = Publish::to("own").payload(&[7; 100]).qos(QoS::AtLeastOnce);
    for _ in 0..3 {
        done(client.publish(&publish).unwrap()).unwrap();
        stream.recv_timeout(SOON).unwrap();
    }
    let seen = client.counters();
    assert_eq!(
        (
            seen.connections,
            seen.sent,
            seen.resent,
            seen.received,
            seen.dropped
        ),
        (1, 4, 0, 3, 0)
    );
    assert_eq!((seen.in_flight, seen.queued), (0, 0));
    // Each message goes out and comes back, with little besides.
    assert!(
        (300..600).contains(&seen.bytes_out) && (300..600).contains(&seen.bytes_in),
        "{seen:?}"
    );
}
