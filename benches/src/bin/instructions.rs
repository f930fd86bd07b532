//! Motemq's codec and session and the limits, to be run under callgrind: `cargo xtask bench codec`
//! does.

fn main() {
    motemq_benches::counting::count(&motemq_benches::ours());
}
