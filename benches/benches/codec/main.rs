//! The times of Motemq's codec and session, and of two limits: `cargo bench --package
//! motemq-benches`.
mod timing;

use criterion::{Criterion, criterion_group, criterion_main};

fn all(criterion: &mut Criterion) {
    timing::time(criterion, &motemq_benches::ours());
}

criterion_group!(benches, all);
criterion_main!(benches);
