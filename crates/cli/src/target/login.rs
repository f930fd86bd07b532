//! User name and password, wherever the command line says that they are.
use crate::{
    args::ConnectionArgs,
    exit::{Exit, Failure},
    input::{bytes_of, cannot_read},
    prompt,
};
use std::{fmt, fs, io::Read, path::Path};

/// MQTT allows no longer password.
const LONGEST: u64 = 0xffff;

/// User name and password.
#[derive(Clone, Default)]
pub struct Login {
    pub user: Option<String>,
    pub password: Option<Vec<u8>>,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// Returns user name and password. Those given as options override those in the URL.
pub fn of(
    args: &ConnectionArgs,
    user: Option<String>,
    password: Option<Vec<u8>>,
) -> Result<Login, Failure> {
    let password = match (&args.password, &args.pw_file) {
        _ if args.asks_for_password() => Some(asked()?),
        (Some(password), _) => Some(bytes_of(password)),
        (None, Some(file)) => Some(first_line(file)?),
        (None, None) => password,
    };
    let user = args.user.clone().or(user);
    if user.is_none() && password.is_some() {
        let words = "a password goes with a user name only: say -u NAME, too";
        return Err(Failure::new(Exit::Usage, words));
    }
    Ok(Login { user, password })
}

/// Asks for the password on the terminal, where it is not shown.
fn asked() -> Result<Vec<u8>, Failure> {
    prompt::password("Password: ")
        .map(String::into_bytes)
        .map_err(|error| cannot_read("the password from the terminal", &error))
}

fn first_line(file: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    // There may be no end.
    fs::File::open(file)
        .and_then(|file| file.take(LONGEST + 2).read_to_end(&mut bytes))
        .map_err(|error| cannot_read(file.display(), &error))?;
    let mut lines = bytes.split(|&byte| byte == b'\n');
    let line = lines.next().unwrap_or_default();
    Ok(line.strip_suffix(b"\r").unwrap_or(line).to_vec())
}
