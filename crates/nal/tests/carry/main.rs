//! Both ways to carry a session, over links that misbehave and break in virtual time, and over real
//! sockets.
mod aio;
mod dropping;
mod ends;
mod large;
mod link;
mod mqtt5;
#[path = "../../examples/poll.rs"]
mod poll;
mod pump;
#[path = "../../examples/request_nal.rs"]
mod request;
mod stacks;
#[path = "../../examples/task.rs"]
mod task;
mod world;

use motemq_testing::{broker::Config, server::Server};

#[test]
fn the_example_that_polls_goes_on_after_a_lost_connection() {
    let broker = Server::start(Config::new()).unwrap();
    let mut is_cut = false;
    poll::run(broker.addr(), |greetings| {
        if greetings == 1 && !is_cut {
            is_cut = true;
            broker.cut_all();
        }
        greetings == 2
    });
    assert!(is_cut);
}

#[test]
fn the_example_with_mqtt_5_gets_its_response() {
    let broker = Server::start(Config::new()).unwrap();
    request::ask(broker.addr()).unwrap();
}

#[test]
fn the_asynchronous_example_comes_to_its_end() {
    let broker = Server::start(Config::new()).unwrap();
    task::run(broker.addr());
}
