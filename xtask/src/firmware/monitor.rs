//! The monitor of QEMU, which shows the memory of a board.
use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    thread::sleep,
    time::{Duration, Instant},
};
use tempfile::NamedTempFile;

/// The address of the RAM of both boards.
const RAM: u64 = 0x2000_0000;
/// The text before each command.
const PROMPT: &[u8] = b"(qemu) ";
/// The time that QEMU may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A monitor of a board.
pub struct Monitor {
    addr: SocketAddr,
}

impl Monitor {
    /// Finds a free port for it.
    pub fn new() -> Result<Self, String> {
        let listener = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let addr = listener.map_err(|error| format!("a port for the monitor: {error}"))?;
        Ok(Monitor { addr })
    }

    /// Returns the word with which QEMU offers it.
    pub fn word(&self) -> String {
        format!("tcp:{},server=on,wait=off", self.addr)
    }

    /// Returns the depth of the stack of a board with so much RAM, of which `statics` bytes are
    /// taken from the beginning. The RAM was empty when the board was switched on, so the stack
    /// begins with the first word behind them that is not 0.
    pub fn stack(&self, ram: u64, statics: u64) -> Result<u64, String> {
        let file = NamedTempFile::new().map_err(|error| error.to_string())?;
        let path = file.path();
        let command = format!("memsave {RAM} {ram} \"{}\"\n", path.display());
        let memory = self
            .command(&command)
            .and_then(|()| fs::read(path))
            .map_err(|error| format!("the monitor of QEMU: {error}"))?;
        let behind = statics.next_multiple_of(4) as usize;
        let free = memory.get(behind..).unwrap_or_default();
        let unused = free.as_chunks::<4>().0;
        let unused = unused.iter().take_while(|word| **word == [0; 4]).count();
        Ok((free.len() - unused * 4) as u64)
    }

    fn command(&self, command: &str) -> std::io::Result<()> {
        let end = Instant::now() + PATIENCE;
        let mut monitor = loop {
            match TcpStream::connect(self.addr) {
                Err(_) if Instant::now() < end => sleep(Duration::from_millis(20)),
                connected => break connected?,
            }
        };
        monitor.set_read_timeout(Some(PATIENCE))?;
        until_prompt(&mut monitor)?;
        monitor.write_all(command.as_bytes())?;
        until_prompt(&mut monitor)
    }
}

/// Reads up to the next prompt.
fn until_prompt(monitor: &mut TcpStream) -> std::io::Result<()> {
    let (mut said, mut byte) = (Vec::new(), [0]);
    while !said.ends_with(PROMPT) {
        monitor.read_exact(&mut byte)?;
        said.push(byte[0]);
    }
    Ok(())
}
