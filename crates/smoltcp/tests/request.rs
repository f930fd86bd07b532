//! The example with MQTT 5.
#[path = "../examples/request_smoltcp.rs"]
mod example;

#[test]
fn the_example_comes_to_its_end() {
    example::main();
}
