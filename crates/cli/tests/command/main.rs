//! The real command, against the in-process broker always, and against mosquitto where it is
//! installed.
#[cfg(feature = "bench")]
mod bench;
#[cfg(all(feature = "bench", unix))]
mod bench_end;
mod broker;
mod completions;
mod doctor;
mod documents;
mod ends;
mod exit_codes;
mod faults;
mod files;
mod generated;
mod more_options;
mod mosquitto;
mod names;
mod options;
mod outputs;
mod process;
#[cfg(target_os = "linux")]
mod progress;
mod promises;
mod properties;
mod publish;
mod record;
#[cfg(target_os = "linux")]
mod record_disk;
mod recordings;
mod replay;
mod reported;
mod request;
#[cfg(all(feature = "watch", target_os = "linux"))]
mod screen;
mod subscribe;
#[cfg(target_os = "linux")]
mod terminal;
mod version5;
#[cfg(all(feature = "watch", target_os = "linux"))]
mod watch;
#[cfg(feature = "_tls")]
mod ways;
