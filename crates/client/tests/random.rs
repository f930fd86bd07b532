//! Random commands, bytes, times and transport results.
#[path = "random/mod.rs"]
mod body;

/// A simple generator (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }
}

fn run(seed: u64) {
    let mut random = Random(seed);
    let length = 100 + random.next() % 3000;
    let data: Vec<u8> = (0..length).map(|_| random.next() as u8).collect();
    body::client(&data);
}

/// `MOTEMQ_CLIENT_SEEDS` says how many seeds are run, and `MOTEMQ_CLIENT_SEED` with which it begins.
#[test]
fn whatever_happens_the_rules_hold() {
    let number = |name, default| match std::env::var(name) {
        Ok(text) => text.parse().expect("a number"),
        Err(_) => default,
    };
    let first = number("MOTEMQ_CLIENT_SEED", 0);
    for seed in first..first + number("MOTEMQ_CLIENT_SEEDS", 1000) {
        println!("seed {seed}");
        run(seed);
    }
}

#[test]
fn nothing_at_all_is_no_problem() {
    body::client(&[]);
    body::client(&[0xff]);
}
