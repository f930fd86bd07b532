//! A program that says something, line by line, and may be told something.
use crate::programs::spelling;
use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};

/// Nothing may take longer, on a machine under load either.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running program; it is ended when dropped.
pub struct Process {
    child: Child,
    name: String,
    heard: Receiver<String>,
    /// All it has said, and whether that was expected.
    said: Vec<(String, bool)>,
}

impl Process {
    /// Starts it.
    pub fn start(mut command: Command) -> Result<Self, String> {
        let name = spelling(&command);
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = child.map_err(|error| format!("cannot start `{name}`: {error}"))?;
        let (tell, heard) = channel();
        if let Some(output) = child.stdout.take() {
            thread::spawn(move || {
                let lines = BufReader::new(output).lines().map_while(Result::ok);
                lines
                    .map_while(|line| tell.send(line).ok())
                    .for_each(|()| ());
            });
        }
        Ok(Process {
            child,
            name,
            heard,
            said: Vec::new(),
        })
    }

    /// Tells it a line.
    pub fn tell(&mut self, line: &str) -> Result<(), String> {
        let input = self.child.stdin.as_mut().ok_or("its input is closed")?;
        writeln!(input, "{line}")
            .and_then(|()| input.flush())
            .map_err(|error| self.complaint(&format!("does not take `{line}`: {error}")))
    }

    /// Waits for a line that begins so, and has not been waited for before. Returns the rest of it.
    pub fn until(&mut self, beginning: &str) -> Result<String, String> {
        let end = Instant::now() + PATIENCE;
        loop {
            let found = self.said.iter_mut().find_map(|(line, expected)| {
                let rest = if *expected {
                    None
                } else {
                    line.strip_prefix(beginning)
                }?;
                *expected = true;
                Some(rest.trim().to_owned())
            });
            if let Some(rest) = found {
                return Ok(rest);
            }
            match self
                .heard
                .recv_timeout(end.saturating_duration_since(Instant::now()))
            {
                Ok(line) => self.said.push((line, false)),
                Err(RecvTimeoutError::Timeout) => {
                    return Err(self.complaint(&format!("does not say `{beginning}`")));
                }
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(self.complaint(&format!("ends before it says `{beginning}`")));
                }
            }
        }
    }

    /// It has said nothing besides what was waited for.
    pub fn nothing_else(&mut self) -> Result<(), String> {
        self.said
            .extend(self.heard.try_iter().map(|line| (line, false)));
        match self.said.iter().find(|(_, expected)| !expected) {
            Some((line, _)) => {
                Err(self.complaint(&format!("says `{line}`, which nobody expected")))
            }
            None => Ok(()),
        }
    }

    /// All that it has said.
    pub fn said(&self) -> Vec<String> {
        self.said.iter().map(|(line, _)| line.clone()).collect()
    }

    /// Waits for its end, which is to be this one.
    pub fn ends_with(&mut self, code: i32) -> Result<(), String> {
        let status = self.end()?;
        if status.code() == Some(code) {
            Ok(())
        } else {
            Err(self.complaint(&format!("ends with {status}")))
        }
    }

    /// Waits for its end, and for all that it says before.
    fn end(&mut self) -> Result<ExitStatus, String> {
        let end = Instant::now() + PATIENCE;
        while let Ok(line) = self
            .heard
            .recv_timeout(end.saturating_duration_since(Instant::now()))
        {
            self.said.push((line, false));
        }
        if Instant::now() >= end {
            return Err(self.complaint("does not end"));
        }
        self.child
            .wait()
            .map_err(|error| self.complaint(&error.to_string()))
    }

    /// What is wrong, with all that it has said.
    fn complaint(&self, what: &str) -> String {
        let said: Vec<_> = self
            .said
            .iter()
            .map(|(line, _)| format!("\n    {line}"))
            .collect();
        format!("`{}` {what}; it has said:{}", self.name, said.concat())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
