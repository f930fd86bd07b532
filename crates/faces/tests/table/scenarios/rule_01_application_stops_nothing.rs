//! Rule 1: nothing that the application does or fails to do stops acknowledgements, pings and time
//! limits; memory is bounded.
use super::face::{
    Client, DisconnectReason, Filter, Overflow, Publish, QoS, RequestError, State, SubscribeError,
    credentials,
};
use super::support::{
    AT_ONCE, Caller, LEVELS, SOON, accepted, connect, done, next, nothing, options, returning,
    server, until,
};
use motemq_testing::{broker::Config, server::Server};
use motemq_testing::{
    line::{Exchange, HELLO, HELLO_KEEPING, NEW, RESUMED},
    script::{hears, play, says},
};
use std::{
    thread,
    time::{Duration, Instant},
};

/// Nothing is taken: reading stops, the connection lives, nothing is lost, and whoever waits for
/// room or an acknowledgement is served (rumqtt#263, rumqtt#1025, mqtt-lib#110).
pub fn a_handler_that_publishes_cannot_lock_itself_out() {
    let server = server();
    let few = options(server.addr(), "a")
        .streams(10, 1 << 20)
        .in_flight(5);
    let client = Client::connect(few).unwrap();
    let mut stream = client
        .subscribe(&[Filter::new("t", QoS::AtLeastOnce)])
        .unwrap();
    let flood = connect(server.addr(), "b");
    for n in 0..100u8 {
        let qos = LEVELS[usize::from(n % 2)];
        drop(flood.send(&Publish::to("t").payload(&[n]).qos(qos)));
    }
    flood.disconnect().unwrap();
    // The handler of the first message wants an answer from behind all others.
    stream.recv_timeout(SOON).unwrap();
    for _ in 0..20 {
        let reply = Publish::to("reply").qos(QoS::ExactlyOnce);
        done(client.publish(&reply).unwrap()).unwrap();
    }
    let mut last = 0;
    while last != 99 {
        last = stream.recv_timeout(SOON).unwrap().payload[0];
    }
    assert_eq!(client.counters().connections, 1);
}

pub fn a_handler_answers() {
    let server = server();
    let client = Client::connect(options(server.addr(), "a")).unwrap();
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
        done(client.publish(&question).unwrap()).unwrap();
        let answer = answers.recv_timeout(SOON).unwrap();
        assert_eq!((&answer.payload[..], answer.qos), (&b"!"[..], qos));
    }
    client.disconnect(SOON).unwrap();
    handler.join().unwrap();
}

