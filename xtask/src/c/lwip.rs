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
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// lwIP's sources of TCP over IPv4, which are compiled as they are.
const LWIP: [&str; 19] = [
    "core/altcp.c",
    "core/altcp_alloc.c",
    "core/altcp_tcp.c",
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

/// With MQTT 5, connections go through lwIP's layer for TLS.
fn option(version: Version) -> &'static str {
    match version {
        Version::V311 => "-DLWIP_ALTCP=0",
        Version::V5 => "-DLWIP_ALTCP=1",
    }
}

/// Returns why the test cannot run on this machine: without a registry of packages there are no
/// sources.
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

/// Returns the directory with the sources of lwIP. Cargo fetches them if they are not there.
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
fn compile(compiler: &str, language: &[&str], sources: &Path, version: Version) -> Command {
    let mut command = program(compiler, language);
    command.args(STRICT).arg(option(version)).arg("-isystem");
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
/// The program that does not compile, or fails.
pub fn run_all() -> Result<(), String> {
    let sources = sources()?;
    for (c, cxx) in compilers() {
        for version in Version::ALL {
            for (compiler, language) in [(c, ["-std=c99", "-xc"]), (cxx, ["-std=c++11", "-xc++"])] {
                let mut command = compile(compiler, &language, &sources, version);
                command.args(["-fsyntax-only"]).arg(transport(version));
                run(command)?;
            }
        }
    }
    for (library, source) in [(Library::V311, "lwip.c"), (Library::V5, "lwip5.c")] {
        let test = link(&sources, library, &[&folder().join(source)])?;
        let mut broker = Mosquitto::start(&["allow_anonymous true", "persistence true"])
            .ok_or("mosquitto is not installed")?;
        let port = broker.addr().port().to_string();
        with_restarts(program(test, [&port]), &mut broker, "lwip: all is well")?;
        for packet in ["PINGREQ", "DISCONNECT"] {
            if !broker
                .log()
                .contains(&format!("Received {packet} from lwip"))
            {
                return Err(format!("the broker has not received {packet}"));
            }
        }
        println!("lwIP with MQTT {}: all is well", library.version.number());
    }
    example(&sources)
}

/// Links a program, which is called as its first source, with lwIP, the transport and a library.
fn link(sources: &Path, library: Library, files: &[&Path]) -> Result<PathBuf, String> {
    let host = library::host()?;
    let version = library.version;
    let library = library::build(&host, library, true)?;
    let lwip = library.with_extension("lwip.o");
    let mut command = program("gcc", ["-g", "-O1", "-w", SANITIZER, option(version), "-I"]);
    command.arg(sources.join("include")).arg("-I").arg(folder());
    command.args(LWIP.map(|file| sources.join(file)));
    command.arg(folder().join("host.c")).arg("-r").arg("-o");
    command.arg(&lwip);
    run(command)?;
    let name = files[0].file_stem().unwrap_or_default().to_string_lossy();
    let out = library.with_file_name(format!("lwip-{name}"));
    let mut command = compile("gcc", &["-std=c99", SANITIZER, "-O1"], sources, version);
    command.args(files).arg(transport(version)).arg(&lwip);
    command.arg(&library).arg("-o").arg(&out);
    run(command)?;
    Ok(out)
}

/// Asks the example a question.
fn example(sources: &Path) -> Result<(), String> {
    let files = [
        folder().join("example.c"),
        library::folder().join("examples/lwip.c"),
    ];
    let files = files.each_ref().map(PathBuf::as_path);
    let example = link(sources, Library::V311, &files)?;
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
