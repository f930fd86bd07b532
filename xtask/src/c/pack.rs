//! Archives of the library: one for each target, with everything that a program in C needs.
pub mod hosted;
mod verify;

use super::{
    header::define,
    library::{self, Library},
};
use crate::{
    no_std,
    programs::{program, read, run, workspace},
    windows,
};
use flate2::{Compression, write::GzEncoder};
use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    time::Instant,
};

/// The targets besides this machine's.
const TARGETS: [&str; 7] = [
    "thumbv6m-none-eabi",
    "thumbv7m-none-eabi",
    "thumbv7em-none-eabi",
    "thumbv7em-none-eabihf",
    "thumbv8m.main-none-eabi",
    "riscv32imc-unknown-none-elf",
    windows::TARGET,
];

/// Files of the project, and where they are in an archive.
const FILES: [(&str, &str); 27] = [
    ("crates/ffi/include/motemq.h", "include/motemq.h"),
    ("crates/ffi/include/motemq_run.h", "include/motemq_run.h"),
    ("crates/ffi/include/motemq5.h", "include/motemq5.h"),
    (
        "crates/ffi/include/motemq5_properties.h",
        "include/motemq5_properties.h",
    ),
    ("crates/ffi/include/motemq5_run.h", "include/motemq5_run.h"),
    (
        "crates/ffi/include/motemq5_names.h",
        "include/motemq5_names.h",
    ),
    ("crates/ffi/include/motemq_lwip.h", "include/motemq_lwip.h"),
    (
        "crates/ffi/include/motemq5_lwip.h",
        "include/motemq5_lwip.h",
    ),
    ("crates/ffi/src/motemq_run.c", "src/motemq_run.c"),
    ("crates/ffi/src/motemq_lwip.c", "src/motemq_lwip.c"),
    ("crates/ffi/src/motemq5_lwip.c", "src/motemq5_lwip.c"),
    ("crates/ffi/examples/lwip.c", "examples/lwip.c"),
    ("crates/ffi/src/motemq5_run.c", "src/motemq5_run.c"),
    (
        "crates/ffi/cmake/motemq-config.cmake",
        "lib/cmake/motemq/motemq-config.cmake",
    ),
    ("crates/ffi/examples/posix.c", "examples/posix.c"),
    ("crates/ffi/examples/mps2/main.c", "examples/mps2/main.c"),
    ("crates/ffi/examples/mps2/main5.c", "examples/mps2/main5.c"),
    ("crates/ffi/examples/mps2/uart.c", "examples/mps2/uart.c"),
    ("crates/ffi/examples/mps2/board.c", "examples/mps2/board.c"),
    ("crates/ffi/examples/mps2/board.h", "examples/mps2/board.h"),
    ("crates/ffi/examples/mps2/link.ld", "examples/mps2/link.ld"),
    (
        "crates/ffi/examples/mps2/an505.ld",
        "examples/mps2/an505.ld",
    ),
    (
        "crates/ffi/examples/mps2/sections.ld",
        "examples/mps2/sections.ld",
    ),
    ("docs/c.md", "README.md"),
    ("CHANGELOG.md", "CHANGELOG.md"),
    ("LICENSE-APACHE", "LICENSE-APACHE"),
    ("LICENSE-MIT", "LICENSE-MIT"),
];

/// Packs for all targets besides this machine's for which there is a library of core, and tries each
/// archive.
///
/// # Errors
/// What could not be built or written.
pub fn all() -> Result<(), String> {
    for target in TARGETS {
        if no_std::way_for(target).is_some() {
            pack_and_verify(target)?;
        } else {
            println!("not here: {target}: {}", no_std::advice(target));
        }
    }
    Ok(())
}

/// Packs for this machine, and tries the archive.
///
/// # Errors
/// What is missing in it.
pub fn try_it() -> Result<(), String> {
    pack_and_verify(&library::host()?)
}

/// Packs for a target, and tries the archive.
fn pack_and_verify(target: &str) -> Result<(), String> {
    let begun = Instant::now();
    let root = unpack(&archive(target)?, &format!("unpacked/{target}"))?;
    let packed = begun.elapsed();
    verify::archive(target, &root)?;
    println!(
        "{:6.1} s  packed, {:.1} s with its trial",
        packed.as_secs_f64(),
        begun.elapsed().as_secs_f64()
    );
    Ok(())
}

