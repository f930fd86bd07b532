//! Makes the program start sooner, on Linux with glibc.
//!
//! The standard library asks for the unwinder of the C compiler as a shared library, libgcc_s. To load
//! and start that takes a twentieth of the time in which the program publishes a message. The linker
//! looks into the directory that is named here before it looks anywhere else, and finds a script of
//! that name, which names the static libraries.
//!
//! The loader looks for each symbol of a shared library in all libraries, in the order in which they
//! are named. Most symbols of OpenSSL are those of libcrypto, which is named before libssl here.
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The unwinder, and the functions that it may call.
const ARCHIVES: [&str; 2] = ["libgcc_eh.a", "libgcc.a"];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let variable = |name| env::var(name).unwrap_or_default();
    let is_for_glibc = variable("CARGO_CFG_TARGET_OS") == "linux"
        && variable("CARGO_CFG_TARGET_ENV") == "gnu"
        && variable("CARGO_CFG_PANIC") == "unwind";
    // The compiler for another machine has another name, which only its user knows.
    if !is_for_glibc || variable("TARGET") != variable("HOST") {
        return;
    }
    println!("cargo:rerun-if-env-changed=OPENSSL_STATIC");
    let is_static = !["", "0"].contains(&variable("OPENSSL_STATIC").as_str());
    let has_openssl = env::var_os("CARGO_FEATURE_NATIVE_TLS").is_some();
    if has_openssl && !is_static && find("libcrypto.so").is_some() {
        println!("cargo:rustc-link-lib=dylib=crypto");
    }
    let found: Option<Vec<_>> = ARCHIVES.into_iter().map(find).collect();
    if let (Some(archives), Some(directory)) = (found, env::var_os("OUT_DIR")) {
        let script = Path::new(&directory).join("libgcc_s.so");
        // Without it, the shared library is used.
        if fs::write(&script, format!("GROUP ( {} )\n", archives.join(" "))).is_ok() {
            let directory = directory.to_string_lossy();
            println!("cargo:rustc-link-search=native={directory}");
        }
    }
}

/// Asks the compiler that links where it has a library.
fn find(name: &str) -> Option<String> {
    let linker = env::var_os("RUSTC_LINKER").unwrap_or_else(|| "cc".into());
    let mut command = Command::new(linker);
    let output = command.arg(format!("-print-file-name={name}")).output();
    let path = String::from_utf8(output.ok()?.stdout).ok()?;
    let path = path.trim();
    // It repeats the name if it has none.
    let is_there = PathBuf::from(path).is_absolute() && Path::new(path).exists();
    let is_one_word = !path.contains(char::is_whitespace);
    (is_there && is_one_word).then(|| path.to_owned())
}
