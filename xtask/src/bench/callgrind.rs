//! Counting instructions with valgrind's callgrind.
use super::Figure;
use crate::{
    machine::{self, Missing},
    programs::{program, read},
};
use std::{fs, path::Path, process::Command};

/// The program; the Debian package has the same name.
const VALGRIND: &str = "valgrind";

/// The function before which callgrind writes its counters down and starts again:
/// `motemq_benches::counting::stand`.
const STAND: &str = "--dump-before=motemq_benches::counting::stand*";

/// What this machine lacks to count.
pub fn missing() -> Option<Missing> {
    if cfg!(target_os = "linux") {
        Missing::packages(&machine::missing(&[(VALGRIND, VALGRIND)]))
    } else {
        Some(Missing::Unsupported(
            "they are counted on Linux only".into(),
        ))
    }
}

/// Runs one of the programs called `instructions`. It prints the cases it does, and stands twice
/// for each.
///
/// # Errors
/// It fails, or there are not as many counters as it says.
pub fn count(counted: &Path) -> Result<Vec<Figure>, String> {
    let directory = counted.with_file_name("callgrind");
    let wrong = |error| format!("cannot write to {}: {error}", directory.display());
    if directory.exists() {
        fs::remove_dir_all(&directory).map_err(wrong)?;
    }
    fs::create_dir_all(&directory).map_err(wrong)?;
    let out = directory.join("out");
    let mut command = program(VALGRIND, ["--quiet", "--tool=callgrind", STAND]);
    command
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(counted);
    // The same memcpy on every processor.
    command.env("GLIBC_TUNABLES", "glibc.cpu.hwcaps=-AVX2,-ERMS,-FSRM");
    figures(&read(command)?, |dump| {
        let name = directory.join(format!("out.{dump}"));
        let text = fs::read_to_string(&name)
            .map_err(|error| format!("cannot read {}: {error}", name.display()))?;
        let total = text
            .lines()
            .find_map(|line| line.strip_prefix("totals: ")?.parse().ok());
        total.ok_or_else(|| format!("no total in {}", name.display()))
    })
}

/// The first counter is what came before; then one is that of a case, the next what came behind it.
fn figures(
    printed: &str,
    total: impl Fn(usize) -> Result<f64, String>,
) -> Result<Vec<Figure>, String> {
    let figure = |(number, line): (usize, &str)| {
        let mut parts = line.split('\t');
        let (Some(work), Some(who), Some(Ok(packets))) = (
            parts.next(),
            parts.next(),
            parts.next().map(str::parse::<f64>),
        ) else {
            return Err(format!("not a case: {line}"));
        };
        Ok(Figure {
            work: work.into(),
            who: who.into(),
            value: total(number * 2 + 2)? / packets,
        })
    };
    printed.lines().enumerate().map(figure).collect()
}

/// All that counts may depend on besides the sources.
///
/// # Errors
/// The compiler does not say who it is.
pub fn surroundings() -> Result<String, String> {
    let rustc = read(program("rustc", ["-vV"]))?;
    let line = |name| {
        rustc
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .unwrap_or("?")
    };
    let libc = read(program("getconf", ["GNU_LIBC_VERSION"])).unwrap_or_default();
    Ok(format!(
        "rustc {}, LLVM {}, {}, {}",
        line("release: "),
        line("LLVM version: "),
        line("host: "),
        libc.trim()
    ))
}

/// Builds the program that counts, and tells where it is; `target` is where it is built.
///
/// # Errors
/// It cannot be built.
pub fn build(mut cargo: Command, target: &Path) -> Result<std::path::PathBuf, String> {
    cargo
        .args(["--release", "--bin", "instructions"])
        .env("CARGO_TARGET_DIR", target);
    crate::programs::run(cargo)?;
    Ok(target.join("release/instructions"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_belong_to_cases() {
        let printed = "decode/puback\tmotemq\t10\nencode/puback\tcopy\t5\n";
        let found = figures(printed, |dump| Ok([0.0, 99.0, 120.0, 99.0, 20.0][dump])).unwrap();
        let figure = |work: &str, who: &str, value| Figure {
            work: work.into(),
            who: who.into(),
            value,
        };
        assert_eq!(
            found,
            [
                figure("decode/puback", "motemq", 12.0),
                figure("encode/puback", "copy", 4.0)
            ]
        );
        assert!(figures("warning", |_| Ok(0.0)).is_err());
    }
}
