//! `cargo xtask dist`: what people download, for Linux and Windows.
mod generated;
pub mod linux;

use crate::{
    machine, no_std,
    programs::{run, workspace},
    windows,
};
use clap::Args;
use sha2::{Digest, Sha256};
use std::{
    fs,
    fs::File,
    io,
    path::{Path, PathBuf},
    process::Command,
};
use zip::{CompressionMethod, ZipArchive, ZipWriter, write::SimpleFileOptions};

/// What `cargo xtask dist` takes.
#[derive(Args)]
pub struct Options {
    /// Only the archives for Linux, which need no linker for Windows.
    #[arg(long)]
    linux_only: bool,
}

/// What stands beside the program.
const PAPERS: [&str; 4] = ["README.md", "CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT"];

/// Builds and packs, and writes the checksums of all archives.
///
/// # Errors
/// What could not be built or written.
pub fn make(options: &Options) -> Result<(), String> {
    if !cfg!(target_os = "linux") {
        return Err("the archives for Linux are made on Linux".into());
    }
    let mut archives = vec![linux::with_c_library()?];
    archives.extend(linux::without_libraries()?);
    if !options.linux_only {
        match windows::missing_to_build().filter(|_| !machine::is_ci()) {
            None => archives.push(windows()?),
            Some(missing) => println!("not here: the archive for Windows: {missing}"),
        }
    }
    let mut sums = String::new();
    for archive in &archives {
        let bytes = fs::read(archive).map_err(|error| cannot("read", archive, error))?;
        let sum: String = Sha256::digest(&bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let name = archive.file_name().unwrap_or_default().to_string_lossy();
        println!("{:>10} bytes  {}", bytes.len(), archive.display());
        sums += &format!("{sum}  {name}\n");
    }
    let file = folder()?.join("SHA256SUMS");
    fs::write(&file, &sums).map_err(|error| cannot("write", &file, error))?;
    print!("{sums}");
    Ok(())
}

/// Needs nothing but Windows.
///
/// # Errors
/// What could not be built or written.
pub fn windows() -> Result<PathBuf, String> {
    let target = windows::TARGET;
    let way = no_std::way_for(target).ok_or_else(|| no_std::advice(target))?;
    let mut command = windows::linking(&way, RELEASE);
    command.args(["--target", target]);
    let program = built(command, target, "motemq.exe")?;
    let name = format!("motemq-{}-x86_64-windows", version()?);
    let archive = folder()?.join(format!("{name}.zip"));
    zipped(&archive, &name, contents(&program)?)
        .map_err(|error| cannot("write", &archive, error))?;
    Ok(archive)
}

/// The command's.
fn version() -> Result<&'static str, String> {
    let line = include_str!("../../crates/cli/Cargo.toml")
        .lines()
        .find_map(|line| line.strip_prefix("version = "));
    line.map(|version| version.trim_matches('"'))
        .ok_or_else(|| "crates/cli/Cargo.toml has no version".into())
}

const RELEASE: [&str; 4] = ["build", "--release", "--package", "motemq-cli"];

fn built(mut command: Command, target: &str, program: &str) -> Result<PathBuf, String> {
    let directory = workspace().join("target/dist");
    command
        .env("CARGO_TARGET_DIR", &directory)
        .env("CARGO_PROFILE_RELEASE_STRIP", "symbols");
    run(command)?;
    Ok(directory.join(target).join("release").join(program))
}

/// Files, and what they are called in the archive.
fn contents(program: &Path) -> Result<Vec<(PathBuf, String)>, String> {
    let name = program
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let papers = PAPERS
        .iter()
        .map(|paper| (workspace().join(paper), (*paper).to_owned()));
    Ok(std::iter::once((program.to_owned(), name))
        .chain(papers)
        .chain(generated::files()?)
        .collect())
}

fn zipped(archive: &Path, name: &str, contents: Vec<(PathBuf, String)>) -> io::Result<()> {
    let mut zip = ZipWriter::new(File::create(archive)?);
    // Without the time, so that the same files make the same archive.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(zip::DateTime::default());
    for (path, inside) in contents {
        zip.start_file(format!("{name}/{inside}"), options)?;
        io::copy(&mut File::open(path)?, &mut zip)?;
    }
    zip.finish()?;
    Ok(())
}

/// The program out of an archive for Windows, in a folder of its own.
///
/// # Errors
/// What is wrong with the archive.
pub fn unpacked(archive: &Path) -> Result<PathBuf, String> {
    let out = workspace().join("target/wine/unpacked");
    let unpack = || -> io::Result<PathBuf> {
        fs::create_dir_all(&out)?;
        let mut zip = ZipArchive::new(File::open(archive)?)?;
        for index in 0..zip.len() {
            let mut file = zip.by_index(index)?;
            if file.is_file()
                && file
                    .enclosed_name()
                    .is_some_and(|name| name.ends_with("motemq.exe"))
            {
                let exe = out.join("motemq.exe");
                io::copy(&mut file, &mut File::create(&exe)?)?;
                return Ok(exe);
            }
        }
        Err(io::Error::new(
            io::ErrorKind::NotFound,
            "there is no motemq.exe in it",
        ))
    };
    unpack().map_err(|error| cannot("unpack", archive, error))
}

fn folder() -> Result<PathBuf, String> {
    let folder = workspace().join("target/dist/archives");
    fs::create_dir_all(&folder)
        .map(|()| folder.clone())
        .map_err(|error| cannot("make", &folder, error))
}

fn cannot(verb: &str, path: &Path, error: io::Error) -> String {
    format!("cannot {verb} {}: {error}", path.display())
}
