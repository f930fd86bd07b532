//! Checks that another process does meanwhile.
use super::Part;
use crate::{
    machine,
    programs::{program, spelling},
};
use clap::ValueEnum;
use std::{
    env,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process::{Child, Stdio},
};

/// Another process of `cargo xtask test`, and the file to which it writes.
pub struct Beside {
    child: Child,
    output: PathBuf,
}

/// How much lower the priority of another process is: tests that wait for time to pass are not to
/// be disturbed.
#[derive(Clone, Copy)]
pub enum Priority {
    /// It waits itself.
    Lower = 5,
    /// It only computes.
    Lowest = 10,
}

impl Beside {
    /// Starts the checks of a part.
    ///
    /// # Errors
    /// The process cannot be started.
    pub fn start(part: Part, priority: Priority, install: bool) -> Result<Self, String> {
        let value = part.to_possible_value();
        let name = value.as_ref().map_or("", |value| value.get_name());
        Self::start_in(&machine::target().join("test"), name, priority, install)
            .map_err(|error| format!("cannot check {name} beside the tests: {error}"))
    }

    fn start_in(
        directory: &Path,
        name: &str,
        priority: Priority,
        install: bool,
    ) -> io::Result<Self> {
        let this = env::current_exe()?;
        let mut command = if cfg!(unix) {
            let mut nice = program("nice", ["-n", &(priority as u8).to_string()]);
            nice.arg(this);
            nice
        } else {
            program(this, [""; 0])
        };
        command.args(["test", "--only", name]);
        if install {
            command.arg("--install");
        }
        fs::create_dir_all(directory)?;
        let output = directory.join(format!("{name}.log"));
        let file = File::create(&output)?;
        println!(
            "\n==> beside all that follows, into {}: {}",
            output.display(),
            spelling(&command)
        );
        let child = command
            .stdout(file.try_clone()?)
            .stderr(file)
            .stdin(Stdio::null())
            .spawn()?;
        Ok(Beside { child, output })
    }

    /// Waits for its end, and prints what it wrote.
    ///
    /// # Errors
    /// A check failed.
    pub fn finish(mut self) -> Result<(), String> {
        let status = self.child.wait();
        let status = status.map_err(|error| format!("it cannot be waited for: {error}"))?;
        let mut output = File::open(&self.output)
            .map_err(|error| format!("cannot read {}: {error}", self.output.display()))?;
        io::copy(&mut output, &mut io::stdout())
            .map_err(|error| format!("cannot print what it wrote: {error}"))?;
        if status.success() {
            Ok(())
        } else {
            Err(format!("it ended with {status}; its summary is above"))
        }
    }
}
