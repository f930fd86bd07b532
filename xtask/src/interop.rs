//! `cargo xtask interop`: the command and the libraries against real brokers.
use crate::{
    machine,
    programs::{cargo, program, read, run as run_program},
    windows,
};
use clap::Args;
use std::{env, path::PathBuf};

/// With which brokers.
#[derive(Args)]
pub struct Options {
    /// Install the brokers that are missing (Debian, as root). Their packages may start services
    /// of their own; nothing here uses those.
    #[arg(long)]
    install: bool,

    /// Only this broker, as often as wished.
    #[arg(long, value_name = "BROKER")]
    only: Vec<String>,
}

/// Builds what is to be run, installs what is missing if that is wished, and runs it. What is
/// missing otherwise is said by what runs.
pub fn run(options: &Options) -> Result<(), String> {
    run_program(cargo([
        "build",
        "--package",
        "motemq-cli",
        "--package",
        "motemq-interop",
    ]))?;
    let runner = runner()?;
    let only = options.only.iter().flat_map(|name| ["--only", name]);
    if options.install {
        let missing = read(program(
            &runner,
            ["missing"].into_iter().chain(only.clone()),
        ))?;
        let missing: Vec<_> = missing.lines().collect();
        if !missing.is_empty() {
            machine::install(&missing)?;
        }
    }
    let install = options.install.then_some("--install");
    run_program(program(
        &runner,
        ["run"].into_iter().chain(install).chain(only),
    ))?;
    if options.only.is_empty() {
        windows::command(options.install)
    } else {
        Ok(())
    }
}

/// It lies beside this program.
fn runner() -> Result<PathBuf, String> {
    let this = env::current_exe()
        .map_err(|error| format!("cannot tell where this program is: {error}"))?;
    Ok(this.with_file_name(format!("motemq-interop{}", env::consts::EXE_SUFFIX)))
}
