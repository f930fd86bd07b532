//! Archives of the managed client for C.
use super::{append, cannot, unpack};
use crate::{
    c::hosted::{self, LIBRARY},
    c::library::{self, out},
    machine,
    no_std::{self, Way},
    programs::{program, read, run, workspace},
    windows::{
        TARGET,
        wine::{self, LINKER, Wine},
    },
};
use flate2::{Compression, write::GzEncoder};
use motemq_testing::mosquitto::{Mosquitto, find};
use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    time::Instant,
};

/// Files of the project, and where they are in an archive.
const FILES: [(&str, &str); 6] = [
    (
        "crates/ffi-hosted/include/motemq_managed.h",
        "include/motemq_managed.h",
    ),
    ("crates/ffi-hosted/examples/managed.c", "examples/managed.c"),
    ("docs/c.md", "README.md"),
    ("CHANGELOG.md", "CHANGELOG.md"),
    ("LICENSE-APACHE", "LICENSE-APACHE"),
    ("LICENSE-MIT", "LICENSE-MIT"),
];

/// What a program needs besides the static library.
const STATIC_LINUX: &str = "-lssl -lcrypto -lgcc_s -lpthread -lm -ldl";
const STATIC_WINDOWS: &str =
    "-lcrypt32 -lsecur32 -lncrypt -lws2_32 -luserenv -lntdll -lbcrypt -ladvapi32";

/// Packs for Windows, if this machine can build for it, and tries the archive under wine.
///
/// # Errors
/// The part that could not be built, or is missing in the archive.
pub fn all() -> Result<(), String> {
    if !no_std::is_installed(TARGET) || find(LINKER).is_none() {
        println!(
            "not here: {TARGET}: needs {LINKER}; {}",
            no_std::advice(TARGET)
        );
        return Ok(());
    }
    let begun = Instant::now();
    let root = unpack(&archive(TARGET)?, "unpacked-managed-windows")?;
    println!("{:6.1} s  packed", begun.elapsed().as_secs_f64());
    on_windows(&root)
}

/// Builds the example with the shared and the static library, and runs it under wine.
fn on_windows(root: &Path) -> Result<(), String> {
    let library = format!("-l{LIBRARY}");
    let shared = [library.as_str()];
    let alone: Vec<_> = ["-l:libmotemq_managed.a"]
        .into_iter()
        .chain(STATIC_WINDOWS.split(' '))
        .collect();
    for (name, words) in [("shared.exe", &shared[..]), ("static.exe", &alone)] {
        // The shared library is found beside the program.
        let example = root.join("bin").join(name);
        let mut compile = program(LINKER, ["-std=c99", "-I"]);
        compile
            .arg(root.join("include"))
            .arg(root.join("examples/managed.c"))
            .arg(format!("-L{}", root.join("lib").display()))
            .args(words)
            .arg("-o")
            .arg(&example);
        run(compile)?;
        if wine::loader().is_none() {
            println!("not here: wine");
            continue;
        }
        let Some(broker) = Mosquitto::start(&["allow_anonymous true"]) else {
            println!("not here: mosquitto");
            continue;
        };
        let url = broker.url();
        hosted::answers(Wine::prepare()?.run(&example, [url.as_str()]), &broker)?;
        println!("{name} answers under wine");
    }
    Ok(())
}

/// Unpacks the archive of this machine, builds the example with nothing else, and runs it.
///
/// # Errors
/// What is missing in it.
pub fn try_it() -> Result<(), String> {
    let root = unpack(&archive(&library::host()?)?, "unpacked-managed")?;
    if find("pkg-config").is_some() {
        for (name, words) in [("shared", &[][..]), ("static", &["--static"])] {
            let mut ask = program("pkg-config", ["--cflags", "--libs"]);
            ask.args(words).arg(LIBRARY);
            ask.env("PKG_CONFIG_PATH", root.join("lib/pkgconfig"));
            let mut words = read(ask)?;
            if name == "static" {
                words = words.replace(&format!("-l{LIBRARY}"), &format!("-l:lib{LIBRARY}.a"));
            }
            let example = root.join(name);
            let mut compile = program("gcc", ["-std=c99"]);
            compile
                .arg(root.join("examples/managed.c"))
                .args(words.split_whitespace())
                .arg("-o")
                .arg(&example);
            run(compile)?;
            answers(&example, &root)?;
        }
    } else {
        println!("not here: pkg-config");
    }
    if find("cmake").is_some() {
        by_cmake(&root)?;
        answers(&root.join("build/example"), &root)?;
        answers(&root.join("build/static"), &root)?;
    } else {
        println!("not here: cmake");
    }
    Ok(())
}

