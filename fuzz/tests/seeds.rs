//! The seeds, and everything one step from them, through the fuzz targets' bodies.
use std::{fs, path::Path};

/// Runs each seed, each of its beginnings, and each with one byte changed.
fn run(target: &str, body: fn(&[u8])) {
    run_some(target, 1, body);
}

/// The same at every so many bytes.
fn run_some(target: &str, step: usize, body: fn(&[u8])) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("seeds")
        .join(target);
    let mut seeds = 0;
    for file in fs::read_dir(&directory).unwrap() {
        let seed = fs::read(file.unwrap().path()).unwrap();
        body(&seed);
        for at in (0..seed.len()).step_by(step) {
            body(&seed[..at]);
            let mut changed = seed.clone();
            for byte in [
                seed[at] ^ 1,
                seed[at] ^ 2,
                seed[at] ^ 0x10,
                seed[at] ^ 0x80,
                seed[at].wrapping_add(1),
                0,
                0xff,
            ] {
                changed[at] = byte;
                body(&changed);
            }
        }
        seeds += 1;
    }
    assert!(seeds > 0, "no seeds in {}", directory.display());
}

#[test]
fn decode() {
    run("decode", motemq_fuzz::decode);
}

#[test]
fn decode5() {
    run("decode5", motemq_fuzz::decode5);
}

#[test]
fn session() {
    run("session", motemq_fuzz::session);
}

#[test]
fn session5() {
    run("session5", motemq_fuzz::session5);
}

#[test]
fn commands() {
    run("commands", motemq_fuzz::commands);
}

#[test]
fn broker() {
    run("broker", motemq_fuzz::broker);
}

#[test]
fn client() {
    run("client", motemq_fuzz::client);
}

#[test]
fn other() {
    run("other", motemq_fuzz::other);
}

#[test]
fn other5() {
    run("other5", motemq_fuzz::other5);
}

#[test]
fn url() {
    run("url", motemq_fuzz::url);
}

#[test]
fn args() {
    run("args", motemq_fuzz::args);
}

#[test]
fn keys() {
    // It goes through OpenSSL, which takes its time.
    run_some("keys", 61, motemq_fuzz::keys);
}
