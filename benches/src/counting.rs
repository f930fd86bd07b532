//! Counting instructions: callgrind is told to write down where it stands whenever [`stand`] is
//! called.
use crate::Case;
use std::{env, hint::black_box};

/// Callgrind's `--dump-before` stops here.
#[inline(never)]
pub fn stand(case: usize) {
    black_box(case);
}

/// Does each case whose name holds the first argument between two calls of [`stand`]; prints its
/// name and the number of packets.
pub fn count(cases: &[Case]) {
    let wanted = env::args().nth(1).unwrap_or_default();
    let chosen = cases
        .iter()
        .filter(|case| format!("{}/{}", case.work, case.who).contains(&wanted));
    for (number, case) in chosen.enumerate() {
        let mut work = (case.prepare)();
        work.reset();
        work.run();
        work.reset();
        stand(number);
        let packets = work.run();
        stand(number);
        println!("{}\t{}\t{packets}", case.work, case.who);
    }
}
