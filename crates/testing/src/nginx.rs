//! nginx before a broker: whether it is here, and can pass on TCP at all.
use crate::{daemon, mosquitto::find};
use std::{path::Path, process::Command};

/// Debian has that part of it apart.
const MODULE: &str = "/usr/lib/nginx/modules/ngx_stream_module.so";

/// What a configuration with a `stream` block begins with, or `None` where nginx is not installed,
/// or only without that part.
pub fn preamble() -> Option<String> {
    let program = find("nginx")?;
    if Path::new(MODULE).exists() {
        return Some(format!("load_module {MODULE};"));
    }
    let told = Command::new(program).arg("-V").output().ok()?;
    let within = String::from_utf8_lossy(&told.stderr)
        .split_whitespace()
        .any(|word| word == "--with-stream");
    within.then(String::new)
}

/// The same for the test of this name, which is to return where there is none: that is then said.
///
/// # Panics
/// If there is none and [`MOTEMQ_REQUIRE`](crate::mosquitto::REQUIRE) is set.
pub fn for_test(test: &str) -> Option<String> {
    let preamble = preamble();
    if preamble.is_none() {
        daemon::skip(test, "nginx with its stream module");
    }
    preamble
}
