//! Running other programs.
use std::{
    env,
    ffi::OsStr,
    io::{self, BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

/// The workspace's top directory becomes the current one.
pub fn enter_workspace() -> Result<(), String> {
    let top = workspace();
    env::set_current_dir(top).map_err(|error| format!("cannot enter {}: {error}", top.display()))
}

/// The workspace's top directory.
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new("."))
}

/// The cargo that runs us, with these arguments.
pub fn cargo<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Command {
    program(
        env::var_os("CARGO").unwrap_or_else(|| "cargo".into()),
        arguments,
    )
}

/// A program with its arguments.
pub fn program<A: AsRef<OsStr>>(
    name: impl AsRef<OsStr>,
    arguments: impl IntoIterator<Item = A>,
) -> Command {
    let mut command = Command::new(name);
    command.args(arguments).stdin(Stdio::null());
    command
}

/// How one types it.
pub fn spelling(command: &Command) -> String {
    let name = Path::new(command.get_program())
        .file_stem()
        .unwrap_or(command.get_program());
    let words = std::iter::once(name).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Runs it to its end; its output goes where ours goes.
pub fn run(mut command: Command) -> Result<(), String> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{}` ended with {status}", spelling(&command))),
        Err(error) => Err(cannot_start(&command, &error)),
    }
}

/// Runs it to its end and gives back what it printed; silent unless it fails.
pub fn read(mut command: Command) -> Result<String, String> {
    let output = command
        .output()
        .map_err(|error| cannot_start(&command, &error))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!(
        "`{}` ended with {}\n{}",
        spelling(&command),
        output.status,
        said.trim_end()
    ))
}

/// Runs it to its end and gives each line that it prints, as it comes; what it says of errors goes
/// where ours goes.
pub fn lines(mut command: Command, mut each: impl FnMut(&str)) -> Result<(), String> {
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| cannot_start(&command, &error))?;
    for line in child
        .stdout
        .take()
        .into_iter()
        .flat_map(|said| BufReader::new(said).lines())
        .map_while(Result::ok)
    {
        each(&line);
    }
    match child.wait() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{}` ended with {status}", spelling(&command))),
        Err(error) => Err(format!(
            "`{}` cannot be waited for: {error}",
            spelling(&command)
        )),
    }
}

fn cannot_start(command: &Command, error: &io::Error) -> String {
    format!("cannot start `{}`: {error}", spelling(command))
}
