//! Boards in QEMU, and the independent clients that watch them.
use super::{monitor::Monitor, process::Process};
use crate::programs::{program, run};
use motemq_testing::mosquitto::{Mosquitto, find};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
};

/// The MPS2 board with a Cortex-M4.
pub const AN386: &str = "mps2-an386";

/// An MPS2 board, which does what its console is told.
pub struct Mps2 {
    /// The program.
    pub firmware: PathBuf,
    /// The name of the board in QEMU.
    pub machine: &'static str,
    /// The connection to the broker.
    pub network: Network,
}

/// A network of a board.
pub enum Network {
    /// Ethernet, which QEMU connects with this machine.
    Ethernet,
    /// A modem on its second UART. Returns the address at which it waits for the board.
    Modem(fn() -> Result<SocketAddr, String>),
}

impl Mps2 {
    /// Starts it, and waits until it listens.
    pub fn start(&self) -> Result<Process, String> {
        let modem;
        let words: &[&str] = match self.network {
            Network::Ethernet => &[],
            Network::Modem(start) => {
                modem = format!("tcp:{},nodelay=on", start()?);
                &["-serial", &modem]
            }
        };
        let words = [&["-nic", "user,model=lan9118", "-serial", "stdio"], words].concat();
        let mut board = Process::start(qemu(&self.firmware, self.machine, None, &words))?;
        board.until("ready")?;
        Ok(board)
    }

    /// Starts a program on a board with Ethernet whose memory can be looked at.
    pub fn watched(firmware: &Path, monitor: &Monitor) -> Result<Process, String> {
        let words = ["-nic", "user,model=lan9118", "-serial", "stdio"];
        let mut board = Process::start(qemu(firmware, AN386, Some(monitor), &words))?;
        board.until("ready")?;
        Ok(board)
    }

    /// The length of payloads that are much longer than all memory of the board.
    pub fn stream_length(&self) -> u32 {
        match self.network {
            Network::Ethernet => 1 << 20,
            // QEMU takes the bytes of a UART one by one.
            Network::Modem(_) => 1 << 15,
        }
    }

    /// One that is connected: `how` is a client identifier, a keep-alive, and `clean` or `keep`.
    pub fn connected(&self, broker: &Mosquitto, how: &str) -> Result<Process, String> {
        let mut board = self.start()?;
        board.tell(&format!("connect {} {how}", broker.addr().port()))?;
        board.until("connected New")?;
        Ok(board)
    }
}

/// Returns the command that runs a program on a Cortex-M4 without a network, in a time that is made
/// of instructions. The program says what it has measured.
pub fn measure(program: &Path) -> Command {
    let words = [
        "-serial",
        "null",
        "-nic",
        "user,model=lan9118",
        "-icount",
        "shift=6,sleep=off",
        "-chardev",
        "stdio,id=console",
    ];
    let mut command = qemu(program, AN386, None, &words);
    command.args(["-semihosting-config", "enable=on,chardev=console"]);
    command
}

/// Starts a program on a Cortex-M0 whose UART is connected to the broker.
pub fn microbit(
    program: &Path,
    broker: &Mosquitto,
    monitor: Option<&Monitor>,
) -> Result<Process, String> {
    let pipe = format!("tcp:{},nodelay=on", broker.addr());
    Process::start(qemu(program, "microbit", monitor, &["-serial", &pipe]))
}

/// A board whose second UART is a pipe to the broker.
pub fn piped(firmware: &Path, machine: &str, broker: &Mosquitto) -> Command {
    let pipe = format!("tcp:{},nodelay=on", broker.addr());
    let words = ["-nic", "user,model=lan9118", "-serial", "stdio", "-serial"];
    qemu(
        firmware,
        machine,
        None,
        &[&words, &[pipe.as_str()][..]].concat(),
    )
}

fn qemu(firmware: &Path, machine: &str, monitor: Option<&Monitor>, words: &[&str]) -> Command {
    let monitor = monitor.map_or_else(|| "none".into(), Monitor::word);
    let mut command = program(
        "qemu-system-arm",
        ["-M", machine, "-display", "none", "-monitor", &monitor],
    );
    command
        .args(["-semihosting-config", "enable=on,target=native"])
        .args(words)
        .arg("-kernel")
        .arg(firmware);
    command
}

/// A broker on a free port of 127.0.0.1.
pub fn broker(config: &[&str]) -> Result<Mosquitto, String> {
    Mosquitto::start(&[&["allow_anonymous true"], config].concat())
        .ok_or_else(|| "mosquitto is not installed".into())
}

/// An independent subscriber to everything, which says topic, QoS, 1 if retained, and payload of
/// what it hears. Its session outlives its connections.
pub fn watcher(broker: &Mosquitto) -> Result<Process, String> {
    let mut command = client("mosquitto_sub", broker)?;
    command.args([
        "-i",
        "watcher",
        "-c",
        "-q",
        "2",
        "-t",
        "#",
        "-F",
        "%t %q %r %p",
    ]);
    let watcher = Process::start(command)?;
    until_logged(broker, "Sending SUBACK to watcher", 1)?;
    Ok(watcher)
}

/// Publishes by an independent client; these words say what.
pub fn publish(broker: &Mosquitto, words: &[&str]) -> Result<(), String> {
    let mut command = client("mosquitto_pub", broker)?;
    command.args(words);
    run(command)
}

/// A client of mosquitto's.
pub fn client(name: &str, broker: &Mosquitto) -> Result<Command, String> {
    let path = find(name).ok_or_else(|| format!("{name} is not installed"))?;
    Ok(program(
        path,
        ["-h", "127.0.0.1", "-p", &broker.addr().port().to_string()],
    ))
}

/// Waits until the broker's log holds these words so many times.
pub fn until_logged(broker: &Mosquitto, words: &str, times: usize) -> Result<(), String> {
    let end = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while broker.log().matches(words).count() < times {
        if std::time::Instant::now() > end {
            return Err(format!(
                "mosquitto does not log `{words}` {times} times:\n{}",
                broker.log()
            ));
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    Ok(())
}
