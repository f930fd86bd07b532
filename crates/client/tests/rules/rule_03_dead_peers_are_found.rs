//! Rule 3: dead peers are detected, even by clients that only send.
use crate::common::*;

#[test]
fn rule_03_a_client_that_only_sends_finds_out_that_the_broker_is_gone() {
    let mut line = Line::new(options().keep_alive(60));
    line.connect(NEW);
    let mut pings = 0;
    while line.poll_transport() == Transport::Keep {
        line.client.publish(&Publish::to("t")).unwrap();
        pings += line.sent().windows(2).filter(|two| *two == PING).count();
        line.pass(secs(10));
        assert!(line.now < secs(80));
    }
    assert_eq!(pings, 1);
    line.closed();
    assert_eq!(line.reasons(), [DisconnectReason::Fault(Fault::Timeout)]);
}

#[test]
fn rule_03_a_broker_that_answers_pings_is_alive() {
    let mut line = Line::new(options().keep_alive(60));
    line.connect(NEW);
    let mut pings = 0;
    for _ in 0..1000 {
        line.pass(secs(5));
        if line.sent() == PING {
            pings += 1;
            line.pass(secs(3));
            line.receive(PONG);
        }
    }
    assert!(pings > 90, "{pings}");
    line.is_connected();
}

#[test]
fn rule_03_a_large_frame_that_arrives_slowly_is_a_sign_of_life() {
    let mut line = Line::new(options().keep_alive(60));
    line.connect(NEW);
    line.pass(secs(45));
    line.sends(PING);
    for _ in 0..100 {
        line.pass(secs(5));
        line.client.on_read_progress();
        line.sent();
    }
    line.is_connected();
}
