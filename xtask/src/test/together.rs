//! Test programs, several of which run at once.
//!
//! `cargo test` runs one program after the other, but many of them wait most of the time, for
//! servers or for time to pass.
use crate::programs::{self, cargo};
use serde_json::Value;
use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Mutex,
    thread,
};

/// A program that `cargo test` has built.
#[derive(Debug, PartialEq)]
struct Program {
    /// The package's directory, in which it runs.
    package: PathBuf,
    /// The file that has its `main`, or the library whose unit tests it has.
    source: PathBuf,
    executable: PathBuf,
}

/// Builds the tests that `cargo test` would run with these arguments, runs them, as many at once as
/// there are cores, and then the documentation's. `prepared` gives a command its environment.
///
/// # Errors
/// What cannot be built, or the programs that failed. One that fails does not keep the others from
/// being run.
pub fn run(arguments: &[&str], prepared: impl Fn(Command) -> Command + Sync) -> Result<(), String> {
    let programs = build(arguments)?;
    let failed = Mutex::new(Vec::new());
    let waiting = Mutex::new(programs.iter());
    let next = || waiting.lock().ok()?.next();
    thread::scope(|scope| {
        for _ in 0..cores() {
            scope.spawn(|| {
                while let Some(program) = next() {
                    let outcome = program.run(&prepared);
                    if let (Err(why), Ok(mut failed)) = (outcome, failed.lock()) {
                        failed.push(why);
                    }
                }
            });
        }
    });
    let mut failed = failed.into_inner().unwrap_or_default();
    let mut doc = cargo(["test", "--no-fail-fast", "--doc"]);
    doc.args(arguments);
    failed.extend(programs::run(prepared(doc)).err());
    if failed.is_empty() {
        Ok(())
    } else {
        Err(failed.join("; "))
    }
}

/// Returns the number of cores, and so of programs that run at once.
pub fn cores() -> usize {
    thread::available_parallelism().map_or(2, |cores| cores.get())
}

fn build(arguments: &[&str]) -> Result<Vec<Program>, String> {
    let mut command = cargo([
        "test",
        "--no-run",
        "--message-format=json-render-diagnostics",
    ]);
    command.args(arguments);
    let mut programs = Vec::new();
    programs::lines(command, |line| programs.extend(Program::of(line)))?;
    if programs.is_empty() {
        return Err("cargo named no test program".into());
    }
    Ok(programs)
}

impl Program {
    /// Returns the test program that this message of cargo's is about.
    fn of(message: &str) -> Option<Self> {
        let message: Value = serde_json::from_str(message).ok()?;
        if message["profile"]["test"] != true {
            return None;
        }
        let path = |value: &Value| value.as_str().map(PathBuf::from);
        Some(Program {
            package: path(&message["manifest_path"])?.parent()?.into(),
            source: path(&message["target"]["src_path"])?,
            executable: path(&message["executable"])?,
        })
    }

    /// Returns the name that people know it by.
    fn name(&self) -> String {
        let source = self.source.strip_prefix(programs::workspace());
        source.unwrap_or(&self.source).display().to_string()
    }

    /// Runs it, and prints what it printed.
    fn run(&self, prepared: impl Fn(Command) -> Command) -> Result<(), String> {
        let name = self.name();
        let failed = |error: io::Error| format!("{name} cannot be run: {error}");
        let output = tempfile::NamedTempFile::new().map_err(failed)?;
        let file = |output: &tempfile::NamedTempFile| output.as_file().try_clone();
        let mut command = prepared(Command::new(&self.executable));
        command
            .current_dir(&self.package)
            .env("CARGO_MANIFEST_DIR", &self.package)
            .stdin(Stdio::null())
            .stdout(file(&output).map_err(failed)?)
            .stderr(file(&output).map_err(failed)?);
        let status = command.status();
        print(&name, output.path()).map_err(failed)?;
        match status.map_err(failed)? {
            status if status.success() => Ok(()),
            status => Err(format!("{name} ended with {status}")),
        }
    }
}

/// Prints what a program has printed, all at once.
fn print(name: &str, output: &Path) -> io::Result<()> {
    let printed = fs::read(output)?;
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "\n     Ran {name}")?;
    stdout.write_all(&printed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(is_test: bool) -> String {
        format!(
            r#"{{"reason":"compiler-artifact","manifest_path":"/a/Cargo.toml","target":{{
            "src_path":"/a/tests/b.rs"}},"profile":{{"test":{is_test}}},"executable":"/t/b-1"}}"#
        )
    }

    #[test]
    fn test_programs_are_known_from_what_cargo_says() {
        let program = Program {
            package: "/a".into(),
            source: "/a/tests/b.rs".into(),
            executable: "/t/b-1".into(),
        };
        assert_eq!(Program::of(&message(true)), Some(program));
        assert_eq!(Program::of(&message(false)), None);
        let done = r#"{"reason":"build-finished","success":true}"#;
        assert_eq!(Program::of(done), None);
    }
}
