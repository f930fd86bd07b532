//! Publisher and subscriber, and whether all that one said has come to the other.
use super::command::{Motemq, Running};
use motemq::QoS;
use motemq_testing::ledger::Ledger;
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
    let options = [
        "--pub",
        "-t",
        topic,
        "-m",
        "Hello World",
        "-d",
        "0.3",
        "--repeat",
        "4",
        "-W",
        PATIENCE,
    ];
    let mut publisher = motemq.start(&options)?;
    say("publisher", &publisher);
    for _ in 0..TIMES {
        let line = lines.next().unwrap_or_default();
        println!("  {:5.2} s  {line}", begun.elapsed().as_secs_f64());
        if line != format!("{topic} Hello World") {
            return Err(format!(
                "the subscriber printed \"{line}\" instead of the message"
            ));
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
    let mut publisher =
        motemq.start(&["--pub", "-t", &topic, "-q", number, "-l", "-W", PATIENCE])?;
    say("publisher", &publisher);

    let mut payloads: Vec<_> = (1..=COUNT)
        .map(|at| format!("message {at} of {COUNT}"))
        .collect();
    payloads.push(GOODBYE.into());
    publisher.give(&payloads)?;

    let mut came = Vec::new();
    for line in lines {
        match came.len() {
            0..=2 | 98.. => println!("  {line}"),
            3 => println!("  ..."),
            _ => {}
        }
        came.push(line);
    }
    let took = begun.elapsed().as_secs_f64() * 1000.0;
    publisher.wait()?;
    subscriber.wait()?;
    let verdict = judge(&topic, qos, &payloads, &came)?;
    println!(
        "  {} published, {} received in {took:.0} ms: {verdict}",
        payloads.len(),
        came.len()
    );
    Ok(())
}

/// Whether the lines that a subscriber printed are what was published, as the QoS promises.
fn judge(topic: &str, qos: QoS, payloads: &[String], lines: &[String]) -> Result<String, String> {
    let mut ledger = Ledger::new();
    for payload in payloads {
        ledger.published(topic, payload.as_bytes(), qos);
    }
    for line in lines {
        let (topic, payload) = line.split_once(' ').unwrap_or((line, ""));
        ledger.delivered(topic, payload.as_bytes());
    }
    let verdict = ledger.judge().to_string();
    // Nothing gets lost within one machine, though QoS 0 would allow it.
    let missing = payloads
        .iter()
        .filter(|payload| !lines.contains(&format!("{topic} {payload}")))
        .count();
    if ledger.judge().is_clean() && missing == 0 {
        Ok(verdict)
    } else {
        Err(format!("{missing} messages did not come; {verdict}"))
    }
}

type Lines = Box<dyn Iterator<Item = String>>;

/// Starts a subscriber that prints `count` messages and ends; it is subscribed when this returns.
fn subscribe(
    motemq: &Motemq,
    topic: &str,
    qos: &str,
    count: usize,
) -> Result<(Running, Lines), String> {
    motemq
        .start(&[
            "--pub", "-t", topic, "-m", WELCOME, "-r", "-q", "1", "--repeat", "1", "-W", PATIENCE,
        ])?
        .wait()?;
    let count = (count + 1).to_string();
    let mut subscriber = motemq.start(&[
        "--sub", "-t", topic, "-q", qos, "-v", "-C", &count, "-W", PATIENCE,
    ])?;
    say("subscriber", &subscriber);
    let mut lines: Lines = Box::new(subscriber.lines()?.map_while(Result::ok));
    let first = lines.next().unwrap_or_default();
    if first != format!("{topic} {WELCOME}") {
        return Err(format!(
            "the subscriber printed \"{first}\" instead of the message retained for it"
        ));
    }
    Ok((subscriber, lines))
}

fn say(who: &str, running: &Running) {
    println!("  {who:<11} {}", running.spelling());
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [QoS; 3] = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce];

    fn judged(qos: QoS, numbers: &[u8]) -> bool {
        let payloads: Vec<_> = (1..=4).map(|number| number.to_string()).collect();
        let lines: Vec<_> = numbers.iter().map(|number| format!("t {number}")).collect();
        judge("t", qos, &payloads, &lines).is_ok()
    }

    #[test]
    fn what_came_as_promised_is_good() {
        assert!(ALL.iter().all(|&qos| judged(qos, &[1, 2, 3, 4])));
        assert!(judged(QoS::AtLeastOnce, &[1, 2, 2, 3, 4]));
    }

    #[test]
    fn what_did_not_is_not() {
        for qos in ALL {
            assert!(!judged(qos, &[1, 2, 4]), "lost");
            assert!(!judged(qos, &[1, 2, 3]), "the last one lost");
            assert!(!judged(qos, &[1, 3, 2, 4]), "out of order");
            assert!(!judged(qos, &[1, 2, 3, 4, 5]), "never published");
        }
        for qos in [QoS::AtMostOnce, QoS::ExactlyOnce] {
            assert!(!judged(qos, &[1, 2, 2, 3, 4]), "doubled");
        }
    }
}
