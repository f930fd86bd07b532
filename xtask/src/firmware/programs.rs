//! Code, RAM and stack of the programs, for docs/size.md.
use super::{
    board::{Mps2, broker, microbit, publish, until_logged},
    monitor::Monitor,
};
use crate::{no_std, size, tables};
use object::{Object, ObjectSection, read::File};
use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

/// A program that was run.
pub struct Program {
    pub name: &'static str,
    /// The version of MQTT.
    pub version: &'static str,
    /// The processor, and the way of the bytes.
    pub what: &'static str,
    pub firmware: PathBuf,
}

/// The change of a figure that counts. The stack depends on what arrives at the same time.
const PERCENT: u64 = 5;

/// The memory of a program, in bytes.
struct Memory {
    /// The part of the flash memory that it takes.
    code: u64,
    /// The part of the RAM that it takes from the beginning.
    statics: u64,
}

impl Memory {
    /// Reads what a linked program takes.
    fn of(program: &Path) -> Result<Self, String> {
        let cannot = |error: &dyn std::fmt::Display| format!("{}: {error}", program.display());
        let bytes = fs::read(program).map_err(|error| cannot(&error))?;
        let file = File::parse(&*bytes).map_err(|error| cannot(&error))?;
        let size = |names: &[&str]| {
            let sections = names.iter().filter_map(|name| file.section_by_name(name));
            sections.map(|section| section.size()).sum()
        };
        Ok(Memory {
            code: size(&[".vector_table", ".text", ".rodata", ".data"]),
            statics: size(&[".data", ".bss"]),
        })
    }
}

/// Measures the programs, and compares with the page.
pub fn measure(programs: &[Program], write: bool) -> Result<(), String> {
    let way = no_std::way().ok_or_else(|| no_std::advice(no_std::TARGET))?;
    let compiler = size::compiler(&way)?;
    let mut table = String::from(
        "| program | MQTT | what it is | code and constants | static RAM | stack |\n| --- | --- | --- | ---: | ---: | ---: |\n",
    );
    for program in programs {
        let Memory { code, statics } = Memory::of(&program.firmware)?;
        let stack = match program.name {
            "board" => stack_of_board(&program.firmware, statics),
            _ => stack_of_microbit(&program.firmware, statics),
        }?;
        let Program {
            name,
            version,
            what,
            ..
        } = program;
        let _ = writeln!(
            table,
            "| `{name}` | {version} | {what} | {code} | {statics} | {stack} |"
        );
    }
    let _ = write!(table, "\nCompiled by {compiler}.");
    println!("\n{table}\n");
    tables::keep_part(
        "docs/size.md",
        "firmware",
        "programs",
        &table,
        &compiler,
        PERCENT,
        write,
    )
}

/// Has a board publish, subscribe and stream, and returns the depth of its stack.
fn stack_of_board(firmware: &Path, statics: u64) -> Result<u64, String> {
    let broker = broker(&[])?;
    let monitor = Monitor::new()?;
    let mut board = Mps2::watched(firmware, &monitor)?;
    let port = broker.addr().port();
    board.tell(&format!("connect {port} board 60 keep"))?;
    board.until("connected New")?;
    board.tell("subscribe to/# 2")?;
    let id = board.until("sent ")?;
    board.until(&format!("subscribed {id} [2]"))?;
    for qos in ["0", "1", "2"] {
        board.tell(&format!("publish to/{qos} {qos} for itself"))?;
        board.until(&format!("message to/{qos} {qos} false for itself"))?;
    }
    board.tell("stream to/long 2 5000")?;
    board.until("long to/long 5000 ")?;
    monitor.stack(0x1_0000, statics)
}

/// Has a Cortex-M0 send back messages, and returns the depth of its stack.
fn stack_of_microbit(firmware: &Path, statics: u64) -> Result<u64, String> {
    let broker = broker(&[])?;
    let monitor = Monitor::new()?;
    let _board = microbit(firmware, &broker, Some(&monitor))?;
    until_logged(&broker, "Sending SUBACK to microbit", 1)?;
    for qos in ["0", "1", "2"] {
        let words = ["-q", qos, "-t", "to/microbit", "-m", "hello"];
        publish(&broker, &words)?;
    }
    until_logged(&broker, "Sending PUBCOMP to microbit", 1)?;
    until_logged(&broker, "Received PUBCOMP from microbit", 1)?;
    monitor.stack(0x4000, statics)
}
