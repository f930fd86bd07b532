//! The adapter over smoltcp's loopback device, against the broker in memory.
mod ends;
#[path = "../../examples/loopback.rs"]
mod example;
mod messages;
mod mqtt5;
mod world;

#[test]
fn the_example_comes_to_its_end() {
    example::main();
}
