//! The archives for Linux.
use super::{RELEASE, built, cannot, contents, folder, version};
use crate::{
    machine, no_std,
    programs::{cargo, program, read, run},
};
use flate2::{Compression, write::GzEncoder};
use motemq_testing::mosquitto::find;
use std::{
    env,
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
};

/// Compilers for C, which a part of rustls's cryptography is written in, the one to be used first.
const COMPILERS: [&str; 3] = ["musl-gcc", "gcc", "cc"];

/// Makes the archive whose program needs only the C library, as old as this machine's or newer.
///
/// # Errors
/// The reason why it cannot be built or written.
pub fn with_c_library() -> Result<PathBuf, String> {
    let (program, target) = program_with_c_library()?;
    packed(&program, &target)
}

/// Builds the program that has OpenSSL within. Returns where it is, and its target.
///
/// # Errors
/// The reason why it cannot be built.
pub fn program_with_c_library() -> Result<(PathBuf, String), String> {
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
    let program = built(command, &target, "motemq")?;
    Ok((program, target))
}

/// Builds the program as `cargo install` does, with the libraries of this system. Returns where it
/// is.
///
/// # Errors
/// The reason why it cannot be built.
pub fn program_of_system() -> Result<PathBuf, String> {
    run(cargo(RELEASE))?;
    Ok(machine::target().join("release/motemq"))
}

/// Makes the archive whose program needs nothing but Linux: it has musl and rustls within. Returns
/// `None`, and says what is missing, if this machine cannot build it.
///
/// # Errors
/// The reason why it cannot be built or written.
pub fn without_libraries() -> Result<Option<PathBuf>, String> {
    let target = format!("{}-unknown-linux-musl", env::consts::ARCH);
    if machine::is_ci() {
        no_std::install(&[&target])?;
    }
    let compiler = COMPILERS.into_iter().find(|name| find(name).is_some());
    let missing = match compiler {
        _ if !no_std::is_installed(&target) => format!("type `rustup target add {target}`"),
        None => machine::Missing::packages(&["gcc"])
            .map_or_else(String::new, |missing| missing.to_string()),
        Some(compiler) => return archive_by(compiler, &target).map(Some),
    };
    println!("not here: the archive for {target}: {missing}");
    Ok(None)
}

fn archive_by(compiler: &str, target: &str) -> Result<PathBuf, String> {
    let suffix = target.replace('-', "_");
    let mut command = cargo(RELEASE);
    command
        .args(["--target", target])
        .args(["--no-default-features", "--features", "rustls"])
        .env(format!("CC_{suffix}"), compiler)
        // The checks of some distributions' compilers call functions that only glibc has.
        .env(format!("CFLAGS_{suffix}"), "-U_FORTIFY_SOURCE");
    let program = built(command, target, "motemq")?;
    let bytes = fs::read(&program).map_err(|error| cannot("read", &program, error))?;
    match has_interpreter(&bytes) {
        Some(false) => packed(&program, target),
        _ => Err(format!(
            "{} is not static: it would need libraries",
            program.display()
        )),
    }
}

/// Returns whether a program of 64 bits names a loader for shared libraries in its program headers.
fn has_interpreter(elf: &[u8]) -> Option<bool> {
    const INTERPRETER: u32 = 3;
    let half = |at: usize| Some(u16::from_le_bytes(elf.get(at..at + 2)?.try_into().ok()?));
    let offset = u64::from_le_bytes(elf.get(0x20..0x28)?.try_into().ok()?);
    let (size, count) = (usize::from(half(0x36)?), usize::from(half(0x38)?));
    let table = elf.get(usize::try_from(offset).ok()?..)?;
    if !elf.starts_with(b"\x7fELF\x02\x01") || size < 4 || table.len() < size * count {
        return None;
    }
    let mut headers = table.chunks_exact(size).take(count);
    Some(headers.any(|header| header.starts_with(&INTERPRETER.to_le_bytes())))
}

fn packed(program: &Path, target: &str) -> Result<PathBuf, String> {
    let name = format!("motemq-{}-{target}", version()?);
    let archive = folder()?.join(format!("{name}.tar.gz"));
    let contents = contents(program)?;
    let file = File::create(&archive).map_err(|error| cannot("write", &archive, error))?;
    let mut tar = tar::Builder::new(GzEncoder::new(file, Compression::best()));
    tar.mode(tar::HeaderMode::Deterministic);
    let packed = contents
        .into_iter()
        .try_for_each(|(path, inside)| tar.append_path_with_name(path, format!("{name}/{inside}")));
    packed
        .and_then(|()| tar.into_inner()?.finish()?.flush())
        .map_err(|error| cannot("write", &archive, error))?;
    Ok(archive)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Makes a program with one header of this kind.
    fn elf(kind: u32) -> Vec<u8> {
        let mut bytes = b"\x7fELF\x02\x01".to_vec();
        bytes.resize(0x40 + 56, 0);
        bytes[0x20] = 0x40;
        (bytes[0x36], bytes[0x38]) = (56, 1);
        bytes[0x40..0x44].copy_from_slice(&kind.to_le_bytes());
        bytes
    }

    #[test]
    fn programs_that_need_a_loader_are_recognized() {
        assert_eq!(has_interpreter(&elf(3)), Some(true));
        assert_eq!(has_interpreter(&elf(1)), Some(false));
        assert_eq!(has_interpreter(&elf(1)[..0x60]), None);
        assert_eq!(has_interpreter(b"MZ"), None);
    }
}
