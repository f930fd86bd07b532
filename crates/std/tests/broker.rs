//! Against the in-process broker, and against sockets that follow a script.
mod support;

use motemq_rig::{broker::Config, server::Server};
use motemq_std::{
    Cause, Client, Error, ErrorKind, Filter, Granted, Known, Options, Packet, Publish, QoS, Reconnect, ReturnCode, Transport, publish_once,
};
use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};
use support::{AT_ONCE, LEVELS, SOON, connect, next, nothing, options};

fn server() -> Server {
    Server::start(Config::new()).unwrap()
}

/// A broker that hears and says these bytes, a list for each connection, and hangs up at the end of each.
fn script(connections: Vec<Vec<Step>>) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let thread = thread::spawn(move || {
        for steps in connections {
            let (mut stream, _) = listener.accept().unwrap();
            stream.set_read_timeout(SOON).unwrap();
            for step in steps {
                match step {
                    Hears(bytes) => {
                        let mut heard = vec![0; bytes.len()];
                        stream.read_exact(&mut heard).unwrap();
                        assert_eq!(heard, bytes);
                    }
                    Says(bytes) => stream.write_all(bytes).unwrap(),
                }
            }
        }
    });
    (addr, thread)
}

enum Step {
    Hears(&'static [u8]),
    Says(&'static [u8]),
}
use Step::{Hears, Says};

const HELLO: Step = Hears(b"\x10\x0d\0\x04MQTT\x04\x02\0\x3c\0\x01a");
const HELLO_KEEPING: Step = Hears(b"\x10\x0d\0\x04MQTT\x04\0\0\x3c\0\x01a");
const NEW: Step = Says(b"\x20\x02\0\0");
const RESUMED: Step = Says(b"\x20\x02\x01\0");

#[test]
fn a_client_can_move_to_another_thread() {
    fn is_send<T: Send>() {}
    is_send::<Client>();
    is_send::<Options>();
    is_send::<Error>();
}

#[test]
fn messages_of_each_qos_arrive() {
    let server = server();
    let mut client = connect(server.addr(), "a");
    for qos in LEVELS {
        assert_eq!(client.subscribe(&[Filter::new("t", qos)]).unwrap(), [Granted::AtMost(qos)]);
        client.publish(&Publish::to("t").payload(b"x").qos(qos)).unwrap();
        assert_eq!(next(&mut client).qos, qos);
    }
    client.disconnect().unwrap();
    publish_once(&options(server.addr(), "b"), &Publish::to("t").qos(QoS::ExactlyOnce)).unwrap();
}

#[test]
fn a_thousand_are_under_way_at_once() {
    let server = server();
    let mut from = Client::connect(&options(server.addr(), "from").in_flight(1024)).unwrap();
    let mut to = connect(server.addr(), "to");
    to.subscribe(&[Filter::new("t", QoS::ExactlyOnce)]).unwrap();
    for qos in LEVELS {
        let sender = thread::spawn(move || {
            for n in 0..5000u16 {
                from.send(&Publish::to("t").payload(&n.to_be_bytes()).qos(qos)).unwrap();
            }
            from.flush().unwrap();
            from
        });
        for n in 0..5000u16 {
            assert_eq!(next(&mut to).payload, n.to_be_bytes(), "{qos:?}");
        }
        from = sender.join().unwrap();
    }
}

#[test]
fn a_publisher_cut_at_any_byte_loses_and_doubles_nothing() {
    let places = support::cut_publisher_everywhere(server().addr());
    assert!(places > 100, "{places}");
}

#[test]
fn both_ends_cut_at_random_lose_and_double_nothing() {
    let server = server();
    let broker = server.addr();
    (0..5).for_each(|seed| support::cut_at_random(broker, seed, true));
}

#[test]
fn a_subscriber_cut_at_any_byte_loses_and_doubles_nothing() {
    let places = support::cut_subscriber_everywhere(server().addr());
    assert!(places > 80, "{places}");
}

#[test]
fn subscriptions_lost_with_the_session_are_made_again() {
    let server = server();
    let mut client = Client::connect(&options(server.addr(), "a").reconnect(AT_ONCE)).unwrap();
    // More than go into one packet when they are made again.
    let names: Vec<String> = (0..70).map(|n| format!("t/{n}")).collect();
    for name in &names {
        client.subscribe(&[Filter::new(name, QoS::AtLeastOnce)]).unwrap();
    }
    server.restart(false);
    nothing(&mut client);
    assert_eq!((client.session(), client.connections()), (Known::New, 2));
    for name in &names {
        client.publish(&Publish::to(name).qos(QoS::AtLeastOnce)).unwrap();
        assert_eq!(next(&mut client).topic, *name);
    }
}

#[test]
fn in_a_new_session_qos_1_is_sent_again_and_qos_2_is_not() {
    let (addr, broker) = script(vec![
        vec![HELLO, NEW, Hears(b"\x32\x06\0\x01t\0\x011")],
        // A new message: no DUP.
        vec![HELLO, NEW, Hears(b"\x32\x06\0\x01t\0\x021"), Says(b"\x40\x02\0\x02"), Hears(b"\x34\x06\0\x01t\0\x032")],
        vec![HELLO, NEW, Hears(b"\xe0\0")],
    ]);
    let mut client = Client::connect(&options(addr, "a").reconnect(AT_ONCE)).unwrap();
    client.publish(&Publish::to("t").payload(b"1").qos(QoS::AtLeastOnce)).unwrap();
    let error = client.publish(&Publish::to("t").payload(b"2").qos(QoS::ExactlyOnce)).unwrap_err();
    assert!(matches!(error, Error::OutcomeUnknown), "{error:?}");
    assert_eq!(error.kind(), ErrorKind::NotAcknowledged);
    client.disconnect().unwrap();
    broker.join().unwrap();
}

#[test]
fn in_a_resumed_session_everything_is_sent_again_in_order() {
    let (addr, broker) = script(vec![
        vec![
            HELLO_KEEPING,
            NEW,
            Hears(b"\x34\x06\0\x01t\0\x011"),
            Hears(b"\x32\x06\0\x01t\0\x022"),
            Hears(b"\x34\x06\0\x01t\0\x033"),
            Says(b"\x50\x02\0\x01"),
        ],
        vec![
            HELLO_KEEPING,
            RESUMED,
            Hears(b"\x62\x02\0\x01"),
            Hears(b"\x3a\x06\0\x01t\0\x022"),
            Hears(b"\x3c\x06\0\x01t\0\x033"),
            Says(b"\x70\x02\0\x01\x40\x02\0\x02\x50\x02\0\x03"),
            Hears(b"\x62\x02\0\x03"),
            Says(b"\x70\x02\0\x03"),
            Hears(b"\xe0\0"),
        ],
    ]);
    let mut client = Client::connect(&options(addr, "a").keep_session().reconnect(AT_ONCE)).unwrap();
    for (qos, payload) in [(QoS::ExactlyOnce, b"1"), (QoS::AtLeastOnce, b"2"), (QoS::ExactlyOnce, b"3")] {
        client.send(&Publish::to("t").payload(payload).qos(qos)).unwrap();
    }
    client.flush().unwrap();
    client.disconnect().unwrap();
    broker.join().unwrap();
}

#[test]
fn what_is_not_acknowledged_in_time_is_given_up_and_not_sent_again() {
    let (addr, broker) = script(vec![
        vec![HELLO_KEEPING, NEW, Hears(b"\x32\x06\0\x01t\0\x011"), Hears(b"\x30\x03\0\x01t")],
        vec![HELLO_KEEPING, RESUMED, Hears(b"\x32\x06\0\x01t\0\x022"), Says(b"\x40\x02\0\x02"), Hears(b"\xe0\0")],
    ]);
    let short = Some(Duration::from_millis(200));
    let mut client = Client::connect(&options(addr, "a").keep_session().reconnect(AT_ONCE).ack_timeout(short)).unwrap();
    let error = client.publish(&Publish::to("t").payload(b"1").qos(QoS::AtLeastOnce)).unwrap_err();
    assert!(matches!(error, Error::NotAcknowledged { .. }), "{error:?}");
    client.publish(&Publish::to("t")).unwrap();
    nothing(&mut client);
    client.publish(&Publish::to("t").payload(b"2").qos(QoS::AtLeastOnce)).unwrap();
    client.disconnect().unwrap();
    broker.join().unwrap();
}

#[test]
fn leaving_does_not_wait_longer_than_it_may() {
    let (addr, broker) = script(vec![vec![HELLO, NEW, Hears(b"\x32\x06\0\x01t\0\x011\xe0\0")]]);
    let mut client = connect(addr, "a");
    client.send(&Publish::to("t").payload(b"1").qos(QoS::AtLeastOnce)).unwrap();
    let begin = Instant::now();
    let error = client.disconnect_within(Duration::from_millis(100)).unwrap_err();
    assert!(matches!(error, Error::NotAcknowledged { .. }), "{error:?}");
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    broker.join().unwrap();
}

#[test]
fn leaving_does_not_wait_for_subscriptions() {
    let (addr, broker) = script(vec![vec![HELLO, NEW, Hears(b"\x82\x06\0\x01\0\x01t\0\xe0\0")]]);
    let mut client = Client::connect(&options(addr, "a").ack_timeout(Some(Duration::from_millis(100)))).unwrap();
    let error = client.subscribe(&[Filter::new("t", QoS::AtMostOnce)]).unwrap_err();
    assert!(matches!(error, Error::NotAcknowledged { .. }), "{error:?}");
    client.disconnect().unwrap();
    broker.join().unwrap();
}

#[test]
fn a_stopped_attempt_to_connect_is_not_a_failed_one() {
    let server = server();
    let stop = Arc::new(AtomicBool::new(false));
    let raised = stop.clone();
    let address = options(server.addr(), "a");
    let mut dialed = 0;
    // As if the flag had been raised while it was dialing for the second time.
    let dial = move || {
        dialed += 1;
        if dialed == 2 {
            raised.store(true, Ordering::Relaxed);
            return Err(Error::Stopped);
        }
        address.dial()
    };
    let once = Reconnect::BackOff { first: Duration::ZERO, cap: Duration::ZERO, max_tries: Some(1) };
    let mut client = Client::dialing(dial, &options(server.addr(), "a").reconnect(once).stop_flag(stop.clone())).unwrap();
    server.cut_all();
    assert!(matches!(client.recv(SOON), Err(Error::Stopped)));
    stop.store(false, Ordering::Relaxed);
    client.publish(&Publish::to("t").qos(QoS::AtLeastOnce)).unwrap();
    client.disconnect().unwrap();
}

#[test]
fn leaving_waits_for_what_is_behind_many_messages() {
    let messages: Vec<u8> = (1..=200).flat_map(|id| [0x34, 6, 0, 1, b't', 0, id, b'x']).collect();
    let (addr, broker) = script(vec![vec![
        HELLO_KEEPING,
        NEW,
        Hears(b"\x32\x06\0\x01t\0\x01x"),
        Says(messages.leak()),
        Says(b"\x40\x02\0\x01"),
        // None but the one that was taken is acknowledged.
        Hears(b"\x50\x02\0\x01\xe0\0"),
    ]]);
    let mut client = Client::connect(&options(addr, "a").keep_session()).unwrap();
    client.send(&Publish::to("t").payload(b"x").qos(QoS::AtLeastOnce)).unwrap();
    next(&mut client);
    client.disconnect().unwrap();
    broker.join().unwrap();
}

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
    assert_eq!(next(&mut client).payload, b"1");
    client.publish(&Publish::to("t")).unwrap();
    assert_eq!(next(&mut client).payload, b"2");
    client.disconnect().unwrap();
    broker.join().unwrap();
}

#[test]
fn what_was_taken_while_there_was_no_connection_does_not_come_again() {
    for in_pieces in [false, true] {
        let (addr, broker) = script(vec![
            vec![HELLO_KEEPING, NEW, Hears(b"\x32\x06\0\x01t\0\x011"), Says(b"\x34\x06\0\x01t\0\x052")],
            vec![
                HELLO_KEEPING,
                Says(b"\x20\x02\x01\0\x3c\x06\0\x01t\0\x052"),
                Hears(b"\x50\x02\0\x05\x30\x03\0\x01t"),
                Says(b"\x62\x02\0\x05"),
                Hears(b"\x70\x02\0\x05\xe0\0"),
            ],
        ]);
        let reachable = Arc::new(AtomicBool::new(true));
        let is_reachable = reachable.clone();
        let dial = move || {
            let stream = if is_reachable.load(Ordering::Relaxed) { TcpStream::connect(addr) } else { Err(io::ErrorKind::NotFound.into()) };
            stream.map_err(|source| Error::Connect { address: addr.to_string(), source: Arc::new(source) })
        };
        let options = Options::new("a").keep_session().reconnect(AT_ONCE).ack_timeout(Some(Duration::from_millis(500)));
        let mut client = Client::dialing(dial, &options).unwrap();
        reachable.store(false, Ordering::Relaxed);
        let error = client.publish(&Publish::to("t").payload(b"1").qos(QoS::AtLeastOnce)).unwrap_err();
        assert!(matches!(error, Error::NotAcknowledged { .. }), "{error:?}");
        let mut taken = Vec::new();
        if in_pieces {
            client.recv_into(SOON, |_| &mut taken).unwrap().unwrap();
        } else {
            taken = next(&mut client).payload;
        }
        assert_eq!(taken, b"2");
        // Not a request for the next message, but enough to be connected again.
        reachable.store(true, Ordering::Relaxed);
        client.publish(&Publish::to("t")).unwrap();
        nothing(&mut client);
        assert_eq!(client.connections(), 2);
        client.disconnect().unwrap();
        broker.join().unwrap();
    }
}

#[test]
fn what_was_acknowledged_meanwhile_is_not_sent_again() {
    let (addr, broker) = script(vec![
        vec![HELLO_KEEPING, NEW, Hears(b"\x32\x06\0\x01t\0\x011")],
        vec![HELLO_KEEPING, Says(b"\x20\x02\x01\0\x40\x02\0\x01"), Hears(b"\x34\x06\0\x01t\0\x022")],
        vec![HELLO_KEEPING, Says(b"\x20\x02\x01\0\x50\x02\0\x02"), Hears(b"\x62\x02\0\x02"), Says(b"\x70\x02\0\x02"), Hears(b"\xe0\0")],
    ]);
    let mut client = Client::connect(&options(addr, "a").keep_session().reconnect(AT_ONCE)).unwrap();
    client.publish(&Publish::to("t").payload(b"1").qos(QoS::AtLeastOnce)).unwrap();
    client.publish(&Publish::to("t").payload(b"2").qos(QoS::ExactlyOnce)).unwrap();
    client.disconnect().unwrap();
    broker.join().unwrap();
}

/// A stream that hears nothing for a while.
struct Deaf {
    stream: TcpStream,
    deaf: Arc<AtomicBool>,
}

impl Read for Deaf {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.deaf.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_millis(1));
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.stream.read(buffer)
    }
}

