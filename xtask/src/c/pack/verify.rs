//! The archives, by somebody who has nothing else: programs are compiled with the headers of each,
//! linked with its libraries, and run where this machine can run them.
use super::{
    super::{
        firmware::{self, Bare, M4, OPTIONS},
        header::define,
        library::{self, Library, Profile, Version},
        tests::answers,
    },
    by_cmake, cannot,
};
use crate::{
    firmware::{EVERY_QOS, play},
    machine::{self, CROSS_COMPILER, FIRMWARE},
    programs::{program, read, run},
    windows::{
        TARGET,
        wine::{self, LINKER, Wine},
    },
};
use motemq_testing::mosquitto::{Mosquitto, find};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The machines without an operating system that QEMU has.
const BARE: [Bare; 5] = [
    Bare {
        target: "thumbv6m-none-eabi",
        cpu: &["-mcpu=cortex-m0", "-mthumb"],
        ..M4
    },
    Bare {
        target: "thumbv7m-none-eabi",
        cpu: &["-mcpu=cortex-m3", "-mthumb"],
        machine: "mps2-an385",
        ..M4
    },
    M4,
    Bare {
        target: "thumbv7em-none-eabihf",
        cpu: &[
            "-mcpu=cortex-m4",
            "-mthumb",
            "-mfloat-abi=hard",
            "-mfpu=fpv4-sp-d16",
        ],
        ..M4
    },
    Bare {
        target: "thumbv8m.main-none-eabi",
        cpu: &["-mcpu=cortex-m33", "-mthumb", "-mfloat-abi=soft"],
        machine: "mps2-an505",
        memory: "an505.ld",
    },
];

/// The target whose programs are linked, and not run.
const RISCV: &str = "riscv32imc-unknown-none-elf";

/// The compiler options that clang accepts.
const OPTIONS_OF_CLANG: [&str; 7] = [
    "-Os",
    "-std=c99",
    "-ffreestanding",
    "-ffunction-sections",
    "-Wall",
    "-Wextra",
    "-Werror",
];

/// Tries the unpacked archive of a target, and says what it has done.
///
/// # Errors
/// The file that is missing in it, or the program that does not work.
pub fn archive(target: &str, root: &Path) -> Result<(), String> {
    for name in ["archive.c", "both.c"] {
        let test = root.join(name);
        fs::copy(library::folder().join("tests").join(name), &test)
            .map_err(|error| cannot("write", &test, error))?;
    }
    if target == library::host()? {
        on_this_machine(root)
    } else if target == TARGET {
        on_windows(root)
    } else if target == RISCV {
        on_riscv(root)
    } else {
        let bare = BARE.iter().find(|bare| bare.target == target);
        on_a_board(bare.ok_or("a target that nobody tries")?, root)
    }
}

