//! The memory of this process.

/// Returns the number of bytes in memory, where the system tells.
pub fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    kilobytes(&status).map(|kilobytes| kilobytes * 1024)
}

fn kilobytes(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_resident_memory_is_read() {
        let status = "Name:\tmotemq\nVmHWM:\t    9 kB\nVmRSS:\t  1234 kB\nThreads:\t3\n";
        assert_eq!(kilobytes(status), Some(1234));
        assert_eq!(kilobytes("Name:\tmotemq\n"), None);
    }
}
