//! Payloads that the board has no memory for.
use super::board::{Mps2, broker, client, publish, until_logged};
use std::{fs, process::Stdio, thread};
use tempfile::NamedTempFile;

pub fn both_ways(mps2: &Mps2) -> Result<(), String> {
    let broker = broker(&[])?;
    let length = mps2.stream_length();
    let payload: Vec<u8> = (0..length).map(byte_at).collect();
    let mut board = mps2.connected(&broker, "board 60 clean")?;
    board.tell("subscribe to/long 1")?;
    let id = board.until("sent ")?;
    board.until(&format!("subscribed {id} [1]"))?;

    let mut listener = client("mosquitto_sub", &broker)?;
    listener
        .args([
            "-i",
            "listener",
            "-q",
            "1",
            "-t",
            "from/long",
            "-C",
            "1",
            "-N",
            "-W",
            "60",
        ])
        .stdout(Stdio::piped());
    let listener = listener
        .spawn()
        .map_err(|error| format!("mosquitto_sub: {error}"))?;
    until_logged(&broker, "Sending SUBACK to listener", 1)?;
    let heard = thread::spawn(move || listener.wait_with_output());
    board.tell(&format!("stream from/long 1 {length}"))?;
    let id = board.until("sent ")?;
    board.until(&format!("acked {id}"))?;
    let heard = heard
        .join()
        .map_err(|_| "mosquitto_sub")?
        .map_err(|error| error.to_string())?
        .stdout;
    if heard != payload {
        let wrong = heard
            .iter()
            .zip(&payload)
            .take_while(|(a, b)| a == b)
            .count();
        return Err(format!(
            "{} bytes came up, of which the first {wrong} are right",
            heard.len()
        ));
    }

    let file = NamedTempFile::new().map_err(|error| error.to_string())?;
    fs::write(&file, &payload).map_err(|error| error.to_string())?;
    let name = file.path().to_string_lossy();
    publish(&broker, &["-q", "1", "-t", "to/long", "-f", &name])?;
    board.until(&format!("long to/long {length} {:08x}", checksum(&payload)))?;
    board.nothing_else()
}

/// The byte at this place of a payload, as the firmware makes it.
fn byte_at(place: u32) -> u8 {
    (place.wrapping_mul(0x9e37_79b1) >> 24) as u8
}

/// FNV-1a, as the firmware has it.
fn checksum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |sum, &byte| {
        (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}
