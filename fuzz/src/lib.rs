//! What the fuzz targets do with the bytes they are given. They panic where a promise is broken.
//!
//! `cargo xtask fuzz` runs all of them, with [cargo-fuzz](https://rust-fuzz.github.io/book/) or, where that is missing, by libFuzzer alone.
//!
//! New inputs gather in `fuzz/corpus`; what is worth keeping becomes a file in `fuzz/seeds`, which
//! `cargo xtask test` runs, too.
mod args;
mod broker;
#[path = "../../crates/client/tests/random/mod.rs"]
mod client;
mod commands;
mod decode;
mod decode5;
mod keys;
mod other;
mod other5;
mod session;
mod url;

pub use args::args;
pub use broker::broker;
pub use client::client;
pub use commands::commands;
pub use decode::decode;
pub use decode5::decode5;
pub use keys::keys;
pub use other::other;
pub use other5::other5;
pub use session::{session, session5};
pub use url::url;
