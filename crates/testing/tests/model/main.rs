//! Every order in which things can happen to the real `Session` in small configurations: two slots,
//! three messages, one lost connection.
mod broker;
mod world;

use motemq::QoS;
use stateright::{Checker, Model};
use world::World;

const QOS: [QoS; 2] = [QoS::AtLeastOnce, QoS::ExactlyOnce];

/// All states of these worlds hold all properties; how many there are.
fn explore(worlds: impl IntoIterator<Item = World>) -> usize {
    let count = |world: World| {
        let checker = world.checker().threads(2).spawn_bfs().join();
        checker.assert_properties();
        checker.unique_state_count()
    };
    worlds.into_iter().map(count).sum()
}

/// All ways to give each of `N` messages QoS 1 or 2.
fn mixes<const N: usize>() -> impl Iterator<Item = [QoS; N]> {
    (0..1usize << N).map(|mix| std::array::from_fn(|at| QOS[mix >> at & 1]))
}

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
