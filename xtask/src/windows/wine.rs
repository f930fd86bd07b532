//! Wine, and a Windows of our own in it.
use crate::programs::{program, read, workspace};
use motemq_testing::mosquitto::find;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Where Debian has it; a wrapper that only complains about missing 32-bit parts may be on the
/// path.
const DEBIAN: &str = "/usr/lib/wine/wine64";

/// The compiler of MinGW, which links.
pub const LINKER: &str = "x86_64-w64-mingw32-gcc";

/// The loader, if it is installed.
pub fn loader() -> Option<PathBuf> {
    Some(PathBuf::from(DEBIAN))
        .filter(|path| path.is_file())
        .or_else(|| find("wine64"))
        .or_else(|| find("wine"))
}

/// A prepared Windows below `target`.
pub struct Wine {
    loader: PathBuf,
    prefix: PathBuf,
}

impl Wine {
    /// Makes one, or takes the one that is there.
    pub fn prepare() -> Result<Self, String> {
        let loader = loader().ok_or("wine is not installed")?;
        let wine = Wine {
            loader,
            prefix: workspace().join("target/wine/prefix"),
        };
        let system = wine.prefix.join("drive_c/windows/system32");
        if !system.is_dir() {
            fs::create_dir_all(&wine.prefix)
                .map_err(|error| format!("cannot make {}: {error}", wine.prefix.display()))?;
            read(wine.run(Path::new("wineboot"), ["-i"]))?;
        }
        let library = system.join("bcryptprimitives.dll");
        if !library.exists() {
            let source = workspace().join("xtask/src/windows/bcryptprimitives.c");
            let mut compile = program(LINKER, ["-O2", "-shared", "-s", "-o"]);
            compile.arg(library).arg(source).arg("-ladvapi32");
            read(compile)?;
        }
        Ok(wine)
    }

    /// A Windows program with its arguments.
    pub fn run<'a>(&self, exe: &Path, arguments: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = program(&self.loader, [exe]);
        command.args(arguments);
        self.lend(&mut command);
        command
    }

    /// Lets cargo run what it has built, tests for one.
    pub fn runs_for(&self, cargo: &mut Command) {
        cargo.env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER", &self.loader);
        self.lend(cargo);
    }

    fn lend(&self, command: &mut Command) {
        command
            .env("WINEPREFIX", &self.prefix)
            .env("WINEDEBUG", "-all")
            .env_remove("DISPLAY");
        // No questions about Mono and Gecko, no entries in menus.
        command.env("WINEDLLOVERRIDES", "mscoree,mshtml=;winemenubuilder.exe=d");
    }
}
