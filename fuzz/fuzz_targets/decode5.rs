//! Any bytes into the codec of MQTT 5.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| motemq_fuzz::decode5(data));
