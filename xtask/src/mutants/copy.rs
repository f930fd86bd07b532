//! A copy of a crate that is built and tested in seconds, changed at one place after the other:
//! outside the workspace, and with its test programs made modules of one.
use super::subject::Subject;
use crate::programs::{program, read, workspace};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Returns the place of the copy: as deep below a directory with the guide as the crate itself.
pub fn place(subject: &Subject) -> PathBuf {
    workspace()
        .join("target/mutants/copy/crates")
        .join(subject.name)
}

/// Where it is built. It must not lie around the copy: Cargo does not look for changes in what it
/// builds into.
pub fn built(subject: &Subject) -> PathBuf {
    place(subject).join("target")
}

/// Dependencies are optimised, what changes is not: it would take longer to build than it saves.
const PROFILE: &str = r#"
[workspace]

[profile.dev]
debug = false
incremental = true

[profile.dev.package."*"]
opt-level = 2
"#;

const CORE: &str = r#"[package]
name = "motemq"
version = "0.0.0"
edition = "2024"
publish = false
autotests = false

[features]
fast = []
defmt = []

[lints.rust]
unexpected_cfgs = "allow"

[dev-dependencies]
proptest = { version = "1", default-features = false, features = ["std"] }

[[test]]
name = "all"
path = "tests/all.rs"
"#;

/// The modules of the test support that tests of the core use.
const SUPPORT: [&str; 2] = ["judge", "packets"];

/// Where a test program of several files finds the script of the dialogues.
const SCRIPT: &str = "#[path = \"../script/mod.rs\"]";

/// The chapter of the guide that a test of the core compares with its own loop.
const CHAPTER: &str = "docs/guide/src/own-transport.md";

/// The test program of the core that needs servers of others.
const NEEDS_SERVERS: &str = "servers5";

/// The core is not changed, and is that of the workspace.
const CLIENT: &str = r#"[package]
name = "motemq-client"
version = "0.0.0"
edition = "2024"
publish = false
autotests = false

[dependencies]
bytes = { version = "1", default-features = false }
motemq = { path = "../../../../../crates/core", features = ["fast"] }
thiserror = { version = "2", default-features = false }

[dev-dependencies]
base64 = "0.22"
hmac = "0.13"
sha2 = "0.11"
"#;

/// The tests of the client as modules of the crate: one program, which is compiled once.
const CLIENT_TESTS: &str = r#"
#[cfg(test)]
extern crate self as motemq_client;
#[cfg(test)]
#[path = "../tests/rules/main.rs"]
mod rules;
#[cfg(test)]
#[path = "../tests/random.rs"]
mod random;
"#;

/// Tests run under a limit of processor time: how busy the machine is does not make a mutant hang.
/// They end with the first test that fails.
const RUNNER: &str = "[target.'cfg(all())']\nrunner = [\"sh\", \"limit.sh\"]\n";
/// A linker that takes a fraction of the time, where there is one.
const LINKER: &str = "rustflags = [\"-Clink-arg=-fuse-ld=lld\"]\n";
const LIMIT: &str = r#"ulimit -t "${MUTANT_SECONDS:-600}"
output=$(mktemp -u) && mkfifo "$output" || exit 1
trap 'rm "$output"' EXIT
"$@" >"$output" &
if grep -m 1 '\.\.\. FAILED$' "$output"; then
    kill -9 $!
    exit 101
fi
wait $!
"#;

/// Makes it anew; what was built of an earlier one is kept.
///
/// # Errors
/// It cannot be read or written.
pub fn make(subject: &Subject) -> Result<(), String> {
    make_in(subject, &place(subject))
        .map_err(|error| format!("cannot copy crates/{}: {error}", subject.name))
}

