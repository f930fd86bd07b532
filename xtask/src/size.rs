//! `cargo xtask size`: how large the core is on a Cortex-M4, for docs/size.md.
pub mod image;
pub mod peers;
mod table;

use crate::{
    machine::Missing,
    no_std::{self, TARGET, Way},
    programs::{program, read, run, workspace},
    tables,
};
use clap::Args;
use image::{Image, Sizes};
use motemq_testing::mosquitto::find;
use std::{fs, path::PathBuf, process::Command};

/// What `cargo xtask size` takes.
#[derive(Args, Default)]
pub struct Options {
    /// Lists the functions of each program by size.
    #[arg(long)]
    symbols: bool,
    /// Writes the figures into docs/size.md.
    #[arg(long)]
    write: bool,
}

/// The chart that the page shows.
const CHART: &str = "docs/size.svg";

/// The page that says what each part of the protocol costs.
const PAGE: &str = "docs/size.md";

/// A program of `benches/firmware` with a profile.
pub struct Program {
    /// The feature that selects the program.
    name: &'static str,
    /// The profile in words, and how it is selected.
    profile: &'static str,
    selection: Selection,
    /// What the program does.
    what: &'static str,
}

/// How a profile is selected.
#[derive(Clone, Copy)]
enum Selection {
    /// Every part of the protocol.
    Full,
    /// Clean sessions.
    Clean,
    /// All parts but these words of `benches/firmware/src/custom.rs`.
    Without(&'static str),
    /// MQTT 5, all parts but these words.
    Mqtt5(&'static str),
}

const fn program_with(
    name: &'static str,
    profile: &'static str,
    selection: Selection,
    what: &'static str,
) -> Program {
    Program {
        name,
        profile,
        selection,
        what,
    }
}

const SAMPLE: &str = "connects with will and login, publishes and receives with any QoS, \
                      subscribes, stays connected, disconnects; on slices";
const SUBSCRIBER: &str = "connects, subscribes, receives any QoS, stays connected, disconnects";
const PUBLISHER: &str = "connects, publishes, stays connected, disconnects";

/// The rows of the table.
const PROGRAMS: [Program; 19] = [
    program_with(
        "engine",
        "all",
        Selection::Full,
        "all functions of the API, on slices that the caller owns",
    ),
    program_with("full", "all", Selection::Full, "the same through buffers"),
    program_with(
        "everything",
        "all",
        Selection::Full,
        "`full` with manual acknowledgement and snapshots",
    ),
    program_with("sample", "all", Selection::Full, SAMPLE),
    program_with("sample", "`Clean`", Selection::Clean, SAMPLE),
    program_with(
        "sample",
        "`Clean`, no topics longer than `rx`",
        Selection::Without("resume stream-out skip"),
        SAMPLE,
    ),
    program_with("subscriber", "all", Selection::Full, SUBSCRIBER),
    program_with("subscriber", "`Clean`", Selection::Clean, SUBSCRIBER),
    program_with("publisher", "all", Selection::Full, PUBLISHER),
    program_with(
        "publisher",
        "`Sensor`: QoS 0",
        Selection::Without("qos1 subscribe resume stream-out"),
        PUBLISHER,
    ),
    program_with(
        "publisher",
        "`Sensor` with QoS 0 and 1",
        Selection::Without("qos2 subscribe resume stream-out"),
        PUBLISHER,
    ),
    program_with(
        "publisher",
        "`Sensor` with QoS 0 to 2",
        Selection::Without("subscribe resume stream-out"),
        PUBLISHER,
    ),
    program_with(
        "engine",
        "MQTT 5: all",
        Selection::Mqtt5(""),
        "the same as `engine` above, with all properties, AUTH and reasons",
    ),
    program_with(
        "engine",
        "MQTT 5: no AUTH, no reasons",
        Selection::Mqtt5("auth explain"),
        "the same without AUTH, `refuse`, DISCONNECT for faults, and SUBACK and UNSUBACK longer than `rx`",
    ),
    program_with(
        "engine",
        "MQTT 5: no AUTH, no reasons, no checks of text and properties",
        Selection::Mqtt5("auth explain validate"),
        "the same",
    ),
    program_with("sample", "MQTT 5: all", Selection::Mqtt5(""), SAMPLE),
    program_with(
        "sample",
        "MQTT 5: `Clean`",
        Selection::Mqtt5("resume stream-out auth explain"),
        SAMPLE,
    ),
    program_with(
        "subscriber",
        "MQTT 5: `Clean`",
        Selection::Mqtt5("resume stream-out auth explain"),
        SUBSCRIBER,
    ),
    program_with(
        "publisher",
        "MQTT 5: `Sensor`",
        Selection::Mqtt5("qos1 subscribe resume stream-out auth explain validate"),
        PUBLISHER,
    ),
];

/// The parts that a profile can leave out of the program `sample`, one by one. The first two are
/// programs of the table, too.
const PARTS: [(Selection, &str); 9] = [
    (Selection::Full, "nothing: the profile `Full`"),
    (
        Selection::Clean,
        "sessions that outlive connections, and payloads published in pieces: the profile `Clean`",
    ),
    (
        Selection::Without("resume"),
        "sessions that outlive connections",
    ),
    (
        Selection::Without("stream-out"),
        "payloads published in pieces",
    ),
    (Selection::Without("stream-in"), "messages longer than `rx`"),
    (
        Selection::Without("skip"),
        "messages whose topic is longer than `rx`",
    ),
    (
        Selection::Without("validate"),
        "the check of received topics",
    ),
    (Selection::Without("qos2"), "QoS 2"),
    (Selection::Without("qos2 qos1"), "QoS 1 and 2"),
];

/// Builds, measures, prints, and compares with docs/size.md.
///
/// # Errors
/// What could not be built; what is linked and must not be; where the page says otherwise.
pub fn measure(options: &Options) -> Result<(), String> {
    let way = no_std::way().ok_or_else(|| no_std::advice(TARGET))?;
    println!("{}", core_used(&way));
    let compiler = compiler(&way)?;
    let linker = linker()?;
    let mut images = Vec::new();
    let mut sizes = Sizes::default();
    for row in &PROGRAMS {
        let (image, types) = measure_one(row.name, row.selection, &way, &linker)?;
        sizes = types;
        if options.symbols {
            println!("\n{}, {}", row.name, row.profile);
            image
                .symbols()
                .for_each(|(symbol, size)| println!("{size:6} {symbol}"));
        }
        images.push(image);
    }
    let table = table::markdown(&PROGRAMS, &images, &sizes, &compiler);
    println!("\n{table}");
    tables::keep(PAGE, "size", &table, &compiler, 0, options.write)?;
    if options.write {
        let mut parts = Vec::new();
        for (selection, what) in PARTS {
            let (image, _) = measure_one("sample", selection, &way, &linker)?;
            parts.push((what, image.code));
        }
        let parts = table::parts(&parts, &compiler);
        println!("\n{parts}");
        tables::write_part(PAGE, "size", "parts", &parts)?;
        let ours: Vec<_> = PROGRAMS
            .iter()
            .zip(&images)
            .filter(|(row, _)| matches!(row.name, "engine" | "full" | "sample"))
            .filter(|(row, _)| !matches!(row.selection, Selection::Mqtt5(_)))
            .map(|(row, image)| {
                (
                    format!("{}, {}", row.name, row.profile.replace('`', "")),
                    image.code,
                )
            })
            .collect();
        let chart = workspace().join(CHART);
        fs::write(&chart, peers::chart(&ours))
            .map_err(|error| format!("cannot write {}: {error}", chart.display()))?;
    }
    Ok(())
}

/// Builds and links a program, and checks that it links nothing that it must not.
fn measure_one(
    name: &str,
    selection: Selection,
    way: &Way,
    linker: &Command,
) -> Result<(Image, Sizes), String> {
    let library = build(name, selection, way)?;
    let archive = fs::read(&library)
        .map_err(|error| format!("cannot read {}: {error}", library.display()))?;
    let sizes = Sizes::read(&archive)?;
    let linked = link(linker, name, &library, &image::entries(&archive)?)?;
    let bytes =
        fs::read(&linked).map_err(|error| format!("cannot read {}: {error}", linked.display()))?;
    let image = Image::read(&bytes)?;
    image.check().map_err(|what| format!("{name}: {what}"))?;
    Ok((image, sizes))
}

/// Where the library comes from.
fn core_used(way: &Way) -> String {
    match way {
        Way::Installed => format!("core for {TARGET}: the one installed"),
        Way::FromSource(rustc) => format!(
            "core for {TARGET}: built from the sources of {}",
            rustc.display()
        ),
    }
}

/// Figures are compared only with those of the same compiler, and of a library that is compiled in
/// the same way: what of it is inlined differs by some bytes.
pub fn compiler(way: &Way) -> Result<String, String> {
    let (rustc, suffix) = match way {
        Way::Installed => ("rustc".into(), ""),
        Way::FromSource(rustc) => (rustc.clone(), ", core from source"),
    };
    let version = read(program(rustc, ["--version"]))?;
    let version: Vec<_> = version.split_whitespace().take(2).collect();
    Ok(version.join(" ") + suffix)
}

fn build(name: &str, selection: Selection, way: &Way) -> Result<PathBuf, String> {
    let directory = workspace().join("target/size");
    let (profile, without) = match selection {
        Selection::Full => ("", ""),
        Selection::Clean => (",clean", ""),
        Selection::Without(without) => (",custom", without),
        Selection::Mqtt5("") => (",v5", ""),
        Selection::Mqtt5(without) => (",custom,v5", without),
    };
    let features = format!("{name}{profile}");
    let mut command = no_std::cargo_for(
        way,
        [
            "build",
            "--quiet",
            "--release",
            "--target",
            TARGET,
            "--features",
            &features,
        ],
    );
    command
        .current_dir(workspace().join("benches/firmware"))
        .env("MOTEMQ_WITHOUT", without)
        .env("CARGO_TARGET_DIR", &directory);
    run(command)?;
    Ok(directory
        .join(TARGET)
        .join("release/libmotemq_firmware_size.a"))
}

/// What is missing to build and link for the target.
pub fn missing() -> Option<Missing> {
    no_std::missing(TARGET).or_else(|| Missing::packages(&linker_packages()))
}

/// Packages to be installed for linking; none if there is a linker.
pub fn linker_packages() -> Vec<&'static str> {
    if linker().is_ok() {
        Vec::new()
    } else {
        vec!["binutils-arm-none-eabi"]
    }
}

/// The linker that comes with Rust, or else binutils'.
pub fn linker() -> Result<Command, String> {
    let rustc = find("rustc").ok_or("no rustc on the path")?;
    let sysroot = read(program(&rustc, ["--print", "sysroot"]))?;
    let version = read(program(&rustc, ["-vV"]))?;
    let host = version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .unwrap_or_default();
    let lld = PathBuf::from(sysroot.trim())
        .join("lib/rustlib")
        .join(host)
        .join("bin/rust-lld");
    if lld.exists() {
        return Ok(program(lld, ["-flavor", "gnu"]));
    }
    let name = "arm-none-eabi-ld";
    find(name)
        .map(|path| program(path, [""; 0]))
        .ok_or_else(|| {
            format!("neither rust-lld nor {name}: type `apt-get install binutils-arm-none-eabi`")
        })
}

fn link(
    linker: &Command,
    name: &str,
    library: &std::path::Path,
    entries: &[String],
) -> Result<PathBuf, String> {
    let out = workspace().join(format!("target/size/{name}.elf"));
    let mut command = program(linker.get_program(), linker.get_args());
    command
        .args(["--gc-sections", "-T"])
        .arg(workspace().join("benches/firmware/layout.ld"));
    for entry in entries {
        command.args(["-u", entry]);
    }
    command
        .args(["-e", entries.first().ok_or("the program exports nothing")?])
        .arg(library)
        .arg("-o")
        .arg(&out);
    run(command)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the number in this column of the only row that begins so.
    fn figure(document: &str, row: &str, column: usize) -> u64 {
        let text = fs::read_to_string(workspace().join(document)).unwrap();
        let mut rows = text.lines().filter(|line| line.starts_with(row));
        let cells: Vec<_> = rows.next().expect(row).split('|').map(str::trim).collect();
        assert_eq!(rows.next(), None, "{row}");
        cells[column].parse().unwrap()
    }

    #[test]
    fn the_parts_agree_with_the_programs() {
        for ((_, what), profile) in PARTS.iter().zip(["all", "`Clean`"]) {
            assert_eq!(
                figure(PAGE, &format!("| {what} |"), 2),
                figure(PAGE, &format!("| `sample` | {profile} |"), 4),
                "{what}"
            );
        }
    }
}
