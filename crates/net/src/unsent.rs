//! The bytes that the system holds, since they were written and have not left yet.
#[cfg(any(target_os = "linux", target_os = "android"))]
use std::os::fd::AsFd;

/// Bytes that the system may hold unsent.
#[cfg(any(target_os = "linux", target_os = "android"))]
const MAX_UNSENT: u32 = 64 << 10;

/// Limits the unsent bytes that the system holds for a TCP socket to 64 KiB on Linux and Android,
/// and does nothing on other systems. These bytes were written but not sent, so time limits for
/// their answers would begin too early.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub fn limit_unsent(socket: &impl AsFd) {
    // Where the option does not exist, time limits are less exact.
    let _ = socket2::SockRef::from(socket).set_tcp_notsent_lowat(MAX_UNSENT);
}

/// Limits the unsent bytes that the system holds for a TCP socket to 64 KiB on Linux and Android,
/// and does nothing on other systems. These bytes were written but not sent, so time limits for
/// their answers would begin too early.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub fn limit_unsent<S>(_: &S) {}