const PROJECT: &str = "\
cmake_minimum_required(VERSION 3.16)
project(example C)
find_package(motemq_managed REQUIRED)
add_executable(example examples/managed.c)
target_link_libraries(example PRIVATE motemq::managed)
add_executable(static examples/managed.c)
target_link_libraries(static PRIVATE motemq::managed_static)
";

fn by_cmake(root: &Path) -> Result<(), String> {
    super::by_cmake(root, PROJECT, "motemq_managed")
}

/// Lets the example answer a question, if there is a broker.
fn answers(example: &Path, root: &Path) -> Result<(), String> {
    let Some(broker) = Mosquitto::start(&["allow_anonymous true"]) else {
        return Ok(());
    };
    let mut command = program(example, [broker.url()]);
    command.env("LD_LIBRARY_PATH", root.join("lib"));
    hosted::answers(command, &broker)
}

/// Builds the libraries of a target, and packs them.
fn archive(target: &str) -> Result<PathBuf, String> {
    let way = Way::Installed;
    let words = [
        "build",
        "--quiet",
        "--release",
        "--package",
        hosted::PACKAGE,
        "--target",
        target,
    ];
    run(no_std::cargo_for(&way, words))?;
    let built = machine::target().join(target).join("release");
    let version = super::version()?;
    let name = format!("motemq-managed-{version}-{target}");
    let folder = out().join("archives");
    fs::create_dir_all(&folder).map_err(|error| cannot("make", &folder, error))?;
    let archive = folder.join(format!("{name}.tar.gz"));
    let file = File::create(&archive).map_err(|error| cannot("write", &archive, error))?;
    let mut tar = tar::Builder::new(GzEncoder::new(file, Compression::default()));
    tar.mode(tar::HeaderMode::Deterministic);
    let is_windows = target.contains("windows");
    let mut pack = || -> std::io::Result<()> {
        for (file, inside) in FILES {
            tar.append_path_with_name(workspace().join(file), format!("{name}/{inside}"))?;
        }
        let libraries: &[(&str, &str)] = if is_windows {
            &[
                ("motemq_managed.dll", "bin/motemq_managed.dll"),
                ("libmotemq_managed.dll.a", "lib/libmotemq_managed.dll.a"),
                ("libmotemq_managed.a", "lib/libmotemq_managed.a"),
            ]
        } else if target.contains("apple") {
            &[
                ("libmotemq_managed.dylib", "lib/libmotemq_managed.dylib"),
                ("libmotemq_managed.a", "lib/libmotemq_managed.a"),
            ]
        } else {
            &[
                ("libmotemq_managed.so", "lib/libmotemq_managed.so.0"),
                ("libmotemq_managed.a", "lib/libmotemq_managed.a"),
            ]
        };
        for (file, inside) in libraries {
            tar.append_path_with_name(built.join(file), format!("{name}/{inside}"))?;
        }
        if !is_windows && !target.contains("apple") {
            let mut link = tar::Header::new_gnu();
            link.set_entry_type(tar::EntryType::Symlink);
            link.set_size(0);
            link.set_mode(0o777);
            let inside = format!("{name}/lib/lib{LIBRARY}.so");
            tar.append_link(&mut link, inside, format!("lib{LIBRARY}.so.0"))?;
        }
        let needs = if is_windows {
            STATIC_WINDOWS
        } else {
            STATIC_LINUX
        };
        let config = include_str!("../../../../crates/ffi-hosted/pkgconfig/motemq_managed.pc.in")
            .replace("@VERSION@", &version)
            .replace("@STATIC@", needs);
        let inside = format!("{name}/lib/pkgconfig/{LIBRARY}.pc");
        append(&mut tar, &inside, &config)?;
        let config =
            include_str!("../../../../crates/ffi-hosted/cmake/motemq_managed-config.cmake")
                .replace("@STATIC_CMAKE@", &needs.replace(' ', ";"));
        let inside = format!("{name}/lib/cmake/{LIBRARY}/{LIBRARY}-config.cmake");
        append(&mut tar, &inside, &config)
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
