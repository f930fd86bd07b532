//! Certificates for one broker: a CA, the broker's own, a client's.
use motemq_testing::certificates::Authority;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Files with certificates and their keys, PEM.
#[derive(Clone)]
pub struct Secrets {
    pub ca: PathBuf,
    pub server: (PathBuf, PathBuf),
    pub client: (PathBuf, PathBuf),
}

impl Secrets {
    /// Makes them, in this directory.
    pub fn make(dir: &Path) -> Result<Self, String> {
        let authority = Authority::new("motemq interop");
        let ca = dir.join("ca.pem");
        fs::write(&ca, authority.pem())
            .map_err(|error| format!("cannot write {}: {error}", ca.display()))?;
        Ok(Secrets {
            ca,
            server: authority.server().write(dir, "server"),
            client: authority.client("interop").write(dir, "client"),
        })
    }
}
