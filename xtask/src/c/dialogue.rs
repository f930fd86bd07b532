//! Dialogues with programs in C, line by line.
use crate::programs::{program, read};
use motemq_testing::mosquitto::Mosquitto;
use std::{
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
};

/// The text that an example prints if it does not answer a question.
const BUSY: &str = "too busy to answer";

/// Runs a program, answers with a line where `answer` says so, and returns what it has said.
///
/// # Errors
/// It cannot be started, or fails.
fn converse(
    mut command: Command,
    mut answer: impl FnMut(&str) -> bool,
) -> Result<Vec<String>, String> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    let mut input = child.stdin.take().ok_or("no input")?;
    let output = BufReader::new(child.stdout.take().ok_or("no output")?);
    let mut said = Vec::new();
    for line in output.lines().map_while(Result::ok) {
        if answer(&line) {
            // If it has ended, its status says so.
            let _ = input.write_all(b"\n");
        }
        said.push(line);
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    if status.success() {
        Ok(said)
    } else {
        Err(format!("it ended with {status} and said {said:?}"))
    }
}

/// Runs a test, which says `stop` and `start` to have that done with the broker, and has to end with
/// this line.
///
/// # Errors
/// It fails, or ends otherwise.
pub fn with_restarts(test: Command, broker: &mut Mosquitto, end: &str) -> Result<(), String> {
    let said = converse(test, |line| {
        match line {
            "stop" => broker.stop(),
            "start" => broker.resume(),
            _ => return false,
        }
        true
    })?;
    if said.last().map(String::as_str) != Some(end) {
        return Err(format!("the test says {said:?}"));
    }
    Ok(())
}

/// Asks an example a question so many times at once, by an independent client.
fn ask(port: &str, text: &str, times: usize) {
    let times = times.to_string();
    let words = [
        "-h",
        "127.0.0.1",
        "-p",
        port,
        "-q",
        "2",
        "-t",
        "c/question",
        "-m",
        text,
        "--repeat",
        &times,
    ];
    // If it fails, the example does not answer.
    let _ = read(program("mosquitto_pub", words));
}

/// Runs an example, asks it so many questions at once when it has said the first line, and to leave
/// when it has said a line that begins with the second for each.
///
/// # Errors
/// It leaves out a question.
pub fn burst(
    example: Command,
    port: &str,
    [subscribed, answered]: [&str; 2],
    times: usize,
) -> Result<(), String> {
    let mut outcomes = 0;
    let said = converse(example, |line| {
        if line == subscribed {
            ask(port, "why", times);
        } else if line.starts_with(answered) || line == BUSY {
            outcomes += 1;
            if outcomes == times {
                ask(port, "quit", 1);
            }
        }
        false
    })?;
    if said.iter().any(|line| line == BUSY) {
        return Err(format!("the example says {said:?}"));
    }
    Ok(())
}

/// Runs an example, and asks it a question by an independent client when it has said the first
/// line, and to leave when it has said the second.
///
/// # Errors
/// It does not begin with the expected lines.
pub fn question(
    example: Command,
    port: &str,
    [subscribed, answered]: [&str; 2],
    expected: &[&str],
) -> Result<(), String> {
    let said = converse(example, |line| {
        if line == subscribed {
            ask(port, "why", 1);
        } else if line == answered {
            ask(port, "quit", 1);
        }
        false
    })?;
    if said[..said.len().min(expected.len())] != *expected {
        return Err(format!("the example says {said:?}"));
    }
    Ok(())
}
