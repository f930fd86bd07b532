use super::*;
use motemq_testing::{
    broker::Config,
    link::Direction,
    proxy::{Plan, Proxy},
    server::Server,
};
use std::{net::TcpListener, time::Instant};

fn start() -> (Server, Proxy) {
    let server = Server::start(Config::new()).unwrap();
    let proxy = Proxy::start(server.addr()).unwrap();
    (server, proxy)
}

#[test]
fn passes_on_both_ways() {
    let (_server, proxy) = start();
    let mut client = Client::join(proxy.addr(), connect_a());
    client
        .sends([pingreq(), disconnect()])
        .receives(pingresp())
        .is_closed();
    assert_eq!(
        (
            proxy.passed(Direction::Up),
            proxy.passed(Direction::Down),
            proxy.accepted()
        ),
        (19, 6, 1)
    );
}

#[test]
fn cuts_after_the_byte_named_to_the_client() {
    let (_server, proxy) = start();
    for cut in 0..4 {
        proxy.plan(Plan::cut_after(Direction::Down, cut));
        let mut client = Client::open(proxy.addr());
        if cut != 0 {
            client
                .sends(connect_a())
                .receives(&connack().to_bytes()[..cut as usize]);
        }
        client.is_closed();
    }
    Client::join(proxy.addr(), connect_a())
        .sends(pingreq())
        .receives(pingresp());
}

#[test]
fn cuts_after_the_byte_named_to_the_broker() {
    let (server, proxy) = start();
    let mut observer = Client::join(server.addr(), connect_b());
    observer
        .sends(subscribe(1, &[("t", 0)]))
        .receives(suback(1, &[0]));
    let bytes = [
        connect_a(),
        publish("t").payload(b"1"),
        publish("t").payload(b"2"),
    ]
    .to_bytes();
    // One byte short of the first message; exactly it; one byte short of the second.
    for (cut, arrives) in [(20, false), (21, true), (26, true)] {
        proxy.plan(Plan {
            most: Some(5),
            ..Plan::cut_after(Direction::Up, cut)
        });
        let mut client = Client::open(proxy.addr());
        client.sends(&bytes);
        // The answer may be lost with the link.
        let _ = client.0.read_to_end(&mut Vec::new());
        if arrives {
            observer.receives(publish("t").payload(b"1"));
        }
    }
    observer.sends(pingreq()).receives(pingresp());
}

#[test]
fn cuts_when_told() {
    let (_server, proxy) = start();
    let mut client = Client::join(proxy.addr(), connect_a());
    assert_eq!((proxy.cut(), proxy.cut()), (1, 0));
    client.is_closed();
}

#[test]
fn stalls_and_goes_on() {
    let (server, proxy) = start();
    let mut client = Client::join(proxy.addr(), connect_a());
    proxy.stall();
    let mut second = Client::open(proxy.addr());
    second.sends(connect_b());
    client.sends(pingreq());
    client
        .0
        .set_read_timeout(Some(Duration::from_millis(100)))
        .unwrap();
    assert!(client.0.read(&mut [0]).is_err());
    client
        .0
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    proxy.resume();
    client.receives(pingresp());
    second.receives(connack());
    assert_eq!(server.connections(), 2);
}

#[test]
fn without_an_upstream_there_is_only_a_cut() {
    let (server, proxy) = start();
    let broker = server.stop();
    Client::open(proxy.addr()).is_closed();
    let server = Server::start_at(0, broker).unwrap();
    proxy.set_upstream(server.addr());
    Client::join(proxy.addr(), connect_a());
}

#[test]
fn ends_in_time_when_dropped() {
    let (_server, proxy) = start();
    let mut client = Client::join(proxy.addr(), connect_a());
    proxy.stall();
    let start = Instant::now();
    drop(proxy);
    client.is_closed();
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_cut_does_not_wait_for_the_broker() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = Proxy::start(silent.local_addr().unwrap()).unwrap();
    proxy.plan(Plan::cut_after(Direction::Up, 3));
    let mut client = Client::open(proxy.addr());
    let (mut upstream, _) = silent.accept().unwrap();
    client.sends(b"abcdef").is_closed();
    assert_eq!(proxy.cut(), 0);
    let mut heard = Vec::new();
    upstream.read_to_end(&mut heard).unwrap();
    assert_eq!(heard, b"abc");
}
