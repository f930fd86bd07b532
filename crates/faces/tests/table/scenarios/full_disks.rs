//! Rule 11 where the disk is full: the error is reported, and what was accepted is stored. Only
//! Unix can limit the size of a file.
use super::{
    face::{self, Client, Ended, Filter, Publish, PublishError, QoS, WhenFull},
    support::{File, SOON, connect, server, stored, unused_address},
};
use std::{collections::BTreeSet, env, process::Command};

/// Tells this program that its files are limited: with the file of the store.
const LIMITED: &str = "MOTEMQ_LIMITED";
/// What stands before the number of messages that were accepted.
const ACCEPTED: &str = "accepted: ";

/// Publishes without a connection until the file is full, and says how many messages were accepted.
fn fill(path: &str) {
    let file = File::at(path);
    let options = stored(unused_address(), &file).queue(1_000_000, 1 << 30, WhenFull::Wait);
    let client = Client::connect(options).unwrap();
    for n in 0u32.. {
        let mut payload = vec![7; 10_000];
        payload[..4].copy_from_slice(&n.to_be_bytes());
        let publish = Publish::to("t").payload(&payload).qos(QoS::AtLeastOnce);
        match client.publish(&publish) {
            Ok(_) => {}
            Err(PublishError::Ended(Ended::Store(_))) => {
                println!("{ACCEPTED}{n}");
                break;
            }
            Err(other) => panic!("{other}"),
        }
    }
}

pub fn a_full_disk_is_reported_and_loses_nothing_that_was_accepted() {
    if let Ok(path) = env::var(LIMITED) {
        return fill(&path);
    }
    let file = File::new();
    let this = format!(
        "{}::full_disks::a_full_disk_is_reported_and_loses_nothing_that_was_accepted",
        face::NAME
    );
    let limited = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 8000; exec \"$@\"", "sh"])
        .arg(env::current_exe().unwrap())
        .args(["--exact", &this])
        .env(LIMITED, file.path())
        .output()
        .unwrap();
    let output = String::from_utf8_lossy(&limited.stdout);
    let accepted = output.split(ACCEPTED).nth(1).and_then(|rest| {
        let number = rest.split_whitespace().next()?;
        number.parse::<u32>().ok()
    });
    let accepted = accepted.unwrap_or_else(|| panic!("{output}"));
    assert!(accepted > 10, "{accepted}");
    // There is room again.
    let server = server();
    let watch = Client::clone(&connect(server.addr(), "watch"));
    let mut stream = watch
        .subscribe(&[Filter::new("t", QoS::AtLeastOnce)])
        .unwrap();
    let client = Client::connect(stored(server.addr(), &file)).unwrap();
    let mut missing: BTreeSet<_> = (0..accepted).collect();
    while !missing.is_empty() {
        let payload = stream.recv_timeout(SOON).unwrap().payload.clone();
        missing.remove(&u32::from_be_bytes(payload[..4].try_into().unwrap()));
    }
    client.disconnect(SOON).unwrap();
}
