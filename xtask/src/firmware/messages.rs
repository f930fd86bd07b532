//! Messages, the will, and silence.
use super::board::{Mps2, broker, publish, until_logged, watcher};

pub fn every_qos(mps2: &Mps2) -> Result<(), String> {
    let broker = broker(&[])?;
    let mut watcher = watcher(&broker)?;
    publish(&broker, &["-q", "1", "-r", "-t", "to/kept", "-m", "kept"])?;
    watcher.until("to/kept 1 0 kept")?;
    let mut board = mps2.connected(&broker, "board 60 clean")?;
    board.tell("subscribe to/# 2")?;
    let id = board.until("sent ")?;
    board.until(&format!("subscribed {id} [2]"))?;
    board.until("message to/kept 1 true kept")?;
    for qos in ["0", "1", "2"] {
        publish(
            &broker,
            &[
                "-q",
                qos,
                "-t",
                &format!("to/{qos}"),
                "-m",
                &format!("down with QoS {qos}"),
            ],
        )?;
        board.until(&format!("message to/{qos} {qos} false down with QoS {qos}"))?;
        watcher.until(&format!("to/{qos} {qos} 0 down with QoS {qos}"))?;

        board.tell(&format!("publish from/{qos} {qos} up with QoS {qos}"))?;
        watcher.until(&format!("from/{qos} {qos} 0 up with QoS {qos}"))?;
        if qos != "0" {
            let id = board.until("sent ")?;
            if qos == "2" {
                board.until(&format!("received {id}"))?;
            }
            board.until(&format!("acked {id}"))?;
        }
    }
    board.tell("unsubscribe to/#")?;
    let id = board.until("sent ")?;
    board.until(&format!("acked {id}"))?;
    publish(&broker, &["-q", "1", "-t", "to/1", "-m", "unheard"])?;
    watcher.until("to/1 1 0 unheard")?;
    board.tell("disconnect")?;
    board.until("over")?;
    board.tell("exit 0")?;
    board.ends_with(0)?;
    // No will, no message twice, nothing that was not asked for.
    publish(&broker, &["-q", "1", "-t", "last", "-m", "of all"])?;
    watcher.until("last 1 0 of all")?;
    watcher.nothing_else()?;
    board.nothing_else()
}

pub fn will(mps2: &Mps2) -> Result<(), String> {
    let broker = broker(&[])?;
    let mut watcher = watcher(&broker)?;
    let board = mps2.connected(&broker, "board 60 clean")?;
    drop(board);
    watcher.until("board/will 1 0 gone")?;
    watcher.nothing_else()
}

/// Longer than mosquitto waits for a client with so short a keep-alive. A shorter one would take the
/// pauses of a machine under load for the board's.
pub fn silence(mps2: &Mps2) -> Result<(), String> {
    let broker = broker(&[])?;
    let mut board = mps2.connected(&broker, "board 4 clean")?;
    until_logged(&broker, "Received PINGREQ from board", 3)?;
    board.tell("publish from/board 1 still here")?;
    let id = board.until("sent ")?;
    board.until(&format!("acked {id}"))?;
    board.nothing_else()?;
    // What a status says arrives here.
    board.tell("exit 42")?;
    board.ends_with(42)
}
