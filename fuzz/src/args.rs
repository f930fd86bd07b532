//! The options of the command.
use std::{ffi::OsString, iter};

/// Takes each line for a word of the command line. Reading it never panics, and what is wrong with
/// it is said.
///
/// Without TLS, the options of which read files.
pub fn args(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let words = iter::once("motemq")
        .chain(text.split_terminator('\n'))
        .map(OsString::from);
    if let Err(why) = motemq_cli::check(words) {
        assert!(!why.trim().is_empty(), "{text:?}");
    }
}
