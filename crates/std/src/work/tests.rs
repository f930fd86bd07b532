//! What was asked for comes to one end each.
use super::*;
use motemq::Fault;
use std::time::Duration;

fn publish(qos: QoS) -> Body {
    Body::Publish {
        topic: "t".into(),
        payload: vec![1],
        qos,
        retain: false,
    }
}

fn send_all(work: &mut Work) {
    for number in 1.. {
        let Some(request) = work.queue.pop_front() else {
            break;
        };
        work.sent(PacketId::new(number).unwrap(), request);
    }
}

const ONE: PacketId = PacketId::MIN;

#[test]
fn what_was_never_sent_is_told_from_what_may_have_been() {
    let mut work = Work::default();
    let ticket = work.ask(publish(QoS::AtLeastOnce));
    assert!(work.withdraw(ticket));
    assert_eq!(work.len(), 0);

    let ticket = work.ask(publish(QoS::AtLeastOnce));
    send_all(&mut work);
    work.unknown(ONE);
    work.connected(SessionState::New, 255);
    assert!(work.is_queued(ticket));
    assert!(!work.withdraw(ticket));
    assert_eq!(work.len(), 0);

    let ticket = work.ask(publish(QoS::AtLeastOnce));
    send_all(&mut work);
    assert!(!work.withdraw(ticket));
    assert!(work.copy(ONE).is_none() && work.is_given_up(ONE));
    // The answer comes after all.
    work.acked(ONE);
    assert_eq!((work.len(), work.given_up.len()), (0, 0));
}

#[test]
fn a_lost_session_ends_qos_2_and_begins_the_rest_anew() {
    let mut work = Work::default();
    let exactly = work.ask(publish(QoS::ExactlyOnce));
    let least = work.ask(publish(QoS::AtLeastOnce));
    let filters = work.ask(Body::Subscribe(vec![("a".into(), QoS::AtMostOnce)]));
    send_all(&mut work);
    let later = work.ask(publish(QoS::AtLeastOnce));
    (1..=3).for_each(|number| work.unknown(PacketId::new(number).unwrap()));
    work.connected(SessionState::New, 255);
    assert!(matches!(work.outcome(exactly), Err(Error::OutcomeUnknown)));
    assert_eq!(
        work.queue
            .iter()
            .map(|request| request.ticket)
            .collect::<Vec<_>>(),
        [least, filters, later]
    );
}

#[test]
fn subscriptions_are_made_again_once() {
    let mut work = Work::default();
    work.ask(Body::Subscribe(vec![
        ("a".into(), QoS::AtMostOnce),
        ("b".into(), QoS::AtMostOnce),
        ("c".into(), QoS::AtMostOnce),
    ]));
    send_all(&mut work);
    assert!(work.subscribed(ONE, &[0, 128, 1]).is_empty());
    for _ in 0..2 {
        work.lost();
        work.connected(SessionState::New, 255);
        let [
            Request {
                ticket: 0,
                body: Body::Subscribe(filters),
                ..
            },
        ] = &work.queue.make_contiguous()[..]
        else {
            panic!()
        };
        assert_eq!(
            filters,
            &[("a".into(), QoS::AtMostOnce), ("c".into(), QoS::AtMostOnce)]
        );
    }
    // Sent, and cut before the answer: the broker may know the session by now, but not the filters.
    send_all(&mut work);
    work.unknown(ONE);
    work.connected(SessionState::Resumed, 255);
    assert_eq!(work.queue.len(), 1);
    send_all(&mut work);
    assert_eq!(work.subscribed(ONE, &[0, 128]), ["c"]);
    work.connected(SessionState::New, 255);
    assert!(matches!(&work.queue[0].body, Body::Subscribe(filters) if filters.len() == 1));
    work.ask(Body::Unsubscribe(vec!["a".into()]));
    work.queue.clear();
    work.connected(SessionState::New, 255);
    assert!(work.queue.is_empty());
}

#[test]
fn what_waits_behind_others_is_not_late_while_those_are_answered() {
    let id = |number| PacketId::new(number).unwrap();
    let send = |work: &mut Work, number| {
        work.ask(publish(QoS::AtLeastOnce));
        let request = work.queue.pop_front().unwrap();
        work.sent(id(number), request);
        work.began(id(number), false);
    };
    let mut work = Work::default();
    let patience = Duration::from_millis(400);
    send(&mut work, 1);
    send(&mut work, 2);
    std::thread::sleep(patience + Duration::from_millis(1));
    work.acked(id(1));
    assert_eq!(work.overdue(patience), None);
    // But when it is passed over.
    send(&mut work, 3);
    work.acked(id(3));
    assert_eq!(work.overdue(patience), Some(id(2)));
    assert!(work.expire(id(2), patience).is_empty());
    assert_eq!(work.overdue(patience), None);
    assert!(work.copy(id(2)).is_none());
    assert!(matches!(
        work.any_failure(),
        Err(Error::NotAcknowledged { .. })
    ));
}

#[test]
fn only_the_same_fault_over_the_same_message_is_its_own() {
    let mut work = Work::default();
    let ticket = work.ask(publish(QoS::AtLeastOnce));
    for (fault, abandoned) in [
        (Fault::Malformed, false),
        (Fault::Unexpected, false),
        (Fault::Unexpected, true),
    ] {
        send_all(&mut work);
        // Over what was not sent again yet nobody goes wrong.
        work.blame(ONE, fault);
        work.began(ONE, false);
        work.blame(ONE, fault);
        assert_eq!(work.copy(ONE).is_none(), abandoned);
        work.lost();
        work.unknown(ONE);
        work.connected(SessionState::New, 255);
    }
    assert!(matches!(
        work.outcome(ticket),
        Err(Error::Abandoned {
            fault: Fault::Unexpected
        })
    ));
    assert_eq!(work.len(), 0);
}
