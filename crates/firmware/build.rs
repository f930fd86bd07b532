//! Tells the linker where the memories of the board lie.
use std::{env, error::Error, fs, path::PathBuf};

/// QEMU's mps2-an386. Both memories are larger there; what fits here fits a real part.
const MPS2: &str = "MEMORY { FLASH (rx) : ORIGIN = 0x00000000, LENGTH = 512K  RAM (rwx) : ORIGIN = 0x20000000, LENGTH = 64K }";
/// The first micro:bit, a nRF51822.
const MICROBIT: &str = "MEMORY { FLASH (rx) : ORIGIN = 0x00000000, LENGTH = 256K  RAM (rwx) : ORIGIN = 0x20000000, LENGTH = 16K }";

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let is_microbit = env::var_os("CARGO_FEATURE_MICROBIT").is_some();
    fs::write(
        out.join("memory.x"),
        if is_microbit { MICROBIT } else { MPS2 },
    )?;
    println!("cargo:rustc-link-search={}", out.display());
    println!("cargo:rustc-link-arg=-Tlink.x");
    println!("cargo:rustc-link-arg=--nmagic");
    println!("cargo:rerun-if-changed=build.rs");
    Ok(())
}
