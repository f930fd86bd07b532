//! Programs in C that call the library, beside other clients in C.
use super::{
    firmware::{M4, OPTIONS},
    header::define,
    library::{self, Library, Profile, Version},
    sizes::{BUFFERS, ENGINE, ENGINE_5, SAMPLE, linked},
};
use crate::{
    machine::CROSS_COMPILER,
    no_std::TARGET,
    programs::{program, run},
    size::peers,
    tables,
};
use std::path::{Path, PathBuf};

/// The functions of motemq_run.c that a program calls beside those of the library.
const LOOP: [&str; 4] = ["open", "wait", "flush", "close"];

/// A program: what it is called, its library, and the functions that it calls.
const ROWS: [(&str, Library, &[&str]); 6] = [
    ("`sample`", with(Version::V311, Profile::Clean), &SAMPLE),
    ("`sample`", Library::V311, &SAMPLE),
    ("`engine`", Library::V311, &ENGINE),
    ("`sample`", with(Version::V5, Profile::Clean), &SAMPLE),
    ("`sample`", Library::V5, &SAMPLE),
    ("`engine`", Library::V5, &ENGINE_5),
];

const fn with(version: Version, profile: Profile) -> Library {
    Library { version, profile }
}

/// Measures the programs with the loop in C, and prints them among the others.
///
/// # Errors
/// The program that could not be built.
pub fn compare(write: bool) -> Result<(), String> {
    let mut rows: Vec<_> = peers::in_c().collect();
    for (name, library, functions) in ROWS {
        let file = library::build(TARGET, library, true)?;
        let object = object(library, &file)?;
        let functions = functions.iter().chain(&BUFFERS).chain(&LOOP);
        let code = linked(&file, library.version.prefix(), functions, Some(&object))?;
        rows.push((code, row(name, library, code)));
    }
    rows.sort_by_key(|(code, _)| *code);
    let mut text = String::from(
        "| client | MQTT | `-Os` | `-Os -flto` | context | notes |\n| --- | --- | ---: | ---: | --- | --- |",
    );
    for (_, row) in rows {
        text.push('\n');
        text.push_str(&row);
    }
    println!("\n{text}");
    if write {
        tables::write_part("docs/c.md", "c", "peers", &text)?;
    }
    Ok(())
}

fn row(name: &str, library: Library, code: u64) -> String {
    let (mqtt, context, loop_in_c) = match library.version {
        Version::V311 => ("3.1.1", 76, "motemq_run.c"),
        Version::V5 => ("5.0", 96, "motemq5_run.c"),
    };
    let note = match library.profile {
        Profile::Clean => "clean sessions only",
        Profile::Full | Profile::Sensor => "sends unacknowledged messages again",
    };
    let library = library.name();
    format!(
        "| **motemq, {name}**, `lib{library}.a`, `{loop_in_c}` | {mqtt} | **{code}** | | {context} + 4 a slot | {note}; delivers QoS 2 messages once, checks text, messages in pieces |"
    )
}

/// Compiles the loop for a library, which is also where it goes.
fn object(library: Library, file: &Path) -> Result<PathBuf, String> {
    let source = match library.version {
        Version::V311 => "src/motemq_run.c",
        Version::V5 => "src/motemq5_run.c",
    };
    let object = file.with_extension("run.o");
    let mut compile = program(CROSS_COMPILER.0, M4.cpu);
    compile.args(OPTIONS).args(define(library)).arg("-I");
    compile.arg(library::folder().join("include")).arg("-c");
    compile.arg(library::folder().join(source)).arg("-o");
    compile.arg(&object);
    run(compile)?;
    Ok(object)
}
