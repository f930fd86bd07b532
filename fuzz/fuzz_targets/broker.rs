//! Any bytes from three clients into the in-process broker.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| motemq_fuzz::broker(data));
