//! Any text into the reader of broker URLs.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| motemq_fuzz::url(data));
