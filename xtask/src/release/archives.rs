//! The archives that `cargo publish` would send, made and unpacked.
use super::folder;
use crate::{
    machine,
    programs::{cargo, read, run, workspace},
};
use flate2::read::GzDecoder;
use serde_json::Value;
use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};
use tar::Archive;

/// A package that is published.
pub struct Package {
    pub name: String,
    /// The folder of its sources, from the top of the workspace, such as `crates/core`.
    pub source: String,
    /// The folder into which its archive was unpacked.
    pub unpacked: PathBuf,
    /// The size of the archive in bytes.
    pub size: u64,
    /// The description that Cargo gives of it.
    pub metadata: Value,
}

/// Makes all archives and unpacks them.
///
/// # Errors
/// Cargo refuses to pack one of them, or an archive cannot be read.
pub fn make() -> Result<Vec<Package>, String> {
    let packages = published()?;
    let mut command = cargo(["package", "--no-verify", "--allow-dirty", "--quiet"]);
    for package in &packages {
        command.args(["--package", &text(package, "name")]);
    }
    run(command)?;
    let to = folder();
    if to.join("Cargo.toml").exists() {
        remove_sources(&to).map_err(|error| format!("cannot empty {}: {error}", to.display()))?;
    }
    let unpack = |metadata: Value| {
        let name = text(&metadata, "name");
        let full = format!("{name}-{}", text(&metadata, "version"));
        let archive = machine::target().join(format!("package/{full}.crate"));
        let cannot = |error| format!("cannot unpack {}: {error}", archive.display());
        let file = File::open(&archive).map_err(cannot)?;
        let size = file.metadata().map_err(cannot)?.len();
        let mut sources = Archive::new(GzDecoder::new(file));
        // Archives give all files the same old time, by which Cargo would see no change.
        sources.set_preserve_mtime(false);
        sources.unpack(&to).map_err(cannot)?;
        println!("{size:>8} bytes  {full}");
        let manifest = PathBuf::from(text(&metadata, "manifest_path"));
        let source = manifest.parent().unwrap_or(Path::new(""));
        let source = source.strip_prefix(workspace()).unwrap_or(source);
        Ok(Package {
            name,
            source: source.to_string_lossy().replace('\\', "/"),
            unpacked: to.join(full),
            size,
            metadata,
        })
    };
    packages.into_iter().map(unpack).collect()
}

/// Returns what Cargo knows of the packages of the workspace that are published.
fn published() -> Result<Vec<Value>, String> {
    let said = read(cargo(["metadata", "--format-version", "1", "--no-deps"]))?;
    let mut metadata: Value =
        serde_json::from_str(&said).map_err(|error| format!("cannot understand cargo: {error}"))?;
    let Value::Array(packages) = metadata["packages"].take() else {
        return Err("cargo lists no packages".into());
    };
    let is_published = |package: &Value| package["publish"].is_null();
    Ok(packages.into_iter().filter(is_published).collect())
}

/// Removes what an earlier run unpacked, and keeps what it built.
fn remove_sources(folder: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.join("Cargo.toml").exists() {
            fs::remove_dir_all(path)?;
        }
    }
    Ok(())
}

/// Returns a text of the description of a package; empty if there is none.
pub fn text(metadata: &Value, key: &str) -> String {
    metadata[key].as_str().unwrap_or_default().to_owned()
}