impl Write for Deaf {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

impl Transport for Deaf {
    fn set_read_timeout(&mut self, limit: Duration) -> io::Result<()> {
        Transport::set_read_timeout(&mut self.stream, limit)
    }
}

#[test]
fn who_comes_late_finds_the_answer_to_the_ping() {
    let (addr, broker) = script(vec![vec![
        Hears(b"\x10\x0d\0\x04MQTT\x04\x02\0\x01\0\x01a"),
        NEW,
        Hears(b"\xc0\0"),
        Says(b"\xd0\0"),
        Hears(b"\x30\x03\0\x01t"),
        Says(b"\x30\x03\0\x01t"),
        Hears(b"\xe0\0"),
    ]]);
    let deaf = Arc::new(AtomicBool::new(false));
    let is_sent = deaf.clone();
    // Not to hear the answer to the ping before the nap stands for an answer that comes during it.
    let second = Duration::from_secs(1);
    let mut first = true;
    let options = Options::new("a").keep_alive(1).connect_timeout(second).trace(move |_, packet| {
        if matches!(packet, Packet::PingReq) {
            is_sent.store(std::mem::take(&mut first), Ordering::Relaxed);
        }
    });
    let stream = Deaf { stream: TcpStream::connect(addr).unwrap(), deaf: deaf.clone() };
    let mut client = Client::over(stream, &options).unwrap();
    assert_eq!(client.recv(Some(second)).unwrap(), None);
    assert!(deaf.swap(false, Ordering::Relaxed));
    thread::sleep(second);
    client.publish(&Publish::to("t")).unwrap();
    next(&mut client);
    client.disconnect().unwrap();
    broker.join().unwrap();
}

#[test]
fn the_loss_of_a_subscription_is_told() {
    let (addr, broker) = script(vec![
        vec![HELLO, NEW, Hears(b"\x82\x06\0\x01\0\x01s\x01"), Says(b"\x90\x03\0\x01\x01")],
        vec![HELLO, NEW, Hears(b"\x82\x06\0\x02\0\x01s\x01"), Says(b"\x90\x03\0\x02\x80"), Hears(b"\xe0\0")],
    ]);
    let mut client = Client::connect(&options(addr, "a").reconnect(AT_ONCE)).unwrap();
    client.subscribe(&[Filter::new("s", QoS::AtLeastOnce)]).unwrap();
    let error = client.recv(SOON).unwrap_err();
    assert!(matches!(&error, Error::SubscriptionLost { filter } if filter == "s"), "{error:?}");
    client.disconnect().unwrap();
    broker.join().unwrap();
}

#[test]
fn a_broker_that_refuses_says_why() {
    for (code, kind, advice) in [
        (1, ErrorKind::Refused, "use a broker that does"),
        (2, ErrorKind::Refused, "use another one"),
        (3, ErrorKind::Refused, "try again later"),
        (4, ErrorKind::NotAuthorized, "check user name"),
        (5, ErrorKind::NotAuthorized, "check user name"),
        (7, ErrorKind::Refused, "broker's log"),
    ] {
        let answer: &'static [u8] = Box::leak(Box::new([0x20, 2, 0, code]));
        let (addr, broker) = script(vec![vec![HELLO, Says(answer)]]);
        let error = Client::connect(&options(addr, "a").reconnect(AT_ONCE)).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(advice), "{error}");
        if let Error::Refused(given) | Error::NotAuthorized(given) = error {
            assert_eq!(given, ReturnCode::from(code));
        }
        broker.join().unwrap();
    }
}

