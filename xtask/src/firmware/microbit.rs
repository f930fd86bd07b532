//! The Cortex-M0, whose UART is a pipe to the broker.
use super::board::{broker, microbit, publish, until_logged, watcher};
use std::path::Path;

pub fn over_its_uart(program: &Path) -> Result<(), String> {
    let broker = broker(&[])?;
    let mut watcher = watcher(&broker)?;
    let mut board = microbit(program, &broker, None)?;
    until_logged(&broker, "Sending SUBACK to microbit", 1)?;
    for qos in ["0", "1", "2"] {
        publish(
            &broker,
            &[
                "-q",
                qos,
                "-t",
                "to/microbit",
                "-m",
                &format!("hello with QoS {qos}"),
            ],
        )?;
        for topic in ["to/microbit", "from/microbit"] {
            watcher.until(&format!("{topic} {qos} 0 hello with QoS {qos}"))?;
        }
    }
    publish(&broker, &["-q", "2", "-t", "to/microbit", "-m", "quit"])?;
    watcher.until("to/microbit 2 0 quit")?;
    board.ends_with(0)?;
    until_logged(&broker, "Received DISCONNECT from microbit", 1)?;
    watcher.nothing_else()
}