/// Unpacks an archive in an empty folder of this name, and returns its top folder.
fn unpack(archive: &Path, name: &str) -> Result<PathBuf, String> {
    let place = library::out().join(name);
    // It may not be there.
    let _ = fs::remove_dir_all(&place);
    fs::create_dir_all(&place).map_err(|error| cannot("make", &place, error))?;
    let mut unpack = program("tar", ["-xzf"]);
    unpack.arg(archive).arg("-C").arg(&place);
    run(unpack)?;
    let name = archive.file_name().unwrap_or_default().to_string_lossy();
    Ok(place.join(name.trim_end_matches(".tar.gz")))
}

/// Builds a project with the package of this name in an unpacked archive.
fn by_cmake(root: &Path, text: &str, package: &str) -> Result<(), String> {
    let project = root.join("CMakeLists.txt");
    fs::write(&project, text).map_err(|error| cannot("write", &project, error))?;
    let build = root.join("build");
    let mut configure = program("cmake", ["-S"]);
    configure.arg(root).arg("-B").arg(&build).arg(format!(
        "-D{package}_DIR={}",
        root.join("lib/cmake").join(package).display()
    ));
    read(configure)?;
    let mut make = program("cmake", ["--build"]);
    make.arg(&build);
    read(make).map(|_| ())
}

/// Builds the libraries of a target, and packs them.
fn archive(target: &str) -> Result<PathBuf, String> {
    let mut libraries = Vec::new();
    for library in Library::all() {
        libraries.push((library, library::build(target, library, false)?));
    }
    let version = version()?;
    let name = format!("motemq-c-{version}-{target}");
    let folder = library::out().join("archives");
    fs::create_dir_all(&folder).map_err(|error| cannot("make", &folder, error))?;
    let archive = folder.join(format!("{name}.tar.gz"));
    let file = File::create(&archive).map_err(|error| cannot("write", &archive, error))?;
    let mut tar = tar::Builder::new(GzEncoder::new(file, Compression::default()));
    tar.mode(tar::HeaderMode::Deterministic);
    let mut pack = || -> std::io::Result<()> {
        for (file, inside) in FILES {
            tar.append_path_with_name(workspace().join(file), format!("{name}/{inside}"))?;
        }
        for (library, file) in &libraries {
            let text = package_config(*library, &version);
            let library = library.name();
            tar.append_path_with_name(file, format!("{name}/lib/lib{library}.a"))?;
            let inside = format!("{name}/lib/pkgconfig/{library}.pc");
            append(&mut tar, &inside, &text)?;
        }
        Ok(())
    };
    pack().map_err(|error| cannot("write", &archive, error))?;
    tar.into_inner()
        .and_then(GzEncoder::finish)
        .and_then(|mut file| file.flush())
        .map_err(|error| cannot("write", &archive, error))?;
    let size = fs::metadata(&archive).map_or(0, |data| data.len());
    println!("{size:>10} bytes  {}", archive.display());
    Ok(archive)
}

/// Adds a file with this text.
fn append<W: Write>(tar: &mut tar::Builder<W>, inside: &str, text: &str) -> std::io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(text.len() as u64);
    header.set_mode(0o644);
    header.set_cksum();
    tar.append_data(&mut header, inside, text.as_bytes())
}

/// What pkg-config reads.
fn package_config(library: Library, version: &str) -> String {
    let define = define(library).map_or_else(String::new, |define| format!(" {define}"));
    include_str!("../../../crates/ffi/pkgconfig/motemq.pc.in")
        .replace("@LIBRARY@", library.name())
        .replace("@MQTT@", library.version.number())
        .replace("@VERSION@", version)
        .replace("@DEFINE@", &define)
}

/// The version of the library.
fn version() -> Result<String, String> {
    let line = include_str!("../../../crates/ffi/Cargo.toml")
        .lines()
        .find_map(|line| line.strip_prefix("version = "));
    line.map(|version| version.trim_matches('"').to_owned())
        .ok_or_else(|| "crates/ffi/Cargo.toml has no version".into())
}

fn cannot(what: &str, path: &Path, error: std::io::Error) -> String {
    format!("cannot {what} {}: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::c::library::{Profile, Version};

    #[test]
    fn the_header_has_the_version_of_the_library() {
        let header = include_str!("../../../crates/ffi/include/motemq.h");
        let version = version().unwrap();
        assert!(header.contains(&format!("#define MOTEMQ_VERSION \"{version}\"\n")));
    }

    #[test]
    fn a_program_of_a_profile_defines_its_name() {
        let library = Library {
            version: Version::V311,
            profile: Profile::Clean,
        };
        let text = package_config(library, "1.2.3");
        assert!(text.contains("Version: 1.2.3\n") && text.contains("include -DMOTEMQ_CLEAN\n"));
        assert!(text.contains("-lmotemq_clean\n") && !text.contains('@'));
    }
}