#[test]
fn a_refusal_ends_reconnection_unless_it_may_pass() {
    let (addr, broker) =
        script(vec![vec![HELLO, NEW], vec![HELLO, Says(b"\x20\x02\0\x03")], vec![HELLO, NEW], vec![HELLO, Says(b"\x20\x02\0\x05")]]);
    let mut client = Client::connect(&options(addr, "a").reconnect(AT_ONCE)).unwrap();
    assert_eq!(client.recv(SOON).unwrap_err().kind(), ErrorKind::NotAuthorized);
    assert_eq!(client.messages(SOON).count(), 1);
    assert_eq!(client.connections(), 4);
    broker.join().unwrap();
}

#[test]
fn nobody_to_connect_to() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = Client::connect(&options(free, "a").reconnect(AT_ONCE)).unwrap_err();
    assert!(matches!(error, Error::Connect { .. }), "{error:?}");
    assert!(error.to_string().contains(&free.to_string()), "{error}");
    let error = Client::connect(&Options::new("a").host("no.such.host.invalid")).unwrap_err();
    assert!(matches!(error, Error::Resolve { .. }), "{error:?}");
    assert_eq!(error.kind(), ErrorKind::CannotConnect);
}

#[test]
fn a_broker_that_does_not_answer_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let error = Client::connect(&options(listener.local_addr().unwrap(), "a").connect_timeout(Duration::from_millis(300))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut, "{error:?}");
    assert!(error.to_string().starts_with("connected, but no answer to CONNECT within 300ms: check"), "{error}");
}

