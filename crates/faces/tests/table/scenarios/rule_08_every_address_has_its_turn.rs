//! Rule 8: every address of every broker is tried in turn.
use super::face::{Client, Options, Reconnect, Route};
use super::support::{AT_ONCE, SOON, server};
use motemq_testing::line::{Exchange, HELLO, NEW};
use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener},
    time::Duration,
};

/// A broker that cannot be reached leaves the turn to the next at once, and so does a name without
/// an address.
pub fn a_broker_that_is_not_there_leaves_the_turn_to_the_next() {
    let server = server();
    let options = Options::new("a")
        .broker("nowhere.invalid", 1)
        .broker("127.0.0.1", 1)
        .broker("localhost", server.addr().port());
    let client = Client::connect(options).unwrap();
    client.connected().unwrap();
    client.disconnect(SOON).unwrap();
}

pub fn brokers_are_tried_one_after_the_other() {
    let brokers = [Exchange::new(), Exchange::new()];
    let options = brokers.iter().fold(Options::new("a"), |options, broker| {
        options.broker("127.0.0.1", broker.addr().port())
    });
    let options = options
        .reconnect(AT_ONCE)
        .connect_timeout(Duration::from_secs(1));
    let client = Client::connect(options).unwrap();
    let [one, two] = &brokers;
    // Held open, so that nothing tells the client but the time.
    let _mute = one.next();
    drop(two.next());
    drop(one.next());
    let line = two.accepts(HELLO, NEW);
    client.connected().unwrap();
    drop(line);
    // It was good.
    let _line = two.accepts(HELLO, NEW);
    client.connected().unwrap();
}

pub fn a_client_connects_from_the_address_that_is_chosen() {
    let broker = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = broker.local_addr().unwrap().port();
    let from = |bind: IpAddr| {
        let route = Route {
            bind: vec![bind],
            ..Route::default()
        };
        let options = Options::new("a").route(route).broker("127.0.0.1", port);
        Client::connect(options.reconnect(Reconnect::Never)).unwrap()
    };
    // Other systems have one address of their own only.
    let own = if cfg!(any(target_os = "linux", windows)) {
        Ipv4Addr::new(127, 0, 0, 2)
    } else {
        Ipv4Addr::LOCALHOST
    };
    let _client = from(own.into());
    assert_eq!(broker.accept().unwrap().1.ip(), own);
    let error = from(Ipv6Addr::LOCALHOST.into()).connected().unwrap_err();
    assert!(error.to_string().contains("is IPv6"), "{error}");
}
