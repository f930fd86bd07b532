use motemq::QoS;
use motemq_testing::ledger::Ledger;

/// Three messages of one QoS.
fn three(qos: QoS) -> Ledger {
    let mut ledger = Ledger::new();
    for payload in [b"1", b"2", b"3"] {
        ledger.published("t", payload, qos);
    }
    ledger
}

#[test]
fn qos_0_may_be_lost_but_not_doubled() {
    let mut ledger = three(QoS::AtMostOnce);
    assert!(ledger.is_complete() && ledger.judge().is_clean());
    ledger.delivered("t", b"2");
    ledger.delivered("t", b"2");
    let verdict = ledger.judge();
    assert_eq!(
        (verdict.doubled.as_slice(), verdict.lost.len()),
        (&["t: 2".to_owned()][..], 0)
    );
}

#[test]
fn qos_1_may_be_doubled_but_not_lost() {
    let mut ledger = three(QoS::AtLeastOnce);
    ledger.delivered("t", b"1");
    ledger.delivered("t", b"1");
    ledger.delivered("t", b"3");
    assert!(!ledger.is_complete());
    assert_eq!(ledger.judge().to_string(), "1 lost (t: 2)");
    // Late is lost no more, but out of order; repetitions of earlier ones are not.
    ledger.delivered("t", b"2");
    ledger.delivered("t", b"1");
    assert!(ledger.is_complete());
    assert_eq!(ledger.judge().to_string(), "1 out of order (t: 3)");
}

#[test]
fn qos_2_is_neither_lost_nor_doubled() {
    let mut ledger = three(QoS::ExactlyOnce);
    ledger.delivered("t", b"1");
    ledger.delivered("t", b"2");
    ledger.delivered("t", b"2");
    assert_eq!(
        ledger.judge().to_string(),
        "1 lost (t: 3); 1 doubled (t: 2)"
    );
}

#[test]
fn order_is_kept_within_a_topic_and_qos() {
    let mut ledger = Ledger::new();
    ledger.published("t", b"1", QoS::AtLeastOnce);
    ledger.published("t", b"2", QoS::ExactlyOnce);
    ledger.published("u", b"3", QoS::AtLeastOnce);
    for (topic, payload) in [("u", b"3"), ("t", b"2"), ("t", b"1")] {
        ledger.delivered(topic, payload);
    }
    assert!(ledger.judge().is_clean(), "{}", ledger.judge());
}

#[test]
fn doubtful_messages_may_be_missing() {
    let mut ledger = three(QoS::ExactlyOnce);
    ledger.delivered("t", b"1");
    ledger.delivered("t", b"3");
    ledger.doubtful("t", b"2");
    assert!(ledger.judge().is_clean());
}

#[test]
fn what_nobody_published_is_strange() {
    let mut ledger = three(QoS::AtMostOnce);
    ledger.delivered("t", b"\xff");
    assert_eq!(ledger.judge().strange, ["t: \\xff"]);
}

#[test]
#[should_panic(expected = "published before")]
fn no_two_are_alike() {
    let mut ledger = three(QoS::AtMostOnce);
    ledger.published("t", b"2", QoS::ExactlyOnce);
}
