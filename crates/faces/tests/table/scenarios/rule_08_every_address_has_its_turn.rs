//! Rule 8: every address of every broker has its turn.
use super::face::{Client, Options};
use super::support::{AT_ONCE, SOON, server};
use motemq_testing::line::{Exchange, HELLO, NEW};
use std::time::Duration;

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
