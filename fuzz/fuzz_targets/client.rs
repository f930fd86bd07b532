//! Random commands, bytes, times and transport results into the managed client.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| motemq_fuzz::client(data));
