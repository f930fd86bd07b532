//! How large programs are that call the library, beside the same in Rust.
use super::library::{self, Library, Profile, Version};
use crate::{
    no_std::{self, TARGET},
    programs::{program, run, workspace},
    size,
    size::image::Image,
    tables,
};
use std::{fmt::Write, fs, path::Path};

use self::Version::{V5, V311};

/// The page that shows the table.
const PAGE: &str = "docs/c.md";

/// The most bytes that a program in C may take more than the same in Rust.
const MOST: u64 = 1100;

/// The same with MQTT 5. The reader that takes a third less stack costs C about a hundred bytes more
/// than Rust.
const MOST_5: u64 = 1750;

/// Functions around reads and writes. In Rust they belong to the buffers, which these programs do
/// not use.
pub const BUFFERS: [&str; 5] = ["init", "rx_space", "rx_commit", "tx_bytes", "tx_consume"];

/// A program: the functions that it calls.
struct Row {
    /// What it is called in `benches/firmware`, and the profile in the table of docs/size.md.
    name: &'static str,
    rust: &'static str,
    library: Library,
    functions: &'static [&'static str],
}

const PUBLISHER: [&str; 5] = ["connect", "publish", "next_event", "tick", "disconnect"];
const SUBSCRIBER: [&str; 5] = ["connect", "subscribe", "next_event", "tick", "disconnect"];
pub const SAMPLE: [&str; 6] = [
    "connect",
    "publish",
    "subscribe",
    "next_event",
    "tick",
    "disconnect",
];
pub const ENGINE: [&str; 14] = [
    "connect",
    "publish",
    "subscribe",
    "next_event",
    "tick",
    "disconnect",
    "unsubscribe",
    "republish",
    "abandon",
    "publish_chunk",
    "publish_direct",
    "on_connection_lost",
    "is_closed",
    "oldest_in_flight",
];

/// The same with MQTT 5, and what only MQTT 5 has.
pub const ENGINE_5: [&str; 16] = [
    "connect",
    "publish",
    "subscribe",
    "next_event",
    "tick",
    "unsubscribe",
    "republish",
    "abandon",
    "publish_chunk",
    "publish_direct",
    "on_connection_lost",
    "is_closed",
    "oldest_in_flight",
    "disconnect_with",
    "authenticate",
    "refuse",
];

const ROWS: [Row; 11] = [
    row("engine", "all", V311, Profile::Full, &ENGINE),
    row("sample", "all", V311, Profile::Full, &SAMPLE),
    row("subscriber", "all", V311, Profile::Full, &SUBSCRIBER),
    row("publisher", "all", V311, Profile::Full, &PUBLISHER),
    row("sample", "`Clean`", V311, Profile::Clean, &SAMPLE),
    row("subscriber", "`Clean`", V311, Profile::Clean, &SUBSCRIBER),
    row(
        "publisher",
        "`Sensor` with QoS 0 and 1",
        V311,
        Profile::Sensor,
        &PUBLISHER,
    ),
    row("engine", "MQTT 5: all", V5, Profile::Full, &ENGINE_5),
    row("sample", "MQTT 5: all", V5, Profile::Full, &SAMPLE),
    row("sample", "MQTT 5: `Clean`", V5, Profile::Clean, &SAMPLE),
    row(
        "subscriber",
        "MQTT 5: `Clean`",
        V5,
        Profile::Clean,
        &SUBSCRIBER,
    ),
];

const fn row(
    name: &'static str,
    rust: &'static str,
    version: Version,
    profile: Profile,
    functions: &'static [&'static str],
) -> Row {
    Row {
        name,
        rust,
        library: Library { version, profile },
        functions,
    }
}

/// Measures, prints, and compares with what is known.
///
/// # Errors
/// What could not be built; what is linked and must not be; what became larger.
pub fn measure(write: bool) -> Result<(), String> {
    let way = no_std::way().ok_or_else(|| no_std::advice(TARGET))?;
    let compiler = size::compiler(&way)?;
    let in_rust = tables::known("size", &compiler).unwrap_or_default();
    let mut libraries = Vec::new();
    for library in Library::all() {
        libraries.push((library, library::build(TARGET, library, true)?));
    }
    let mut text = String::from(
        "| program | library | C | with the functions for buffers | the same in Rust | more |\n| --- | --- | ---: | ---: | ---: | ---: |\n",
    );
    for row in &ROWS {
        let library = libraries
            .iter()
            .find(|(library, _)| *library == row.library);
        let file = &library.ok_or("no library")?.1;
        let prefix = row.library.version.prefix();
        let bare = linked(file, prefix, row.functions.iter(), None)?;
        let whole = linked(file, prefix, row.functions.iter().chain(&BUFFERS), None)?;
        let rust = code(&in_rust, row);
        let more = rust.map(|rust| bare.saturating_sub(rust));
        let _ = writeln!(
            text,
            "| `{}` | `lib{}.a` | {bare} | {whole} | {} | {} |",
            row.name,
            row.library.name(),
            number(rust),
            number(more)
        );
        let most = match row.library.version {
            V311 => MOST,
            V5 => MOST_5,
        };
        if more.is_some_and(|more| more > most) {
            return Err(format!(
                "`{}` with lib{}.a takes {bare} bytes, more than {most} above Rust's {}",
                row.name,
                row.library.name(),
                number(rust)
            ));
        }
    }
    let _ = write!(text, "\nCompiled by {compiler}.");
    println!("\n{text}");
    tables::keep(PAGE, "c", &text, &compiler, 0, write)
}

fn number(number: Option<u64>) -> String {
    number.map_or_else(|| "?".into(), |number| number.to_string())
}

/// The bytes of the program in the table of `cargo xtask size`.
fn code(table: &str, row: &Row) -> Option<u64> {
    let begin = format!("| `{}` | {} |", row.name, row.rust);
    let line = table.lines().find(|line| line.starts_with(&begin))?;
    line.split('|').nth(4)?.trim().parse().ok()
}

/// Links a program that calls these functions of a library and of an object beside it, and returns
/// its bytes of code and constants.
pub fn linked<'n>(
    library: &Path,
    prefix: &str,
    functions: impl Iterator<Item = &'n &'n str>,
    object: Option<&Path>,
) -> Result<u64, String> {
    let linker = size::linker()?;
    let out = library.with_extension("elf");
    let mut command = program(linker.get_program(), linker.get_args());
    command
        .args(["--gc-sections", "-e", &format!("{prefix}connect"), "-T"])
        .arg(workspace().join("benches/firmware/layout.ld"));
    for function in functions {
        command.args(["-u", &format!("{prefix}{function}")]);
    }
    command.args(object).arg(library).arg("-o").arg(&out);
    run(command)?;
    let bytes =
        fs::read(&out).map_err(|error| format!("cannot read {}: {error}", out.display()))?;
    let image = Image::read(&bytes)?;
    image.check()?;
    if image.intrinsics != 0 {
        return Err(format!("{} bytes of `mem*` are linked", image.intrinsics));
    }
    Ok(image.code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_in_rust_are_found() {
        let table = "| `sample` | all | what, it | 3562 | 0 | 0 |\n| `sample` | `Clean` | it | 2986 | 0 | 0 |\n";
        assert_eq!(code(table, &ROWS[1]), Some(3562));
        assert_eq!(code(table, &ROWS[4]), Some(2986));
        assert_eq!(code(table, &ROWS[0]), None);
    }
}
