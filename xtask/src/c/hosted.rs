//! The library for C with threads of its own, which is the managed client: its header, and its test
//! against a real broker.
use super::{
    dialogue::{question, with_restarts},
    header,
    library::out,
    tests::{STRICT, compilers},
};
use crate::{
    machine,
    programs::{cargo, program, run, workspace},
};
use motemq_testing::mosquitto::Mosquitto;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

pub const PACKAGE: &str = "motemq-c-hosted";

/// The name of the library on the command line of a linker.
pub const LIBRARY: &str = "motemq_managed";

/// What its programs include.
pub const HEADER: &str = "motemq_managed.h";

const SOURCES: [&str; 2] = ["tests/managed.c", "examples/managed.c"];

/// Functions of POSIX beside C99.
const POSIX: &str = "-D_POSIX_C_SOURCE=200809L";

/// The folder of the crate.
pub fn folder() -> PathBuf {
    workspace().join("crates/ffi-hosted")
}

/// Compares the header with the library, and runs what needs no broker.
///
/// # Errors
/// What does not compile, or differs.
pub fn check() -> Result<(), String> {
    // The names of the statics are for archives: the linker would not take them.
    let words = ["--package", PACKAGE, "--crate-type", "staticlib"];
    let mut layout = cargo(["rustc", "--quiet", "--features", "layout"]);
    layout.args(words);
    run(layout)?;
    let library = machine::target().join(format!("debug/lib{LIBRARY}.a"));
    for (c, cxx) in compilers() {
        let subject = header::Subject {
            folder: folder().join("include"),
            header: HEADER,
            prefix: "motemq_client_",
            define: None,
            library: LIBRARY,
        };
        header::check(c, &subject, &library)?;
        for source in SOURCES {
            for (compiler, language) in [(c, ["-std=c99", "-xc"]), (cxx, ["-std=c++11", "-xc++"])] {
                let mut command = compile(compiler, &language);
                command.args(["-fsyntax-only"]).arg(folder().join(source));
                run(command)?;
            }
        }
    }
    Ok(())
}

/// A compiler that finds the header, and accepts nothing doubtful.
fn compile(compiler: &str, language: &[&str]) -> Command {
    let mut command = program(compiler, language);
    command.args(STRICT).args([POSIX, "-I"]);
    command.arg(folder().join("include"));
    command
}

/// Builds the shared library, and returns the folder in which programs find it.
fn build() -> Result<PathBuf, String> {
    run(cargo(["build", "--quiet", "--package", PACKAGE]))?;
    let place = out().join("managed");
    let file = format!("lib{LIBRARY}.so");
    let built = machine::target().join("debug").join(&file);
    fs::create_dir_all(&place)
        .and_then(|()| fs::copy(&built, place.join(&file)))
        .and_then(|_| fs::copy(&built, place.join(format!("{file}.0"))))
        .map_err(|error| format!("cannot copy {}: {error}", built.display()))?;
    Ok(place)
}

/// Links a program with the shared library in a folder.
fn link(compiler: &str, source: &str, words: &[&str], place: &Path) -> Result<PathBuf, String> {
    let name = source.rsplit('/').next().unwrap_or(source);
    let kind = source.split('/').next().unwrap_or_default();
    let out = place.join(format!("{kind}-{}-{compiler}", name.trim_end_matches(".c")));
    let mut command = compile(compiler, &["-std=c99"]);
    command
        .args(words)
        .arg(folder().join(source))
        .arg("-L")
        .arg(place);
    command
        .args([&format!("-l{LIBRARY}"), "-lpthread"])
        .arg(format!("-Wl,-rpath,{}", place.display()))
        .arg("-o")
        .arg(&out);
    run(command)?;
    Ok(out)
}

/// Runs the test, which stops the broker and starts it again, and the example.
///
/// # Errors
/// What goes wrong.
pub fn against_mosquitto() -> Result<(), String> {
    let place = build()?;
    let sanitizers: &[&str] = &["-fsanitize=address,undefined"];
    for (compiler, words) in [("gcc", sanitizers), ("clang", &[])] {
        if !compilers().any(|(c, _)| c == compiler) {
            continue;
        }
        let test = link(compiler, SOURCES[0], words, &place)?;
        let mut broker =
            Mosquitto::start(&["allow_anonymous true"]).ok_or("mosquitto is not installed")?;
        let port = broker.addr().port().to_string();
        with_restarts(program(test, [&port]), &mut broker, "managed: all is well")?;
        println!("managed client by {compiler}: all is well");
    }
    example(&place)
}

/// Asks the example a question.
fn example(place: &Path) -> Result<(), String> {
    let example = link("gcc", SOURCES[1], &[], place)?;
    let broker = Mosquitto::start(&["allow_anonymous true"]).ok_or("mosquitto is not installed")?;
    answers(program(example, [broker.url()]), &broker)
}

/// Asks the example, which is started with the URL of the broker, a question by an independent
/// client.
///
/// # Errors
/// It does not answer.
pub fn answers(example: Command, broker: &Mosquitto) -> Result<(), String> {
    let port = broker.addr().port().to_string();
    let turns = ["subscribed with QoS 0", "answered: the broker has it"];
    let expected = ["connected", turns[0], turns[1]];
    question(example, &port, turns, &expected)
}
