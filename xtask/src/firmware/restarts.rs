//! The broker is stopped and started while the board is connected.
use super::board::{Mps2, broker, publish, watcher};

pub fn remembered(mps2: &Mps2) -> Result<(), String> {
    let mut broker = broker(&["persistence true"])?;
    let mut watcher = watcher(&broker)?;
    let mut board = mps2.connected(&broker, "board 60 keep")?;
    board.tell("subscribe to/# 2")?;
    let id = board.until("sent ")?;
    board.until(&format!("subscribed {id} [2]"))?;

    // In good order. The subscription is still there.
    broker.stop();
    board.until("over")?;
    broker.resume();
    board.until("connected Resumed")?;
    publish(&broker, &["-q", "2", "-t", "to/board", "-m", "again"])?;
    board.until("message to/board 2 false again")?;
    // Before the broker forgets that it was published.
    watcher.until("to/board 2 0 again")?;

    // With messages that nobody has acknowledged.
    broker.freeze();
    let ids = sent(
        &mut board,
        [
            "publish from/1 1 once at least",
            "publish from/2 2 once exactly",
        ],
    )?;
    broker.kill();
    board.until("over")?;
    broker.resume();
    board.until("connected Resumed")?;
    for (id, qos) in ids.iter().zip([1, 2]) {
        board.until(&format!("resend {id} {qos}"))?;
    }
    board.until(&format!("acked {}", ids[0]))?;
    board.until(&format!("received {}", ids[1]))?;
    board.until(&format!("acked {}", ids[1]))?;
    for line in ["from/1 1 0 once at least", "from/2 2 0 once exactly"] {
        watcher.until(line)?;
    }
    board.nothing_else()
}

pub fn forgotten(mps2: &Mps2) -> Result<(), String> {
    let mut broker = broker(&["persistence false"])?;
    let mut board = mps2.connected(&broker, "board 60 keep")?;
    broker.freeze();
    let ids = sent(
        &mut board,
        [
            "publish from/1 1 who knows",
            "publish from/2 2 who knows",
            "subscribe to/# 2",
        ],
    )?;
    broker.kill();
    board.until("over")?;
    broker.resume();
    for id in ids {
        board.until(&format!("unknown {id}"))?;
    }
    board.until("connected New")?;
    board.nothing_else()
}

/// Tells the board these commands; the identifiers that they got.
fn sent<const N: usize>(
    board: &mut super::process::Process,
    commands: [&str; N],
) -> Result<[String; N], String> {
    let mut ids = [const { String::new() }; N];
    for (id, command) in ids.iter_mut().zip(commands) {
        board.tell(command)?;
        *id = board.until("sent ")?;
    }
    Ok(ids)
}
