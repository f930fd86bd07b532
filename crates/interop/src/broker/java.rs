//! The parts that the brokers written in Java share: Maven, key stores, the command line.
use super::Place;
use crate::{process::read, secrets::Secrets};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// The password of the key stores, which protects nothing.
pub const PASSWORD: &str = "changeit";

/// The programs that Maven needs, and the Debian packages that hold them.
pub const PACKAGES: &[(&str, &str)] = &[
    ("javac", "default-jdk-headless"),
    ("mvn", "maven"),
    ("openssl", "openssl"),
];

/// Compiles the program in `crates/interop/brokers/NAME`, with the libraries that its `pom.xml`
/// names, into this directory.
pub fn maven(name: &str, dir: &Path) -> Command {
    let pom = super::sources(name).join("pom.xml");
    let mut command = Command::new("mvn");
    command
        .args(["--quiet", "--batch-mode", "--file"])
        .arg(pom)
        .arg(format!("-Dtarget={}", dir.display()))
        .arg(format!("-DoutputDirectory={}", dir.join("lib").display()))
        .args(["dependency:copy-dependencies", "compile"]);
    command
}

/// Starts the program that [`maven`] compiled.
pub fn java(place: &Place, class: &str) -> Command {
    let path = [place.fetched.join("classes"), place.fetched.join("lib/*")]
        .map(|path| path.display().to_string())
        .join(":");
    let mut command = Command::new("java");
    command.args(["-Xmx600m", "-cp", &path, class]);
    command
}

/// Makes a key store with the broker's certificate and its key.
pub fn key_store(place: &Place, secrets: &Secrets) -> Result<PathBuf, String> {
    let store = place.dir.join("server.p12");
    let mut command = Command::new("openssl");
    command
        .args(["pkcs12", "-export", "-name", "server", "-passout"])
        .arg(format!("pass:{PASSWORD}"));
    command.arg("-in").arg(&secrets.server.0);
    command.arg("-inkey").arg(&secrets.server.1);
    command.arg("-out").arg(&store);
    read(command).map(|_| store)
}

/// Makes a key store with the CA that signs the clients' certificates.
pub fn trust_store(place: &Place, secrets: &Secrets) -> Result<PathBuf, String> {
    let store = place.dir.join("trust.p12");
    let mut command = Command::new("keytool");
    command.args(["-importcert", "-noprompt", "-alias", "ca"]);
    command.args(["-storetype", "PKCS12", "-storepass", PASSWORD]);
    command.arg("-keystore").arg(&store);
    command.arg("-file").arg(&secrets.ca);
    read(command).map(|_| store)
}
