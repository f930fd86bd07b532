//! `cargo xtask dist`: what people download, for Linux and Windows.
use crate::{
    no_std,
    programs::{cargo, program, read, run, workspace},
    windows,
};
use clap::Args;
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};
use std::{
    env, fs,
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
    process::Command,
};
use zip::{CompressionMethod, ZipArchive, ZipWriter, write::SimpleFileOptions};

/// What `cargo xtask dist` takes.
#[derive(Args)]
pub struct Options {
    /// Only the archive for Linux, which needs no linker for Windows.
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
    let mut archives = vec![linux()?];
    if !options.linux_only {
        archives.push(windows()?);
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

/// OpenSSL within, so that only the C library is needed, as old as this machine's or newer.
fn linux() -> Result<PathBuf, String> {
    if !cfg!(target_os = "linux") {
        return Err("the archive for Linux is made on Linux".into());
    }
    let target = format!("{}-unknown-linux-gnu", env::consts::ARCH);
    let mut command = cargo(RELEASE);
    command
        .args(["--target", &target])
        .env("OPENSSL_STATIC", "1");
    // Told so, it links the archives of these directories; left to look for itself, the shared
    // libraries of the system.
    for (name, variable) in [
        ("OPENSSL_LIB_DIR", "libdir"),
        ("OPENSSL_INCLUDE_DIR", "includedir"),
    ] {
        let directory = read(program(
            "pkg-config",
            [&format!("--variable={variable}"), "openssl"],
        ))?;
        command.env(name, directory.trim());
    }
    let exe = built(command, &target, "motemq")?;
    let name = format!("motemq-{}-{target}", version()?);
    let archive = folder()?.join(format!("{name}.tar.gz"));
    let file = File::create(&archive).map_err(|error| cannot("write", &archive, error))?;
    let mut tar = tar::Builder::new(GzEncoder::new(file, Compression::best()));
    tar.mode(tar::HeaderMode::Deterministic);
    let packed = contents(&exe)
        .into_iter()
        .try_for_each(|(path, inside)| tar.append_path_with_name(path, format!("{name}/{inside}")));
    packed
        .and_then(|()| tar.into_inner()?.finish()?.flush())
        .map_err(|error| cannot("write", &archive, error))?;
    Ok(archive)
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
    zipped(&archive, &name, &program).map_err(|error| cannot("write", &archive, error))?;
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
fn contents(program: &Path) -> Vec<(PathBuf, String)> {
    let name = program
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let papers = PAPERS
        .iter()
        .map(|paper| (workspace().join(paper), (*paper).to_owned()));
    std::iter::once((program.to_owned(), name))
        .chain(papers)
        .collect()
}

fn zipped(archive: &Path, name: &str, program: &Path) -> io::Result<()> {
    let mut zip = ZipWriter::new(File::create(archive)?);
    // Without the time, so that the same files make the same archive.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(zip::DateTime::default());
    for (path, inside) in contents(program) {
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
