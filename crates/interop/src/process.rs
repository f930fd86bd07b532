//! Running other programs.
use std::{
    fmt, fs,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

/// How long a program may take to end when it is asked to.
const PATIENCE: Duration = Duration::from_secs(15);

/// Runs a program to its end and gives back what it printed.
pub fn read(mut command: Command) -> Result<String, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cannot start {name}: {error}"))?;
    // Some programs complain on the wrong one.
    let said = [&output.stdout, &output.stderr]
        .map(|bytes| String::from_utf8_lossy(bytes).trim().to_owned())
        .join("\n");
    let said = said.trim();
    if output.status.success() {
        Ok(said.to_owned())
    } else {
        Err(format!("{name} ended with {}: {said}", output.status))
    }
}

/// How a program is ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Signal {
    /// SIGTERM: in good order.
    Terminate,
    /// SIGKILL: at once.
    Kill,
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Signal::Terminate => "SIGTERM",
            Signal::Kill => "SIGKILL",
        })
    }
}

/// A program and all that it starts. They end when it is dropped.
pub struct Group {
    command: Command,
    child: Child,
}

impl Group {
    /// Starts it; what it prints goes into a file.
    pub fn start(mut command: Command, log: &Path) -> Result<Self, String> {
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let file = fs::File::create(log).and_then(|file| Ok((file.try_clone()?, file)));
        let (out, err) =
            file.map_err(|error| format!("cannot write {}: {error}", log.display()))?;
        command.stdin(Stdio::null()).stdout(out).stderr(err);
        let child = spawn(&mut command)?;
        Ok(Group { command, child })
    }

    /// Starts it once more, after it has ended.
    pub fn start_again(&mut self) -> Result<(), String> {
        self.child = spawn(&mut self.command)?;
        Ok(())
    }

    /// How it has ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Ends it, in good order if that does not take too long.
    pub fn stop(&mut self) {
        self.end(Signal::Terminate);
    }

    /// Ends it with this signal, or with SIGKILL if that takes too long.
    pub fn end(&mut self, signal: Signal) {
        if signal == Signal::Terminate {
            self.signal("-TERM");
            let end = Instant::now() + PATIENCE;
            while self.ended().is_none() && Instant::now() < end {
                thread::sleep(Duration::from_millis(50));
            }
        }
        self.signal("-KILL");
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// To all of them: std can end one process only.
    fn signal(&self, signal: &str) {
        if cfg!(unix) {
            let group = format!("-{}", self.child.id());
            let _ = Command::new("kill")
                .args([signal, "--", &group])
                .stderr(Stdio::null())
                .status();
        }
    }
}

fn spawn(command: &mut Command) -> Result<Child, String> {
    command.spawn().map_err(|error| {
        let name = command.get_program().to_string_lossy();
        format!("cannot start {name}: {error}")
    })
}

impl Drop for Group {
    fn drop(&mut self) {
        if self.ended().is_none() {
            self.stop();
        }
    }
}
