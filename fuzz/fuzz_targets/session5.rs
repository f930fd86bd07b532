//! Any bytes, cut anywhere, into a session of MQTT 5.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| motemq_fuzz::session5(data));