#[test]
fn arguments_are_checked_before_anything_is_sent() {
    let server = server();
    let mut client = connect(server.addr(), "a");
    let nothing_said = |error: Error| assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    nothing_said(client.publish(&Publish::to("a/+")).unwrap_err());
    nothing_said(client.publish(&Publish::to("").qos(QoS::AtLeastOnce)).unwrap_err());
    nothing_said(client.publish(&Publish::to("t").more(1)).unwrap_err());
    nothing_said(client.publish_from("t", QoS::AtMostOnce, false, 1 << 40, io::empty()).unwrap_err());
    nothing_said(client.publish_from("t", QoS::AtLeastOnce, false, 268_435_455, io::empty()).unwrap_err());
    nothing_said(client.subscribe(&[]).unwrap_err());
    nothing_said(client.subscribe(&[Filter::new("a#", QoS::AtMostOnce)]).unwrap_err());
    nothing_said(client.subscribe(&[Filter::new("a", QoS::AtMostOnce); 256]).unwrap_err());
    nothing_said(client.unsubscribe(&[]).unwrap_err());
    nothing_said(Client::connect(&options(server.addr(), "").keep_session()).unwrap_err());
    nothing_said(Options::from_url("mqtts://h").unwrap_err());
    client.publish(&Publish::to("t").qos(QoS::AtLeastOnce)).unwrap();
}

