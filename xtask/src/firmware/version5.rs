//! Scenes that only MQTT 5 has.
use super::{
    board::{Mps2, broker, client, publish, until_logged, watcher},
    process::Process,
};
use motemq_testing::mosquitto::Mosquitto;

/// An independent subscriber with MQTT 5, which says topic, content type, user properties and
/// payload.
fn describing(broker: &Mosquitto) -> Result<Process, String> {
    let mut command = client("mosquitto_sub", broker)?;
    command.args(["-V", "5", "-i", "describing", "-q", "2", "-t", "from/#"]);
    command.args(["-F", "%t %C %P %p"]);
    let watcher = Process::start(command)?;
    until_logged(broker, "Sending SUBACK to describing", 1)?;
    Ok(watcher)
}

pub fn properties(mps2: &Mps2) -> Result<(), String> {
    let broker = broker(&[])?;
    let mut watcher = describing(&broker)?;
    let mut board = mps2.connected(&broker, "board 60 clean")?;
    for qos in ["0", "1", "2"] {
        board.tell(&format!("describe from/{qos} {qos} text/plain 1013"))?;
        watcher.until(&format!("from/{qos} text/plain unit:hPa 1013"))?;
    }
    for _ in 1..=2 {
        let id = board.until("sent ")?;
        board.until(&format!("acked {id}"))?;
    }
    board.until("received ")?;

    board.tell("subscribe to/# 2")?;
    let id = board.until("sent ")?;
    board.until(&format!("subscribed {id} [2]"))?;
    for qos in ["0", "1", "2"] {
        let words = ["-V", "5", "-q", qos, "-t", "to/board", "-m", "how much?"];
        let properties = [
            ["-D", "publish", "content-type", "text/html"],
            ["-D", "publish", "response-topic", "from/board"],
        ];
        let user = ["-D", "publish", "user-property", "language", "en"];
        publish(
            &broker,
            &[&words, properties.as_flattened(), &user].concat(),
        )?;
        board.until(&format!("message to/board {qos} false how much?"))?;
        for line in [
            "content-type text/html",
            "response-topic from/board",
            "language=en",
        ] {
            board.until(line)?;
        }
    }
    watcher.nothing_else()?;
    board.nothing_else()
}

pub fn options(mps2: &Mps2) -> Result<(), String> {
    let broker = broker(&[])?;
    let mut watcher = watcher(&broker)?;
    let mut board = mps2.connected(&broker, "board 60 clean")?;
    board.tell("exclusive any/# 1")?;
    let id = board.until("sent ")?;
    board.until(&format!("subscribed {id} [1]"))?;
    // The board does not hear itself.
    board.tell("publish any/board 1 of the board")?;
    let id = board.until("sent ")?;
    board.until(&format!("acked {id}"))?;
    watcher.until("any/board 1 0 of the board")?;
    publish(&broker, &["-q", "1", "-t", "any/other", "-m", "of another"])?;
    watcher.until("any/other 1 0 of another")?;
    board.until("message any/other 1 false of another")?;
    board.until("subscription 7")?;
    board.nothing_else()
}

pub fn refusals(mps2: &Mps2) -> Result<(), String> {
    let broker = broker_with_acl()?;
    let mut board = mps2.connected(&broker, "board 60 clean")?;
    for qos in ["1", "2"] {
        // Not authorised.
        board.tell(&format!("publish secret/board {qos} x"))?;
        let id = board.until("sent ")?;
        board.until(&format!("refused {id} 135"))?;
    }
    board.tell("subscribe to/# 2")?;
    let id = board.until("sent ")?;
    board.until(&format!("subscribed {id} [2]"))?;
    // Quota exceeded.
    publish(&broker, &["-q", "1", "-t", "to/refused", "-m", "too much"])?;
    board.until("message to/refused 1 false too much")?;
    until_logged(&broker, "Received PUBACK from board (Mid: 1, RC:151)", 1)?;
    publish(&broker, &["-q", "2", "-t", "to/refused", "-m", "much"])?;
    board.until("message to/refused 2 false much")?;
    // A message that is refused is over, so another one comes, and nothing else.
    publish(&broker, &["-q", "2", "-t", "to/board", "-m", "enough"])?;
    board.until("message to/board 2 false enough")?;
    board.nothing_else()
}

/// A broker that lets nobody publish below `secret`.
fn broker_with_acl() -> Result<Mosquitto, String> {
    let broker = Mosquitto::start_with(|folder| {
        let file = folder.join("acl");
        let lines = "topic readwrite to/#\ntopic readwrite board/#\n";
        std::fs::write(&file, lines).expect("a file for mosquitto");
        vec![
            "allow_anonymous true".into(),
            format!("acl_file {}", file.display()),
        ]
    });
    broker.ok_or_else(|| "mosquitto is not installed".into())
}

pub fn ends(mps2: &Mps2) -> Result<(), String> {
    // A connection is refused, and again: not authorised.
    let strict = broker(&["allow_anonymous false"])?;
    let mut board = mps2.start()?;
    board.tell(&format!("connect {} board 60 clean", strict.addr().port()))?;
    for _ in 0..2 {
        board.until("disconnected 135")?;
    }
    drop(board);

    let broker = broker(&[])?;
    let mut watcher = watcher(&broker)?;
    let mut board = mps2.connected(&broker, "board 60 clean")?;
    // The will is published although the board leaves in good order.
    board.tell("leave")?;
    until_logged(&broker, "Received DISCONNECT from board", 1)?;
    watcher.until("board/will 1 0 gone")?;
    board.until("over")?;
    board.until("connected New")?;
    watcher.nothing_else()?;
    board.nothing_else()
}
