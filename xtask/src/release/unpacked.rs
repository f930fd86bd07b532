//! A workspace of unpacked archives, in which packages find each other as they would on crates.io.
use super::{archives::Package, folder};
use crate::{
    programs::{cargo, read, run, workspace},
    steps::Steps,
};
use std::{ffi::OsStr, fs, path::Path, process::Command};

/// The package of the broker in memory, which documentation tests talk to. It is not published.
const BROKER: &str = "motemq-testing";

/// Cargo in the workspace of archives.
pub fn cargo_there(arguments: &[&str]) -> Command {
    let mut command = cargo(arguments);
    command.current_dir(folder());
    command.env("CARGO_TARGET_DIR", folder().join("target"));
    command
}

/// Writes the manifest that joins the archives, and takes the versions of other packages from the
/// lock file of the project.
///
/// # Errors
/// A file cannot be written.
pub fn write_workspace(packages: &[Package]) -> Result<(), String> {
    let folders: Vec<_> = packages.iter().map(folder_of).collect();
    write_manifest(&folders, packages, "")?;
    let lock = folder().join("Cargo.lock");
    fs::copy(workspace().join("Cargo.lock"), &lock)
        .map(drop)
        .map_err(|error| format!("cannot write {}: {error}", lock.display()))?;
    // Packages that only other parts of the project need leave the lock file.
    read(cargo_there(&["metadata", "--format-version", "1"])).map(drop)
}

/// Does what a user does with an archive: builds everything, and runs the tests that it contains.
pub fn check(steps: &mut Steps) {
    let all = "--all-features";
    steps.run(
        "build the examples and programs of the archives",
        cargo_there(&["build", "--workspace", "--examples", "--bins"]),
    );
    steps.run(
        "test the archives, with all features",
        cargo_there(&["test", "--workspace", "--lib", "--bins", "--examples", all]),
    );
}

/// Builds each package with each set of its features.
///
/// # Errors
/// One of the sets does not compile.
pub fn feature_powerset(path: &OsStr) -> Result<(), String> {
    let mut command = cargo_there(&["hack", "check", "--workspace", "--feature-powerset"]);
    // `_tls` is what the two libraries for TLS have in common, and nothing alone.
    command.args(["--no-dev-deps", "--exclude-features", "_tls,default"]);
    command.env("PATH", path);
    run(command)
}

/// Documentation with the notes about features, which need an unstable part of the compiler.
pub fn documentation() -> Command {
    let mut command = cargo_there(&["doc", "--workspace", "--lib", "--no-deps", "--all-features"]);
    command.env("RUSTC_BOOTSTRAP", "1");
    command.env("RUSTDOCFLAGS", "--cfg docsrs -D warnings");
    command
}

/// Adds the broker of the tests to the workspace and to each package that had it before it was
/// packed: Cargo leaves out a development dependency that is not published.
///
/// # Errors
/// A file cannot be read or written.
pub fn add_broker(packages: &[Package]) -> Result<(), String> {
    let cannot = |error| format!("cannot add {BROKER}: {error}");
    let to = folder().join(BROKER);
    copy(&workspace().join("crates/testing"), &to).map_err(cannot)?;
    let mut folders: Vec<_> = packages.iter().map(folder_of).collect();
    folders.push(BROKER.into());
    let shared = shared(packages).map_err(cannot)?;
    write_manifest(&folders, packages, &shared)?;
    for package in packages {
        let dependencies = package.metadata["dependencies"].as_array();
        let has_broker = dependencies.into_iter().flatten();
        if has_broker.into_iter().any(|one| one["name"] == BROKER) {
            let manifest = package.unpacked.join("Cargo.toml");
            let text = fs::read_to_string(&manifest).map_err(cannot)?;
            let broker = format!(
                "\n[dev-dependencies.{BROKER}]\npath = \"../{BROKER}\"\nfeatures = [\"certificates\"]\n"
            );
            fs::write(&manifest, text + &broker).map_err(cannot)?;
        }
    }
    Ok(())
}

/// Runs the examples of the documentation.
pub fn documentation_tests() -> Command {
    cargo_there(&[
        "test",
        "--workspace",
        "--exclude",
        BROKER,
        "--doc",
        "--all-features",
    ])
}

/// Takes the oldest version of each dependency that a manifest allows, and compiles with it.
///
/// # Errors
/// A manifest allows a version that is too old.
pub fn minimal_versions() -> Result<(), String> {
    let lock = folder().join("Cargo.lock");
    let cannot = |error| format!("cannot use {}: {error}", lock.display());
    let newest = fs::read(&lock).map_err(cannot)?;
    let mut update = cargo_there(&["update", "-Z", "direct-minimal-versions"]);
    update.env("RUSTC_BOOTSTRAP", "1");
    let outcome =
        read(update).and_then(|_| run(cargo_there(&["check", "--workspace", "--all-features"])));
    // The other checks are of the newest versions.
    fs::write(&lock, newest).map_err(cannot)?;
    outcome
}

fn folder_of(package: &Package) -> String {
    let name = package.unpacked.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// Writes a manifest in which each package stands for the one of its name on crates.io.
fn write_manifest(members: &[String], packages: &[Package], more: &str) -> Result<(), String> {
    let patches = packages
        .iter()
        .map(|package| format!("{} = {{ path = {:?} }}\n", package.name, folder_of(package)));
    let text = format!(
        "[workspace]\nresolver = \"3\"\nmembers = {members:?}\n\n[patch.crates-io]\n{}\n{more}",
        patches.collect::<String>()
    );
    let file = folder().join("Cargo.toml");
    fs::write(&file, text).map_err(|error| format!("cannot write {}: {error}", file.display()))
}

/// Returns the tables of the project's manifest from which its packages inherit, with the archives
/// in the place of their sources.
fn shared(packages: &[Package]) -> std::io::Result<String> {
    let text = fs::read_to_string(workspace().join("Cargo.toml"))?;
    let begin = text.find("[workspace.package]").unwrap_or(text.len());
    let end = text.find("[profile.").unwrap_or(text.len());
    let mut shared = text[begin..end].replace("crates/testing", BROKER);
    for package in packages {
        let from = format!("path = \"{}\"", package.source);
        shared = shared.replace(&from, &format!("path = {:?}", folder_of(package)));
    }
    Ok(shared)
}

/// Copies a folder.
fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to)?;
        } else {
            fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}