#[test]
fn a_message_too_large_is_dropped_and_told_or_streamed() {
    let server = server();
    let mut from = connect(server.addr(), "from");
    let mut to = Client::connect(&options(server.addr(), "to").max_message(1000)).unwrap();
    to.subscribe(&[Filter::new("t", QoS::ExactlyOnce)]).unwrap();
    for qos in LEVELS {
        for len in [1001, 300_000] {
            from.publish_from("t", qos, false, len, io::repeat(1)).unwrap();
            from.publish(&Publish::to("t").payload(b"next").qos(qos)).unwrap();
            let error = to.recv(SOON).unwrap_err();
            assert!(
                matches!(&error, Error::MessageTooLarge { topic: Some(topic), len: told } if topic == "t" && *told == len),
                "{error:?}"
            );
            assert_eq!(next(&mut to).payload, b"next");
        }
        from.publish_from("t", qos, false, 300_000, io::repeat(1)).unwrap();
        let mut got = Vec::new();
        to.recv_into(SOON, |_| &mut got).unwrap().unwrap();
        assert!(got.len() == 300_000 && got.iter().all(|&byte| byte == 1));
    }
    assert_eq!(to.recv_into(Some(Duration::ZERO), |_| io::sink()).unwrap(), None);
    to.disconnect().unwrap();
    from.disconnect().unwrap();
}

