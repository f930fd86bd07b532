//! Sessions that are kept, lost and found, and wills.
use super::{
    face::{Client, Filter, Publish, QoS, SessionState, Will, run},
    open,
    support::{Caller, SOON, connect, next, nothing, options, returning},
};

pub fn a_subscription_lost_with_the_session_is_made_again() {
    let Some(mut broker) = open("a_subscription_lost_with_the_session_is_made_again") else {
        return;
    };
    let mut to = Caller::connect(returning(broker.addr(), "to")).unwrap();
    to.subscribe(&[
        Filter::new("a/#", QoS::AtLeastOnce),
        Filter::new("b", QoS::AtLeastOnce),
        Filter::new("c", QoS::AtMostOnce),
    ])
    .unwrap();
    to.unsubscribe(&["b"]).unwrap();
    broker.stop();
    broker.resume();
    nothing(&mut to);
    assert_eq!(to.connected(), Ok(SessionState::New));
    assert_eq!(to.counters().connections, 2);
    let from = connect(broker.addr(), "from");
    for topic in ["b", "c", "a/x"] {
        from.publish(&Publish::to(topic).qos(QoS::AtLeastOnce))
            .unwrap();
    }
    for topic in ["c", "a/x"] {
        assert_eq!(&*next(&mut to).topic, topic);
    }
}

pub fn a_session_kept_from_another_process_is_unrecognized() {
    let Some(broker) = open("a_session_kept_from_another_process_is_unrecognized") else {
        return;
    };
    let options = options(broker.addr(), "a").keep_session();
    let mut first = Caller::connect(options.clone()).unwrap();
    assert_eq!(first.connected(), Ok(SessionState::New));
    first
        .subscribe(&[Filter::new("t", QoS::AtLeastOnce)])
        .unwrap();
    first.disconnect().unwrap();
    connect(broker.addr(), "from")
        .publish(&Publish::to("t").payload(b"waiting").qos(QoS::AtLeastOnce))
        .unwrap();
    let (second, driver) = Client::new(options.clone()).unwrap();
    let mut messages = second.messages();
    let running = run(driver);
    let message = messages.recv_timeout(SOON).unwrap();
    assert_eq!(second.connected(), Ok(SessionState::Unrecognized));
    assert_eq!(message.payload, &b"waiting"[..]);
    // Not acknowledged yet, so it comes again ...
    running.stop();
    let mut third = Caller::connect(options.clone()).unwrap();
    let message = next(&mut third);
    assert!(message.payload == b"waiting"[..] && message.dup);
    // ... until it is, which leaving does.
    third.disconnect().unwrap();
    nothing(&mut Caller::connect(options).unwrap());
}

pub fn the_will_is_published_when_the_link_breaks_and_only_then() {
    let Some(broker) = open("the_will_is_published_when_the_link_breaks_and_only_then") else {
        return;
    };
    let mut to = connect(broker.addr(), "heir");
    to.subscribe(&[Filter::new("gone/#", QoS::ExactlyOnce)])
        .unwrap();
    let will = |name: &str| Will {
        payload: b"bye\0\xff".to_vec(),
        qos: QoS::AtLeastOnce,
        ..Will::new(format!("gone/{name}"))
    };
    let leaves = Caller::connect(options(broker.addr(), "leaves").will(will("leaves"))).unwrap();
    leaves.disconnect().unwrap();
    // So does one whose handles are dropped.
    let goes = Caller::connect(options(broker.addr(), "goes").will(will("goes"))).unwrap();
    drop(goes);
    let (breaks, driver) =
        Client::new(options(broker.addr(), "breaks").will(will("breaks"))).unwrap();
    let running = run(driver);
    breaks.connected().unwrap();
    running.stop();
    let message = next(&mut to);
    assert_eq!(
        (&*message.topic, &message.payload[..], message.qos),
        ("gone/breaks", &b"bye\0\xff"[..], QoS::AtLeastOnce)
    );
    nothing(&mut to);
}
