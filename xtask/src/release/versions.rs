//! The versions that the packages promise to work with: of Rust, and of their dependencies.
use super::{tools::Tools, unpacked};
use crate::{
    programs::{program, run},
    steps::Steps,
};

/// The minimum supported Rust version, as in the workspace's manifest.
const MSRV: &str = env!("CARGO_PKG_RUST_VERSION");

/// The minimum with the feature `store`, whose database needs a newer one.
const STORE_MSRV: &str = "1.89";

/// All features but `store`.
const WITHOUT_STORE: &str =
    "motemq/fast,motemq/defmt,motemq-nal/async,motemq-std/rustls,motemq-tokio/rustls";

/// Compiles with the oldest compilers, where they can be had, and the oldest dependencies.
pub fn check(steps: &mut Steps, tools: &Tools) {
    for (version, features) in [
        (MSRV, ["--features", WITHOUT_STORE].as_slice()),
        (STORE_MSRV, &["--all-features"]),
    ] {
        let name = format!("build with Rust {version}");
        match tools.toolchain(version) {
            Err(missing) => steps.not_here(&name, &missing),
            Ok(()) => steps.check(&name, || {
                let mut command = program("cargo", [&format!("+{version}")]);
                command.args(["check", "--workspace"]).args(features);
                command.current_dir(super::folder());
                command.env("CARGO_TARGET_DIR", super::folder().join("target"));
                command.env_remove("RUSTUP_TOOLCHAIN");
                run(command)
            }),
        }
    }
    steps.check("oldest dependencies", unpacked::minimal_versions);
}
