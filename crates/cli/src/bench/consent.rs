//! The question before another machine is loaded.
use crate::exit::{Exit, Failure};
use motemq_net::{Route, Scheme};
use std::{
    fmt,
    io::{self, BufRead, IsTerminal, Write},
    net::IpAddr,
};

/// Returns whether a broker is on this machine. One behind a proxy need not be, whatever its name.
pub fn is_here(route: &Route) -> bool {
    if route.proxy.is_some() {
        return false;
    }
    let address: Option<IpAddr> = route.host.parse().ok();
    route.scheme == Scheme::Unix
        || route.host.eq_ignore_ascii_case("localhost")
        || address.is_some_and(|address| address.to_canonical().is_loopback())
}

/// Asks whether another machine may be loaded so.
pub fn ask(route: &Route, load: impl fmt::Display) -> Result<(), Failure> {
    let words = format!(
        "{} is not this machine, and would be loaded with {load}",
        route.place()
    );
    if !io::stdin().is_terminal() {
        let words = format!("{words}: if it is yours, say --yes");
        return Err(Failure::new(Exit::Usage, words));
    }
    let mut stderr = io::stderr().lock();
    let _ = write!(
        stderr,
        "motemq: {words}. Is it yours, and shall it be? [y/N] "
    );
    let _ = stderr.flush();
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    if read.is_ok() && is_yes(&answer) {
        return Ok(());
    }
    Err(Failure::new(Exit::Interrupted, "nothing was done"))
}

fn is_yes(answer: &str) -> bool {
    ["y", "yes"].contains(&answer.trim().to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use motemq_net::Proxy;

    #[test]
    fn loopback_is_this_machine() {
        let at = |host: &str| Route {
            host: host.into(),
            ..Route::default()
        };
        for here in [
            "localhost",
            "LOCALHOST",
            "127.0.0.1",
            "127.9.9.9",
            "::1",
            "::ffff:127.0.0.1",
        ] {
            assert!(is_here(&at(here)), "{here}");
        }
        for there in ["broker.example", "10.0.0.1", "localhost.example", "::2", ""] {
            assert!(!is_here(&at(there)), "{there}");
        }
        let behind = Route {
            proxy: Some(Proxy::socks5("localhost", 1080)),
            ..at("localhost")
        };
        assert!(!is_here(&behind));
    }

    #[test]
    fn yes_has_to_be_said() {
        assert!(is_yes("y\n") && is_yes(" YES \n"));
        assert!(!is_yes("\n") && !is_yes("no\n") && !is_yes("yesterday"));
    }
}
