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
#[path = "../../examples/request.rs"]
mod request;
mod stacks;
#[path = "../../examples/task.rs"]
mod task;
mod world;

#[test]
fn the_examples_run() {
    poll::main();
    request::main();
    task::main();
}