/// Builds a program with each library of an archive, by a function that gets the name of the library,
/// the options of the compiler, the sources, and where the program goes. Returns the programs.
fn with_each_library(
    root: &Path,
    build: impl Fn(&'static str, &[String], &[PathBuf], &Path) -> Result<(), String>,
) -> Result<Vec<PathBuf>, String> {
    let mut programs = Vec::new();
    for library in Library::all() {
        let mut words = vec![format!("-I{}", root.join("include").display())];
        words.extend(define(library));
        let loop_in_c = match library.version {
            Version::V311 => "src/motemq_run.c",
            Version::V5 => "src/motemq5_run.c",
        };
        if library.version == Version::V5 {
            words.push("-DMQTT5".into());
        }
        let sources = [root.join("archive.c"), root.join(loop_in_c)];
        let out = root.join(format!("with-{}.elf", library.name()));
        build(library.name(), &words, &sources, &out)?;
        programs.push(out);
    }
    Ok(programs)
}

/// The words with which a linker finds a library of an archive.
fn linked_with(root: &Path, library: &str) -> [String; 2] {
    let folder = root.join("lib");
    [format!("-L{}", folder.display()), format!("-l{library}")]
}

/// Builds a program with each library of an archive, by a compiler that also links.
fn compiled(compiler: &str, options: &[&str], root: &Path) -> Result<Vec<PathBuf>, String> {
    with_each_library(root, |library, words, sources, out| {
        let mut command = program(compiler, options);
        command.args(words).args(sources);
        command.args(linked_with(root, library)).arg("-o").arg(out);
        run(command)
    })
}

/// Runs the programs and the example, built in each way that the archive offers.
fn on_this_machine(root: &Path) -> Result<(), String> {
    for each in compiled("gcc", &["-std=c99"], root)? {
        run(program(each, [""; 0]))?;
    }
    let mut examples = Vec::new();
    if find("pkg-config").is_some() {
        examples.extend(by_pkg_config(root)?);
    } else {
        println!("not here: pkg-config");
    }
    if find("cmake").is_some() {
        by_cmake(root, PROJECT, "motemq")?;
        examples.extend(["example", "small"].map(|name| root.join("build").join(name)));
        run(program(root.join("build/both"), [""; 0]))?;
    } else {
        println!("not here: cmake");
    }
    let Some(broker) = Mosquitto::start(&["allow_anonymous true"]) else {
        println!("not here: mosquitto");
        return Ok(());
    };
    let port = broker.addr().port().to_string();
    for example in &examples {
        answers(program(example, ["127.0.0.1", &port]), &port)?;
    }
    println!("{} examples, all of which answer", examples.len());
    Ok(())
}

/// Runs the programs under wine.
fn on_windows(root: &Path) -> Result<(), String> {
    if find(LINKER).is_none() {
        println!("not here: {LINKER}");
        return Ok(());
    }
    let programs = compiled(LINKER, &["-std=c99"], root)?;
    if wine::loader().is_none() {
        println!("not here: wine");
        return Ok(());
    }
    let wine = Wine::prepare()?;
    for each in &programs {
        run(wine.run(each, []))?;
    }
    println!("{} programs under wine", programs.len());
    Ok(())
}

/// Links the programs; no machine to run them is known to be here.
fn on_riscv(root: &Path) -> Result<(), String> {
    let (Some(clang), Some(linker)) = (find("clang"), find("ld.lld")) else {
        println!("not here: clang and ld.lld");
        return Ok(());
    };
    let programs = with_each_library(root, |library, words, sources, out| {
        let mut objects = Vec::new();
        for source in sources {
            let object = source.with_extension("o");
            let words_of_target = [
                "--target=riscv32-unknown-elf",
                "-march=rv32imc",
                "-mabi=ilp32",
            ];
            let mut compile = program(&clang, words_of_target);
            compile
                .args(OPTIONS_OF_CLANG)
                .args(words)
                .arg("-c")
                .arg(source);
            compile.arg("-o").arg(&object);
            run(compile)?;
            objects.push(object);
        }
        let mut link = program(&linker, ["--gc-sections", "-e", "main"]);
        link.args(objects)
            .args(linked_with(root, library))
            .arg("-o")
            .arg(out);
        run(link)
    })?;
    println!("{} programs linked", programs.len());
    Ok(())
}

/// Links the programs, and lets a board play a scene with the firmware of the archive.
fn on_a_board(bare: &Bare, root: &Path) -> Result<(), String> {
    let missing = machine::missing(&[CROSS_COMPILER]);
    if !missing.is_empty() {
        println!("not here: {}", missing.join(", "));
        return Ok(());
    }
    let options = [
        bare.cpu,
        &OPTIONS,
        &["-nostdlib", "-Wl,--gc-sections,-e,main,-z,noexecstack"],
    ]
    .concat();
    let programs = compiled(CROSS_COMPILER.0, &options, root)?;
    println!("{} programs linked", programs.len());
    let missing = machine::missing(&FIRMWARE);
    if !missing.is_empty() {
        println!("not here: {}", missing.join(", "));
        return Ok(());
    }
    for (library, source) in firmware::MAIN {
        let file = root.join(format!("lib/lib{}.a", library.name()));
        play(&firmware::board(bare, root, source, &file)?, EVERY_QOS)?;
        if library.version == Version::V311 {
            firmware::over_a_pipe(bare, root, &file)?;
        }
    }
    Ok(())
}

/// Builds what pkg-config knows the flags of, and returns the examples.
fn by_pkg_config(root: &Path) -> Result<Vec<PathBuf>, String> {
    let mut examples = Vec::new();
    let folder = root.join("lib/pkgconfig");
    let build = |libraries: &[&str], sources: &[&str], name: &str, is_part: bool| {
        let mut ask = program("pkg-config", ["--cflags", "--libs"]);
        ask.args(libraries).env("PKG_CONFIG_PATH", &folder);
        let words = read(ask)?;
        let mut compile = program("gcc", ["-std=c99"]);
        compile
            .args(is_part.then_some("-c"))
            .args(sources.iter().map(|source| root.join(source)))
            .args(words.split_whitespace())
            .arg("-o")
            .arg(root.join(name));
        run(compile)
    };
    for library in Library::all() {
        let name = library.name();
        let loop_in_c = match library.version {
            Version::V311 => "src/motemq_run.c",
            Version::V5 => "src/motemq5_run.c",
        };
        let example: &[&str] = match (library.version, library.profile) {
            (Version::V311, Profile::Full | Profile::Clean) => &["examples/posix.c"],
            // The others have no example, and their loop is only compiled.
            _ => &[],
        };
        let sources = [example, &[loop_in_c]].concat();
        let out = format!("by-pkg-config-{name}");
        build(&[name], &sources, &out, example.is_empty())?;
        if !example.is_empty() {
            examples.push(root.join(out));
        }
    }
    // One program with both.
    let sources = ["both.c", "src/motemq_run.c", "src/motemq5_run.c"];
    build(&["motemq", "motemq5"], &sources, "both", false)?;
    run(program(root.join("both"), [""; 0]))?;
    Ok(examples)
}

const PROJECT: &str = "\
cmake_minimum_required(VERSION 3.16)
project(example C)
find_package(motemq REQUIRED)
add_executable(example examples/posix.c)
target_link_libraries(example PRIVATE motemq::motemq motemq::run)
add_executable(small examples/posix.c)
target_link_libraries(small PRIVATE motemq::clean motemq::run)
add_executable(both both.c)
target_link_libraries(both PRIVATE motemq::motemq motemq::run motemq::motemq5 motemq::run5)
";
