//! Publisher and subscriber, and whether all that one said has come to the other.
use super::command::{Motemq, Running};
use motemq::QoS;
use motemq_rig::ledger::Ledger;
use std::time::Instant;

/// Seconds after which publishers and subscribers give up.
const PATIENCE: &str = "5";

/// Retained, so that a subscriber prints it as soon as it is one.
const WELCOME: &str = "welcome";

/// Last of all, so that it is seen when something came too often.
const GOODBYE: &str = "goodbye";

/// How many of the numbered messages.
const COUNT: usize = 100;

/// One message time and again, as a device says that it is alive.
pub fn heartbeat(motemq: &Motemq) -> Result<(), String> {
    const TIMES: usize = 4;
    let topic = "SEGGER/Demo";
    println!("\nA heartbeat");
    let (mut subscriber, mut lines) = subscribe(motemq, topic, "0", TIMES)?;
    let begun = Instant::now();
    let options = ["--pub", "-t", topic, "-m", "Hello World", "-d", "0.3", "--repeat", "4", "-W", PATIENCE];
    let mut publisher = motemq.start(&options)?;
    say("publisher", &publisher);
    for _ in 0..TIMES {
        let line = lines.next().unwrap_or_default();
        println!("  {:5.2} s  {line}", begun.elapsed().as_secs_f64());
        if line != format!("{topic} Hello World") {
            return Err(format!("the subscriber printed \"{line}\" instead of the message"));
        }
    }
    publisher.wait()?;
    subscriber.wait()
}

/// Numbered messages, a line of stdin each; all of them arrive, and as the QoS promises.
pub fn numbered(motemq: &Motemq, qos: QoS) -> Result<(), String> {
    let (number, promise) = match qos {
        QoS::AtMostOnce => ("0", "at most once"),
        QoS::AtLeastOnce => ("1", "at least once"),
        QoS::ExactlyOnce => ("2", "exactly once"),
    };
    println!("\nQoS {number}: {promise}");
    let topic = format!("demo/qos{number}");
    let (mut subscriber, lines) = subscribe(motemq, &topic, number, COUNT + 1)?;
    let begun = Instant::now();
    let mut publisher = motemq.start(&["--pub", "-t", &topic, "-q", number, "-l", "-W", PATIENCE])?;
    say("publisher", &publisher);

    let mut ledger = Ledger::new();
    let mut payloads: Vec<_> = (1..=COUNT).map(|at| format!("message {at} of {COUNT}")).collect();
    payloads.push(GOODBYE.into());
    for payload in &payloads {
        ledger.published(&topic, payload.as_bytes(), qos);
    }
    publisher.give(&payloads)?;

    let mut came = 0;
    for line in lines {
        came += 1;
        match came {
            1..=3 | 99.. => println!("  {line}"),
            4 => println!("  ..."),
            _ => {}
        }
        let (topic, payload) = line.split_once(' ').unwrap_or((&line, ""));
        ledger.delivered(topic, payload.as_bytes());
    }
    let took = begun.elapsed().as_secs_f64() * 1000.0;
    publisher.wait()?;
    subscriber.wait()?;
    let verdict = ledger.judge();
    // Nothing gets lost within one machine, though QoS 0 would allow it.
    if !verdict.is_clean() || came != payloads.len() {
        return Err(format!("{came} of {} messages came: {verdict}", payloads.len()));
    }
    println!("  {came} published, {came} received in {took:.0} ms, all in order: {verdict}");
    Ok(())
}

type Lines = Box<dyn Iterator<Item = String>>;

/// Starts a subscriber that prints `count` messages and ends; it is subscribed when this returns.
fn subscribe(motemq: &Motemq, topic: &str, qos: &str, count: usize) -> Result<(Running, Lines), String> {
    motemq.start(&["--pub", "-t", topic, "-m", WELCOME, "-r", "-q", "1", "--repeat", "1", "-W", PATIENCE])?.wait()?;
    let count = (count + 1).to_string();
    let mut subscriber = motemq.start(&["--sub", "-t", topic, "-q", qos, "-v", "-C", &count, "-W", PATIENCE])?;
    say("subscriber", &subscriber);
    let mut lines: Lines = Box::new(subscriber.lines()?.map_while(Result::ok));
    let first = lines.next().unwrap_or_default();
    if first != format!("{topic} {WELCOME}") {
        return Err(format!("the subscriber printed \"{first}\" instead of the message retained for it"));
    }
    Ok((subscriber, lines))
}

fn say(who: &str, running: &Running) {
    println!("  {who:<11} {}", running.spelling());
}