fn make_in(subject: &Subject, to: &Path) -> io::Result<()> {
    let from = workspace().join("crates").join(subject.name);
    for old in ["src", "tests"].map(|name| to.join(name)) {
        if old.exists() {
            fs::remove_dir_all(old)?;
        }
    }
    fs::create_dir_all(to.join(".cargo"))?;
    match subject.name {
        "core" => copy_core(&from, to)?,
        _ => copy_client(&from, to)?,
    }
    let has_lld = read(program("ld.lld", ["--version"])).is_ok();
    let linker = if has_lld { LINKER } else { "" };
    fs::write(to.join(".cargo/config.toml"), [RUNNER, linker].concat())?;
    fs::write(to.join("limit.sh"), LIMIT)?;
    let chapter = to.join("../..").join(CHAPTER);
    fs::create_dir_all(chapter.with_file_name(""))?;
    fs::copy(workspace().join(CHAPTER), chapter)?;
    fs::copy(workspace().join("Cargo.lock"), to.join("Cargo.lock"))?;
    Ok(())
}

fn copy_core(from: &Path, to: &Path) -> io::Result<()> {
    copy(&from.join("src"), &to.join("src"), &str::to_owned)?;
    copy(&from.join("tests"), &to.join("tests"), &as_module)?;
    let mut modules = String::from("mod script;\n");
    // These belong to the test support, which depends on the core.
    for module in SUPPORT {
        fs::copy(
            workspace().join(format!("crates/testing/src/{module}.rs")),
            to.join(format!("tests/{module}.rs")),
        )?;
        modules += &format!("mod {module};\n");
    }
    for file in fs::read_dir(from.join("tests"))? {
        let file = file?;
        let name = file.file_name().into_string().unwrap_or_default();
        let is_program = file.path().join("main.rs").exists() && name != NEEDS_SERVERS;
        // With its path given, a module looks for its own modules where a test program does.
        if let Some(module) = name.strip_suffix(".rs") {
            modules += &format!("#[path = \"{name}\"]\nmod {module};\n");
        } else if is_program {
            modules += &format!("#[path = \"{name}/main.rs\"]\nmod {name};\n");
        }
    }
    fs::write(to.join("tests/all.rs"), modules)?;
    fs::write(to.join("Cargo.toml"), [CORE, PROFILE].concat())
}

fn copy_client(from: &Path, to: &Path) -> io::Result<()> {
    copy(&from.join("src"), &to.join("src"), &str::to_owned)?;
    copy(&from.join("tests"), &to.join("tests"), &|text| {
        // Each test module stands below the top of its program, which becomes a module itself.
        text.replace("crate::", "super::")
    })?;
    fs::copy(from.join("README.md"), to.join("README.md"))?;
    // Its tests need the standard library. Lines keep their numbers.
    let library = fs::read_to_string(from.join("src/lib.rs"))?;
    let library = library.replace("#![no_std]", "") + CLIENT_TESTS;
    fs::write(to.join("src/lib.rs"), library)?;
    fs::write(to.join("Cargo.toml"), [CLIENT, PROFILE].concat())
}

/// Copies a directory; the Rust files in it are changed.
fn copy(from: &Path, to: &Path, change: &dyn Fn(&str) -> String) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for file in fs::read_dir(from)? {
        let (path, to) = {
            let file = file?;
            (file.path(), to.join(file.file_name()))
        };
        if path.is_dir() {
            copy(&path, &to, change)?;
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            fs::write(to, change(&fs::read_to_string(&path)?))?;
        } else {
            fs::copy(path, to)?;
        }
    }
    Ok(())
}

/// A test program as a module beside others: they share one script, and its own modules find it
/// where it is.
fn as_module(text: &str) -> String {
    let lines = text.lines().filter(|line| *line != SCRIPT);
    let lines = lines.map(|line| match line {
        "mod script;" => "use crate::script;".to_owned(),
        _ => line
            .replace("crate::", "super::")
            .replace("motemq_testing::", "crate::"),
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_program_becomes_a_module() {
        let program = "mod script;\n\n#[path = \"a/b.rs\"]\nmod b;\nuse script::*;";
        assert_eq!(
            as_module(program),
            "use crate::script;\n\n#[path = \"a/b.rs\"]\nmod b;\nuse script::*;"
        );
        assert_eq!(
            as_module("use crate::{packet, script::*};"),
            "use super::{packet, script::*};"
        );
        assert_eq!(
            as_module("#[path = \"../script/mod.rs\"]\nmod script;\n\nmod time;"),
            "use crate::script;\n\nmod time;"
        );
        assert_eq!(
            as_module("pub use motemq_testing::packets::*;"),
            "pub use crate::packets::*;"
        );
    }
}
