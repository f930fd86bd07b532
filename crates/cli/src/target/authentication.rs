//! The ways in which the command identifies itself to the broker: a user name and a password in
//! CONNECT, or an authentication method of MQTT 5.
use super::{
    Login,
    scram::{self, Scram},
};
use crate::args::{PacketKind, ProtocolArgs, Value};
use motemq_std::{Exchange, Options};

/// Returns the options with the login, or with the authentication that takes its place.
///
/// # Errors
/// The words for the user.
pub fn of(options: Options, login: Login, protocol: &ProtocolArgs) -> Result<Options, String> {
    let (mut method, mut data) = (None, None);
    for value in protocol.of(PacketKind::Connect) {
        match value {
            Value::AuthenticationMethod(text) => method = Some(text.as_str()),
            Value::AuthenticationData(text) => data = Some(text.as_bytes()),
            _ => {}
        }
    }
    match (method, data) {
        (None, None) => Ok(with(options, login)),
        (None, Some(_)) => Err("authentication-data goes with an authentication-method".into()),
        // A password that is proved does not stand in CONNECT.
        (Some(scram::METHOD), None) => match login {
            Login {
                user: Some(user),
                password: Some(password),
            } => {
                let scram = Scram::new(&user, password);
                Ok(options.authentication(scram::METHOD, move |said| scram.next(said)))
            }
            _ => Err(format!(
                "{} is for a user name and a password: say -u NAME and -P -",
                scram::METHOD
            )),
        },
        (Some(method), data) => {
            let data = data.unwrap_or_default().to_vec();
            let options = with(options, login);
            Ok(options.authentication(method, move |said| answer(said, &data)))
        }
    }
}

/// Returns the options with user name and password in CONNECT.
fn with(options: Options, login: Login) -> Options {
    match login {
        Login {
            user: Some(user),
            password: Some(password),
        } => options.login(user, password),
        Login {
            user: Some(user), ..
        } => options.user(user),
        Login { user: None, .. } => options,
    }
}

/// Answers the broker with the authentication data of the command line, which are those of CONNECT.
fn answer(exchange: &Exchange, data: &[u8]) -> Result<Vec<u8>, String> {
    if exchange.said().is_empty() {
        Ok(data.to_vec())
    } else if exchange.is_complete() {
        Ok(Vec::new())
    } else {
        Err("the broker asks for more than -D connect authentication-data".into())
    }
}
