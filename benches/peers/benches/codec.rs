//! The times of all codecs, side by side: `cargo bench --manifest-path benches/peers/Cargo.toml`.
#[path = "../../benches/codec/timing.rs"]
mod timing;

use criterion::{Criterion, criterion_group, criterion_main};

fn all(criterion: &mut Criterion) {
    timing::time(criterion, &motemq_peers::all());
}

criterion_group!(benches, all);
criterion_main!(benches);
