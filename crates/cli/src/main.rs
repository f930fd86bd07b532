//! The command `motemq`: see the library beside it.
use std::process::ExitCode;

fn main() -> ExitCode {
    motemq_cli::main()
}
