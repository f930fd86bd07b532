//! Every order in which things can happen to the real `Session` in small configurations: two slots,
//! three messages, one lost connection.
mod broker;
mod explore;
mod world;

use explore::{QOS, explore, mixes};
use world::World;

#[test]
fn three_messages_out() {
    let states = explore(mixes::<3>().map(|out| World::new(&out, &[])));
    println!("three messages out: {states} states");
}

#[test]
fn three_messages_in() {
    let states = explore(mixes::<3>().map(|come| World::new(&[], &come)));
    println!("three messages in: {states} states");
}

#[test]
fn two_messages_out_and_one_in() {
    let states = explore(mixes::<3>().map(|[a, b, come]| World::new(&[a, b], &[come])));
    println!("two messages out and one in: {states} states");
}

#[test]
fn one_message_out_and_two_in() {
    let states = explore(mixes::<3>().map(|[out, a, b]| World::new(&[out], &[a, b])));
    println!("one message out and two in: {states} states");
}

#[test]
fn three_messages_out_some_abandoned() {
    let states = explore(mixes::<3>().map(|out| World::new(&out, &[]).abandons()));
    println!("three messages out, some abandoned: {states} states");
}

#[test]
fn two_messages_each_way_byte_by_byte() {
    let states = explore(QOS.map(|qos| World::new(&[qos], &[qos]).bytewise()));
    println!("a message each way, byte by byte: {states} states");
}

/// What the broker still holds of the client that was is released, and nothing new is taken for it.
#[test]
fn a_client_forgets_what_the_broker_remembers() {
    let states = explore(mixes::<3>().map(|out| World::new(&out, &[]).forgets()));
    println!("a client forgets what the broker remembers: {states} states");
}

#[test]
fn a_session_ends_between() {
    let states = explore(mixes::<3>().map(|[a, b, come]| World::new(&[a, b], &[come]).clean()));
    println!("a session that ends with its connection: {states} states");
}

#[test]
fn mqtt5_three_messages_out_some_refused() {
    let states = explore(mixes::<3>().map(|out| World::mqtt5(&out, &[]).refuses()));
    println!("MQTT 5, three messages out, some refused: {states} states");
}

#[test]
fn mqtt5_two_messages_out_and_one_in_some_refused() {
    let states = explore(mixes::<3>().map(|[a, b, come]| World::mqtt5(&[a, b], &[come]).refuses()));
    println!("MQTT 5, two messages out and one in, some refused: {states} states");
}

#[test]
fn mqtt5_three_messages_in() {
    let states = explore(mixes::<3>().map(|come| World::mqtt5(&[], &come)));
    println!("MQTT 5, three messages in: {states} states");
}

#[test]
fn mqtt5_a_window_that_shrinks() {
    let states = explore(mixes::<3>().map(|out| World::mqtt5(&out, &[]).windows([2, 1])));
    println!("MQTT 5, a window that shrinks on reconnection: {states} states");
}

#[test]
fn mqtt5_a_window_that_shrinks_and_refusals() {
    let states = explore(mixes::<3>().map(|out| {
        let world = World::mqtt5(&out, &[]);
        world.windows([2, 1]).refuses().abandons()
    }));
    println!("MQTT 5, a window that shrinks, some refused, some abandoned: {states} states");
}

#[test]
fn mqtt5_the_server_disconnects() {
    let states =
        explore(mixes::<3>().map(|[a, b, come]| World::mqtt5(&[a, b], &[come]).disconnects()));
    println!("MQTT 5, the server sends DISCONNECT: {states} states");
}

#[test]
fn mqtt5_an_alias_after_reconnection() {
    let maxima = [[1, 1], [1, 0], [0, 1]];
    let worlds =
        maxima.map(|maxima| mixes::<3>().map(move |out| World::mqtt5(&out, &[]).aliases(maxima)));
    let states = explore(worlds.into_iter().flatten());
    println!("MQTT 5, an alias after reconnection: {states} states");
}

#[test]
fn mqtt5_reasons_longer_than_the_buffer() {
    let states = explore(mixes::<3>().map(|[a, b, come]| {
        let world = World::mqtt5(&[a, b], &[come]);
        world.explains().refuses().disconnects()
    }));
    println!("MQTT 5, reasons longer than the buffer: {states} states");
}

#[test]
fn mqtt5_a_message_each_way_byte_by_byte() {
    let states = explore(QOS.map(|qos| World::mqtt5(&[qos], &[qos]).refuses().bytewise()));
    println!("MQTT 5, a message each way, byte by byte: {states} states");
}

#[test]
fn mqtt5_a_session_ends_between() {
    let states = explore(mixes::<3>().map(|[a, b, come]| World::mqtt5(&[a, b], &[come]).clean()));
    println!("MQTT 5, a session that ends with its connection: {states} states");
}
