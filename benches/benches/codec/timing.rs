//! Cases as criterion takes them.
use criterion::{Criterion, Throughput};
use motemq_benches::{Case, Work};
use std::{
    hint::black_box,
    time::{Duration, Instant},
};

/// Those who do the same work come one after the other, and can be compared.
pub fn time(criterion: &mut Criterion, cases: &[Case]) {
    let mut works: Vec<&str> = cases.iter().map(|case| case.work.as_str()).collect();
    works.sort_unstable();
    works.dedup();
    for name in works {
        let mut group = criterion.benchmark_group(name);
        for case in cases.iter().filter(|case| case.work == name) {
            let mut work = (case.prepare)();
            work.reset();
            group.throughput(Throughput::Elements(work.run() as u64));
            group.bench_function(case.who, |bencher| {
                bencher.iter_custom(|times| {
                    let mut took: Vec<Duration> = (0..times).map(|_| run(&mut *work)).collect();
                    // What interrupts a few of them does not count.
                    took.sort_unstable();
                    took[took.len() / 2] * times as u32
                });
            });
        }
        group.finish();
    }
}

fn run(work: &mut dyn Work) -> Duration {
    work.reset();
    let begun = Instant::now();
    black_box(work.run());
    begun.elapsed()
}
