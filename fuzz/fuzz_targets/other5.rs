//! Any bytes into the codec of MQTT 5 and into another one.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| motemq_fuzz::other5(data));
