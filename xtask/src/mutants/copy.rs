//! A copy of the core that is built and tested in seconds, changed at one place after the other:
//! outside the workspace, and with its test programs made modules of one.
use crate::programs::workspace;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Where the copy is: as deep below a directory with a README as the core itself.
pub fn place() -> PathBuf {
    workspace().join("target/mutants/copy/crates/core")
}

/// Where it is built. It must not lie around the copy: Cargo does not look for changes in what it
/// builds into.
pub fn built() -> PathBuf {
    place().join("target")
}

/// Dependencies are optimised, what changes is not: it would take longer to build than it saves.
const MANIFEST: &str = r#"[package]
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

[workspace]

[profile.dev]
debug = false
incremental = true

[profile.dev.package."*"]
opt-level = 2
"#;

/// Tests run under a limit of processor time: how busy the machine is does not make a mutant hang.
/// They end with the first test that fails.
const CONFIG: &str = "[target.'cfg(all())']\nrunner = [\"sh\", \"limit.sh\"]\n";
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
pub fn make() -> Result<(), String> {
    make_in(workspace(), &place()).map_err(|error| format!("cannot copy the core: {error}"))
}

fn make_in(project: &Path, to: &Path) -> io::Result<()> {
    let from = project.join("crates/core");
    for old in ["src", "tests"].map(|name| to.join(name)) {
        if old.exists() {
            fs::remove_dir_all(old)?;
        }
    }
    copy(&from.join("src"), &to.join("src"), &str::to_owned)?;
    copy(&from.join("tests"), &to.join("tests"), &as_module)?;
    // The builders of packets belong to the test support, which depends on the core.
    fs::copy(
        project.join("crates/testing/src/packets.rs"),
        to.join("tests/packets.rs"),
    )?;
    fs::copy(project.join("README.md"), to.join("../../README.md"))?;
    let mut modules = String::from("mod packets;\nmod script;\n");
    for file in fs::read_dir(from.join("tests"))? {
        let name = file?.file_name().into_string().unwrap_or_default();
        if let Some(module) = name.strip_suffix(".rs") {
            // With its path given, a module looks for its own modules where a test program does.
            modules += &format!("#[path = \"{name}\"]\nmod {module};\n");
        }
    }
    fs::write(to.join("tests/all.rs"), modules)?;
    fs::write(to.join("Cargo.toml"), MANIFEST)?;
    fs::create_dir_all(to.join(".cargo"))?;
    fs::write(to.join(".cargo/config.toml"), CONFIG)?;
    fs::write(to.join("limit.sh"), LIMIT)?;
    fs::copy(workspace().join("Cargo.lock"), to.join("Cargo.lock"))?;
    Ok(())
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
    let lines = text.lines().map(|line| match line {
        "mod script;" => "use crate::script;".to_owned(),
        _ => line
            .replace("crate::", "super::")
            .replace("motemq_testing::packets", "crate::packets"),
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mutants::{ABOUT, LONG, TOO_LONG, files};

    #[test]
    fn tests_that_take_long_exist() {
        let mut text = String::new();
        let tests = workspace().join("crates/core/tests");
        for file in files(&tests, Path::new("")).unwrap() {
            text += &fs::read_to_string(tests.join(&file)).unwrap();
            text += &file;
        }
        let about = ABOUT.iter().map(|(name, _)| name);
        for name in LONG.iter().chain(&TOO_LONG).chain(about) {
            let exists = name.split("::").all(|part| text.contains(part));
            assert!(exists, "no test of the core is named {name}");
        }
    }

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
            as_module("pub use motemq_testing::packets::*;"),
            "pub use crate::packets::*;"
        );
    }
}
