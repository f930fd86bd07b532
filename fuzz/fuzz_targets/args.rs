//! Any words into the parser of the command's options.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| motemq_fuzz::args(data));