#[test]
fn large_payloads_pass_in_both_directions_at_once() {
    let server = server();
    let mut client = Client::connect(&options(server.addr(), "a").max_message(64 << 20)).unwrap();
    client.subscribe(&[Filter::new("t", QoS::ExactlyOnce)]).unwrap();
    let large: Vec<u8> = (0..6_000_000u32).map(|n| (n ^ n >> 8 ^ n >> 16) as u8).collect();
    let begin = Instant::now();
    for qos in LEVELS {
        // More than the sockets hold: whoever only wrote would wait for ever.
        for _ in 0..3 {
            client.send(&Publish::to("t").payload(&large).qos(qos)).unwrap();
        }
        client.flush().unwrap();
        for _ in 0..3 {
            assert!(next(&mut client).payload == large);
        }
    }
    // It takes a second, unless somebody waits for something that will not come.
    assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
}

#[test]
fn large_messages_are_sent_again_when_they_were_cut() {
    let server = server();
    let mut to = connect(server.addr(), "to");
    to.subscribe(&[Filter::new("t", QoS::ExactlyOnce)]).unwrap();
    let large: Vec<u8> = (0..300_000u32).map(|n| (n ^ n >> 8) as u8).collect();
    for at in [1_000, 73_000, 100_000, 299_000, 300_100, 450_000, 600_000] {
        let options = options(server.addr(), "from").keep_session();
        let (mut from, _) = support::cut_client(server.addr(), &options, support::Cut::Written(at)).unwrap();
        for qos in [QoS::ExactlyOnce, QoS::AtLeastOnce] {
            from.send(&Publish::to("t").payload(&large).qos(qos)).unwrap();
        }
        from.flush().unwrap();
        assert_eq!((from.session(), from.connections()), (Known::Resumed, 2), "{at}");
        let mut got = [0, 0];
        while let Some(message) = to.recv(Some(Duration::from_millis(100))).unwrap() {
            assert!(message.payload == large, "{at}");
            got[message.qos as usize - 1] += 1;
        }
        assert!(got[0] >= 1 && got[1] == 1, "{at}: {got:?}");
        from.disconnect().unwrap();
        support::forget(server.addr(), "from");
    }
}

