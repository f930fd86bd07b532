//! The tests of the hosted adapters under address and thread sanitizer.
use super::record::Figures;
use crate::{
    machine::{self, Missing},
    no_std,
    programs::{cargo, program, read, workspace},
};
use motemq_testing::mosquitto::REQUIRE;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The only one for which this has been done.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// What is run: all of it has threads, sockets and time.
const PACKAGES: [&str; 8] = [
    "--package",
    "motemq-std",
    "--package",
    "motemq-tokio",
    "--package",
    "motemq-faces",
    "--features",
    "motemq-tokio/store,motemq-std/store,motemq-faces/store",
];

/// What this machine lacks to do it. A test that passed over a missing server would be counted.
pub fn missing() -> Option<Missing> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Some(Missing::Unsupported(
            "it is done on Linux on x86-64 only".into(),
        ));
    }
    let servers = machine::servers().into_iter();
    servers
        .filter_map(|(_, missing)| missing)
        .next()
        .or_else(machine::tls)
        .or_else(|| {
            no_std::with_sources().is_none().then(|| {
                Missing::Installable(
                    "type `rustup component add rust-src`, or on Debian `apt-get install rustc-web rust-web-src`"
                        .into(),
                )
            })
        })
}

/// Runs the tests under address sanitizer; how many passed. A stable compiler takes the flag if it
/// is told to; the standard library does without it.
///
/// # Errors
/// It has found something, or a test failed.
pub fn address() -> Result<Figures, String> {
    tests("address", &|words| {
        let mut command = cargo(words);
        command.env("RUSTFLAGS", "-Zsanitizer=address");
        command
    })
}

/// Runs the tests under thread sanitizer; how many passed. The standard library has to be built
/// with it, too: else it sees races where there are none.
///
/// # Errors
/// It has found something, or a test failed.
pub fn thread() -> Result<Figures, String> {
    let rustc = no_std::with_sources().ok_or("no compiler with the sources of its library")?;
    let sysroot = runtime()?;
    // OpenSSL is not built with it, and locks in ways that it does not see.
    let known = workspace().join("xtask/src/evidence/thread.supp");
    tests("thread", &|words| {
        let mut command = cargo(words);
        command.args(["-Z", "build-std"]).env("RUSTC", &rustc);
        command.env(
            "RUSTFLAGS",
            format!("-Zsanitizer=thread --sysroot {}", sysroot.display()),
        );
        command.env("TSAN_OPTIONS", format!("suppressions={}", known.display()));
        command
    })
}

/// A folder like a compiler's own in which there is nothing but the runtime of the sanitizer, which
/// Debian's compiler lacks.
fn runtime() -> Result<PathBuf, String> {
    let ours = read(program(
        "rustc",
        ["--print", "target-libdir", "--target", TARGET],
    ))?;
    let name = |path: &Path| {
        path.file_name()
            .is_some_and(|name| name.to_string_lossy().ends_with("_rt.tsan.a"))
    };
    let files = fs::read_dir(ours.trim())
        .map_err(|error| format!("cannot read {}: {error}", ours.trim()))?;
    let file = files
        .flatten()
        .map(|file| file.path())
        .find(|path| name(path))
        .ok_or("the compiler has no thread sanitizer")?;
    let sysroot = workspace().join("target/sanitizers/sysroot");
    let library = sysroot.join("lib/rustlib").join(TARGET).join("lib");
    let place = library.join(file.file_name().unwrap_or_default());
    fs::create_dir_all(&library)
        .and_then(|()| fs::copy(&file, &place))
        .map_err(|error| format!("cannot copy the sanitizer: {error}"))?;
    Ok(sysroot)
}

fn tests(name: &str, way: &dyn Fn(&[&str]) -> Command) -> Result<Figures, String> {
    let cargo = |words: &[&str]| {
        let mut command = way(words);
        command.args(["--target", TARGET]).args(PACKAGES);
        command
            .env("RUSTC_BOOTSTRAP", "1")
            .env(REQUIRE, "1")
            .env("PATH", machine::path())
            .env(
                "CARGO_TARGET_DIR",
                workspace().join("target/sanitizers").join(name),
            );
        command
    };
    // Some tests run the examples.
    read(cargo(&["build", "--quiet", "--examples"]))?;
    let output = cargo(&["test", "--no-fail-fast", "--lib", "--tests"])
        .output()
        .map_err(|error| format!("cannot start cargo: {error}"))?;
    let said = String::from_utf8_lossy(&output.stdout);
    let passed = said.lines().filter_map(|line| {
        line.strip_prefix("test result: ")?
            .split_once(". ")?
            .1
            .split_once(" passed")?
            .0
            .parse::<u64>()
            .ok()
    });
    let passed: u64 = passed.sum();
    if output.status.success() && passed > 0 {
        return Ok(Figures::from_iter([(
            "tests passed".to_owned(),
            passed.into(),
        )]));
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    println!("{said}\n{complaint}");
    Err(format!(
        "{name} sanitizer: {passed} tests passed, and not all; what it said stands above"
    ))
}
