//! Settings of TLS that stand in files.
use super::{Tls, TlsError, keys};
use std::{
    fmt, fs,
    io::{self, Read as _},
    path::Path,
};
use zeroize::Zeroizing;

/// Length of the longest file that is read. The certificates of all CAs of a system take less than
/// 1 MB.
const MAX_FILE: u64 = 16 << 20;

impl Tls {
    /// Trusts the CAs in this file, and not those of the system. Further calls add CAs.
    ///
    /// # Errors
    /// [`Unreadable`](TlsError::Unreadable) if the file cannot be read;
    /// [`Setting`](TlsError::Setting) if it contains no certificate.
    pub fn ca_file(self, file: impl AsRef<Path>) -> Result<Self, TlsError> {
        self.ca(&read(file.as_ref())?)
            .map_err(|error| in_file(file.as_ref(), &error))
    }

    /// Trusts the CAs in all files of this directory that contain certificates, and not those of
    /// the system. Further calls add CAs.
    ///
    /// # Errors
    /// [`Unreadable`](TlsError::Unreadable) if the directory cannot be read;
    /// [`Setting`](TlsError::Setting) if no file in it contains a certificate.
    pub fn ca_dir(mut self, directory: impl AsRef<Path>) -> Result<Self, TlsError> {
        let directory = directory.as_ref();
        let unreadable =
            |error: io::Error| TlsError::Unreadable(format!("{}: {error}", directory.display()));
        let before = self.roots.len();
        for entry in fs::read_dir(directory).map_err(unreadable)? {
            let file = entry.map_err(unreadable)?.path();
            // Such directories hold other files, too: lists of revoked certificates, read-me files.
            if file.is_file() {
                let found = keys::certificates(&read(&file)?, self.backend);
                self.roots.extend(found.unwrap_or_default());
            }
        }
        if self.roots.len() == before {
            return Err(TlsError::Setting(format!(
                "{}: no file in it holds a certificate",
                directory.display()
            )));
        }
        Ok(self)
    }

    /// Presents a client certificate from files, as [`identity`](Self::identity) does. The
    /// certificates and the key can be in the same file.
    ///
    /// # Errors
    /// [`Unreadable`](TlsError::Unreadable) if a file cannot be read;
    /// [`Setting`](TlsError::Setting) if the certificate or the key cannot be used.
    pub fn identity_files(
        self,
        certificates: impl AsRef<Path>,
        key: impl AsRef<Path>,
        password: Option<&str>,
    ) -> Result<Self, TlsError> {
        let (certificates, key) = (certificates.as_ref(), key.as_ref());
        let tls = self.identity(&read(certificates)?, &read(key)?, password);
        tls.map_err(|error| {
            TlsError::Setting(format!(
                "{} with {}: {error}",
                certificates.display(),
                key.display()
            ))
        })
    }

    /// Presents the client certificate of a PKCS#12 file, as [`pkcs12`](Self::pkcs12) does.
    ///
    /// # Errors
    /// [`Unreadable`](TlsError::Unreadable) if the file cannot be read;
    /// [`Setting`](TlsError::Setting) if it cannot be used.
    pub fn pkcs12_file(self, file: impl AsRef<Path>, password: &str) -> Result<Self, TlsError> {
        self.pkcs12(&read(file.as_ref())?, password)
            .map_err(|error| in_file(file.as_ref(), &error))
    }
}

/// Reads a file of certificates, or a key.
fn read(file: &Path) -> Result<Zeroizing<Vec<u8>>, TlsError> {
    let failed =
        |error: &dyn fmt::Display| TlsError::Unreadable(format!("{}: {error}", file.display()));
    let mut bytes = Zeroizing::new(Vec::new());
    fs::File::open(file)
        .and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut bytes))
        .map_err(|error| failed(&error))?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(failed(&format_args!(
            "it is longer than {MAX_FILE} bytes, and so holds no certificates and no key"
        )));
    }
    Ok(bytes)
}

fn in_file(file: &Path, error: &TlsError) -> TlsError {
    TlsError::Setting(format!("{}: {error}", file.display()))
}
