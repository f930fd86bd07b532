//! A modem for a board without a network: it dials ports of this machine.
//!
//! Commands of the board and answers of the modem follow a byte DLE, and a DLE in the data is
//! doubled: DLE `d` and a port in digits with a newline dials, DLE `h` hangs up; DLE `c` says that
//! the call is connected, DLE `n` that there is no carrier, once for each call.
use std::{
    io::{self, BufReader, Bytes, Read, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

const DLE: u8 = 0x10;

/// Starts a modem for one board, and returns where it waits for the board. It ends with the board.
pub fn start() -> Result<SocketAddr, String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let listener = listener.map_err(|error| format!("the modem cannot listen: {error}"))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    thread::spawn(move || {
        // The board goes when its scene is over, at whatever point.
        let _ = listener.accept().and_then(|(board, _)| serve(board));
    });
    Ok(address)
}

/// The line to the board, which calls and their ends write to.
type Line = Arc<Mutex<TcpStream>>;

fn serve(board: TcpStream) -> io::Result<()> {
    board.set_nodelay(true)?;
    let line: Line = Arc::new(Mutex::new(board.try_clone()?));
    let mut bytes = BufReader::new(board).bytes();
    let mut call: Option<TcpStream> = None;
    while let Some(byte) = bytes.next() {
        let byte = byte?;
        if byte != DLE {
            forward(&mut call, byte);
            continue;
        }
        match bytes.next().transpose()? {
            Some(b'd') => call = dial(port(&mut bytes)?, &line)?,
            Some(b'h') => {
                if let Some(call) = call.take() {
                    // It may be over already.
                    let _ = call.shutdown(Shutdown::Both);
                }
            }
            Some(byte) => forward(&mut call, byte),
            None => break,
        }
    }
    if let Some(call) = call {
        let _ = call.shutdown(Shutdown::Both);
    }
    Ok(())
}

/// A byte of the board. A call that takes it no longer says so by its end.
fn forward(call: &mut Option<TcpStream>, byte: u8) {
    if let Some(call) = call {
        let _ = call.write_all(&[byte]);
    }
}

fn port(bytes: &mut Bytes<BufReader<TcpStream>>) -> io::Result<u16> {
    let mut port = 0u16;
    for byte in bytes {
        match byte? {
            digit @ b'0'..=b'9' => {
                port = port.wrapping_mul(10).wrapping_add(u16::from(digit - b'0'));
            }
            _ => break,
        }
    }
    Ok(port)
}

/// Calls a port, and carries what comes from there to the board.
fn dial(port: u16, line: &Line) -> io::Result<Option<TcpStream>> {
    let Ok(call) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else {
        say(line, &[DLE, b'n'])?;
        return Ok(None);
    };
    call.set_nodelay(true)?;
    say(line, &[DLE, b'c'])?;
    let (mut from, line) = (call.try_clone()?, Arc::clone(line));
    thread::spawn(move || {
        let mut bytes = [0; 512];
        while let Ok(n @ 1..) = from.read(&mut bytes) {
            let mut escaped = Vec::new();
            for &byte in &bytes[..n] {
                if byte == DLE {
                    escaped.push(DLE);
                }
                escaped.push(byte);
            }
            if say(&line, &escaped).is_err() {
                return;
            }
        }
        let _ = say(&line, &[DLE, b'n']);
    });
    Ok(Some(call))
}

fn say(line: &Line, bytes: &[u8]) -> io::Result<()> {
    line.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .write_all(bytes)
}