#[test]
fn a_sink_that_fails_loses_its_message_only() {
    struct Short(usize);
    impl Write for Short {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let n = bytes.len().min(self.0);
            self.0 -= n;
            Ok(n)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let server = server();
    let mut from = connect(server.addr(), "from");
    let mut to = connect(server.addr(), "to");
    to.subscribe(&[Filter::new("t", QoS::ExactlyOnce)]).unwrap();
    for len in [100, 300_000] {
        from.publish_from("t", QoS::ExactlyOnce, false, len, io::repeat(1)).unwrap();
        from.publish(&Publish::to("t").payload(b"next").qos(QoS::ExactlyOnce)).unwrap();
        let error = to.recv_into(SOON, |_| Short(50)).unwrap_err();
        assert!(matches!(error, Error::Sink(_)), "{error:?}");
        assert_eq!(next(&mut to).payload, b"next");
    }
}

#[test]
fn a_source_that_fails_publishes_nothing() {
    let server = server();
    let mut from = Client::connect(&options(server.addr(), "from").reconnect(AT_ONCE)).unwrap();
    let mut to = connect(server.addr(), "to");
    to.subscribe(&[Filter::new("t", QoS::ExactlyOnce)]).unwrap();
    for qos in LEVELS {
        let error = from.publish_from("t", qos, false, 300_000, io::repeat(1).take(200_000)).unwrap_err();
        assert!(matches!(error, Error::Source(_)), "{error:?}");
        from.publish(&Publish::to("t").payload(b"whole").qos(qos)).unwrap();
        assert_eq!(next(&mut to).payload, b"whole");
    }
}

#[test]
fn a_full_inbox_is_told_and_loses_nothing() {
    let server = Server::start(Config::new().window(500)).unwrap();
    let mut from = connect(server.addr(), "from");
    for qos in LEVELS {
        let mut client = connect(server.addr(), "a");
        client.subscribe(&[Filter::new("t", qos)]).unwrap();
        for n in 0..400u16 {
            from.publish(&Publish::to("t").payload(&n.to_be_bytes()).qos(qos)).unwrap();
        }
        // With QoS 0 they are only written so far; behind this answer they are on their way to the other, in front of its answers.
        from.publish(&Publish::to("elsewhere").qos(QoS::AtLeastOnce)).unwrap();
        let mut taken = 0;
        let mut full = 0;
        while let Err(error) = client.publish(&Publish::to("u").qos(QoS::AtLeastOnce)) {
            assert!(matches!(error, Error::Backlog), "{error:?}");
            full += 1;
            while let Some(message) = client.recv(Some(Duration::from_millis(50))).unwrap() {
                assert_eq!(message.payload, u16::to_be_bytes(taken), "{qos:?}");
                taken += 1;
                if client.pending() == 0 {
                    break;
                }
            }
        }
        assert!(full > 0, "{qos:?}");
        client.flush().unwrap();
        for n in taken..400 {
            assert_eq!(next(&mut client).payload, n.to_be_bytes());
        }
        nothing(&mut client);
        client.disconnect().unwrap();
    }
}

#[test]
fn a_handler_answers() {
    let server = server();
    let mut client = connect(server.addr(), "a");
    client.subscribe(&[Filter::new("ask/#", QoS::ExactlyOnce), Filter::new("answer", QoS::ExactlyOnce)]).unwrap();
    for qos in LEVELS {
        client.publish(&Publish::to("ask/1").payload(b"?").qos(qos)).unwrap();
        let answer = client
            .run(|client, message| {
                if message.topic == "answer" {
                    return ControlFlow::Break(message.payload);
                }
                client.publish(&Publish::to("answer").payload(b"!").qos(qos)).unwrap();
                ControlFlow::Continue(())
            })
            .unwrap();
        assert_eq!(answer, b"!");
    }
}

#[test]
fn the_stop_flag_ends_any_wait() {
    let server = server();
    let flag = Arc::new(AtomicBool::new(false));
    let mut client = Client::connect(&options(server.addr(), "a").stop_flag(flag.clone())).unwrap();
    client.subscribe(&[Filter::new("t", QoS::AtLeastOnce)]).unwrap();
    let other = thread::spawn(move || {
        thread::sleep(Duration::from_millis(50));
        flag.store(true, Ordering::Relaxed);
    });
    let begin = Instant::now();
    assert!(matches!(client.recv(None), Err(Error::Stopped)));
    assert!(begin.elapsed() < Duration::from_secs(5));
    other.join().unwrap();
    assert!(matches!(client.publish(&Publish::to("t").qos(QoS::AtLeastOnce)), Err(Error::Stopped)));
    // It leaves in good order all the same.
    client.disconnect().unwrap();
}

#[test]
fn a_stream_that_is_stopped_ends_the_connection() {
    let server = server();
    let mut to = connect(server.addr(), "to");
    to.subscribe(&[Filter::new("t", QoS::ExactlyOnce)]).unwrap();
    let flag = Arc::new(AtomicBool::new(false));
    let options = options(server.addr(), "a").stop_flag(flag.clone());
    let (mut client, _) = support::cut_client(server.addr(), &options, support::Cut::Clogged(100_000)).unwrap();
    struct Raises(Arc<AtomicBool>, usize);
    impl Read for Raises {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.1 += buffer.len();
            self.0.store(self.1 > 100_000, Ordering::Relaxed);
            Ok(buffer.len())
        }
    }
    let error = client.publish_from("t", QoS::AtLeastOnce, false, 300_000, Raises(flag.clone(), 0)).unwrap_err();
    assert!(matches!(error, Error::Stopped), "{error:?}");
    flag.store(false, Ordering::Relaxed);
    client.publish(&Publish::to("t").payload(b"next").qos(QoS::AtLeastOnce)).unwrap();
    assert_eq!(next(&mut to).payload, b"next");
    assert_eq!(client.connections(), 2);
}

