//! Building the firmware.
use crate::{
    no_std::{self, Way},
    programs::{run, workspace},
    size,
};
use std::path::PathBuf;

/// Builds a program of `crates/firmware` for this target, with the features that name its board.
pub fn program(name: &str, target: &str, board: &str) -> Result<PathBuf, String> {
    let way = no_std::way_for(target).ok_or_else(|| no_std::advice(target))?;
    // The folder of the other programs for this target, so that the library is built once.
    let directory = workspace().join("target/size");
    let words = [
        "rustc",
        "--quiet",
        "--release",
        "--target",
        target,
        "--features",
        board,
        "--bin",
        name,
    ];
    let mut command = no_std::cargo_for(&way, words);
    command
        .current_dir(workspace().join("crates/firmware"))
        .env("CARGO_TARGET_DIR", &directory);
    if let Way::FromSource(_) = way {
        // Debian's compiler comes without a linker.
        let linker = size::linker()?;
        let flavor = if linker.get_program().to_string_lossy().contains("lld") {
            "ld.lld"
        } else {
            "ld"
        };
        command.env(
            format!(
                "CARGO_TARGET_{}_LINKER",
                target.replace('-', "_").to_uppercase()
            ),
            linker.get_program(),
        );
        command
            .args(["--", "-C"])
            .arg(format!("linker-flavor={flavor}"));
    }
    run(command)?;
    Ok(directory.join(target).join("release").join(name))
}
