//! Conversations of the core with the in-process broker: a session, a small program around it, and
//! links that end anywhere, in virtual time.
mod client;
mod ledger;
mod message;
mod simulation;
mod station;
mod verdict;
mod world;

use ledger::{Conversation, messages};
use message::Fate;
use motemq::{Either, Mqtt5, Mqtt311, Version};
use motemq_testing::broker::Limits;

/// The worlds by chance.
const SEEDS: u64 = 1000;

/// Holds a conversation in both versions.
fn in_both(name: &str, conversation: &Conversation) {
    println!(
        "MQTT 3.1.1, {name}: {} tried",
        conversation.keep::<Mqtt311>()
    );
    in_5(name, conversation);
}

fn in_5(name: &str, conversation: &Conversation) {
    println!("MQTT 5, {name}: {} tried", conversation.keep::<Mqtt5>());
}

#[test]
fn messages_out() {
    let conversation = Conversation::new().out(messages(7, Fate::Arrives, 5));
    in_both("messages out", &conversation);
}

#[test]
fn messages_in() {
    let conversation = Conversation::new().come(messages(7, Fate::Arrives, 5));
    in_both("messages in", &conversation);
}

#[test]
fn long_messages_both_ways() {
    let long = messages(5, Fate::Arrives, 90);
    let conversation = Conversation::new().out(long.clone()).come(long);
    in_both("long messages both ways", &conversation);
}

#[test]
fn clean_sessions() {
    let few = messages(5, Fate::Arrives, 5);
    let conversation = Conversation::new().out(few.clone()).come(few).clean();
    in_both("both ways, clean session", &conversation);
}

#[test]
fn refusals() {
    let out = messages(7, Fate::IsRefused, 5);
    let come = messages(7, Fate::IsDeclined, 5);
    let conversation = Conversation::new().out(out).come(come).refusals(false);
    in_5("refusals both ways", &conversation);
}

#[test]
fn reasons_longer_than_the_buffer() {
    let out = messages(7, Fate::IsRefused, 5);
    let conversation = Conversation::new().out(out).refusals(true);
    in_5("reasons longer than the buffer", &conversation);
}

#[test]
fn a_window_that_shrinks() {
    let narrow = Limits {
        receive_maximum: 1,
        ..Limits::NONE
    };
    let conversation = Conversation::new()
        .out(messages(7, Fate::Arrives, 5))
        .limits([Limits::NONE, narrow]);
    in_5("a window that shrinks on reconnection", &conversation);
    let conversation = conversation.refusals(true);
    in_5("a window that shrinks, with reasons", &conversation);
}

#[test]
fn the_server_disconnects() {
    let few = messages(7, Fate::Arrives, 5);
    let conversation = Conversation::new().out(few.clone()).come(few).disconnects();
    in_5("the server sends DISCONNECT", &conversation);
}

#[test]
fn aliases() {
    let few = messages(7, Fate::Arrives, 5);
    let none = Limits {
        topic_alias_maximum: 0,
        ..Limits::NONE
    };
    let conversation = Conversation::new().out(few.clone()).come(few).aliases();
    in_5("topic aliases both ways", &conversation);
    let conversation = conversation.limits([Limits::NONE, none]);
    in_5(
        "topic aliases that are gone after reconnection",
        &conversation,
    );
}

#[test]
fn another_version_after_reconnection() {
    let few = messages(7, Fate::Arrives, 5);
    let conversation = Conversation::new().out(few.clone()).come(few);
    let versions = [Version::Mqtt5, Version::Mqtt311];
    let tried: usize = [versions, [versions[1], versions[0]]]
        .iter()
        .map(|versions| conversation.clone().versions(versions).keep::<Either>())
        .sum();
    println!("another version after reconnection: {tried} tried");
}

/// No limit is exceeded, nothing is lost or doubled, and everything ends, whatever servers announce.
#[test]
fn servers_of_random_limits() {
    let mut sum = simulation::Count::default();
    for seed in 0..SEEDS {
        let count = simulation::play(seed).unwrap_or_else(|why| panic!("seed {seed}: {why}"));
        sum.published += count.published;
        sum.delivered += count.delivered;
        sum.refused += count.refused;
        sum.unsupported += count.unsupported;
        sum.connections += count.connections;
        sum.disconnections += count.disconnections;
        sum.waits += count.waits;
    }
    println!("worlds of random limits: {SEEDS} tried");
    println!("messages in them: {} tried", sum.published);
    println!("connections in them: {} tried", sum.connections);
    // All that is to be shown has happened.
    let least = SEEDS as usize;
    assert!(sum.delivered > 10 * least && sum.refused > least, "{sum:?}");
    assert!(
        sum.unsupported > least && sum.disconnections > least && sum.waits > least,
        "{sum:?}"
    );
}
