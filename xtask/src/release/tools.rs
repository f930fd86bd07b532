//! Tools of others that the checks need, and their installation below Cargo's target directory.
use crate::{
    machine::{self, Missing},
    programs::{cargo, program, read, run},
    steps::Steps,
};
use motemq_testing::mosquitto::find;
use std::{
    env,
    ffi::OsString,
    iter,
    path::{Path, PathBuf},
};

/// A tool.
pub struct Tool {
    /// Its program, and its package on crates.io.
    program: &'static str,
    /// The check that it does.
    check: &'static str,
}

/// Builds a package with every set of its features.
pub const HACK: Tool = Tool {
    program: "cargo-hack",
    check: "every set of features",
};

/// Looks at licences, sources and advisories of dependencies.
pub const DENY: Tool = Tool {
    program: "cargo-deny",
    check: "licences and sources of dependencies",
};

/// Builds the guide.
pub const MDBOOK: Tool = Tool {
    program: "mdbook",
    check: "the guide",
};

/// Compares a package with its last release.
pub const SEMVER_CHECKS: Tool = Tool {
    program: "cargo-semver-checks",
    check: "semantic versions",
};

/// Finds tools, and installs those that are missing if that is wanted.
pub struct Tools {
    install: bool,
}

impl Tools {
    pub fn new(install: bool) -> Self {
        Tools { install }
    }

    /// Does the check of a tool, which is given the path of its program.
    pub fn step(
        &self,
        steps: &mut Steps,
        tool: &Tool,
        check: impl FnOnce(&Path) -> Result<(), String>,
    ) {
        match self.find(tool) {
            Ok(path) => steps.check(tool.check, || check(&path)),
            Err(missing) => steps.not_here(tool.check, &missing),
        }
    }

    /// Returns the path of a tool.
    ///
    /// # Errors
    /// It is not installed, and cannot or shall not be installed.
    pub fn find(&self, tool: &Tool) -> Result<PathBuf, Missing> {
        let own = folder().join("bin").join(tool.program);
        let found = || {
            own.is_file()
                .then(|| own.clone())
                .or_else(|| find(tool.program))
        };
        if let Some(path) = found() {
            return Ok(path);
        }
        let mut command = cargo(["install", "--locked", "--quiet", tool.program, "--root"]);
        command.arg(folder());
        // What it is built from would take a gigabyte.
        command.env_remove("CARGO_TARGET_DIR");
        self.install(tool.program, || run(command))?;
        found().ok_or_else(|| Missing::Unsupported(format!("no {}", tool.program)))
    }

    /// Has a compiler installed.
    ///
    /// # Errors
    /// It is not installed, and cannot or shall not be installed.
    pub fn toolchain(&self, version: &str) -> Result<(), Missing> {
        let is_here = || {
            let there = read(program("rustup", ["run", version, "rustc", "--version"]));
            there.is_ok_and(|said| said.contains(version))
        };
        if is_here() {
            return Ok(());
        }
        self.install(&format!("Rust {version}"), || {
            let words = ["toolchain", "install", version, "--profile", "minimal"];
            read(program("rustup", words)).map(drop)
        })
    }

    fn install(
        &self,
        name: &str,
        install: impl FnOnce() -> Result<(), String>,
    ) -> Result<(), Missing> {
        if !self.install {
            return Err(Missing::Installable(format!(
                "no {name}: `cargo xtask release --dry-run --install` installs it"
            )));
        }
        println!("installing {name}");
        install().map_err(|why| {
            let why = why.lines().last().unwrap_or_default();
            Missing::Unsupported(format!("{name} cannot be installed: {why}"))
        })
    }

    /// Returns the search path of programs, with the installed tools before the rest.
    pub fn path(&self) -> OsString {
        let path = env::var_os("PATH").unwrap_or_default();
        let own = iter::once(folder().join("bin"));
        env::join_paths(own.chain(env::split_paths(&path))).unwrap_or(path)
    }
}

fn folder() -> PathBuf {
    machine::target().join("tools")
}
