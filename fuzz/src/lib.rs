//! What the fuzz targets do with the bytes they are given. They panic where a promise is broken.
//!
//! With [cargo-fuzz](https://rust-fuzz.github.io/book/) and a nightly toolchain, from the workspace's top directory:
//!
//! ```text
//! cargo +nightly fuzz run decode  fuzz/corpus/decode  fuzz/seeds/decode  -- -dict=fuzz/mqtt.dict -max_total_time=60
//! cargo +nightly fuzz run session fuzz/corpus/session fuzz/seeds/session -- -dict=fuzz/mqtt.dict -max_total_time=60
//! ```
//!
//! New inputs gather in `fuzz/corpus`; what is worth keeping becomes a file in `fuzz/seeds`, which `cargo xtask test` runs, too.
mod decode;
mod session;

pub use decode::decode;
pub use session::session;
