//! Any bytes into the readers of certificates and keys.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| motemq_fuzz::keys(data));
