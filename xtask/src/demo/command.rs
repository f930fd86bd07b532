//! The command `motemq` as a process.
use std::{
    env,
    io::{BufRead, BufReader, Lines, Write},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, ChildStdout, Command, Stdio},
};

/// The program just built, and the broker it talks to.
pub struct Motemq {
    program: PathBuf,
    broker: SocketAddr,
    /// What subscribers print goes to the terminal.
    shown: bool,
}

/// A running `motemq`. It is ended when dropped.
pub struct Running {
    child: Child,
    spelling: String,
}

impl Motemq {
    /// It lies beside this program.
    pub fn new(broker: SocketAddr) -> Result<Self, String> {
        let this = env::current_exe()
            .map_err(|error| format!("cannot tell where this program is: {error}"))?;
        let program = this.with_file_name(format!("motemq{}", env::consts::EXE_SUFFIX));
        if !program.is_file() {
            return Err(format!(
                "{} was not built; start this by `cargo xtask`",
                program.display()
            ));
        }
        Ok(Motemq {
            program,
            broker,
            shown: false,
        })
    }

    /// What its processes print goes to the terminal.
    pub fn shown(self) -> Self {
        Motemq {
            shown: true,
            ..self
        }
    }

    /// How one types it.
    pub fn path(&self) -> String {
        let here = env::current_dir().unwrap_or_default();
        self.program
            .strip_prefix(here)
            .unwrap_or(&self.program)
            .display()
            .to_string()
    }

    /// The options that say where the broker is.
    pub fn at(&self) -> [String; 4] {
        [
            "-h".into(),
            self.broker.ip().to_string(),
            "-p".into(),
            self.broker.port().to_string(),
        ]
    }

    /// Starts it with these words behind the verb and the broker's address.
    pub fn start(&self, words: &[&str]) -> Result<Running, String> {
        let (verb, options) = words.split_first().ok_or("no verb")?;
        let mut command = Command::new(&self.program);
        command.arg(verb).args(self.at()).args(options);
        // An input of its own: the terminal's is for ending all this.
        command.stdin(Stdio::piped()).stdout(if self.shown {
            Stdio::inherit()
        } else {
            Stdio::piped()
        });
        let words = command.get_args().map(|word| word.to_string_lossy());
        let words = words.map(|word| {
            if word.contains([' ', '#']) {
                format!("\"{word}\"")
            } else {
                word.into_owned()
            }
        });
        let spelling = format!("motemq {}", words.collect::<Vec<_>>().join(" "));
        let child = command
            .spawn()
            .map_err(|error| format!("cannot start `{spelling}`: {error}"))?;
        Ok(Running { child, spelling })
    }
}

impl Running {
    /// How one types it.
    pub fn spelling(&self) -> &str {
        &self.spelling
    }

    /// Gives it lines to read, and the end of the input.
    pub fn give(&mut self, lines: &[String]) -> Result<(), String> {
        let Some(mut input) = self.child.stdin.take() else {
            return Ok(());
        };
        let text = lines
            .iter()
            .map(|line| format!("{line}\n"))
            .collect::<String>();
        input
            .write_all(text.as_bytes())
            .map_err(|error| format!("`{}` does not read: {error}", self.spelling))
    }

    /// The lines it prints.
    pub fn lines(&mut self) -> Result<Lines<BufReader<ChildStdout>>, String> {
        let output = self.child.stdout.take().ok_or("its output is taken")?;
        Ok(BufReader::new(output).lines())
    }

    /// Waits for its end, which is to be a good one.
    pub fn wait(&mut self) -> Result<(), String> {
        drop(self.child.stdin.take());
        match self.child.wait() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("`{}` ended with {status}", self.spelling)),
            Err(error) => Err(format!("`{}`: {error}", self.spelling)),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
