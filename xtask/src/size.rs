//! `cargo xtask size`: how large the core is on a Cortex-M4, for the README.
pub mod image;
mod peers;
mod table;

use crate::{
    machine::Missing,
    no_std::{self, TARGET, Way},
    programs::{program, read, run, workspace},
    readme,
};
use clap::Args;
use image::{Image, Sizes};
use motemq_rig::mosquitto::find;
use std::{fs, path::PathBuf, process::Command};

/// What `cargo xtask size` takes.
#[derive(Args, Default)]
pub struct Options {
    /// Lists the functions of each program by size.
    #[arg(long)]
    symbols: bool,
    /// Writes the figures into the README.
    #[arg(long)]
    write: bool,
}

/// The chart that the README shows.
const CHART: &str = "docs/size.svg";

/// The programs of `benches/firmware`, and what each is.
const PROGRAMS: [(&str, &str); 5] = [
    (
        "engine",
        "everything the surface promises, on the caller's own slices",
    ),
    ("full", "the same through buffers"),
    (
        "subscriber",
        "connects, subscribes, receives with any QoS, stays alive, leaves",
    ),
    (
        "publisher",
        "connects, publishes with QoS 0, stays alive, leaves",
    ),
    (
        "everything",
        "`full` with manual acknowledgement and snapshots",
    ),
];

/// Builds, measures, prints, and compares with the README.
///
/// # Errors
/// What could not be built; what is linked and must not be; where the README says otherwise.
pub fn measure(options: &Options) -> Result<(), String> {
    let way = no_std::way().ok_or_else(|| no_std::advice(TARGET))?;
    println!("{}", core_used(&way));
    let compiler = compiler(&way)?;
    let linker = linker()?;
    let mut images = Vec::new();
    let mut sizes = Sizes::default();
    for (name, _) in PROGRAMS {
        let library = build(name, &way)?;
        let archive = fs::read(&library)
            .map_err(|error| format!("cannot read {}: {error}", library.display()))?;
        sizes = Sizes::read(&archive)?;
        let linked = link(&linker, name, &library, &image::entries(&archive)?)?;
        let image = Image::read(
            &fs::read(&linked)
                .map_err(|error| format!("cannot read {}: {error}", linked.display()))?,
        )?;
        image.check().map_err(|what| format!("{name}: {what}"))?;
        if options.symbols {
            println!("\n{name}");
            image
                .symbols()
                .for_each(|(symbol, size)| println!("{size:6} {symbol}"));
        }
        images.push((name, image));
    }
    let table = table::markdown(&PROGRAMS, &images, &sizes, &compiler);
    println!("\n{table}");
    readme::keep("size", &table, &compiler, 0, options.write)?;
    if options.write {
        let ours: Vec<_> = images[..2]
            .iter()
            .map(|(name, image)| (*name, image.code))
            .collect();
        let chart = workspace().join(CHART);
        fs::write(&chart, peers::chart(&ours))
            .map_err(|error| format!("cannot write {}: {error}", chart.display()))?;
    }
    Ok(())
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

fn build(name: &str, way: &Way) -> Result<PathBuf, String> {
    let directory = workspace().join("target/size");
    let mut command = no_std::cargo_for(
        way,
        [
            "build",
            "--quiet",
            "--release",
            "--target",
            TARGET,
            "--features",
            name,
        ],
    );
    command
        .current_dir(workspace().join("benches/firmware"))
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
