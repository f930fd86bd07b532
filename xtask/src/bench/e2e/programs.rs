//! The programs that hold the clients: one in Rust, and one in C for libmosquitto.
use super::{NOT_HERE, cases::Case};
use crate::{
    bench::codec::peers,
    programs::{program, read, run, workspace},
};
use std::path::{Path, PathBuf};

/// The client of the program in C.
pub const LIBMOSQUITTO: &str = "libmosquitto";

/// The programs, built.
pub struct Programs {
    clients: PathBuf,
    /// `None` if the library is not installed.
    mosquitto: Option<PathBuf>,
}

impl Programs {
    /// Builds the programs.
    ///
    /// # Errors
    /// The program in Rust cannot be built.
    pub fn build() -> Result<Self, String> {
        let target = workspace().join("target/peers");
        run(peers(
            "build",
            &target,
            &["--quiet", "--release", "--features", "e2e", "--bin", "e2e"],
        ))?;
        let release = target.join("release");
        Ok(Programs {
            clients: release.join("e2e"),
            mosquitto: compile(release.join("e2e-mosquitto")),
        })
    }

    /// Returns the program in Rust, which holds the broker, too.
    pub fn clients(&self) -> &Path {
        &self.clients
    }

    /// Returns the microseconds of processor time per message. A client that stands still is ended
    /// by its own program.
    ///
    /// # Errors
    /// [`NOT_HERE`], or the message of the panic, or the last line that the program printed.
    pub fn measure(
        &self,
        who: &str,
        case: &Case,
        messages: usize,
        port: &str,
    ) -> Result<f64, String> {
        let number = messages.to_string();
        let task = [case.work, &number, port];
        let command = match (who, &self.mosquitto) {
            (LIBMOSQUITTO, None) => return Err(NOT_HERE.into()),
            (LIBMOSQUITTO, Some(mosquitto)) => program(mosquitto, task),
            _ => {
                let mut command = program(&self.clients, [who]);
                command.args(task).args(&case.settings);
                command
            }
        };
        let said = read(command);
        let said = said.map_err(|why| reason(&why).to_owned())?;
        let nanoseconds: Option<f64> = said
            .split_whitespace()
            .next()
            .and_then(|number| number.parse().ok());
        Ok(nanoseconds.ok_or_else(|| format!("{who} said {said}"))? / 1000.0 / messages as f64)
    }
}

/// Returns the line that says why a program failed.
fn reason(printed: &str) -> &str {
    let mut lines = printed.lines();
    let panic = lines.find(|line| line.contains("panicked at"));
    let message = panic.and_then(|_| lines.next());
    message.or(printed.lines().last()).unwrap_or_default()
}

/// Compiles the program in C.
fn compile(output: PathBuf) -> Option<PathBuf> {
    let source = workspace().join("benches/peers/mosquitto.c");
    let mut command = program("cc", ["-O2", "-Wall", "-Wextra", "-o"]);
    command.arg(&output).arg(source).arg("-lmosquitto");
    match read(command) {
        Ok(_) => Some(output),
        Err(_) => {
            println!(
                "libmosquitto is {NOT_HERE}: on Debian type `apt-get install libmosquitto-dev`"
            );
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_is_the_message_of_a_panic_or_the_last_line() {
        let panic =
            "thread 'main' (7) panicked at src/main.rs:1:2:\nno connection\nnote: run again";
        assert_eq!(reason(panic), "no connection");
        assert_eq!(
            reason("`e2e` ended with 1\nnot done within 30s"),
            "not done within 30s"
        );
    }
}
