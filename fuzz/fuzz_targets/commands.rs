//! Any commands, bytes and ticks into a session with hardly any memory.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| motemq_fuzz::commands(data));
