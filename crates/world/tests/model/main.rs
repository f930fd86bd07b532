//! Every order in which things can happen to the managed client in small configurations: up to three
//! messages, one lost connection or one process that ends.
#[allow(dead_code, reason = "the exploration of the core uses the rest")]
#[path = "../../../testing/tests/model/broker.rs"]
mod broker;
#[path = "../../../testing/tests/model/explore.rs"]
mod explore;
mod properties;
mod world;

use explore::{QOS, explore, mixes};
use motemq_client::AckMode;
use world::World;

#[test]
fn three_messages_out() {
    let states = explore(mixes::<3>().map(|out| World::new(&out, &[])));
    println!("client, three messages out: {states} states");
}

#[test]
fn three_messages_in() {
    let states = explore(mixes::<3>().map(|come| World::new(&[], &come)));
    println!("client, three messages in: {states} states");
}

#[test]
fn three_messages_in_acknowledged_by_the_next() {
    let worlds = mixes::<3>().map(|come| World::new(&[], &come).taking(AckMode::OnNext));
    let states = explore(worlds);
    println!("client, three messages in, acknowledged by the next: {states} states");
}

#[test]
fn one_message_out_and_one_in() {
    let states = explore(mixes::<2>().map(|[out, come]| World::new(&[out], &[come])));
    println!("client, a message each way: {states} states");
}

#[test]
fn two_messages_out_some_withdrawn() {
    let states = explore(mixes::<2>().map(|out| World::new(&out, &[]).withdraws()));
    println!("client, two messages out, some withdrawn: {states} states");
}

#[test]
fn a_message_each_way_byte_by_byte() {
    let states = explore(QOS.map(|qos| World::new(&[qos], &[qos]).bytewise()));
    println!("client, a message each way, byte by byte: {states} states");
}

#[test]
fn a_session_ends_between() {
    let states = explore(mixes::<2>().map(|[out, come]| World::new(&[out], &[come]).clean()));
    println!("client, a session that ends with its connection: {states} states");
}

#[test]
fn two_messages_out_and_a_process_that_ends() {
    let states = explore(mixes::<2>().map(|out| World::new(&out, &[]).restarts()));
    println!("client, two messages out and a process that ends: {states} states");
}

#[test]
fn two_messages_in_and_a_process_that_ends() {
    let states = explore(mixes::<2>().map(|come| World::new(&[], &come).restarts()));
    println!("client, two messages in and a process that ends: {states} states");
}

#[test]
fn two_messages_in_that_are_taken_with_or_without_a_connection() {
    let worlds = mixes::<2>().map(|come| {
        let world = World::new(&[], &come).taking(AckMode::OnNext);
        world.stores()
    });
    let states = explore(worlds);
    println!("client, two messages in, stored with or without a connection: {states} states");
}

#[test]
fn more_messages_in_than_may_wait() {
    let worlds = mixes::<3>().map(|come| World::new(&[], &come).bounded());
    let by_the_next = mixes::<3>().map(|come| {
        let world = World::new(&[], &come).taking(AckMode::OnNext);
        world.bounded()
    });
    let states = explore(worlds.chain(by_the_next));
    println!("client, three messages in, of which one may wait: {states} states");
    let worlds = mixes::<3>().map(|[out, one, two]| World::new(&[out], &[one, two]).bounded());
    let states = explore(worlds);
    println!("client, one message out and two in, of which one may wait: {states} states");
}

/// The broker allows less over the second connection, or more.
#[test]
fn messages_each_way_with_mqtt_5() {
    for (windows, aliases) in [([2, 1], [1, 1]), ([1, 2], [1, 0])] {
        let out = mixes::<3>().map(|out| World::new(&out, &[]).mqtt_5(windows, aliases));
        let states = explore(out);
        println!("client, three messages out with MQTT 5: {states} states");
        let both = mixes::<2>().map(|[out, come]| World::new(&[out], &[come]));
        let states = explore(both.map(|world| world.mqtt_5(windows, aliases)));
        println!("client, a message each way with MQTT 5: {states} states");
    }
    let states = explore(mixes::<3>().map(|come| World::new(&[], &come).mqtt_5([2; 2], [0; 2])));
    println!("client, three messages in with MQTT 5: {states} states");
}

#[test]
fn a_message_each_way_byte_by_byte_with_mqtt_5() {
    let worlds = QOS.map(|qos| World::new(&[qos], &[qos]).bytewise());
    let states = explore(worlds.map(|world| world.mqtt_5([1; 2], [1; 2])));
    println!("client, a message each way, byte by byte with MQTT 5: {states} states");
}

#[test]
fn sessions_and_processes_that_end_with_mqtt_5() {
    let clean = mixes::<2>().map(|[out, come]| World::new(&[out], &[come]).clean());
    let states = explore(clean.map(|world| world.mqtt_5([1; 2], [1; 2])));
    println!("client, a session that ends with its connection with MQTT 5: {states} states");
    let restarts = mixes::<2>().map(|out| World::new(&out, &[]).restarts());
    let states = explore(restarts.map(|world| world.mqtt_5([2, 1], [1; 2])));
    println!("client, two messages out and a process that ends with MQTT 5: {states} states");
}
