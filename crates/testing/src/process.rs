//! Programs that tests start.
use std::{io, thread, time::Duration};

/// "Internal error" of Windows.
const INTERNAL_ERROR: i32 = 1359;
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(200);

/// Starts a program by `spawn`. Under wine that was seen to fail now and then with an internal
/// error, and to do a moment later: there, and for that error only, it is tried a few times.
///
/// # Errors
/// What `spawn` says in the end.
pub fn start<C>(mut spawn: impl FnMut() -> io::Result<C>) -> io::Result<C> {
    for _ in 1..TRIES {
        match spawn() {
            Err(error) if cfg!(windows) && error.raw_os_error() == Some(INTERNAL_ERROR) => {
                thread::sleep(PAUSE)
            }
            started => return started,
        }
    }
    spawn()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_wine_gets_wrong_is_tried_again() {
        for (code, tries) in [
            (INTERNAL_ERROR, if cfg!(windows) { TRIES } else { 1 }),
            (2, 1),
        ] {
            let mut tried = 0;
            let started = start::<()>(|| {
                tried += 1;
                Err(io::Error::from_raw_os_error(code))
            });
            assert_eq!(
                (started.unwrap_err().raw_os_error(), tried),
                (Some(code), tries)
            );
        }
    }
}
