//! The bytes that the system holds, since they were written and have not left yet.
#[cfg(any(target_os = "linux", target_os = "android"))]
use std::os::fd::AsFd;

/// Bytes that the system may hold unsent.
#[cfg(any(target_os = "linux", target_os = "android"))]
const MAX_UNSENT: u32 = 64 << 10;

/// Lets the system hold no more than 64 KiB of a TCP socket that it has not sent, where it can be
/// told so. What it holds has not left yet, though it was written: time limits for answers to it
/// would begin too early.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub fn limit_unsent(socket: &impl AsFd) {
    // Where the option does not exist, time limits are less exact.
    let _ = socket2::SockRef::from(socket).set_tcp_notsent_lowat(MAX_UNSENT);
}

/// Lets the system hold no more than 64 KiB of a TCP socket that it has not sent, where it can be
/// told so. What it holds has not left yet, though it was written: time limits for answers to it
/// would begin too early.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub fn limit_unsent<S>(_: &S) {}
