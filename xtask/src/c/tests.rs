//! The programs in C, on this machine.
use super::{
    dialogue::{burst, question},
    header::{self, Subject, define},
    hosted,
    library::{self, Library, Version},
};
use crate::{
    no_std,
    programs::{cargo, program, run},
};
use motemq_testing::mosquitto::{Mosquitto, find};
use std::{fs, path::PathBuf, process::Command};

/// What every compiler has to accept.
pub const STRICT: [&str; 6] = [
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wconversion",
    "-pedantic",
    "-g",
];

/// Sources for a library with all of MQTT, by their folder in the crate.
const SOURCES: [&str; 10] = [
    ARGUMENTS,
    "tests/dialogue.c",
    "tests/dialogue5.c",
    "tests/fuzz.c",
    "tests/fuzz5.c",
    "tests/broker.c",
    "tests/broker5.c",
    "tests/both.c",
    "examples/posix.c",
    "src/motemq5_run.c",
];

/// The test of arguments, which are those of MQTT 3.1.1.
const ARGUMENTS: &str = "tests/arguments.c";

/// The loop, and the test of each profile, for every library of a version.
fn for_all_profiles(version: Version) -> [&'static str; 2] {
    match version {
        Version::V311 => ["src/motemq_run.c", "tests/profiles.c"],
        Version::V5 => ["src/motemq5_run.c", "tests/profiles5.c"],
    }
}

/// The dialogue and the fuzzer of a version, which need no loop.
fn with_all(version: Version) -> [&'static str; 2] {
    match version {
        Version::V311 => ["tests/dialogue.c", "tests/fuzz.c"],
        Version::V5 => ["tests/dialogue5.c", "tests/fuzz5.c"],
    }
}

/// The programs on the page about the libraries.
const PROGRAMS: usize = 3;

/// The inputs of the fuzzer with each change.
const INPUTS: &str = "60000";

/// The compilers of C that this machine has, with those of C++ of the same maker.
pub fn compilers() -> impl Iterator<Item = (&'static str, &'static str)> {
    [("gcc", "g++"), ("clang", "clang++")]
        .into_iter()
        .filter(|(c, _)| {
            let is_there = find(c).is_some();
            if !is_there {
                println!("not here: {c}");
            }
            is_there
        })
}

/// Compares the header with the library, and runs what needs no broker.
///
/// # Errors
/// The program that does not compile, or fails.
pub fn run_all() -> Result<(), String> {
    for features in ["layout", "layout,v5"] {
        let mut unit = cargo(["test", "--quiet", "--features", features]);
        unit.current_dir(library::folder())
            .env("CARGO_TARGET_DIR", library::out());
        run(unit)?;
    }
    let host = library::host()?;
    for library in Library::all() {
        let file = library::build(&host, library, true)?;
        for (c, _) in compilers() {
            header::check(c, &Subject::of(library), &file)?;
        }
        if no_std::way().is_some() && find("arm-none-eabi-gcc").is_some() {
            let file = library::build(no_std::TARGET, library, true)?;
            header::check("arm-none-eabi-gcc", &Subject::of(library), &file)?;
        }
    }
    for (c, cxx) in compilers() {
        accepted(c, cxx)?;
        page(c)?;
        for library in Library::all() {
            run(program(profiles(c, cxx, library)?, [""; 0]))?;
        }
        let sanitizers = "-fsanitize=address,undefined";
        let arguments = link(c, ARGUMENTS, &[sanitizers])?;
        run(program(arguments, [""; 0]))?;
        for version in Version::ALL {
            let [dialogue, fuzz] = with_all(version);
            let dialogue = link(c, dialogue, &[sanitizers])?;
            run(program(dialogue, [""; 0]))?;
            let fuzz = link(c, fuzz, &[sanitizers, "-O1", "-DMOTEMQ_STANDALONE"])?;
            run(program(fuzz, [INPUTS, "1"]))?;
        }
    }
    if find("clang").is_some() {
        for version in Version::ALL {
            let [_, fuzz] = with_all(version);
            let fuzz = link("clang", fuzz, &["-fsanitize=fuzzer,address", "-O1"])?;
            let words = [
                "-max_total_time=2",
                "-max_len=600",
                "-verbosity=0",
                "-seed=1",
                "-timeout=20",
            ];
            run(program(fuzz, words))?;
        }
    }
    Ok(())
}

