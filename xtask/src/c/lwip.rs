//! The transport over lwIP's raw API, with lwIP: its sources come with a package of Cargo.
use super::{
    dialogue::{question, with_restarts},
    library::{self, Library, Version},
    tests::{STRICT, compilers},
};
use crate::{
    machine::Missing,
    programs::{cargo, program, read, run},
};
use motemq_testing::mosquitto::Mosquitto;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// lwIP's sources of TCP over IPv4, which are compiled as they are.
const LWIP: [&str; 16] = [
    "core/def.c",
    "core/inet_chksum.c",
    "core/init.c",
    "core/ip.c",
    "core/ipv4/ip4.c",
    "core/ipv4/ip4_addr.c",
    "core/ipv4/ip4_frag.c",
    "core/mem.c",
    "core/memp.c",
    "core/netif.c",
    "core/pbuf.c",
    "core/stats.c",
    "core/tcp.c",
    "core/tcp_in.c",
    "core/tcp_out.c",
    "core/timeouts.c",
];

/// The sanitizer's complaints would be about lwIP's own casts.
const SANITIZER: &str = "-fsanitize=address";

/// What this machine lacks: without a registry of packages there are no sources.
pub fn missing() -> Option<Missing> {
    sources().err().map(|why| {
        Missing::Installable(format!(
            "the sources of lwIP, from the registry of Cargo: {why}"
        ))
    })
}

/// The test's folder in the crate.
fn folder() -> PathBuf {
    library::folder().join("tests/lwip")
}

/// Where the sources of lwIP are, which Cargo fetches if they are not there.
fn sources() -> Result<PathBuf, String> {
    let host = library::host()?;
    let mut fetch = cargo(["fetch", "--quiet", "--locked", "--target", &host]);
    fetch.current_dir(folder());
    read(fetch)?;
    let words = ["metadata", "--locked", "--format-version", "1"];
    let mut ask = cargo(words);
    ask.args(["--filter-platform", &host]).current_dir(folder());
    let metadata: Value =
        serde_json::from_str(&read(ask)?).map_err(|error| format!("cargo metadata: {error}"))?;
    let packages = metadata["packages"].as_array();
    packages
        .and_then(|packages| packages.iter().find(|package| package["name"] == "lwip"))
        .and_then(|package| package["manifest_path"].as_str())
        .map(|manifest| Path::new(manifest).with_file_name("src"))
        .ok_or_else(|| "cargo metadata does not name the package".into())
}

/// A compiler that finds the headers of both, and accepts nothing doubtful but in lwIP's.
fn compile(compiler: &str, language: &[&str], sources: &Path) -> std::process::Command {
    let mut command = program(compiler, language);
    command.args(STRICT).arg("-isystem");
    command.arg(sources.join("include")).arg("-isystem");
    command.arg(folder()).arg("-I");
    command.arg(library::folder().join("include"));
    command
}

/// The transport in C for a version.
fn transport(version: Version) -> PathBuf {
    library::folder().join(match version {
        Version::V311 => "src/motemq_lwip.c",
        Version::V5 => "src/motemq5_lwip.c",
    })
}

/// Runs the test of the transport and the example against a real broker, which is stopped and
/// started.
///
/// # Errors
/// What does not compile, or goes wrong.
pub fn run_all() -> Result<(), String> {
    let sources = sources()?;
    for (c, cxx) in compilers() {
        for version in Version::ALL {
            for (compiler, language) in [(c, ["-std=c99", "-xc"]), (cxx, ["-std=c++11", "-xc++"])] {
                let mut command = compile(compiler, &language, &sources);
                command.args(["-fsyntax-only"]).arg(transport(version));
                run(command)?;
            }
        }
    }
    let host = library::out().join(library::host()?);
    let lwip = archive(&sources, &host)?;
    for (version, library, source) in [
        (Version::V311, Library::V311, "lwip.c"),
        (Version::V5, Library::V5, "lwip5.c"),
    ] {
        let library = library::build(&library::host()?, library, true)?;
        let source = folder().join(source);
        let test = link(
            &sources,
            &[&source, &transport(version)],
            &[&lwip, &library],
        )?;
        let mut broker = Mosquitto::start(&["allow_anonymous true", "persistence true"])
            .ok_or("mosquitto is not installed")?;
        let port = broker.addr().port().to_string();
        with_restarts(program(test, [&port]), &mut broker, "lwip: all is well")?;
        if !broker.log().contains("Received DISCONNECT from lwip") {
            return Err("it has left without DISCONNECT".into());
        }
        println!("lwIP with MQTT {}: all is well", version.number());
    }
    example(&sources, &lwip)
}

/// Compiles lwIP, and the host that the tests give it.
fn archive(sources: &Path, host: &Path) -> Result<PathBuf, String> {
    let object = host.join("test/lwip.o");
    let mut command = program("gcc", ["-g", "-O1", "-w", SANITIZER, "-r", "-o"]);
    command.arg(&object).arg("-I").arg(sources.join("include"));
    command.arg("-I").arg(folder());
    command.args(LWIP.map(|file| sources.join(file)));
    command.arg(folder().join("host.c"));
    run(command)?;
    Ok(object)
}

/// Links a program, which is called as its first source.
fn link(sources: &Path, files: &[&Path], objects: &[&Path]) -> Result<PathBuf, String> {
    let name = files[0].file_stem().unwrap_or_default().to_string_lossy();
    let out = library::out().join(library::host()?);
    let out = out.join(format!("test/lwip-{name}"));
    let mut command = compile("gcc", &["-std=c99", SANITIZER, "-O1"], sources);
    command.args(files).args(objects).arg("-o").arg(&out);
    run(command)?;
    Ok(out)
}

/// Asks the example a question.
fn example(sources: &Path, lwip: &Path) -> Result<(), String> {
    let library = library::build(&library::host()?, Library::V311, true)?;
    let files = [
        folder().join("example.c"),
        library::folder().join("examples/lwip.c"),
        transport(Version::V311),
    ];
    let files: Vec<_> = files.iter().map(PathBuf::as_path).collect();
    let example = link(sources, &files, &[lwip, &library])?;
    let broker = Mosquitto::start(&["allow_anonymous true"]).ok_or("mosquitto is not installed")?;
    let port = broker.addr().port().to_string();
    let expected = [
        "subscribed: 2",
        "received: why",
        "acked 2",
        "received: quit",
        "disconnected: 0",
    ];
    let turns = ["subscribed: 2", "acked 2"];
    question(program(example, [&port]), &port, turns, &expected)
}
