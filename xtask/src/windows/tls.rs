//! The command `motemq.exe` over TLS, as far as wine goes; where it stops is written down in
//! docs/windows.md, and watched here.
use super::{
    command::{Stage, finish, good, same},
    wine::Wine,
};
use crate::programs::{program, read, workspace};
use motemq_testing::mosquitto::{Mosquitto, free_port};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Output, Stdio},
    time::Instant,
};

/// What wine's SChannel says to a certificate of a CA of one's own: it cannot tell whether it was
/// revoked, and minds. 0x800B010E.
const REVOCATION_FAILURE: &str = "-2146762482";
const PASSWORD: &str = "wine";
/// The command's exit code where there is no TLS.
const NO_TLS: i32 = 9;

/// A CA of one's own, what it has signed, and ports for a broker: one for everybody, one for its
/// clients.
struct Secrets {
    directory: PathBuf,
    open: u16,
    mutual: u16,
}

/// Plays the scenes.
///
/// # Errors
/// Which went wrong, and how.
pub fn show(wine: &Wine, exe: &Path) -> Result<(), String> {
    let begun = Instant::now();
    let secrets = Secrets::make()?;
    let broker =
        Mosquitto::start_with(|_| secrets.listeners()).ok_or("mosquitto is not installed")?;
    let stage = Stage {
        wine,
        exe: exe.to_owned(),
        broker,
    };
    let publish = |port: u16, words: &[&str]| -> Result<Output, String> {
        let port = port.to_string();
        let message = [
            "--pub",
            "-h",
            "localhost",
            "-p",
            &port,
            "-t",
            "tls",
            "-m",
            "hi",
            "--repeat",
            "1",
            "-q",
            "2",
        ];
        let mut command = wine.run(exe, message.into_iter().chain(words.iter().copied()));
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        finish(command)
    };
    let (ca, archive) = (secrets.file("ca.pem"), secrets.file("client.p12"));
    stage.collect("tls", "tls")?;
    let none = publish(secrets.open, &["--insecure"])?;
    good(none).map_err(|error| format!("any certificate: {error}"))?;
    let shown = publish(
        secrets.mutual,
        &["--insecure", "--p12", &archive, "--key-pass", PASSWORD],
    )?;
    good(shown).map_err(|error| format!("a client certificate: {error}"))?;
    same(
        "mosquitto_sub",
        &stage.collected("tls", "tls", 2, "%q %p")?,
        b"2 hi\n2 hi\n",
    )?;
    refused(
        "a CA of one's own",
        &publish(secrets.open, &["--cafile", &ca])?,
        REVOCATION_FAILURE,
    )?;
    refused(
        "no client certificate",
        &publish(secrets.mutual, &["--insecure"])?,
        "",
    )?;
    println!(
        "{:6.1} s  TLS with a client certificate, and where wine stops",
        begun.elapsed().as_secs_f64()
    );
    Ok(())
}

fn refused(what: &str, output: &Output, said: &str) -> Result<(), String> {
    let error = String::from_utf8_lossy(&output.stderr);
    let as_known = output.status.code() == Some(NO_TLS) && error.contains(said);
    if as_known {
        Ok(())
    } else {
        Err(format!(
            "{what}: {}, not what docs/windows.md says: {error}",
            output.status
        ))
    }
}

impl Secrets {
    fn make() -> Result<Self, String> {
        let directory = workspace().join("target/wine/tls");
        fs::create_dir_all(&directory)
            .map_err(|error| format!("cannot make {}: {error}", directory.display()))?;
        let openssl = |words: &str| {
            let mut command = program("openssl", words.split(' '));
            command.current_dir(&directory);
            read(command).map(drop)
        };
        openssl(
            "req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=CA -keyout ca.key -out ca.pem",
        )?;
        for (name, subject) in [
            (
                "server",
                "/CN=localhost -addext subjectAltName=DNS:localhost",
            ),
            ("client", "/CN=node"),
        ] {
            openssl(&format!(
                "req -x509 -CA ca.pem -CAkey ca.key -newkey rsa:2048 -nodes -days 30 -subj {subject} \
                 -addext basicConstraints=critical,CA:FALSE -keyout {name}.key -out {name}.pem"
            ))?;
        }
        openssl(&format!(
            "pkcs12 -export -in client.pem -inkey client.key -passout pass:{PASSWORD} -out client.p12"
        ))?;
        Ok(Secrets {
            directory,
            open: free_port(),
            mutual: free_port(),
        })
    }

    fn file(&self, name: &str) -> String {
        self.directory.join(name).to_string_lossy().into_owned()
    }

    fn listeners(&self) -> Vec<String> {
        let mut lines = vec!["allow_anonymous true".to_owned()];
        for (port, required) in [(self.open, false), (self.mutual, true)] {
            lines.push(format!("listener {port} 127.0.0.1"));
            for (option, file) in [
                ("cafile", "ca.pem"),
                ("certfile", "server.pem"),
                ("keyfile", "server.key"),
            ] {
                lines.push(format!("{option} {}", self.file(file)));
            }
            lines.push(format!("require_certificate {required}"));
        }
        lines
    }
}