/// Every source is C99 and C++ without a warning, and so are the headers for every profile.
fn accepted(c: &str, cxx: &str) -> Result<(), String> {
    let of_profiles = Library::all().flat_map(|library| {
        for_all_profiles(library.version).map(|source| (source, define(library)))
    });
    for (source, define) in of_profiles.chain(SOURCES.map(|source| (source, None))) {
        for (compiler, language) in [(c, ["-std=c99", "-xc"]), (cxx, ["-std=c++11", "-xc++"])] {
            let mut command = program(compiler, language);
            command
                .args(STRICT)
                .args(&define)
                .args(["-DMOTEMQ_STANDALONE", "-fsyntax-only", "-I"])
                .arg(library::folder().join("include"))
                .arg(library::folder().join(source));
            run(command)?;
        }
    }
    Ok(())
}

/// The programs on the page about the libraries compile.
fn page(compiler: &str) -> Result<(), String> {
    let page = include_str!("../../../docs/c.md");
    let mut programs = page.split("```c\n").skip(1);
    let count = programs.clone().count();
    if count != PROGRAMS {
        return Err(format!("docs/c.md has {count} programs"));
    }
    programs.try_for_each(|rest| {
        let text = rest.split("```").next().unwrap_or_default();
        let file = library::out().join("page.c");
        fs::write(&file, text)
            .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
        let mut command = program(compiler, ["-std=c99", "-fsyntax-only"]);
        for folder in [library::folder(), hosted::folder()] {
            command.arg("-I").arg(folder.join("include"));
        }
        command.args(STRICT).arg(&file);
        run(command)
    })
}

/// Compiles the test of a library as C, and links it as C++ does.
fn profiles(c: &str, cxx: &str, library: Library) -> Result<PathBuf, String> {
    let [_, source] = for_all_profiles(library.version);
    let directory = library::out().join(library::host()?).join("test");
    let object = directory.join("profiles.o");
    let mut compile = program(c, ["-std=c99", "-c"]);
    compile
        .args(define(library))
        .arg("-I")
        .arg(library::folder().join("include"))
        .arg(library::folder().join(source))
        .arg("-o")
        .arg(&object);
    run(compile)?;
    let out = directory.join(format!("profiles-{}", library.name()));
    let mut link = program(cxx, [&object]);
    link.arg(directory.join(format!("lib{}.a", library.name())))
        .arg("-o")
        .arg(&out);
    run(link)?;
    Ok(out)
}

/// Links a program with the library of this machine.
fn link(compiler: &str, source: &str, words: &[&str]) -> Result<PathBuf, String> {
    let host = library::out().join(library::host()?);
    let name = source
        .rsplit('/')
        .next()
        .unwrap_or(source)
        .trim_end_matches(".c");
    let kind = if words.iter().any(|word| word.contains("fuzzer")) {
        "-libfuzzer"
    } else {
        ""
    };
    let out = host.join(format!("test/{name}{kind}-{compiler}"));
    let mut command = program(compiler, ["-std=c99"]);
    command
        .args(STRICT)
        .args(words)
        .arg("-I")
        .arg(library::folder().join("include"))
        .arg(library::folder().join(source));
    let version = if name.ends_with('5') {
        Version::V5
    } else {
        Version::V311
    };
    if source != ARGUMENTS && !with_all(version).contains(&source) {
        let [loop_in_c, _] = for_all_profiles(version);
        command.arg(library::folder().join(loop_in_c));
    }
    let library = match version {
        Version::V311 => "test/libmotemq.a",
        Version::V5 => "test/libmotemq5.a",
    };
    command.arg(host.join(library)).arg("-o").arg(&out);
    run(command)?;
    Ok(out)
}

/// Runs the loop in C and its example against a real broker.
///
/// # Errors
/// What goes wrong.
pub fn against_mosquitto() -> Result<(), String> {
    for library in [Library::V311, Library::V5] {
        library::build(&library::host()?, library, true)?;
    }
    let broker = Mosquitto::start(&["allow_anonymous true"]).ok_or("mosquitto is not installed")?;
    let port = broker.addr().port().to_string();
    for source in ["tests/broker.c", "tests/broker5.c"] {
        let test = link("gcc", source, &["-fsanitize=address,undefined"])?;
        run(program(test, [&port]))?;
    }
    example(&port)
}

/// Asks the example a question, and many at once, by an independent client.
fn example(port: &str) -> Result<(), String> {
    let example = link("gcc", "examples/posix.c", &[])?;
    let start = || program(&example, ["127.0.0.1", port]);
    answers(start(), port)?;
    // More than there are slots.
    burst(start(), port, ["subscribed: 2", "acked "], 30)
}

/// Asks the example over POSIX sockets, which is started with the address of the broker, a question.
///
/// # Errors
/// It does not answer.
pub fn answers(example: Command, port: &str) -> Result<(), String> {
    let expected = [
        "subscribed: 2",
        "received c/question: why",
        "acked 2",
        "received c/question: quit",
    ];
    question(example, port, ["subscribed: 2", "acked 2"], &expected)
}
