//! The example with MQTT 5.
#[path = "../examples/request.rs"]
mod example;

#[test]
fn the_example_comes_to_its_end() {
    example::main();
}
