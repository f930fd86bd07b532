//! The programs in C, on this machine.
use super::{
    header::{self, Subject, define},
    library::{self, Profile},
};
use crate::{
    no_std,
    programs::{cargo, program, run},
};
use motemq_testing::mosquitto::{Mosquitto, find};
use std::{
    fs,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::Stdio,
};

/// What every compiler has to accept.
pub const STRICT: [&str; 6] = [
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wconversion",
    "-pedantic",
    "-g",
];

/// Sources, by their folder in the crate.
const SOURCES: [&str; 6] = [
    "tests/dialogue.c",
    "tests/profiles.c",
    "tests/fuzz.c",
    "tests/broker.c",
    "examples/posix.c",
    "src/motemq_run.c",
];

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
/// What does not compile, or goes wrong.
pub fn run_all() -> Result<(), String> {
    let mut unit = cargo(["test", "--quiet"]);
    unit.current_dir(library::folder())
        .env("CARGO_TARGET_DIR", library::out());
    run(unit)?;
    let host = library::host()?;
    for profile in Profile::ALL {
        let library = library::build(&host, profile, true)?;
        for (c, _) in compilers() {
            header::check(c, &Subject::of(profile), &library)?;
        }
        if no_std::way().is_some() && find("arm-none-eabi-gcc").is_some() {
            let library = library::build(no_std::TARGET, profile, true)?;
            header::check("arm-none-eabi-gcc", &Subject::of(profile), &library)?;
        }
    }
    for (c, cxx) in compilers() {
        accepted(c, cxx)?;
        page(c)?;
        for profile in Profile::ALL {
            run(program(profiles(c, cxx, profile)?, [""; 0]))?;
        }
        let sanitizers = "-fsanitize=address,undefined";
        let dialogue = link(c, "tests/dialogue.c", &[sanitizers])?;
        run(program(dialogue, [""; 0]))?;
        let fuzz = link(
            c,
            "tests/fuzz.c",
            &[sanitizers, "-O1", "-DMOTEMQ_STANDALONE"],
        )?;
        run(program(fuzz, [INPUTS, "1"]))?;
    }
    if find("clang").is_some() {
        let fuzz = link(
            "clang",
            "tests/fuzz.c",
            &["-fsanitize=fuzzer,address", "-O1"],
        )?;
        run(program(
            fuzz,
            [
                "-max_total_time=3",
                "-max_len=600",
                "-verbosity=0",
                "-seed=1",
            ],
        ))?;
    }
    Ok(())
}

/// Every source is C99 and C++ without a warning, and so is the header for every profile.
fn accepted(c: &str, cxx: &str) -> Result<(), String> {
    for profile in Profile::ALL {
        for source in SOURCES {
            let is_for_all = ["src/motemq_run.c", "tests/profiles.c"].contains(&source);
            if !is_for_all && profile != Profile::Full {
                continue;
            }
            for (compiler, language) in [(c, ["-std=c99", "-xc"]), (cxx, ["-std=c++11", "-xc++"])] {
                let mut command = program(compiler, language);
                command
                    .args(STRICT)
                    .args(define(profile))
                    .args(["-DMOTEMQ_STANDALONE", "-fsyntax-only", "-I"])
                    .arg(library::folder().join("include"))
                    .arg(library::folder().join(source));
                run(command)?;
            }
        }
    }
    Ok(())
}

/// The program on the page about the library compiles.
fn page(compiler: &str) -> Result<(), String> {
    let page = include_str!("../../../docs/c.md");
    let program_text = page
        .split_once("```c\n")
        .and_then(|(_, rest)| rest.split_once("```"))
        .ok_or("docs/c.md has no program")?
        .0;
    let file = library::out().join("page.c");
    fs::write(&file, program_text)
        .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    let mut command = program(compiler, ["-std=c99", "-fsyntax-only", "-I"]);
    command
        .arg(library::folder().join("include"))
        .args(STRICT)
        .arg(&file);
    run(command)
}

/// Compiles the test of a profile as C, and links it as C++ does.
fn profiles(c: &str, cxx: &str, profile: Profile) -> Result<PathBuf, String> {
    let directory = library::out().join(library::host()?).join("test");
    let object = directory.join("profiles.o");
    let mut compile = program(c, ["-std=c99", "-c"]);
    compile
        .args(define(profile))
        .arg("-I")
        .arg(library::folder().join("include"))
        .arg(library::folder().join("tests/profiles.c"))
        .arg("-o")
        .arg(&object);
    run(compile)?;
    let out = directory.join(format!("profiles-{}", profile.library()));
    let mut link = program(cxx, [&object]);
    link.arg(directory.join(format!("lib{}.a", profile.library())))
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
    if source != "tests/dialogue.c" && source != "tests/fuzz.c" {
        command.arg(library::folder().join("src/motemq_run.c"));
    }
    command
        .arg(host.join("test/libmotemq.a"))
        .arg("-o")
        .arg(&out);
    run(command)?;
    Ok(out)
}

/// Runs the loop in C and its example against a real broker.
///
/// # Errors
/// What goes wrong.
pub fn against_mosquitto() -> Result<(), String> {
    library::build(&library::host()?, Profile::Full, true)?;
    let broker = Mosquitto::start(&["allow_anonymous true"]).ok_or("mosquitto is not installed")?;
    let port = broker.addr().port().to_string();
    let test = link("gcc", "tests/broker.c", &["-fsanitize=address,undefined"])?;
    run(program(test, [&port]))?;
    example(&port)
}

/// Asks the example a question, by an independent client.
fn example(port: &str) -> Result<(), String> {
    let example = link("gcc", "examples/posix.c", &[])?;
    let mut example = program(example, ["127.0.0.1", port])
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("the example: {error}"))?;
    let lines = BufReader::new(example.stdout.take().ok_or("no output")?).lines();
    let mut said = Vec::new();
    for line in lines.map_while(Result::ok) {
        let question = match line.as_str() {
            "subscribed: 2" => Some("why"),
            "acked 2" => Some("quit"),
            _ => None,
        };
        said.push(line);
        if let Some(question) = question {
            let words = [
                "-h",
                "127.0.0.1",
                "-p",
                port,
                "-q",
                "2",
                "-t",
                "c/question",
                "-m",
            ];
            let mut publish = program("mosquitto_pub", words);
            publish.arg(question);
            run(publish)?;
        }
    }
    let status = example.wait().map_err(|error| error.to_string())?;
    let expected = [
        "subscribed: 2",
        "received c/question: why",
        "acked 2",
        "received c/question: quit",
    ];
    if !status.success() || said != expected {
        return Err(format!("the example says {said:?} and ends with {status}"));
    }
    Ok(())
}
