//! The limit of open files: each connection is one.
use crate::exit::{Exit, Failure};

/// The number of files that are open besides connections.
const OTHERS: u64 = 64;

/// Makes room for so many connections, as far as the system lets this process.
#[cfg(unix)]
pub fn make_room(connections: u32) -> Result<(), Failure> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let wanted = u64::from(connections) + OTHERS;
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= wanted) {
        return Ok(());
    }
    let raised = Rlimit {
        current: Some(wanted),
        maximum: limit.maximum.map(|maximum| maximum.max(wanted)),
    };
    setrlimit(Resource::Nofile, raised).map_err(|error| {
        let current = limit.maximum.unwrap_or_default();
        let words = format!(
            "{connections} connections need {wanted} open files, and {current} are allowed ({error}): raise ulimit -Hn, or take fewer"
        );
        Failure::new(Exit::Files, words)
    })
}

/// Nothing is known of a limit.
#[cfg(not(unix))]
pub fn make_room(connections: u32) -> Result<(), Failure> {
    let _ = (connections, OTHERS, Exit::Files);
    Ok(())
}