pub fn a_full_stream_bars_nothing_and_loses_nothing() {
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

/// Messages that wait to be taken, and are more than a stream holds, bar no answer behind them.
pub fn an_answer_behind_many_messages_is_found() {
    let messages: Vec<u8> = (0..300)
        .flat_map(|n: u16| [&b"\x30\x05\0\x01t"[..], &n.to_be_bytes()].concat())
        .collect();
    let (addr, broker) = play(vec![vec![
        hears(HELLO),
        says(NEW),
        hears(b"\x82\x0a\0\x01\0\x01s\x01\0\x01u\x01"),
        says(messages.clone()),
        says(b"\x90\x04\0\x01\x01\x80"),
        // The filter that was granted is given back.
        hears(b"\xa2\x05\0\x02\0\x01s"),
        hears(b"\xa2\x05\0\x03\0\x01s"),
        says(messages),
        says(b"\xb0\x02\0\x02\xb0\x02\0\x03"),
        hears(b"\xe0\0"),
    ]]);
    let mut client = connect(addr, "a");
    let filters = [
        Filter::new("s", QoS::AtLeastOnce),
        Filter::new("u", QoS::AtLeastOnce),
    ];
    let refused = client.subscribe(&filters).unwrap_err();
    let SubscribeError::Failed(RequestError::Refused { filters, codes, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!((&*filters, &codes[..]), ("\"u\"", &[1, 0x80][..]));
    client.unsubscribe(&["s"]).unwrap();
    for n in (0..300u16).chain(0..300) {
        assert_eq!(next(&mut client).payload[..], n.to_be_bytes());
    }
    assert_eq!(client.counters().received, 600);
    client.disconnect().unwrap();
    broker.join().unwrap();
}

/// Longer than the broker waits for a sign of life, and we for its answer to a ping.
const LONG: Duration = Duration::from_millis(2500);

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

pub fn a_client_whose_messages_are_taken_slowly_stays_connected() {
    let server = server();
    let mut client = overwhelmed(&server, 500);
    let begun = Instant::now();
    for n in 0..500u16 {
        assert_eq!(next(&mut client).payload[..], n.to_be_bytes());
        // Always at the same fullness, once the first few are gone.
        thread::sleep(LONG / 400);
    }
    assert!(begun.elapsed() > LONG);
    let publish = Publish::to("u").qos(QoS::AtLeastOnce);
    client.publish(&publish).unwrap();
    assert_eq!(client.counters().connections, 1);
    client.disconnect().unwrap();
}

pub fn a_client_whose_messages_are_not_taken_stays_connected() {
    let server = server();
    let mut client = overwhelmed(&server, 500);
    let begun = Instant::now();
    while begun.elapsed() < LONG {
        assert!(client.state().is_connected(), "{:?}", client.state());
        thread::sleep(LONG / 100);
    }
    for n in 0..500u16 {
        assert_eq!(next(&mut client).payload[..], n.to_be_bytes());
    }
    let publish = Publish::to("u").qos(QoS::AtLeastOnce);
    client.publish(&publish).unwrap();
    assert_eq!(client.counters().connections, 1);
    client.disconnect().unwrap();
}

pub fn qos_0_is_dropped_when_too_much_waits() {
    let (client, _running, _exchange, mut line) =
        accepted(|options| options.backlog(2300, Overflow::Disconnect));
    let mut stream = client.messages();
    for n in b"1234" {
        line.says(b"\x30\x87\x07\0\x01t");
        line.says(&[*n; 900]);
    }
    line.says(b"\x32\x06\0\x01t\0\x075");
    until(|| client.counters().dropped == 2);
    // All of it has been read: the last answer stands behind.
    let last = client
        .publish(&Publish::to("t").qos(QoS::AtLeastOnce))
        .unwrap();
    line.hears(b"\x32\x05\0\x01t\0\x01");
    line.says(b"\x40\x02\0\x01");
    done(last).unwrap();
    let came = [(); 3].map(|()| stream.recv_timeout(SOON).unwrap().payload[0]);
    assert_eq!((&came, client.counters().dropped), (b"125", 2));
}

/// With QoS 1 and 2 nothing is acknowledged that was not taken: the connection ends, and is made
/// again when there is room.
pub fn an_overrun_ends_the_connection_until_there_is_room() {
    let exchange = Exchange::new();
    let options = returning(exchange.addr(), "a")
        .keep_session()
        .backlog(2300, Overflow::Disconnect);
    let client = Client::connect(options).unwrap();
    let mut stream = client.messages();
    let mut line = exchange.accepts(HELLO_KEEPING, NEW);
    for n in 1..=4 {
        line.says(b"\x32\x89\x07\0\x01t\0");
        line.says(&[[n; 1].as_slice(), &[n; 900]].concat());
    }
    line.ends();
    until(|| {
        matches!(
            client.state(),
            State::Waiting {
                reason: DisconnectReason::Overrun { .. },
                ..
            }
        )
    });
    for n in 1..=2 {
        assert_eq!(stream.recv_timeout(SOON).unwrap().payload[..], [n; 900]);
    }
    let mut line = exchange.accepts(HELLO_KEEPING, RESUMED);
    for n in 3..=4 {
        line.says(b"\x3a\x89\x07\0\x01t\0");
        line.says(&[[n; 1].as_slice(), &[n; 900]].concat());
        assert_eq!(stream.recv_timeout(SOON).unwrap().payload[..], [n; 900]);
    }
    drop(stream);
    line.hears(b"\x40\x02\0\x03\x40\x02\0\x04");
}

/// With `Discard` it is acknowledged and counted instead.
pub fn an_overrun_is_discarded_if_that_is_wished() {
    let (client, _running, _exchange, mut line) =
        accepted(|options| options.backlog(2300, Overflow::Discard));
    let mut stream = client.messages();
    for n in 1..=4 {
        line.says(b"\x32\x89\x07\0\x01t\0");
        line.says(&[[n; 1].as_slice(), &[n; 900]].concat());
    }
    until(|| client.counters().dropped == 2);
    for n in 1..=2 {
        assert_eq!(stream.recv_timeout(SOON).unwrap().payload[..], [n; 900]);
    }
    drop(stream);
    line.hears(b"\x40\x02\0\x01\x40\x02\0\x02\x40\x02\0\x03\x40\x02\0\x04");
}

/// A hook may take its time: nothing else waits for it.
pub fn a_slow_hook_bars_nothing() {
    let server = server();
    let options = options(server.addr(), "a").reconnect(AT_ONCE);
    let options = credentials(options, |attempt| {
        thread::sleep(Duration::from_millis(500));
        Ok(attempt)
    });
    let client = Client::connect(options).unwrap();
    let begun = Instant::now();
    for _ in 0..100 {
        assert!(!client.state().is_connected());
        let publish = Publish::to("t").qos(QoS::AtLeastOnce);
        drop(client.publish(&publish).unwrap());
    }
    assert!(begun.elapsed() < Duration::from_millis(400));
    client.connected().unwrap();
    client.disconnect(SOON).unwrap();
    assert_eq!(client.counters().acknowledged, 100);
}
