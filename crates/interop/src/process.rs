//! Running other programs.
use std::{
    fs,
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
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() {
        return Ok(
            format!("{}\n{}", said(&output.stdout), said(&output.stderr))
                .trim()
                .to_owned(),
        );
    }
    Err(format!(
        "{name} ended with {}: {}",
        output.status,
        said(&output.stderr)
    ))
}

/// A program and all that it starts. They end when it is dropped.
pub struct Group {
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
        let child = command.stdin(Stdio::null()).stdout(out).stderr(err).spawn();
        let name = command.get_program().to_string_lossy();
        child
            .map(|child| Group { child })
            .map_err(|error| format!("cannot start {name}: {error}"))
    }

    /// How it has ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Ends it, in good order if that does not take too long.
    pub fn stop(&mut self) {
        self.signal("-TERM");
        let end = Instant::now() + PATIENCE;
        while self.ended().is_none() && Instant::now() < end {
            thread::sleep(Duration::from_millis(50));
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

impl Drop for Group {
    fn drop(&mut self) {
        if self.ended().is_none() {
            self.stop();
        }
    }
}
