//! `cargo xtask fuzz`: every fuzz target, by libFuzzer, on any toolchain.
use crate::{
    machine::{self, Missing},
    programs::{cargo, program, read, run as run_to_end, workspace},
};
use clap::Args;
use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
};

/// What `cargo xtask fuzz` takes.
#[derive(Args)]
pub struct Options {
    /// How long each target is run.
    #[arg(long, default_value_t = 20)]
    pub seconds: u32,
    /// Only this target.
    #[arg(long)]
    pub target: Option<String>,
    /// What libFuzzer's choices begin with; without it each run makes its own.
    #[arg(long)]
    pub seed: Option<u32>,
}

/// What `cargo fuzz` passes to the compiler: what libFuzzer needs to see which ways were gone. All
/// of it is stable.
const FLAGS: &str = "--cfg fuzzing -Cpasses=sancov-module -Ccodegen-units=1 -Cllvm-args=-sanitizer-coverage-level=4 \
                     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
                     -Cllvm-args=-sanitizer-coverage-trace-compares";

/// What this machine lacks to fuzz.
pub fn missing() -> Option<Missing> {
    if !cfg!(target_os = "linux") {
        return Some(Missing::Unsupported(
            "libFuzzer is built here for Linux only".into(),
        ));
    }
    Missing::packages(&machine::missing(&[("c++", "g++")])).or_else(machine::tls)
}

/// Builds and runs the targets, two at a time, and tells how many inputs each had.
///
/// # Errors
/// A target has found something: its output, and where the input is.
pub fn run(options: &Options) -> Result<Vec<(String, u64)>, String> {
    if let Some(missing) = missing() {
        return Err(missing.to_string());
    }
    let top = workspace();
    let directory = fs::read_dir(top.join("fuzz/fuzz_targets"))
        .map_err(|error| format!("cannot read fuzz/fuzz_targets: {error}"))?;
    let names = directory
        .flatten()
        .filter_map(|file| Some(file.path().file_stem()?.to_str()?.to_owned()));
    let mut targets: Vec<_> = names
        .filter(|name| options.target.as_ref().is_none_or(|only| only == name))
        .collect();
    targets.sort();
    if targets.is_empty() {
        return Err("there is no such fuzz target".into());
    }
    let host = read(program("rustc", ["-vV"]))?;
    let host = host
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .unwrap_or_default();
    let built = top.join("target/fuzz");
    // A target apart from the host, so that build scripts are built without the flags.
    let mut build = cargo([
        "build",
        "--quiet",
        "--release",
        "--bins",
        "--manifest-path",
        "fuzz/Cargo.toml",
        "--target",
        host,
    ]);
    build
        .env("RUSTFLAGS", FLAGS)
        .env("CARGO_TARGET_DIR", &built);
    run_to_end(build)?;
    let (mut counts, mut failures) = (Vec::new(), Vec::new());
    for pair in targets.chunks(2) {
        // Each is listened to by itself: who is not would stand still as soon as the pipe of what
        // it says is full.
        let running: Vec<_> = pair
            .iter()
            .map(|name| {
                (
                    name,
                    start(name, &built.join(host).join("release"), options),
                )
            })
            .map(|(name, child)| {
                (
                    name,
                    child.map(|child| thread::spawn(|| child.wait_with_output())),
                )
            })
            .collect();
        for (name, child) in running {
            let output = child.and_then(|child| match child.join() {
                Ok(output) => output.map_err(|error| error.to_string()),
                Err(_) => Err("nobody listened to it".into()),
            });
            match output {
                Ok(output) => {
                    let said = String::from_utf8_lossy(&output.stderr);
                    let runs = said
                        .lines()
                        .find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
                    let runs = runs.and_then(|runs| runs.trim().parse().ok()).unwrap_or(0);
                    counts.push((name.clone(), runs));
                    println!("fuzz {name}: {runs} inputs in {} s", options.seconds);
                    if runs == 0 || !output.status.success() {
                        let tail: Vec<_> = said.lines().rev().take(60).collect();
                        let what = if runs == 0 {
                            "did not say how many inputs it tried"
                        } else {
                            "has found something"
                        };
                        failures.push(format!(
                            "{}\n{name} {what}",
                            tail.into_iter().rev().collect::<Vec<_>>().join("\n")
                        ));
                    }
                }
                Err(why) => failures.push(format!("{name}: {why}")),
            }
        }
    }
    if failures.is_empty() {
        Ok(counts)
    } else {
        Err(failures.join("\n\n"))
    }
}

fn start(name: &str, binaries: &Path, options: &Options) -> Result<Child, String> {
    let place = |kind: &str| workspace().join("fuzz").join(kind).join(name);
    for kind in ["corpus", "artifacts"] {
        fs::create_dir_all(place(kind))
            .or_else(|error| {
                if error.kind() == ErrorKind::AlreadyExists {
                    Ok(())
                } else {
                    Err(error)
                }
            })
            .map_err(|error| format!("cannot make a directory: {error}"))?;
    }
    let mut command = Command::new(binaries.join(name));
    command.arg(place("corpus")).arg(place("seeds"));
    command.args(options.seed.map(|seed| format!("-seed={seed}")));
    command
        .arg(format!("-max_total_time={}", options.seconds))
        .arg(format!("-dict={}", dictionary(name).display()));
    command
        .arg(format!(
            "-artifact_prefix={}/",
            place("artifacts").display()
        ))
        .args(["-print_final_stats=1", "-timeout=10", "-rss_limit_mb=4096"]);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
        .spawn()
        .map_err(|error| format!("cannot start it: {error}"))
}

/// A target that takes no packets has words of its own.
fn dictionary(name: &str) -> PathBuf {
    let all = workspace().join("fuzz/dictionaries");
    let own = all.join(name).with_extension("dict");
    if own.exists() {
        own
    } else {
        all.join("mqtt.dict")
    }
}
