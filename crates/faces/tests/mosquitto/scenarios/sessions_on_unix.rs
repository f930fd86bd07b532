//! Sessions that the broker stores, which it cannot be asked for elsewhere.
use super::{
    face::{Filter, Publish, QoS, SessionState, State},
    support::{Caller, done, next, nothing, returning, until},
};
use motemq_testing::mosquitto;

pub fn a_session_survives_the_restart_of_the_broker() {
    let config = ["allow_anonymous true", "persistence true"];
    let Some(mut broker) =
        mosquitto::for_test("a_session_survives_the_restart_of_the_broker", &config)
    else {
        return;
    };
    let addr = broker.addr();
    let keep = |name: &str| Caller::connect(returning(addr, name).keep_session()).unwrap();
    let mut to = keep("to");
    to.subscribe(&[Filter::new("t", QoS::ExactlyOnce)]).unwrap();
    let from = keep("from");
    from.publish(&Publish::to("t").payload(b"before").qos(QoS::ExactlyOnce))
        .unwrap();
    // In hand, but not acknowledged.
    assert_eq!(next(&mut to).payload, &b"before"[..]);
    for round in 0..3u8 {
        broker.stop();
        until(|| matches!(from.state(), State::Waiting { .. }));
        let receipt = from.send(&Publish::to("t").payload(&[round]).qos(QoS::ExactlyOnce));
        broker.resume();
        done(receipt).unwrap();
        assert_eq!(next(&mut to).payload[..], [round]);
    }
    nothing(&mut to);
    for client in [from, to] {
        assert_eq!(client.connected(), Ok(SessionState::Resumed));
        assert_eq!(client.counters().connections, 4);
    }
}
