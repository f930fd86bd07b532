//! Any bytes, cut anywhere, into a session.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| motemq_fuzz::session(data));
