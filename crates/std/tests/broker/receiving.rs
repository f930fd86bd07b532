//! How messages are taken.
use crate::{
    script::{HELLO, Hears, NEW, Says, keep, script},
    server,
    support::{Caller, LEVELS, SOON, connect, next, nothing, options},
};
use motemq_rig::{broker::Config, server::Server};
use motemq_std::{Client, Filter, Publish, QoS, RequestError, SubscribeError};
use std::{
    thread,
    time::{Duration, Instant},
};

#[test]
fn a_message_is_acknowledged_by_asking_for_the_next() {
    let (addr, broker) = script(vec![vec![
        HELLO,
        NEW,
        Says(b"\x32\x06\0\x01t\0\x071\x32\x06\0\x01t\0\x082"),
        // Publishing in between does not.
        Hears(b"\x30\x03\0\x01t"),
        Hears(b"\x40\x02\0\x07"),
        Hears(b"\x40\x02\0\x08\xe0\0"),
    ]]);
    let mut client = connect(addr, "a");
    assert_eq!(next(&mut client).payload, &b"1"[..]);
    client.publish(&Publish::to("t")).unwrap();
    assert_eq!(next(&mut client).payload, &b"2"[..]);
    client.disconnect().unwrap();
    broker.join().unwrap();
}

/// Messages that nobody takes bar no answer behind them (rule 1).
#[test]
fn a_full_stream_bars_nothing_and_loses_nothing() {
    let server = Server::start(Config::new().window(500)).unwrap();
    let from = connect(server.addr(), "from");
    for qos in LEVELS {
        let mut client = connect(server.addr(), "a");
        client.subscribe(&[Filter::new("t", qos)]).unwrap();
        for n in 0..400u16 {
            from.publish(&Publish::to("t").payload(&n.to_be_bytes()).qos(qos))
                .unwrap();
        }
        // With QoS 0 they are only written so far; behind this answer they are on their way to the
        // other, in front of its answers.
        from.publish(&Publish::to("elsewhere").qos(QoS::AtLeastOnce))
            .unwrap();
        client
            .publish(&Publish::to("u").qos(QoS::AtLeastOnce))
            .unwrap();
        for n in 0..400u16 {
            assert_eq!(next(&mut client).payload[..], n.to_be_bytes(), "{qos:?}");
        }
        nothing(&mut client);
        client.disconnect().unwrap();
    }
}

#[test]
fn a_handler_answers() {
    let server = server();
    let client = Client::clone(&connect(server.addr(), "a"));
    let mut questions = client
        .subscribe(&[Filter::new("ask/#", QoS::ExactlyOnce)])
        .unwrap();
    let mut answers = client
        .subscribe(&[Filter::new("answer", QoS::ExactlyOnce)])
        .unwrap();
    let handler = client.clone();
    let handler = thread::spawn(move || {
        for question in &mut questions {
            let answer = Publish::to("answer").payload(b"!").qos(question.qos);
            handler.publish(&answer).unwrap().wait().unwrap();
        }
    });
    for qos in LEVELS {
        let question = Publish::to("ask/1").payload(b"?").qos(qos);
        client.publish(&question).unwrap().wait().unwrap();
        let answer = answers.recv_timeout(SOON).unwrap();
        assert_eq!((&answer.payload[..], answer.qos), (&b"!"[..], qos));
    }
    client.disconnect(SOON).unwrap();
    handler.join().unwrap();
}

#[test]
fn an_answer_behind_many_messages_is_waited_for_by_the_same_call() {
    let messages: Vec<u8> = (0..300)
        .flat_map(|n: u16| [&b"\x30\x05\0\x01t"[..], &n.to_be_bytes()].concat())
        .collect();
    let messages = keep(messages);
    let (addr, broker) = script(vec![vec![
        HELLO,
        NEW,
        Hears(b"\x82\x0a\0\x01\0\x01s\x01\0\x01u\x01"),
        Says(messages),
        Says(b"\x90\x04\0\x01\x01\x80"),
        Hears(b"\xa2\x05\0\x02\0\x01s"),
        Says(messages),
        Says(b"\xb0\x02\0\x02"),
        Hears(b"\xe0\0"),
    ]]);
    let mut client = connect(addr, "a");
    let filters = [
        Filter::new("s", QoS::AtLeastOnce),
        Filter::new("u", QoS::AtLeastOnce),
    ];
    let refused = client.subscribe(&filters).unwrap_err();
    let SubscribeError::Failed(RequestError::Refused { filters, codes }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!((&*filters, &codes[..]), ("\"u\"", &[1, 0x80][..]));
    client.unsubscribe(&["s"]).unwrap();
    (0..600).for_each(|_| drop(next(&mut client)));
    nothing(&mut client);
    client.disconnect().unwrap();
    broker.join().unwrap();
}

/// Longer than the broker waits for a sign of life, and we for its answer to a ping.
const LONG: Duration = Duration::from_secs(4);

/// Returns a client with a keep alive of a second, whose stream is full; behind that more waits for
/// it, in all so many messages.
fn overwhelmed(server: &Server, messages: u16) -> Caller {
    let options = options(server.addr(), "a")
        .keep_alive(1)
        .connect_timeout(Duration::from_secs(1))
        .streams(100, 1 << 20);
    let mut client = Caller::connect(options).unwrap();
    client
        .subscribe(&[Filter::new("t", QoS::AtMostOnce)])
        .unwrap();
    let from = connect(server.addr(), "from");
    for n in 0..messages {
        from.publish(&Publish::to("t").payload(&n.to_be_bytes()))
            .unwrap();
    }
    from.publish(&Publish::to("elsewhere").qos(QoS::AtLeastOnce))
        .unwrap();
    client
}

#[test]
fn who_takes_slowly_stays_connected() {
    let server = Server::start(Config::new()).unwrap();
    let mut client = overwhelmed(&server, 800);
    let begun = Instant::now();
    for n in 0..800u16 {
        assert_eq!(next(&mut client).payload[..], n.to_be_bytes());
        // Always at the same fullness, once the first few are gone.
        thread::sleep(LONG / 500);
    }
    assert!(begun.elapsed() > LONG);
    let publish = Publish::to("u").qos(QoS::AtLeastOnce);
    client.publish(&publish).unwrap();
    assert_eq!(client.counters().connections, 1);
    client.disconnect().unwrap();
}

#[test]
fn who_takes_nothing_stays_connected() {
    let server = Server::start(Config::new()).unwrap();
    let mut client = overwhelmed(&server, 800);
    let begun = Instant::now();
    while begun.elapsed() < LONG {
        assert!(client.state().is_connected(), "{:?}", client.state());
        thread::sleep(LONG / 100);
    }
    for n in 0..800u16 {
        assert_eq!(next(&mut client).payload[..], n.to_be_bytes());
    }
    let publish = Publish::to("u").qos(QoS::AtLeastOnce);
    client.publish(&publish).unwrap();
    assert_eq!(client.counters().connections, 1);
    client.disconnect().unwrap();
}