#[test]
fn a_broker_that_takes_no_bytes_is_given_up() {
    let server = server();
    for qos in LEVELS {
        let options = options(server.addr(), "a").ack_timeout(Some(Duration::from_millis(300)));
        let (mut client, _) = support::cut_client(server.addr(), &options, support::Cut::Clogged(100_000)).unwrap();
        let begin = Instant::now();
        let error = client.publish_from("t", qos, false, 300_000, io::repeat(1)).unwrap_err();
        assert!(matches!(error, Error::ConnectionLost(Cause::Stalled(_))), "{error:?}");
        assert!(begin.elapsed() < Duration::from_secs(5));
        // A copy can be sent again.
        client.publish(&Publish::to("t").payload(&[1; 300_000]).qos(qos)).unwrap();
        client.disconnect().unwrap();
    }
}

#[test]
fn a_loss_without_reconnection_is_told_by_every_call() {
    let server = server();
    let mut client = connect(server.addr(), "a");
    client.subscribe(&[Filter::new("t", QoS::AtMostOnce)]).unwrap();
    server.cut_all();
    assert!(matches!(client.recv(SOON), Err(Error::ConnectionLost(_))));
    assert!(matches!(client.recv(SOON), Err(Error::ConnectionLost(_))));
    for qos in LEVELS {
        assert!(matches!(client.publish(&Publish::to("t").qos(qos)), Err(Error::ConnectionLost(_))));
    }
    assert!(matches!(client.subscribe(&[Filter::new("t", QoS::AtMostOnce)]), Err(Error::ConnectionLost(_))));
    assert!(matches!(client.flush(), Ok(()) | Err(Error::ConnectionLost(_))));
    assert_eq!(client.messages(SOON).count(), 1);
    assert!(matches!(client.disconnect(), Err(Error::ConnectionLost(_))));
}

#[test]
fn waiting_for_a_connection_ends_with_the_time_out() {
    let server = server();
    let slow = Reconnect::BackOff { first: Duration::from_secs(3600), cap: Duration::from_secs(3600), max_tries: None };
    let short = Some(Duration::from_millis(100));
    let mut client = Client::connect(&options(server.addr(), "a").reconnect(slow).ack_timeout(short)).unwrap();
    server.cut_all();
    nothing(&mut client);
    for qos in LEVELS {
        let error = client.publish(&Publish::to("t").qos(qos)).unwrap_err();
        assert!(matches!(error, Error::TimedOut { .. }), "{error:?}");
    }
    assert_eq!(client.pending(), 0);
    assert_eq!(client.session(), Known::New);
}

/// A transport that gives and takes one byte at a time, and says `WouldBlock` in between.
struct Tiresome {
    stream: TcpStream,
    paused: [bool; 2],
}

impl Tiresome {
    fn pause(&mut self, direction: usize) -> io::Result<()> {
        self.paused[direction] = !self.paused[direction];
        if self.paused[direction] { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(()) }
    }
}

impl Read for Tiresome {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.pause(0)?;
        self.stream.read(&mut buffer[..1])
    }
}

impl Write for Tiresome {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pause(1)?;
        self.stream.write(&bytes[..1])
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

impl Transport for Tiresome {
    fn set_read_timeout(&mut self, limit: Duration) -> io::Result<()> {
        Transport::set_read_timeout(&mut self.stream, limit)
    }
}

#[test]
fn any_transport_will_do() {
    let server = server();
    let stream = Tiresome { stream: TcpStream::connect(server.addr()).unwrap(), paused: [false; 2] };
    let boxed: Box<dyn Transport> = Box::new(stream);
    let mut client = Client::over(boxed, &Options::new("a")).unwrap();
    client.subscribe(&[Filter::new("t", QoS::ExactlyOnce)]).unwrap();
    for qos in LEVELS {
        client.publish(&Publish::to("t").payload(b"hello").qos(qos)).unwrap();
        assert_eq!(next(&mut client).payload, b"hello");
    }
    server.cut_all();
    // There is no way to make another one.
    assert!(matches!(client.recv(SOON), Err(Error::ConnectionLost(Cause::Closed | Cause::Io(_)))));
}
